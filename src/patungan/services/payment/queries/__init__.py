"""The SQL of payment, on its own schema, one file a subject."""
