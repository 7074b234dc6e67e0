"""Product and factory reviews."""
