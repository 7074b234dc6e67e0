"""What address does, one file a use case."""
