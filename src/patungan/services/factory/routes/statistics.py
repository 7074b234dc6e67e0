"""Figures: what a factory's rating is made of, its sessions and purchase orders, and how all factories stand."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import FromPath, FromQuery, QueryParameter

from patungan.contracts.factory import Right
from patungan.kernel.http import Ctx, Page, PageLimit, PageNumber, SignedIn, get
from patungan.kernel.identity import Audience
from patungan.services.factory.operations.factories import public_factory, with_right_or_admin
from patungan.services.factory.operations.ratings import standing_of
from patungan.services.factory.queries import factories, ratings
from patungan.services.factory.queries.ratings import Metrics, OrderFigures, SessionFigures, SessionRow
from patungan.services.factory.rules import SessionOutcome, rating_of, rating_parts

OWNER_AND_ADMIN = [Audience.FACTORY_OWNER, Audience.ADMIN]


class RatingView(msgspec.Struct, frozen=True):
    """A rating in stars and its parts: 40 % fulfilment, 40 % quality, 20 % response; null for what nothing is known of."""

    rating: float | None
    fulfilment: float | None
    quality: float | None
    response: float | None
    review_count: int
    purchase_orders_received: int
    purchase_orders_cancelled: int


class Analytics(msgspec.Struct, frozen=True):
    """A factory's sessions and purchase orders begun in the last so many days."""

    days: int
    sessions: SessionFigures
    purchase_orders: OrderFigures


class SessionList(Page, frozen=True, kw_only=True):
    items: list[SessionRow]


def _stars(hundredths: int | None) -> float | None:
    return None if hundredths is None else hundredths / 100


@get("/api/factories/{factory_id:uuid}/rating", audience=Audience.PUBLIC)
async def factory_rating(ctx: Ctx, factory_id: FromPath[UUID]) -> RatingView:
    public_factory(await factories.find_factory(ctx.db, factory_id))
    (row,) = await ratings.find_standings(ctx.db, [factory_id], ctx.clock.now())
    standing = standing_of(row)
    parts = rating_parts(standing)
    return RatingView(
        rating=_stars(rating_of(standing)),
        fulfilment=_stars(parts["fulfilment"]),
        quality=_stars(parts["quality"]),
        response=_stars(parts["response"]),
        review_count=row.reviews,
        purchase_orders_received=row.received,
        purchase_orders_cancelled=row.cancelled,
    )


@get("/api/factories/{factory_id:uuid}/analytics", audience=OWNER_AND_ADMIN)
async def factory_analytics(
    ctx: Ctx,
    caller: SignedIn,
    factory_id: FromPath[UUID],
    days: Annotated[int, QueryParameter(ge=1, le=3650)] = 30,
) -> Analytics:
    await with_right_or_admin(ctx, caller, factory_id, Right.MANAGE)
    until = ctx.clock.now()
    span = (factory_id, until - timedelta(days=days), until)
    return Analytics(days, await ratings.session_figures(ctx.db, *span), await ratings.order_figures(ctx.db, *span))


@get("/api/factories/{factory_id:uuid}/sessions", audience=OWNER_AND_ADMIN)
async def factory_sessions(
    ctx: Ctx,
    caller: SignedIn,
    factory_id: FromPath[UUID],
    status: FromQuery[SessionOutcome | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> SessionList:
    await with_right_or_admin(ctx, caller, factory_id, Right.MANAGE)
    total = await ratings.count_sessions(ctx.db, factory_id, status)
    items = await ratings.list_sessions(ctx.db, factory_id, status, limit, (page - 1) * limit)
    return SessionList(items=items, page=page, limit=limit, total=total)


@get("/api/factories/metrics", audience=Audience.ADMIN)
async def factory_metrics(ctx: Ctx) -> Metrics:
    return await ratings.metrics(ctx.db)


statistics_routes = [factory_rating, factory_analytics, factory_sessions, factory_metrics]
