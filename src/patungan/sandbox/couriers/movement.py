"""Moves parcels on, by hand or by time, and tells it to whom it may concern."""

from __future__ import annotations

from patungan.sandbox.context import Sandbox
from patungan.sandbox.couriers import pushes, shipments
from patungan.sandbox.couriers.biteship import webhooks
from patungan.sandbox.couriers.shipments import Shipment


def advance(sandbox: Sandbox, shipment: Shipment, status: str) -> Shipment:
    """Bring a parcel to a state, and tell it by the way of whom it was booked with."""
    with sandbox.store.transaction():
        moved = shipments.move(sandbox, shipment, status)
        webhooks.announce(sandbox, moved)
        pushes.announce(sandbox, moved)
    return moved


def progress(sandbox: Sandbox) -> None:
    """Move on the parcels that travel by themselves."""
    for shipment in shipments.due(sandbox):
        advance(sandbox, shipment, shipments.WAY[shipment.status])
