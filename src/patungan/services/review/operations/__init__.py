"""What review does, one file a use case."""
