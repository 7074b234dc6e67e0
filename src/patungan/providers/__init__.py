"""Clients of the outside world: payment gateway, messages and couriers, behind one way of failing."""
