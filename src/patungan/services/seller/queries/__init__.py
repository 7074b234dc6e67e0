"""The SQL of seller, on its own schema."""
