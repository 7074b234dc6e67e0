"""User wallet, credits, withdrawals."""
