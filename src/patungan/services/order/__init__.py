"""Orders and fulfilment."""
