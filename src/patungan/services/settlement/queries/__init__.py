"""The SQL of settlement, on its own schema."""
