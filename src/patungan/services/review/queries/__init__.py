"""The SQL of review, on its own schema."""
