"""What logistics does by itself: books what is wanted, asks where parcels are, follows purchase orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from patungan.contracts.warehouse import PurchaseOrderStatusChanged
from patungan.kernel.database import Transaction
from patungan.kernel.events import Received, subscription
from patungan.kernel.service import Context
from patungan.kernel.workflows import timer
from patungan.services.logistics.operations import booking, bulk, bulk_costs, tracking

MOST_ROUNDS = 50
"""Batches that one look of a timer carries out before it lets the others have their turn."""


@timer(every=timedelta(seconds=1))
async def book_wanted(ctx: Context) -> None:
    """Book parcels that are wanted: those of a whole session, and those whose courier did not answer."""
    for _ in range(MOST_ROUNDS):
        if await booking.book_due(ctx) < booking.BATCH:
            return


@timer(every=timedelta(seconds=2))
async def look_at_parcels(ctx: Context) -> None:
    """Ask couriers about parcels whose time has come."""
    for _ in range(MOST_ROUNDS):
        if await tracking.look_at_due(ctx) < tracking.BATCH:
            return


@timer(every=timedelta(seconds=2))
async def quote_leg_one(ctx: Context) -> None:
    """Ask what factories' goods cost on their way to the warehouse."""
    for _ in range(MOST_ROUNDS):
        if await bulk_costs.quote_due(ctx) < bulk_costs.BATCH:
            return


@subscription(PurchaseOrderStatusChanged)
async def follow_purchase_orders(
    ctx: Context, tx: Transaction, events: Sequence[Received[PurchaseOrderStatusChanged]]
) -> None:
    await bulk.follow(ctx, tx, events)


subscriptions = [follow_purchase_orders]
timers = [book_wanted, look_at_parcels, quote_leg_one]
