"""Group-buying sessions, MOQ, tier pricing."""
