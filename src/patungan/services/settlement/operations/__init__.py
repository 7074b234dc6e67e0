"""What settlement does, one file a use case."""
