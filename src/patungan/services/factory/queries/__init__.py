"""The SQL of factory, on its own schema."""
