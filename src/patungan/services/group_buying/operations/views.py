"""What callers see of a session, and how it is read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from patungan.contracts import auth
from patungan.contracts import group_buying as contract
from patungan.kernel.errors import Unavailable
from patungan.kernel.money import Rupiah
from patungan.kernel.names import masked_name
from patungan.kernel.service import Context
from patungan.kernel.sql import Executor
from patungan.services.group_buying import rules
from patungan.services.group_buying.queries import participants, sessions
from patungan.services.group_buying.queries.sessions import HistoryEntry, Session, SessionVariant


class ProductSummary(msgspec.Struct, frozen=True):
    id: UUID
    slug: str
    name: str
    name_en: str
    image_url: str | None


class FactorySummary(msgspec.Struct, frozen=True):
    id: UUID
    name: str
    city: str


class WarehouseSummary(msgspec.Struct, frozen=True):
    id: UUID
    city: str
    postal_code: str


class Progress(msgspec.Struct, frozen=True):
    """How far a session is; what the live stream carries. Units by people and units guaranteed by the platform apart."""

    id: UUID
    status: rules.Status
    closing: bool
    paid_quantity: int
    held_quantity: int
    platform_quantity: int
    participant_count: int
    current_tier: int
    current_price: Rupiah
    progress_percent: int
    ends_at: datetime


class SessionItem(msgspec.Struct, frozen=True):
    """A session in a list; prices in rupiah.

    Units that people paid for, units that they reserved, and units that the platform guarantees are told apart; the
    tier, the price and the percentage follow from the paid ones alone.
    """

    id: UUID
    code: str
    product: ProductSummary
    factory: FactorySummary
    status: rules.Status
    phase: rules.Phase
    target_moq: int
    base_price: Rupiah
    price_tier_25: Rupiah
    price_tier_50: Rupiah
    price_tier_75: Rupiah
    price_tier_100: Rupiah
    current_tier: int
    current_price: Rupiah
    paid_quantity: int
    held_quantity: int
    platform_quantity: int
    participant_count: int
    progress_percent: int
    max_units_per_buyer: int | None
    starts_at: datetime
    ends_at: datetime


class TierView(msgspec.Struct, frozen=True):
    """``reached``: by units that people paid for; ``guaranteed``: not reached, and the platform stands for its price."""

    tier: int
    price: Rupiah
    from_quantity: int
    reached: bool
    guaranteed: bool


class CatchUp(msgspec.Struct, frozen=True):
    """A variant of which that many units must be taken before another opens again."""

    variant_id: UUID | None
    name: str
    units: int


class VariantView(msgspec.Struct, frozen=True):
    """``available`` None: nothing limits it. ``waits_for``: the variants that must catch up before it opens again."""

    id: UUID | None
    name: str
    sku: str
    price_adjustment: int
    available: int | None
    waits_for: list[CatchUp]


class SessionView(SessionItem, frozen=True):
    """A session whole."""

    variants: list[VariantView]
    tiers: list[TierView]
    leg1_per_unit: Rupiah
    bundle_gated: bool
    warehouse: WarehouseSummary
    closing: bool
    purchase_order_code: str | None
    production_state: str | None
    parent_session_id: UUID | None
    history: list[HistoryEntry]


class Sessions(msgspec.Struct, frozen=True):
    items: list[SessionItem]
    page: int
    limit: int
    total: int


class ShownParticipant(msgspec.Struct, frozen=True):
    """``kind`` is buyer, or platform for the units that the platform guarantees."""

    name: str
    quantity: int
    joined_at: datetime
    kind: str


class ShownParticipants(msgspec.Struct, frozen=True):
    """``total`` counts people's participations alone; the platform's guarantee is none."""

    items: list[ShownParticipant]
    paid_quantity: int
    platform_quantity: int
    page: int
    limit: int
    total: int


class VariantFigures(msgspec.Struct, frozen=True):
    """Units of a variant that people paid for, and units that they reserved."""

    variant_id: UUID | None
    name: str
    paid_quantity: int
    held_quantity: int


class Statistics(msgspec.Struct, frozen=True):
    """Figures of a session, of real buyers alone; amounts in rupiah. ``platform_quantity`` is counted in none of them."""

    paid_quantity: int
    held_quantity: int
    participant_count: int
    buyer_count: int
    platform_quantity: int
    paid_amount: Rupiah
    product_amount: Rupiah
    saved_amount: Rupiah
    units_to_moq: int
    current_tier: int
    current_price: Rupiah
    units_to_next_tier: int | None
    next_tier_price: Rupiah | None
    variants: list[VariantFigures]


def progress_of(session: Session) -> Progress:
    """A session's progress as the live stream carries it."""
    return Progress(
        session.id,
        session.status,
        session.is_closing,
        session.paid_quantity,
        session.held_quantity,
        session.platform_quantity,
        session.participant_count,
        session.current_tier,
        session.prices.at(session.current_tier),
        session.progress_percent,
        session.ends_at,
    )


def item_of(session: Session, now: datetime) -> SessionItem:
    """A session as a list shows it at a moment."""
    return SessionItem(**_item_fields(session, now))


def _item_fields(session: Session, now: datetime) -> dict[str, Any]:
    product = session.product
    plain = ("id", "code", "status", "target_moq", "base_price", "price_tier_25", "price_tier_50", "price_tier_75")
    more = ("price_tier_100", "paid_quantity", "held_quantity", "platform_quantity", "participant_count")
    return {
        **{name: getattr(session, name) for name in (*plain, *more, "max_units_per_buyer", "starts_at", "ends_at")},
        "product": ProductSummary(product.id, product.slug, product.name, product.name_en, product.image_url),
        "factory": FactorySummary(session.factory_id, session.factory_name, session.factory_city),
        "phase": session.phase(now),
        "current_tier": session.current_tier,
        "current_price": session.prices.at(session.current_tier),
        "progress_percent": session.progress_percent,
    }


def is_gated(variants: Sequence[SessionVariant]) -> bool:
    """Whether bundles make the buyers of one variant wait for those of another."""
    return len(variants) > 1 and any(each.units_per_bundle is not None for each in variants)


def variant_views(variants: Sequence[SessionVariant]) -> list[VariantView]:
    """The variants with what may be joined of each now."""
    states = [each.state for each in variants]
    return [
        VariantView(
            each.variant_id,
            each.name,
            each.sku,
            each.price_adjustment,
            rules.available(states, place),
            [
                CatchUp(variants[lag.place].variant_id, variants[lag.place].name, lag.units)
                for lag in rules.catching_up(states, place)
            ],
        )
        for place, each in enumerate(variants)
    ]


def view_of(
    session: Session, variants: Sequence[SessionVariant], history: list[HistoryEntry], now: datetime
) -> SessionView:
    """A session as its page shows it at a moment."""
    starts = {tier: rules.tier_starts_at(tier, session.target_moq) for tier in rules.TIERS}
    tiers = [
        TierView(
            *(tier, session.prices.at(tier), start, session.paid_quantity >= start),
            guaranteed=session.paid_quantity < start and session.current_tier >= tier,
        )
        for tier, start in starts.items()
    ]
    return SessionView(
        **_item_fields(session, now),
        variants=variant_views(variants),
        tiers=tiers,
        leg1_per_unit=rules.leg1_per_unit(session.bulk_shipping_cost, session.target_moq),
        bundle_gated=is_gated(variants),
        warehouse=WarehouseSummary(session.warehouse_id, session.warehouse_city, session.warehouse_postal_code),
        closing=session.is_closing,
        purchase_order_code=session.purchase_order_code,
        production_state=session.production_state,
        parent_session_id=session.parent_session_id,
        history=history,
    )


async def session_or_404(on: Executor, session_id: UUID) -> Session:
    """A published session by id; raises SessionNotFound, for drafts too: to buyers they do not exist."""
    session = await any_session_or_404(on, session_id)
    if session.status is rules.Status.DRAFT:
        raise contract.SessionNotFound()
    return session


async def any_session_or_404(on: Executor, session_id: UUID) -> Session:
    """A session by id, drafts included; raises SessionNotFound."""
    session = await sessions.find_session(on, session_id)
    if session is None:
        raise contract.SessionNotFound()
    return session


async def session_by_code(on: Executor, code: str) -> Session:
    """A published session by its code; raises SessionNotFound."""
    session = await sessions.find_session_by_code(on, code.upper())
    if session is None or session.status is rules.Status.DRAFT:
        raise contract.SessionNotFound()
    return session


async def show(ctx: Context, session: Session) -> SessionView:
    """A session with its variants and history."""
    variants = await sessions.variants_of(ctx.db, session.id)
    return view_of(session, variants, await sessions.history_of(ctx.db, session.id), ctx.clock.now())


async def show_participants(ctx: Context, session_id: UUID, page: int, limit: int) -> ShownParticipants:
    """Who bought, names masked; the platform's guarantee is listed first, as what it is."""
    session = await session_or_404(ctx.db, session_id)
    rows = await participants.shown_participants(ctx.db, session_id, limit, (page - 1) * limit)
    names = await _masked_names(ctx, [row.user_id for row in rows])
    shown = [ShownParticipant(names.get(row.user_id, "***"), row.quantity, row.joined_at, "buyer") for row in rows]
    filled_at = await sessions.filled_at(ctx.db, session_id)
    if page == 1 and filled_at is not None and session.platform_quantity:
        shown.insert(0, ShownParticipant("Patungan", session.platform_quantity, filled_at, "platform"))
    total = await participants.count_shown(ctx.db, session_id)
    return ShownParticipants(shown, session.paid_quantity, session.platform_quantity, page, limit, total)


async def _masked_names(ctx: Context, user_ids: list[UUID]) -> dict[UUID, str]:
    try:
        found = await ctx.call(auth.get_users, auth.GetUsers(user_ids=list(set(user_ids))))
    except Unavailable:  # names are an ornament here; the list is shown without them
        return {}
    return {user.id: masked_name(user.first_name, user.last_name) for user in found.users}


async def statistics(ctx: Context, session_id: UUID) -> Statistics:
    """Figures of a session; the platform's guarantee is told apart and counted in none of them."""
    session = await session_or_404(ctx.db, session_id)
    figures = await participants.figures_of(ctx.db, session_id)
    by_variant = await participants.figures_by_variant(ctx.db, session_id)
    price = session.prices.at(session.current_tier)
    following = next((tier for tier in rules.TIERS if tier > session.current_tier), None)
    return Statistics(
        session.paid_quantity,
        session.held_quantity,
        session.participant_count,
        figures.buyers,
        session.platform_quantity,
        figures.total,
        figures.product,
        rules.cashback(session.base_price, price, figures.quantity),
        max(0, session.target_moq - session.paid_quantity),
        session.current_tier,
        price,
        None if following is None else rules.tier_starts_at(following, session.target_moq) - session.paid_quantity,
        None if following is None else session.prices.at(following),
        [VariantFigures(each.variant_id, each.name, each.paid, each.held) for each in by_variant],
    )
