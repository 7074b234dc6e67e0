"""Inventory, purchase orders, stock allocation."""
