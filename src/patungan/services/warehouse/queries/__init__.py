"""The SQL of warehouse, on its own schema, one file a subject."""
