"""What factories and administrators do with sessions: drafts, terms, production, ending; and the guide's cron jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, Meta, UnsetType

from patungan.kernel.errors import InvalidInput
from patungan.kernel.http import Ctx, IdempotencyKey, Input, PageLimit, PageNumber, SignedIn, delete, get, patch, post
from patungan.kernel.identity import Audience
from patungan.kernel.money import Rupiah
from patungan.services.group_buying import processes, rules
from patungan.services.group_buying.operations import ending, listing, sessions, views
from patungan.services.group_buying.operations.listing import Filter, Sort
from patungan.services.group_buying.operations.sessions import Terms
from patungan.services.group_buying.operations.views import Sessions, SessionView
from patungan.services.group_buying.queries.sessions import SignedHistoryEntry

Amount = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Cost = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Moq = Annotated[int, Meta(ge=2, le=1_000_000)]
Limit = Annotated[int, Meta(ge=1, le=1_000_000)]
Reason = Annotated[str, Meta(min_length=3, max_length=500)]


class NewSession(Input, frozen=True):
    """``starts_at`` is now if it is not given; prices in rupiah. A ``draft`` waits, unseen, until it is published."""

    product_id: UUID
    warehouse_id: UUID
    target_moq: Moq
    base_price: Amount
    price_tier_25: Amount
    price_tier_50: Amount
    price_tier_75: Amount
    price_tier_100: Amount
    ends_at: datetime
    starts_at: datetime | None = None
    bulk_shipping_cost: Cost = 0
    max_units_per_buyer: Limit | None = None
    draft: bool = False


class SessionChange(Input, frozen=True):
    """A change of some terms; what is left out stays."""

    target_moq: Moq | UnsetType = UNSET
    base_price: Amount | UnsetType = UNSET
    price_tier_25: Amount | UnsetType = UNSET
    price_tier_50: Amount | UnsetType = UNSET
    price_tier_75: Amount | UnsetType = UNSET
    price_tier_100: Amount | UnsetType = UNSET
    ends_at: datetime | UnsetType = UNSET
    starts_at: datetime | UnsetType = UNSET
    bulk_shipping_cost: Cost | UnsetType = UNSET
    max_units_per_buyer: Limit | None | UnsetType = UNSET


class Cancellation(Input, frozen=True):
    reason: Reason


class Production(Input, frozen=True):
    state: Literal["started", "completed"]


class History(msgspec.Struct, frozen=True):
    """Every step of a session with the person who took it, oldest first."""

    items: list[SignedHistoryEntry]


class Swept(msgspec.Struct, frozen=True):
    """How many sessions a cron job found due."""

    sessions: int


def _aware(moment: datetime, field: str) -> datetime:
    if moment.tzinfo is None:
        raise InvalidInput("A time needs its offset, such as 2026-11-23T17:00:00+07:00", field=field)
    return moment


@get("/api/group-buying/managed", audience=Audience.FACTORY_OWNER)
async def list_managed(
    ctx: Ctx,
    caller: SignedIn,
    status: FromQuery[str | None] = None,
    phase: FromQuery[rules.Phase | None] = None,
    factory_id: FromQuery[UUID | None] = None,
    product_id: FromQuery[UUID | None] = None,
    q: FromQuery[str | None] = None,
    sort: FromQuery[Sort] = Sort.NEWEST,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> Sessions:
    """The sessions of the caller's own factories, drafts included; all of them for an administrator."""
    factory_ids = None if factory_id is None else [factory_id]
    wanted = Filter(status=status, phase=phase, factory_ids=factory_ids, product_id=product_id, q=q)
    return await listing.list_managed(ctx, caller, wanted, sort, page, limit)


@get("/api/group-buying/managed/{session_id:uuid}", audience=Audience.FACTORY_OWNER)
async def show_managed(ctx: Ctx, caller: SignedIn, session_id: FromPath[UUID]) -> SessionView:
    return await views.show(ctx, await sessions.owned_session(ctx, caller, session_id))


@get("/api/group-buying/managed/{session_id:uuid}/history", audience=Audience.FACTORY_OWNER)
async def show_history(ctx: Ctx, caller: SignedIn, session_id: FromPath[UUID]) -> History:
    """An administrator sees it of deleted sessions too."""
    return History(await sessions.history_for(ctx, caller, session_id))


@post("/api/group-buying", audience=Audience.FACTORY_OWNER, status=201)
async def create_session(
    ctx: Ctx, caller: SignedIn, data: JSONBody[NewSession], idempotency_key: IdempotencyKey
) -> SessionView:
    starts_at = ctx.clock.now() if data.starts_at is None else _aware(data.starts_at, "starts_at")
    terms = Terms(
        data.product_id,
        data.warehouse_id,
        data.target_moq,
        Rupiah(data.base_price),
        Rupiah(data.price_tier_25),
        Rupiah(data.price_tier_50),
        Rupiah(data.price_tier_75),
        Rupiah(data.price_tier_100),
        Rupiah(data.bulk_shipping_cost),
        starts_at,
        _aware(data.ends_at, "ends_at"),
        data.max_units_per_buyer,
    )
    made = await sessions.create_session(ctx, caller, terms, idempotency_key, data, draft=data.draft)
    return await views.show(ctx, made)


@patch("/api/group-buying/{session_id:uuid}", audience=Audience.FACTORY_OWNER)
async def change_session(
    ctx: Ctx, caller: SignedIn, session_id: FromPath[UUID], data: JSONBody[SessionChange]
) -> SessionView:
    given = {name: value for name in data.__struct_fields__ if (value := getattr(data, name)) is not UNSET}
    for name in ("starts_at", "ends_at"):
        if name in given:
            _aware(given[name], name)
    return await views.show(ctx, await sessions.change_session(ctx, caller, session_id, given))


@delete("/api/group-buying/{session_id:uuid}", audience=Audience.FACTORY_OWNER)
async def delete_session(ctx: Ctx, caller: SignedIn, session_id: FromPath[UUID]) -> None:
    await sessions.delete_session(ctx, caller, session_id)


@post("/api/group-buying/{session_id:uuid}/publication", audience=Audience.FACTORY_OWNER)
async def publish_session(
    ctx: Ctx, caller: SignedIn, session_id: FromPath[UUID], idempotency_key: IdempotencyKey
) -> SessionView:
    return await views.show(ctx, await sessions.publish_session(ctx, caller, session_id, idempotency_key))


@post("/api/group-buying/{session_id:uuid}/cancel", audience=Audience.FACTORY_OWNER, status=202)
async def cancel(ctx: Ctx, caller: SignedIn, session_id: FromPath[UUID], data: JSONBody[Cancellation]) -> SessionView:
    """Cancelling again changes nothing, with whatever key."""
    await processes.cancel(ctx, caller, session_id, data.reason)
    return await views.show(ctx, await views.session_or_404(ctx.db, session_id))


@post("/api/group-buying/{session_id:uuid}/end", audience=Audience.ADMIN, status=202)
async def end_now(
    ctx: Ctx, caller: SignedIn, session_id: FromPath[UUID], idempotency_key: IdempotencyKey
) -> SessionView:
    return await views.show(ctx, await ending.end_now(ctx, caller, session_id, idempotency_key))


@post("/api/group-buying/{session_id:uuid}/production", audience=Audience.FACTORY_OWNER)
async def set_production(
    ctx: Ctx,
    caller: SignedIn,
    session_id: FromPath[UUID],
    data: JSONBody[Production],
    idempotency_key: IdempotencyKey,
) -> SessionView:
    return await views.show(ctx, await ending.set_production(ctx, caller, session_id, data.state, idempotency_key))


@post("/api/group-buying/process-near-expiration", audience=Audience.SERVICE)
async def run_near_expiration(ctx: Ctx) -> Swept:
    return Swept(await processes.process_near_expiration(ctx))


@post("/api/group-buying/process-expired", audience=Audience.SERVICE)
async def run_expired(ctx: Ctx) -> Swept:
    return Swept(await processes.process_expired(ctx))


managing_routes = [
    *(list_managed, show_managed, show_history, create_session, change_session, delete_session, publish_session),
    *(cancel, end_now, set_production, run_near_expiration, run_expired),
]
