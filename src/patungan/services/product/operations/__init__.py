"""What product does, one file a use case."""
