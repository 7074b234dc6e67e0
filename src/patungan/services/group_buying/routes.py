"""The public API of group buying."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.types import ASGIApp
from msgspec import Meta

from patungan.contracts import group_buying as contract
from patungan.contracts import logistics
from patungan.contracts.product import VariantNotFound
from patungan.kernel.answers import Kept
from patungan.kernel.errors import InvalidInput
from patungan.kernel.http import Ctx, IdempotencyKey, Input, PageLimit, PageNumber, SignedIn, delete, get, patch, post
from patungan.kernel.identity import Audience
from patungan.kernel.money import Rupiah
from patungan.services.group_buying import processes, rules
from patungan.services.group_buying.operations import ending, joining, sessions, views
from patungan.services.group_buying.operations.fan import Viewer
from patungan.services.group_buying.operations.joining import Joined, Wanted
from patungan.services.group_buying.operations.progress import Watchers
from patungan.services.group_buying.operations.sessions import Terms
from patungan.services.group_buying.operations.views import (
    Sessions,
    SessionView,
    ShownParticipants,
    Statistics,
    VariantView,
)
from patungan.services.group_buying.queries import participants
from patungan.services.group_buying.queries import sessions as session_queries

Amount = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Quantity = Annotated[int, Meta(ge=1, le=1_000_000)]
Reason = Annotated[str, Meta(min_length=3, max_length=500)]


class NewSession(Input, frozen=True):
    """``starts_at`` is now if it is not given; prices in rupiah."""

    product_id: UUID
    warehouse_id: UUID
    target_moq: Annotated[int, Meta(ge=2, le=1_000_000)]
    base_price: Amount
    price_tier_25: Amount
    price_tier_50: Amount
    price_tier_75: Amount
    price_tier_100: Amount
    ends_at: datetime
    starts_at: datetime | None = None
    bulk_shipping_cost: Annotated[int, Meta(ge=0, le=1_000_000_000)] = 0


class SessionChange(Input, frozen=True):
    target_moq: Annotated[int, Meta(ge=2, le=1_000_000)] | None = None
    base_price: Amount | None = None
    price_tier_25: Amount | None = None
    price_tier_50: Amount | None = None
    price_tier_75: Amount | None = None
    price_tier_100: Amount | None = None
    ends_at: datetime | None = None
    starts_at: datetime | None = None
    bulk_shipping_cost: Annotated[int, Meta(ge=0, le=1_000_000_000)] | None = None


class JoinInput(Input, frozen=True):
    quantity: Quantity
    address_id: UUID
    courier_service: Annotated[str, Meta(min_length=1, max_length=60)]
    variant_id: UUID | None = None


class QuantityChange(Input, frozen=True):
    quantity: Quantity


class Cancellation(Input, frozen=True):
    reason: Reason


class Production(Input, frozen=True):
    state: Literal["started", "completed"]


class Options(msgspec.Struct, frozen=True):
    items: list[logistics.Rate]


class Swept(msgspec.Struct, frozen=True):
    """How many sessions a cron job found due."""

    sessions: int


class OwnParticipation(msgspec.Struct, frozen=True):
    """What the caller joined; amounts in rupiah."""

    participant_id: UUID
    status: rules.ParticipantStatus
    session: views.SessionItem
    variant_id: UUID | None
    quantity: int
    unit_price: Rupiah
    total: Rupiah
    final_unit_price: Rupiah | None
    cashback: Rupiah | None
    order_number: str | None
    payment_id: UUID | None
    payment_code: str | None
    joined_at: datetime
    expires_at: datetime


class OwnParticipations(msgspec.Struct, frozen=True):
    items: list[OwnParticipation]
    page: int
    limit: int
    total: int


def _aware(moment: datetime, field: str) -> datetime:
    if moment.tzinfo is None:
        raise InvalidInput("A time needs its offset, such as 2026-11-23T17:00:00+07:00", field=field)
    return moment


@get("/api/group-buying", audience=Audience.PUBLIC, kept=Kept.LIST)
async def list_sessions(
    ctx: Ctx,
    status: FromQuery[str | None] = None,
    factory_id: FromQuery[UUID | None] = None,
    product_id: FromQuery[UUID | None] = None,
    q: FromQuery[str | None] = None,
    open: FromQuery[bool] = False,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> Sessions:
    """``status=active`` is read as a synonym of forming (DOMAIN.md C-23)."""
    wanted = "forming" if status == "active" else status
    if wanted is not None and wanted not in list(rules.Status):
        raise InvalidInput(f"A session is never {wanted!r}", field="status")
    like = f"%{q[:100]}%" if q else None
    filters = (wanted, factory_id, product_id, like, open, ctx.clock.now())
    rows = await session_queries.list_sessions(ctx.db, *filters, limit, (page - 1) * limit)
    return Sessions(
        [views.item_of(row) for row in rows], page, limit, await session_queries.count_sessions(ctx.db, *filters)
    )


@get("/api/group-buying/mine", audience=Audience.CUSTOMER)
async def list_own(ctx: Ctx, caller: SignedIn, page: PageNumber = 1, limit: PageLimit = 20) -> OwnParticipations:
    rows = await participants.list_own(ctx.db, caller.user_id, limit, (page - 1) * limit)
    found = await session_queries.sessions_by_ids(ctx.db, list({row.session_id for row in rows}))
    items = {each.id: views.item_of(each) for each in found}
    payments = await joining.payments_of(ctx, [row.id for row in rows])
    shown = [
        OwnParticipation(
            row.id,
            row.status,
            items[row.session_id],
            row.variant_id,
            row.quantity,
            row.unit_price,
            row.total,
            row.final_unit_price,
            row.cashback,
            row.order_number,
            payments[row.id].id if row.id in payments else None,
            payments[row.id].code if row.id in payments else None,
            row.joined_at,
            row.expires_at,
        )
        for row in rows
    ]
    return OwnParticipations(shown, page, limit, await participants.count_own(ctx.db, caller.user_id))


@get("/api/group-buying/code/{code:str}", audience=Audience.PUBLIC, kept=Kept.PAGE)
async def show_by_code(ctx: Ctx, code: FromPath[str]) -> SessionView:
    session = await session_queries.find_session_by_code(ctx.db, code.upper())
    if session is None:
        raise contract.SessionNotFound()
    return await views.show(ctx, session)


@get("/api/group-buying/{session_id:uuid}", audience=Audience.PUBLIC, kept=Kept.PAGE)
async def show_session(ctx: Ctx, session_id: FromPath[UUID]) -> SessionView:
    return await views.show(ctx, await views.session_or_404(ctx.db, session_id))


@get("/api/group-buying/{session_id:uuid}/participants", audience=Audience.PUBLIC, kept=Kept.PART)
async def list_participants(
    ctx: Ctx, session_id: FromPath[UUID], page: PageNumber = 1, limit: PageLimit = 20
) -> ShownParticipants:
    return await views.show_participants(ctx, session_id, page, limit)


@get("/api/group-buying/{session_id:uuid}/stats", audience=Audience.PUBLIC, kept=Kept.PART)
async def show_statistics(ctx: Ctx, session_id: FromPath[UUID]) -> Statistics:
    return await views.statistics(ctx, session_id)


@get("/api/group-buying/{session_id:uuid}/variant-availability/{variant_id:uuid}", audience=Audience.PUBLIC)
async def show_availability(ctx: Ctx, session_id: FromPath[UUID], variant_id: FromPath[UUID]) -> VariantView:
    await views.session_or_404(ctx.db, session_id)
    for each in views.variant_views(await session_queries.variants_of(ctx.db, session_id)):
        if each.id == variant_id:
            return each
    raise VariantNotFound()


@get("/api/group-buying/{session_id:uuid}/shipping-options", audience=Audience.CUSTOMER)
async def list_shipping_options(
    ctx: Ctx,
    caller: SignedIn,
    session_id: FromPath[UUID],
    address_id: FromQuery[UUID],
    quantity: FromQuery[int] = 1,
    variant_id: FromQuery[UUID | None] = None,
) -> Options:
    if not 1 <= quantity <= 1_000_000:
        raise InvalidInput("A quantity is from 1 to 1,000,000", field="quantity")
    return Options(await joining.shipping_options(ctx, caller.user_id, session_id, address_id, variant_id, quantity))


@get("/api/group-buying/{session_id:uuid}/events", audience=Audience.PUBLIC, media_type="text/event-stream")
async def watch(ctx: Ctx, session_id: FromPath[UUID]) -> ASGIApp:
    """Live progress as server-sent events: a snapshot at once, then every change."""
    watchers: Watchers = ctx.local["watchers"]
    return Viewer(await watchers.topic(session_id))


@post("/api/group-buying", audience=Audience.FACTORY_OWNER, status=201)
async def create_session(ctx: Ctx, caller: SignedIn, data: JSONBody[NewSession]) -> SessionView:
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
    )
    return await views.show(ctx, await sessions.create_session(ctx, caller, terms))


@patch("/api/group-buying/{session_id:uuid}", audience=Audience.FACTORY_OWNER)
async def change_session(
    ctx: Ctx, caller: SignedIn, session_id: FromPath[UUID], data: JSONBody[SessionChange]
) -> SessionView:
    session = await views.session_or_404(ctx.db, session_id)
    given = {name: value for name in data.__struct_fields__ if (value := getattr(data, name)) is not None}
    for name in ("starts_at", "ends_at"):
        if name in given:
            _aware(given[name], name)
    kept = {name: getattr(session, name) for name in Terms.__struct_fields__}
    return await views.show(ctx, await sessions.change_session(ctx, caller, session_id, Terms(**{**kept, **given})))


@delete("/api/group-buying/{session_id:uuid}", audience=Audience.FACTORY_OWNER)
async def delete_session(ctx: Ctx, caller: SignedIn, session_id: FromPath[UUID]) -> None:
    await sessions.delete_session(ctx, caller, session_id)


@post("/api/group-buying/{session_id:uuid}/join", audience=Audience.CUSTOMER, status=201, announces=True)
async def join(
    ctx: Ctx,
    caller: SignedIn,
    session_id: FromPath[UUID],
    data: JSONBody[JoinInput],
    idempotency_key: IdempotencyKey,
) -> Joined:
    wanted = Wanted(session_id, data.variant_id, data.quantity, data.address_id, data.courier_service)
    return await joining.join(ctx, caller.user_id, wanted, idempotency_key)


@delete("/api/group-buying/{session_id:uuid}/participants/{participant_id:uuid}", audience=Audience.CUSTOMER)
async def leave(ctx: Ctx, caller: SignedIn, session_id: FromPath[UUID], participant_id: FromPath[UUID]) -> None:
    await joining.leave(ctx, caller.user_id, session_id, participant_id)


@patch("/api/group-buying/{session_id:uuid}/participants/{participant_id:uuid}", audience=Audience.CUSTOMER)
async def change_quantity(
    ctx: Ctx,
    caller: SignedIn,
    session_id: FromPath[UUID],
    participant_id: FromPath[UUID],
    data: JSONBody[QuantityChange],
    idempotency_key: IdempotencyKey,
) -> Joined:
    """Before paying: the answer is a reservation in the old one's place, with a payment of its own."""
    return await joining.change_quantity(
        ctx, caller.user_id, session_id, participant_id, data.quantity, idempotency_key
    )


@post("/api/group-buying/{session_id:uuid}/cancel", audience=Audience.FACTORY_OWNER, status=202)
async def cancel(ctx: Ctx, caller: SignedIn, session_id: FromPath[UUID], data: JSONBody[Cancellation]) -> SessionView:
    await ending.may_cancel(ctx, caller, session_id)
    await processes.cancel(ctx, session_id, caller.user_id, data.reason)
    return await views.show(ctx, await views.session_or_404(ctx.db, session_id))


@post("/api/group-buying/{session_id:uuid}/end", audience=Audience.ADMIN, status=202)
async def end_now(ctx: Ctx, caller: SignedIn, session_id: FromPath[UUID]) -> SessionView:
    return await views.show(ctx, await ending.end_now(ctx, caller, session_id))


@post("/api/group-buying/{session_id:uuid}/production", audience=Audience.FACTORY_OWNER)
async def set_production(
    ctx: Ctx, caller: SignedIn, session_id: FromPath[UUID], data: JSONBody[Production]
) -> SessionView:
    return await views.show(ctx, await ending.set_production(ctx, caller, session_id, data.state))


@post("/api/group-buying/process-near-expiration", audience=Audience.SERVICE)
async def run_near_expiration(ctx: Ctx) -> Swept:
    return Swept(await processes.process_near_expiration(ctx))


@post("/api/group-buying/process-expired", audience=Audience.SERVICE)
async def run_expired(ctx: Ctx) -> Swept:
    return Swept(await processes.process_expired(ctx))


routes = [
    *(list_sessions, list_own, show_by_code, show_session, list_participants, show_statistics, show_availability),
    *(list_shipping_options, watch, create_session, change_session, delete_session, join, leave, cancel, end_now),
    *(change_quantity, set_production, run_near_expiration, run_expired),
]
