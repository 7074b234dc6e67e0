"""The use cases of order, one file each."""
