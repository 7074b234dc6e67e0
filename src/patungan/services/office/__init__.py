"""Agent offices."""
