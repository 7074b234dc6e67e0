"""Our books against the provider's list of transactions: what is missing or different on either side, and what to do."""
