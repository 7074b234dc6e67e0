"""The SQL of logistics, on its own schema."""
