"""What auth does, one file a use case."""
