"""The books: double entry, append only, posted in the same transaction as the state that they record."""
