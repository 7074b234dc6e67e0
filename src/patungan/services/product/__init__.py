"""Product catalogue and variants."""
