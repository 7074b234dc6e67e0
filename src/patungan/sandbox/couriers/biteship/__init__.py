"""Biteship: rates, orders and trackings of many couriers behind one key."""
