"""The SQL of office, on its own schema."""
