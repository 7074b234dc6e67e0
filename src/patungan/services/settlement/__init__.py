"""Factory settlements and payouts."""
