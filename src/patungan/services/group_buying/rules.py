"""The rules of group buying: prices, tiers, the platform's fill, bundles, joins, transitions. No I/O.

Sources are sections of DOMAIN.md; money is whole rupiah, quantities are units.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from patungan.kernel.money import Rupiah, ceil_percent
from patungan.kernel.time import jakarta_midnight_after

TIERS = (25, 50, 75, 100)

FEE_PERCENT = 3
"""Gateway fee to the customer, of the product price, rounded up (DOMAIN.md 1.1, C-7)."""

MIN_MOQ = 2
MAX_OPEN_HOLDS = 3
"""Unpaid reservations that one person may have in one session (DOMAIN.md 3.4)."""
GATED_HOLD = timedelta(minutes=30)
OPEN_HOLD = timedelta(hours=24)
"""How long a reservation waits for its payment: short where bundles make buyers wait for each other."""
NEAR_EXPIRATION = timedelta(minutes=10)
RENEWED_LENGTH = timedelta(hours=24)
RENEWAL_GRACE = timedelta(hours=1)
"""How long after a midnight a closing may finish for its successor still to begin at that midnight."""


class Status(enum.StrEnum):
    """Where a session stands, as it is stored (DOMAIN.md 2). Buyers see nothing of a draft."""

    DRAFT = "draft"
    FORMING = "forming"
    MOQ_REACHED = "moq_reached"
    PENDING_STOCK = "pending_stock"
    STOCK_RECEIVED = "stock_received"
    SUCCESS = "success"
    ORDERS_CREATED = "orders_created"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN = frozenset({Status.FORMING, Status.MOQ_REACHED})
FINAL = frozenset({Status.ORDERS_CREATED, Status.FAILED, Status.CANCELLED})


class Phase(enum.StrEnum):
    """What a session is at a moment: its status, told apart by its start and by the closing that has taken it."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    FORMING = "forming"
    MOQ_REACHED = "moq_reached"
    CLOSING = "closing"
    PENDING_STOCK = "pending_stock"
    STOCK_RECEIVED = "stock_received"
    SUCCESS = "success"
    ORDERS_CREATED = "orders_created"
    FAILED = "failed"
    CANCELLED = "cancelled"


def phase_of(status: Status, starts_at: datetime, now: datetime, *, claimed: bool) -> Phase:
    """The phase of a session; only an open one can be scheduled or closing."""
    if status not in OPEN:
        return Phase(status)
    if claimed:
        return Phase.CLOSING
    return Phase.SCHEDULED if now < starts_at else Phase(status)


@dataclass(frozen=True, slots=True)
class Transition:
    """A named step of a session's life: the phases it starts from, and the status it leads to (None: it stays).

    ``unpaid``: only while nobody has paid.
    """

    name: str
    sources: frozenset[Phase]
    to: Status | None = None
    unpaid: bool = False

    def permits(self, phase: Phase, paid_quantity: int) -> bool:
        """Whether a session in that phase, with that many paid units, may take this step."""
        return phase in self.sources and not (self.unpaid and paid_quantity)


_RUNNING = frozenset({Phase.FORMING, Phase.MOQ_REACHED})
_PUBLISHED = _RUNNING | {Phase.SCHEDULED}
_NOTHING: frozenset[Phase] = frozenset()

DRAW_UP = Transition("draw_up", _NOTHING, Status.DRAFT)
OPEN_UP = Transition("open", _NOTHING, Status.FORMING)
PUBLISH = Transition("publish", frozenset({Phase.DRAFT}), Status.FORMING)
CHANGE = Transition("change", frozenset({Phase.DRAFT, Phase.SCHEDULED, Phase.FORMING}), unpaid=True)
DELETE = Transition("delete", frozenset({Phase.DRAFT, Phase.SCHEDULED, Phase.FORMING}), unpaid=True)
START = Transition("start", _RUNNING)
REACH_MOQ = Transition("reach_moq", frozenset({Phase.FORMING, Phase.CLOSING}), Status.MOQ_REACHED)
GUARANTEE = Transition("guarantee", _RUNNING | {Phase.CLOSING})
END_EARLY = Transition("end_early", _RUNNING)
CLAIM = Transition("claim", _RUNNING)
FAIL = Transition("fail", frozenset({Phase.CLOSING}), Status.FAILED, unpaid=True)
AWAIT_STOCK = Transition("await_stock", frozenset({Phase.CLOSING}), Status.PENDING_STOCK)
START_PRODUCTION = Transition("start_production", frozenset({Phase.PENDING_STOCK}))
COMPLETE_PRODUCTION = Transition("complete_production", frozenset({Phase.PENDING_STOCK}))
RECEIVE_STOCK = Transition("receive_stock", frozenset({Phase.PENDING_STOCK}), Status.STOCK_RECEIVED)
SUCCEED = Transition("succeed", frozenset({Phase.CLOSING, Phase.STOCK_RECEIVED}), Status.SUCCESS)
CREATE_ORDERS = Transition("create_orders", frozenset({Phase.SUCCESS}), Status.ORDERS_CREATED)
CANCEL = Transition("cancel", _PUBLISHED | {Phase.PENDING_STOCK}, Status.CANCELLED)
RENEW = Transition("renew", frozenset({Phase.ORDERS_CREATED, Phase.FAILED}))

TRANSITIONS = (
    *(DRAW_UP, OPEN_UP, PUBLISH, CHANGE, DELETE, START, REACH_MOQ, GUARANTEE, END_EARLY, CLAIM, FAIL, AWAIT_STOCK),
    *(START_PRODUCTION, COMPLETE_PRODUCTION, RECEIVE_STOCK, SUCCEED, CREATE_ORDERS, CANCEL, RENEW),
)
"""Every step that a session may take (DOMAIN.md 2); what is not here is refused."""


class Taken(msgspec.Struct, frozen=True):
    """Units of a variant that somebody paid for."""

    id: UUID
    variant_id: UUID | None
    quantity: int


def go_without(short: Mapping[UUID | None, int], people: Iterable[Taken]) -> list[UUID]:
    """Whose whole participation is given up where so many units of variants will not come: the last to have joined first.
    ``people`` are in the order of joining."""
    left = dict(short)
    chosen = []
    for each in reversed(list(people)):
        if left.get(each.variant_id, 0) > 0:
            left[each.variant_id] -= each.quantity
            chosen.append(each.id)
    return chosen


PRODUCTION: dict[str, str | None] = {"started": None, "completed": "started"}
"""The states of a production, each with the state before it."""


def transition_to(status: Status, phase: Phase, paid_quantity: int) -> Transition | None:
    """The step that leads from a phase to a status; None where there is none."""
    found = (each for each in TRANSITIONS if each.to is status and each.permits(phase, paid_quantity))
    return next(found, None)


class ParticipantStatus(enum.StrEnum):
    """Where a participation stands: reserved unpaid, paid, let go, ordered, or paid back."""

    HELD = "held"
    PAID = "paid"
    RELEASED = "released"
    SETTLED = "settled"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True)
class Prices:
    """What buyers pay first, and the price at each tier."""

    base: Rupiah
    tier_25: Rupiah
    tier_50: Rupiah
    tier_75: Rupiah
    tier_100: Rupiah

    @property
    def in_order(self) -> bool:
        """Prices do not rise with the tier, nor exceed what buyers pay first."""
        return self.base >= self.tier_25 >= self.tier_50 >= self.tier_75 >= self.tier_100 > 0

    def sound_for(self, price_adjustment: int) -> bool:
        """Whether a variant with that adjustment costs something at every tier (DOMAIN.md 3.2)."""
        return self.tier_100 + price_adjustment >= 1

    def at(self, tier: int) -> Rupiah:
        """The price of a tier."""
        return {25: self.tier_25, 50: self.tier_50, 75: self.tier_75, 100: self.tier_100}[tier]


def tier_of(paid_quantity: int, moq: int) -> int:
    """The tier that paid units of real buyers reach; never below 25 (DOMAIN.md 6.1, whole numbers, no rounding)."""
    if paid_quantity >= moq:
        return 100
    if 4 * paid_quantity >= 3 * moq:
        return 75
    return 50 if 2 * paid_quantity >= moq else 25


def tier_starts_at(tier: int, moq: int) -> int:
    """The least quantity at which a tier is reached."""
    return -(-tier * moq // 100)


def progress_percent(paid_quantity: int, moq: int) -> int:
    """How full a session is, in whole per cent, rounded down; above 100 where it is overbooked."""
    return 100 * paid_quantity // moq


def platform_fill(paid_quantity: int, moq: int) -> int:
    """Units that the platform guarantees so that the 25 % tier holds; none where nobody paid (DOMAIN.md 6.1)."""
    return max(0, -(-moq // 4) - paid_quantity) if paid_quantity > 0 else 0


def leg1_per_unit(bulk_shipping_cost: int, moq: int) -> Rupiah:
    """A unit's share of the way from the factory to the warehouse, rounded up (DOMAIN.md 4.9)."""
    return Rupiah(-(-bulk_shipping_cost // moq))


@dataclass(frozen=True, slots=True)
class Charge:
    """What a buyer pays at once for a join."""

    unit_price: Rupiah
    product: Rupiah
    leg1: Rupiah
    leg2: Rupiah
    fee: Rupiah

    @property
    def total(self) -> Rupiah:
        return Rupiah(self.product + self.leg1 + self.leg2 + self.fee)


def charge_for(unit_price: Rupiah, quantity: int, leg1_unit: Rupiah, leg2: Rupiah) -> Charge:
    """The charge of a join: product, both legs of shipping, and the fee on the product alone (DOMAIN.md 6.2)."""
    product = Rupiah(unit_price * quantity)
    return Charge(unit_price, product, Rupiah(leg1_unit * quantity), leg2, ceil_percent(product, FEE_PERCENT))


@dataclass(frozen=True, slots=True)
class VariantState:
    """A variant of a session: accepted demand d, free stock a, and, where sold in bundles, units u and tolerance t."""

    variant_id: UUID | None
    demand: int
    free_stock: int
    units_per_bundle: int | None
    max_excess: int | None
    price_adjustment: int = 0


def bundles_needed(variants: Sequence[VariantState]) -> int:
    """Bundles that must be bought to meet all demand (DOMAIN.md 5)."""
    return max(
        (
            -(-max(0, each.demand - each.free_stock) // each.units_per_bundle)
            for each in variants
            if each.units_per_bundle
        ),
        default=0,
    )


def leftover(variants: Sequence[VariantState]) -> list[int]:
    """Units that remain of each variant once the bundles are bought and the demand is met."""
    bundles = bundles_needed(variants)
    return [each.free_stock + bundles * (each.units_per_bundle or 0) - each.demand for each in variants]


def bundles_can_start(variants: Sequence[VariantState]) -> bool:
    """Whether every variant tolerates what the first unit of another leaves of a bundle; else nobody could ever start."""
    return all((each.max_excess or 0) >= each.units_per_bundle - 1 for each in variants if each.units_per_bundle)


def available(variants: Sequence[VariantState], index: int) -> int | None:
    """Units of a variant that one more join may take now; None where nothing limits them (DOMAIN.md 5, closed form)."""
    wanted = variants[index]
    if wanted.units_per_bundle is None:
        return None
    bundles = min(
        (
            (each.demand + (each.max_excess or 0) - each.free_stock) // each.units_per_bundle
            for place, each in enumerate(variants)
            if place != index and each.units_per_bundle
        ),
        default=None,
    )
    if bundles is None:
        return None
    return max(0, wanted.free_stock + max(0, bundles) * wanted.units_per_bundle - wanted.demand)


@dataclass(frozen=True, slots=True)
class Lag:
    """A variant, by place, and the units of it that must be taken before a locked one opens."""

    place: int
    units: int


def catching_up(variants: Sequence[VariantState], index: int) -> list[Lag]:
    """Which other variants must catch up, and by how much, before one more unit of a locked one may be taken."""
    wanted = variants[index]
    if wanted.units_per_bundle is None or available(variants, index) != 0:
        return []
    bundles = -(-(wanted.demand + 1 - wanted.free_stock) // wanted.units_per_bundle)
    lags = [
        Lag(place, each.free_stock + bundles * each.units_per_bundle - (each.max_excess or 0) - each.demand)
        for place, each in enumerate(variants)
        if place != index and each.units_per_bundle
    ]
    return [each for each in lags if each.units > 0]


class Refusal(enum.StrEnum):
    """Why a join is not accepted; each is an error code of the contract."""

    NOT_OPEN = "session_not_open"
    NOT_STARTED = "session_not_started"
    ENDED = "session_ended"
    NO_SUCH_VARIANT = "variant_not_found"
    QUANTITY = "quantity_refused"
    TOO_MANY_HOLDS = "too_many_holds"
    BUYER_LIMIT = "buyer_limit_reached"


@dataclass(frozen=True, slots=True)
class JoinWish:
    """A join that waits for its decision."""

    user_id: UUID
    variant_id: UUID | None
    quantity: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """A join that was accepted, for the variant at this place."""

    position: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A join that was not; ``available`` tells how many units could have been joined."""

    refusal: Refusal
    available: int | None = None


@dataclass(slots=True)
class Desk:
    """A session's state while a batch of joins is decided, one after the other, in memory."""

    status: Status
    starts_at: datetime
    ends_at: datetime
    claimed: bool
    variants: list[VariantState]
    open_holds: dict[UUID, int]
    units: dict[UUID, int]
    """Units that each buyer has reserved or paid."""
    max_units_per_buyer: int | None = None

    def decide(self, wish: JoinWish, now: datetime) -> Accepted | Refused:
        """Accept or refuse a join, and count an accepted one into the state that the next is judged by."""
        if self.claimed or self.status not in OPEN:
            return Refused(Refusal.ENDED if now >= self.ends_at else Refusal.NOT_OPEN)
        if now < self.starts_at:
            return Refused(Refusal.NOT_STARTED)
        if now >= self.ends_at:
            return Refused(Refusal.ENDED)
        position = next((i for i, each in enumerate(self.variants) if each.variant_id == wish.variant_id), None)
        if position is None:
            return Refused(Refusal.NO_SUCH_VARIANT)
        if self.open_holds.get(wish.user_id, 0) >= MAX_OPEN_HOLDS:
            return Refused(Refusal.TOO_MANY_HOLDS)
        room = available(self.variants, position)
        if room is not None and wish.quantity > room:
            return Refused(Refusal.QUANTITY, room)
        taken = self.units.get(wish.user_id, 0)
        if self.max_units_per_buyer is not None and taken + wish.quantity > self.max_units_per_buyer:
            return Refused(Refusal.BUYER_LIMIT, max(0, self.max_units_per_buyer - taken))
        self._take(wish.user_id, position, wish.quantity, holds=1)
        return Accepted(position)

    def give_back(self, user_id: UUID, position: int, quantity: int) -> None:
        """Return the units of an unpaid reservation that another one replaces."""
        self._take(user_id, position, -quantity, holds=-1)

    def _take(self, user_id: UUID, position: int, quantity: int, *, holds: int) -> None:
        variant = self.variants[position]
        self.variants[position] = replace(variant, demand=variant.demand + quantity)
        self.open_holds[user_id] = self.open_holds.get(user_id, 0) + holds
        self.units[user_id] = self.units.get(user_id, 0) + quantity


def hold_until(now: datetime, ends_at: datetime, *, gated: bool) -> datetime:
    """When an unpaid reservation lapses; at the latest at the session's end."""
    return min(now + (GATED_HOLD if gated else OPEN_HOLD), ends_at)


def renewed_window(ended_at: datetime, now: datetime) -> tuple[datetime, datetime]:
    """When the next day's session begins and ends: 00:00 to 24:00 Asia/Jakarta (DOMAIN.md 4.4).

    A session that ended at midnight is followed by the day that begins there, so that no day is left out.
    """
    midnight = jakarta_midnight_after(ended_at - timedelta(microseconds=1))
    starts_at = midnight if now < midnight + RENEWAL_GRACE else jakarta_midnight_after(now)
    return starts_at, starts_at + RENEWED_LENGTH


def cashback(base_price: Rupiah, tier_price: Rupiah, quantity: int) -> Rupiah:
    """What a buyer gets back at the close: the difference to the tier's price (the variant's adjustment cancels out)."""
    return Rupiah((base_price - tier_price) * quantity)
