"""What warehouse does, one file a use case."""
