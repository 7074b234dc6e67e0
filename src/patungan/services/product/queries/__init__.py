"""The SQL of product, on its own schema, one file a subject."""
