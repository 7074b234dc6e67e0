"""What logistics does, one file a use case."""
