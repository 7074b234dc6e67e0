"""What order does, one file a use case."""
