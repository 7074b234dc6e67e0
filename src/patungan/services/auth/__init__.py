"""Accounts, one-time passwords, tokens."""
