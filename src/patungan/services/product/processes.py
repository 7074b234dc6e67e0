"""What product learns from others, and its nightly work: sessions that fix prices, factories' names, the search's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from patungan.contracts.factory import FactoryProfileChanged
from patungan.contracts.group_buying import (
    SessionCancelled,
    SessionFailed,
    SessionOpened,
    SessionPendingStock,
    SessionSucceeded,
)
from patungan.contracts.review import Rating, RatingCorrected, ReviewChanged, ReviewCreated, ReviewModerated
from patungan.kernel.contract import Nothing
from patungan.kernel.database import Transaction
from patungan.kernel.events import Received, subscription
from patungan.kernel.service import Context
from patungan.kernel.sql import unzip
from patungan.kernel.workflows import Run, Schedule, workflow
from patungan.services.product.operations import indexing, pictures
from patungan.services.product.queries import indexing as index_queries
from patungan.services.product.queries import products as queries


@subscription(SessionOpened, SessionPendingStock, SessionSucceeded, SessionFailed, SessionCancelled)
async def follow_sessions(ctx: Context, tx: Transaction, events: Sequence[Received[Any]]) -> None:
    """A session is open from its first day until it ends in any way; it never opens again. What it sold makes its
    product popular."""
    opened = [each.body for each in events if isinstance(each.body, SessionOpened)]
    closed = [each.body.session_id for each in events if not isinstance(each.body, SessionOpened)]
    sold = [each.body for each in events if isinstance(each.body, SessionSucceeded)]
    await queries.note_opened_sessions(
        tx,
        [each.session_id for each in opened],
        [each.product_id for each in opened],
        [each.ends_at for each in opened],
    )
    await queries.forget_sessions(tx, closed)
    await queries.note_sales(
        tx,
        [each.session_id for each in sold],
        [each.product_id for each in sold],
        [each.paid_quantity for each in sold],
    )
    await indexing.index(tx, [each.body.product_id for each in events])


@subscription(FactoryProfileChanged)
async def follow_factories(ctx: Context, tx: Transaction, events: Sequence[Received[Any]]) -> None:
    """Products are found by their factory's name of today; of several changes the last one counts."""
    latest = {each.body.factory_id: each.body for each in events}
    await index_queries.keep_factory_names(
        tx,
        list(latest),
        [each.name for each in latest.values()],
        [each.city for each in latest.values()],
        [each.province for each in latest.values()],
    )
    await indexing.index(tx, await index_queries.find_products_of_factories(tx, list(latest)))


@subscription(ReviewCreated, ReviewChanged, ReviewModerated, RatingCorrected)
async def follow_reviews(ctx: Context, tx: Transaction, events: Sequence[Received[Any]]) -> None:
    """Keep a copy of what buyers think of products, the newest of each."""
    newest: dict[UUID, Rating] = {}
    for each in events:
        known = newest.get(each.body.subject_id)
        if each.body.subject == "product" and (known is None or known.revision < each.body.rating.revision):
            newest[each.body.subject_id] = each.body.rating
    rows = [(key, rating.count, rating.total, rating.revision) for key, rating in newest.items()]
    if rows:
        await queries.keep_ratings(tx, *unzip(rows, 4))


@workflow("product.refresh-search", Nothing)
async def refresh_search(run: Run, request: Nothing) -> None:
    """Index everything anew: what an event missed or an older version left out is found from then on."""
    await run.step(indexing.refresh_factories)
    await run.step(indexing.index_everything)
    await run.step(indexing.recount_words)


@workflow("product.forget-uploads", Nothing)
async def forget_uploads(run: Run, request: Nothing) -> None:
    await run.step(pictures.forget_uploads)


schedules = [
    Schedule("refresh-search", "40 2 * * *", refresh_search, Nothing(), "products found by what they are today"),
    Schedule("forget-uploads", "25 * * * *", forget_uploads, Nothing(), "uploads that nobody completed"),
]
