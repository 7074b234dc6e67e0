"""What factory does, one file a use case."""
