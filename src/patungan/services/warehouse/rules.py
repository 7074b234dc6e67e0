"""Decisions of warehouse: bundles, purchase quantities, who gets goods first, states of a purchase order. No I/O."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from patungan.kernel.time import JAKARTA

LEAST_LEAD = timedelta(days=1)
"""A further purchase order gives the factory at least this long."""

LONGEST_QUANTITIES = 700
"""Characters that a message has room for, of the 1,024 that WhatsApp takes."""

_MONTHS = (
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
)

LATE_AFTER = timedelta(days=7)
"""Goods that did not come so long after they were expected are an administrator's matter (DOMAIN.md 4.2)."""

ANSWER_TIME = timedelta(days=1)
"""How long a factory may take to answer before it is reminded, and to give the reason of a rejection."""

MOST_REMINDERS = 3

VAT_PERCENT = 11
"""On a warehouse invoice (DOMAIN.md 1.1)."""

COUNT_APPROVAL_UNITS = 20
"""A count that differs by more units in all is posted by another person than the one who handed it in."""

VariantId = UUID | None
"""A product without variants has the variant None."""


class PurchaseOrderStatus(enum.StrEnum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    IN_PRODUCTION = "in_production"
    SHIPPED = "shipped"
    RECEIVED = "received"
    CANCELLED = "cancelled"


class MovementType(enum.StrEnum):
    """Kinds of stock movement (stock_movement_type of DOMAIN.md 2)."""

    PURCHASE = "purchase"
    SALE = "sale"
    RETURN = "return"
    DAMAGED = "damaged"
    LOST = "lost"
    ADJUSTMENT = "adjustment"
    RESERVED = "reserved"
    RELEASED = "released"


class Adjustment(enum.StrEnum):
    """A correction by hand. Damage moves sound units aside, restore brings them back; dispose throws damaged ones away."""

    ADD = "add"
    REMOVE = "remove"
    SET = "set"
    LOSE = "lose"
    DAMAGE = "damage"
    RESTORE = "restore"
    DISPOSE = "dispose"


class OverDelivery(enum.StrEnum):
    """What is done with units beyond the order: taken into stock as surplus, or sent back."""

    ACCEPT = "accept"
    SEND_BACK = "send_back"


class Missing(enum.StrEnum):
    """What is done about units that a closed order did not bring and sessions wait for."""

    REORDER = "reorder"
    CANCEL = "cancel"


class InvoiceStatus(enum.StrEnum):
    PENDING = "pending"
    PAID = "paid"
    CANCELLED = "cancelled"


class CountStatus(enum.StrEnum):
    OPEN = "open"
    SUBMITTED = "submitted"
    POSTED = "posted"
    CANCELLED = "cancelled"


_NEXT = {
    PurchaseOrderStatus.PENDING: PurchaseOrderStatus.CONFIRMED,
    PurchaseOrderStatus.CONFIRMED: PurchaseOrderStatus.IN_PRODUCTION,
    PurchaseOrderStatus.IN_PRODUCTION: PurchaseOrderStatus.SHIPPED,
    PurchaseOrderStatus.SHIPPED: PurchaseOrderStatus.RECEIVED,
}


def may_become(present: PurchaseOrderStatus, wanted: PurchaseOrderStatus) -> bool:
    """Whether a purchase order may go from one state to the other: step by step, or cancelled before it is received."""
    if wanted is PurchaseOrderStatus.CANCELLED:
        return present in _NEXT
    return _NEXT.get(present) is wanted


@dataclass(frozen=True, slots=True)
class Demand:
    """Units wanted of a variant, and the free stock there is of it."""

    variant_id: VariantId
    quantity: int
    free: int


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """How a variant's demand is met, in units; ``ordered`` may exceed ``missing``."""

    variant_id: VariantId
    quantity: int
    from_stock: int
    ordered: int

    @property
    def missing(self) -> int:
        return self.quantity - self.from_stock


@dataclass(frozen=True, slots=True)
class Plan:
    """How a demand is met: whole bundles to order, and the lines of every variant concerned."""

    bundles: int
    lines: tuple[PlannedLine, ...]

    @property
    def missing(self) -> int:
        return sum(line.missing for line in self.lines)


def rounded_up(units: int, multiple: int) -> int:
    """The least multiple that is not below the units."""
    return -(-units // multiple) * multiple


def bundles_needed(demands: Sequence[Demand], composition: Mapping[VariantId, int]) -> int:
    """The least number of whole bundles that covers every demand: max over w of ceil(max(0, d - a) / u) (DOMAIN.md 5)."""
    return max(
        (-(-max(0, each.quantity - each.free) // composition[each.variant_id]) for each in demands),
        default=0,
    )


def plan_purchase(demands: Sequence[Demand], composition: Mapping[VariantId, int], wholesale_unit: int) -> Plan:
    """Take what is free first, then order what is missing: whole bundles of every variant in the composition.

    A variant outside the composition (all of them where there is none) is ordered on its own, rounded up to
    ``wholesale_unit``.
    """
    bundled = [each for each in demands if each.variant_id in composition]
    bundles = bundles_needed(bundled, composition)
    lines = []
    for each in demands:
        from_stock = min(each.quantity, each.free)
        if each.variant_id in composition:
            ordered = bundles * composition[each.variant_id]
        else:
            ordered = rounded_up(each.quantity - from_stock, wholesale_unit)
        lines.append(PlannedLine(each.variant_id, each.quantity, from_stock, ordered))
    wanted = {each.variant_id for each in demands}
    lines += [
        PlannedLine(variant_id, 0, 0, bundles * units)
        for variant_id, units in composition.items()
        if variant_id not in wanted
    ]
    return Plan(bundles, tuple(lines))


def unit_costs(
    variants: Sequence[VariantId], known: Mapping[VariantId, int], adjustments: Mapping[VariantId, int]
) -> dict[VariantId, int]:
    """What a unit of each variant costs (rupiah); for one that nobody bought, a known cost and the difference in price.

    A bundle brings such variants too, and the settlement of surplus goods needs their cost.
    """
    anchor = min(known, key=lambda variant_id: (known[variant_id], str(variant_id)))
    costs = {}
    for variant_id in variants:
        difference = adjustments.get(variant_id, 0) - adjustments.get(anchor, 0)
        if variant_id not in adjustments or anchor not in adjustments:
            difference = 0
        costs[variant_id] = known.get(variant_id, max(0, known[anchor] + difference))
    return costs


@dataclass(frozen=True, slots=True)
class Waiting:
    """Units that a session still waits for."""

    session_id: UUID
    variant_id: VariantId
    units: int


def allocate(free: Mapping[VariantId, int], waiting: Sequence[Waiting]) -> list[Waiting]:
    """Hand free units to those who wait, in the order given (oldest session first); the last may get a part."""
    left = dict(free)
    grants = []
    for each in waiting:
        units = min(each.units, left.get(each.variant_id, 0))
        if units > 0:
            left[each.variant_id] -= units
            grants.append(Waiting(each.session_id, each.variant_id, units))
    return grants


StockKey = tuple[UUID, UUID, VariantId]
"""A warehouse, a product and a variant."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What an order wants of each stock, in units; it gets all of it or nothing."""

    order_id: UUID
    units: Mapping[StockKey, int]


def grant_wishes(free: Mapping[StockKey, int], wishes: Sequence[Wish]) -> dict[UUID, dict[StockKey, tuple[int, int]]]:
    """Who gets the stock, first come first served: by order what it falls short of, as units wanted and units left.

    An order that falls short of nothing has its stock; one that does takes none, so that it stands in nobody's way.
    """
    left = dict(free)
    decided: dict[UUID, dict[StockKey, tuple[int, int]]] = {}
    for wish in wishes:
        short = {key: (units, left.get(key, 0)) for key, units in wish.units.items() if units > left.get(key, 0)}
        decided[wish.order_id] = short
        if not short:
            for key, units in wish.units.items():
                left[key] -= units
    return decided


@dataclass(frozen=True, slots=True)
class Arrival:
    """Units of a variant that came, sound and damaged apart."""

    variant_id: VariantId
    received: int
    damaged: int

    @property
    def units(self) -> int:
        return self.received + self.damaged


@dataclass(frozen=True, slots=True)
class SplitArrival:
    """An arrival against what was still to come: within the order, and sound units beyond it or sent back."""

    variant_id: VariantId
    received: int
    damaged: int
    surplus: int
    sent_back: int


def split_arrival(to_come: int, arrival: Arrival, decision: OverDelivery) -> SplitArrival:
    """Sound units count first; damaged units beyond the order go back whatever is decided."""
    received = min(arrival.received, to_come)
    damaged = min(arrival.damaged, to_come - received)
    beyond, spoilt = arrival.received - received, arrival.damaged - damaged
    surplus = beyond if decision is OverDelivery.ACCEPT else 0
    return SplitArrival(arrival.variant_id, received, damaged, surplus, beyond - surplus + spoilt)


def fits(to_come: Mapping[VariantId, int], arrivals: Sequence[Arrival]) -> bool:
    """Whether no more came of any variant than is still to come."""
    return all(each.units <= to_come.get(each.variant_id, 0) for each in arrivals)


def shortfall(waiting: Mapping[VariantId, int], to_come: Mapping[VariantId, int]) -> list[Demand]:
    """Units that sessions wait for and that no open purchase order will bring."""
    return [
        Demand(variant_id, units - to_come.get(variant_id, 0), 0)
        for variant_id, units in waiting.items()
        if units > to_come.get(variant_id, 0)
    ]


def cut_waiting(short: Mapping[VariantId, int], waiting: Sequence[Waiting]) -> list[Waiting]:
    """Which sessions go without, where so many units will not come: the last to have asked first. ``waiting`` is in the
    order of asking."""
    left = dict(short)
    cut = []
    for each in reversed(waiting):
        units = min(each.units, left.get(each.variant_id, 0))
        if units > 0:
            left[each.variant_id] -= units
            cut.append(Waiting(each.session_id, each.variant_id, units))
    return cut


def value_added_tax(subtotal: int) -> int:
    """The tax on a subtotal in rupiah, rounded half up."""
    return (subtotal * VAT_PERCENT + 50) // 100


def needs_another_person(differences: Sequence[int]) -> bool:
    """Whether a count differs by so much that who handed it in may not post it."""
    return sum(abs(units) for units in differences) > COUNT_APPROVAL_UNITS


def adjusted(quantity: int, adjustment: Adjustment, units: int) -> int:
    """The quantity after a correction by hand; may be negative, which the caller refuses."""
    match adjustment:
        case Adjustment.ADD | Adjustment.RESTORE:
            return quantity + units
        case Adjustment.REMOVE | Adjustment.LOSE | Adjustment.DAMAGE:
            return quantity - units
        case Adjustment.SET:
            return units
        case Adjustment.DISPOSE:
            return quantity


def damaged_change(adjustment: Adjustment, units: int) -> int:
    """By how much the damaged units change with a correction by hand."""
    match adjustment:
        case Adjustment.DAMAGE:
            return units
        case Adjustment.RESTORE | Adjustment.DISPOSE:
            return -units
    return 0


def movement_of(adjustment: Adjustment) -> MovementType:
    """How a correction by hand is written down."""
    match adjustment:
        case Adjustment.DAMAGE:
            return MovementType.DAMAGED
        case Adjustment.LOSE | Adjustment.DISPOSE:
            return MovementType.LOST
    return MovementType.ADJUSTMENT


def became_low(before: int, after: int, level: int) -> bool:
    """Whether the available units fell to the low-stock level or below it just now."""
    return before > level >= after


def tolerance_is_enough(units_per_bundle: int, max_excess_units: int) -> bool:
    """Whether anybody could ever start: t >= u - 1 (DOMAIN.md 5)."""
    return max_excess_units >= units_per_bundle - 1


def expected_again(created_at: datetime, expected_at: datetime, now: datetime) -> datetime:
    """When the goods of a further purchase order are expected: the first one's lead time again."""
    return now + max(expected_at - created_at, LEAST_LEAD)


def quantities_text(product_name: str, quantities: Sequence[tuple[str, int]]) -> str:
    """What to make, in one line: ``Kaos Polos: S 20, M 50 (70 unit)``. A variant's name is empty without variants.

    Too many variants for a message are counted, and stand in the portal one by one.
    """
    total = sum(units for _name, units in quantities)
    each = ", ".join(f"{name} {units}" for name, units in quantities if name)
    if len(product_name) + len(each) > LONGEST_QUANTITIES:
        return f"{product_name}: {total} unit dalam {len(quantities)} varian, rincian di portal pabrik"
    return f"{product_name}: {each} ({total} unit)" if each else f"{product_name}: {total} unit"


def deadline_text(moment: datetime) -> str:
    """A moment as a factory in Indonesia reads it: ``30 November 2026 pukul 17.00 WIB``."""
    local = moment.astimezone(JAKARTA)
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year} pukul {local:%H.%M} WIB"
