"""The use cases of payment, one file each."""
