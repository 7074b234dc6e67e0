"""The SQL of group buying, on its own schema: sessions, and the people in them."""
