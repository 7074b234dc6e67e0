"""What factory learns from others: purchase orders, reviews and sessions; and its nightly work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from patungan.contracts.group_buying import SessionCancelled, SessionFailed, SessionOpened, SessionSucceeded
from patungan.contracts.review import RatingCorrected, ReviewChanged, ReviewCreated, ReviewModerated
from patungan.contracts.warehouse import PurchaseOrderStatusChanged
from patungan.kernel.contract import Nothing
from patungan.kernel.database import Transaction
from patungan.kernel.events import Received, subscription
from patungan.kernel.service import Context
from patungan.kernel.workflows import Run, Schedule, workflow
from patungan.services.factory.operations import ratings


@subscription(PurchaseOrderStatusChanged)
async def follow_purchase_orders(
    ctx: Context, tx: Transaction, events: Sequence[Received[PurchaseOrderStatusChanged]]
) -> None:
    await ratings.note_purchase_orders(ctx, tx, events)


@subscription(ReviewCreated, ReviewChanged, ReviewModerated, RatingCorrected)
async def follow_reviews(ctx: Context, tx: Transaction, events: Sequence[Received[Any]]) -> None:
    await ratings.note_reviews(ctx, tx, events)


@subscription(SessionOpened, SessionSucceeded, SessionFailed, SessionCancelled)
async def follow_sessions(ctx: Context, tx: Transaction, events: Sequence[Received[Any]]) -> None:
    await ratings.note_sessions(tx, events)


@workflow("factory.rate", Nothing)
async def rate(run: Run, request: Nothing) -> None:
    await run.step(ratings.rate_all)


subscriptions = [follow_purchase_orders, follow_reviews, follow_sessions]
schedules = [Schedule("rate-factories", "20 3 * * *", rate, Nothing(), "unanswered purchase orders count in ratings")]
