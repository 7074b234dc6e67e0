"""What office does, one file a use case."""
