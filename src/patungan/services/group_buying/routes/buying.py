"""What buyers see and do: sessions, their progress, joining and leaving, sharing."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.types import ASGIApp
from msgspec import Meta

from patungan.contracts import logistics
from patungan.contracts.product import VariantNotFound
from patungan.kernel.answers import Kept
from patungan.kernel.errors import InvalidInput
from patungan.kernel.http import Ctx, IdempotencyKey, Input, PageLimit, PageNumber, SignedIn, delete, get, patch, post
from patungan.kernel.identity import Audience
from patungan.kernel.money import Rupiah
from patungan.services.group_buying import rules
from patungan.services.group_buying.operations import joining, listing, sharing, views
from patungan.services.group_buying.operations.fan import Viewer
from patungan.services.group_buying.operations.joining import Joined, Wanted
from patungan.services.group_buying.operations.listing import Filter, Sort
from patungan.services.group_buying.operations.progress import Watchers
from patungan.services.group_buying.operations.sharing import Share
from patungan.services.group_buying.operations.views import (
    Sessions,
    SessionView,
    ShownParticipants,
    Statistics,
    VariantView,
)
from patungan.services.group_buying.queries import participants
from patungan.services.group_buying.queries import sessions as session_queries

Quantity = Annotated[int, Meta(ge=1, le=1_000_000)]
Hours = Annotated[int | None, QueryParameter(ge=1, le=720)]


class JoinInput(Input, frozen=True):
    quantity: Quantity
    address_id: UUID
    courier_service: Annotated[str, Meta(min_length=1, max_length=60)]
    variant_id: UUID | None = None


class QuantityChange(Input, frozen=True):
    quantity: Quantity


class Options(msgspec.Struct, frozen=True):
    items: list[logistics.Rate]


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


@get("/api/group-buying", audience=Audience.PUBLIC, kept=Kept.LIST)
async def list_sessions(
    ctx: Ctx,
    status: FromQuery[str | None] = None,
    phase: FromQuery[rules.Phase | None] = None,
    factory_id: FromQuery[UUID | None] = None,
    product_id: FromQuery[UUID | None] = None,
    category_id: FromQuery[list[UUID] | None] = None,
    q: FromQuery[str | None] = None,
    open: FromQuery[bool] = False,
    ending_within: Hours = None,
    sort: FromQuery[Sort] = Sort.ENDING,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> Sessions:
    """``status=active`` is read as a synonym of forming (DOMAIN.md C-23); ``ending_within`` counts hours."""
    wanted = Filter(
        status=status,
        phase=phase,
        factory_ids=None if factory_id is None else [factory_id],
        product_id=product_id,
        category_ids=category_id,
        q=q,
        open=open,
        ending_within=ending_within,
    )
    return await listing.list_sessions(ctx, wanted, sort, page, limit)


@get("/api/group-buying/mine", audience=Audience.CUSTOMER)
async def list_own(ctx: Ctx, caller: SignedIn, page: PageNumber = 1, limit: PageLimit = 20) -> OwnParticipations:
    rows = await participants.list_own(ctx.db, caller.user_id, limit, (page - 1) * limit)
    found = await session_queries.sessions_by_ids(ctx.db, list({row.session_id for row in rows}))
    now = ctx.clock.now()
    items = {each.id: views.item_of(each, now) for each in found}
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
    return await views.show(ctx, await views.session_by_code(ctx.db, code))


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


@patch(
    "/api/group-buying/{session_id:uuid}/participants/{participant_id:uuid}",
    audience=Audience.CUSTOMER,
    announces=True,
)
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


@get("/api/group-buying/{session_id:uuid}/share", audience=Audience.PUBLIC)
async def show_share(ctx: Ctx, session_id: FromPath[UUID]) -> Share:
    return await sharing.share(ctx, session_id)


@get("/api/group-buying/{session_id:uuid}/qr.svg", audience=Audience.PUBLIC, media_type="image/svg+xml")
async def draw_code(ctx: Ctx, session_id: FromPath[UUID]) -> Response[str]:
    """The session's link as a QR code."""
    drawn = await sharing.qr_code(ctx, session_id)
    return Response(drawn, media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})


buying_routes = [
    *(list_sessions, list_own, show_by_code, show_session, list_participants, show_statistics, show_availability),
    *(list_shipping_options, watch, join, leave, change_quantity, show_share, draw_code),
]
