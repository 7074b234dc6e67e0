"""What comes due in warehouse, as rows with a due time."""

from __future__ import annotations

from datetime import timedelta

from patungan.kernel.service import Context
from patungan.kernel.workflows import timer
from patungan.services.warehouse.operations import attention, direct


@timer(every=timedelta(seconds=2))
async def release_expired(ctx: Context) -> None:
    """Give back the stock of orders that were not paid in time."""
    while await direct.expire_due(ctx) == direct.LARGEST_BATCH:
        continue


@timer(every=timedelta(seconds=5))
async def watch_purchase_orders(ctx: Context) -> None:
    """Remind factories that do not answer, and call people to orders that are rejected without a reason or late."""
    await attention.remind_unanswered(ctx)
    await attention.close_unexplained(ctx)
    await attention.tell_late(ctx)


timers = [release_expired, watch_purchase_orders]
