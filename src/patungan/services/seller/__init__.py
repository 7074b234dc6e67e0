"""Sellers and their inventory."""
