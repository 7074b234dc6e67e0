"""Shipping rates, booking and tracking."""
