"""What the wallet does, one file a use case."""
