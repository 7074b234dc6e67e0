"""Xendit payments, escrow, refunds."""
