"""What seller does, one file a use case."""
