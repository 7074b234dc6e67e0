"""The SQL of order, on its own schema."""
