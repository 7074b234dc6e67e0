"""Ratings: computed from purchase orders, their answers and reviews, whenever one of them changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from patungan.contracts.group_buying import SessionOpened, SessionSucceeded
from patungan.contracts.warehouse import PurchaseOrderStatusChanged
from patungan.kernel.database import Transaction
from patungan.kernel.events import Received
from patungan.kernel.service import Context
from patungan.kernel.sql import unzip
from patungan.services.factory.queries import ratings as queries
from patungan.services.factory.queries.ratings import StandingRow
from patungan.services.factory.rules import Outcome, SessionOutcome, Standing, rating_of

BATCH = 500
_ANSWERS = ("confirmed", "in_production", "shipped", "received")


def standing_of(row: StandingRow) -> Standing:
    """What a rating is made of, as the rules take it."""
    return Standing(row.received, row.cancelled, row.answers, row.answer_points, row.reviews, row.review_stars)


async def rate(tx: Transaction, factory_ids: Sequence[UUID], now: datetime) -> None:
    """Compute the ratings of factories anew."""
    rows = await queries.find_standings(tx, sorted(set(factory_ids)), now)
    await queries.update_ratings(tx, *unzip([(row.factory_id, rating_of(standing_of(row))) for row in rows], 2))


async def note_purchase_orders(
    ctx: Context, tx: Transaction, events: Sequence[Received[PurchaseOrderStatusChanged]]
) -> None:
    """Note when purchase orders were made, answered and ended. A cancellation is no answer."""
    rows: dict[UUID, list[Any]] = {}
    for each in events:
        body = each.body
        row = rows.setdefault(
            body.purchase_order_id,
            [body.purchase_order_id, body.factory_id, body.code, each.occurred_at, None, None, None],
        )
        if body.status in _ANSWERS and row[4] is None:
            row[4] = each.occurred_at
        if body.status in (Outcome.RECEIVED, Outcome.CANCELLED):
            row[5], row[6] = each.occurred_at, body.status
    await queries.note_purchase_orders(tx, *unzip(list(rows.values()), 7))
    await rate(tx, [each.body.factory_id for each in events], ctx.clock.now())


async def note_reviews(ctx: Context, tx: Transaction, events: Sequence[Received[Any]]) -> None:
    """Keep a copy of factories' ratings by their buyers, the newest of each."""
    newest: dict[UUID, Any] = {}
    for each in events:
        if each.body.subject == "factory":
            known = newest.get(each.body.subject_id)
            if known is None or known.revision < each.body.rating.revision:
                newest[each.body.subject_id] = each.body.rating
    rows = [(key, rating.count, rating.total, rating.revision) for key, rating in newest.items()]
    if rows:
        await queries.keep_reviews(tx, *unzip(rows, 4))
        await rate(tx, list(newest), ctx.clock.now())


async def note_sessions(tx: Transaction, events: Sequence[Received[Any]]) -> None:
    """Note which sessions a factory had and how they ended."""
    opened = [
        (
            each.body.session_id,
            each.body.factory_id,
            each.body.code,
            each.body.product_id,
            each.body.product_name,
            each.occurred_at,
            each.body.ends_at,
        )
        for each in events
        if isinstance(each.body, SessionOpened)
    ]
    await queries.open_sessions(tx, *unzip(opened, 7))
    ended = [
        (
            each.body.session_id,
            SessionOutcome(_kind(each.body)),
            each.occurred_at,
            each.body.paid_quantity if isinstance(each.body, SessionSucceeded) else 0,
        )
        for each in events
        if not isinstance(each.body, SessionOpened)
    ]
    await queries.end_sessions(tx, *unzip(ended, 4))


def _kind(body: Any) -> str:
    return type(body).__name__.removeprefix("Session").lower()


async def rate_all(ctx: Context) -> int:
    """Compute every rating anew, in batches: answers that never came count once their day is over. Answers how many."""
    done, last = 0, UUID(int=0)
    while ids := await queries.find_factories_after(ctx.db, last, BATCH):
        async with ctx.db.transaction() as tx:
            await rate(tx, ids, ctx.clock.now())
        done, last = done + len(ids), ids[-1]
    return done
