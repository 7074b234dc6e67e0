"""The SQL of the wallet, on its own schema."""
