"""What review does by itself: notes what arrived, reminds, and counts the ratings anew every night."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from patungan.contracts.order import OrderDelivered
from patungan.kernel.contract import Nothing
from patungan.kernel.database import Transaction
from patungan.kernel.events import Received, subscription
from patungan.kernel.service import Context
from patungan.kernel.workflows import Run, Schedule, timer, workflow
from patungan.services.review.operations import receiving, summaries


@subscription(OrderDelivered)
async def on_deliveries(ctx: Context, tx: Transaction, events: Sequence[Received[OrderDelivered]]) -> None:
    await receiving.note(tx, events)


@timer(every=timedelta(seconds=5))
async def remind_buyers(ctx: Context) -> None:
    """Ask buyers who have had their goods for three days what they think of them."""
    while await receiving.remind(ctx) == receiving.BATCH:
        continue


async def rebuild_ratings(ctx: Context) -> int:
    """Count the ratings anew; answers how many were wrong."""
    return len(await summaries.rebuild(ctx))


@workflow("review.rebuild-ratings", Nothing)
async def rebuild(run: Run, request: Nothing) -> None:
    await run.step(rebuild_ratings)


schedules = [Schedule("rebuild-ratings", "10 3 * * *", rebuild, Nothing(), "ratings are what their reviews add up to")]
