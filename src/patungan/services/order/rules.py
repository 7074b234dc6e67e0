"""Decisions of order: which moves there are, who may make them, and how an order follows its parcel. No I/O."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from patungan.kernel.money import Rupiah, ceil_percent

NUMBER_LETTERS = 7
"""Length of the random part of ORD-YYYYMMDD-XXXXXXX (DOMAIN.md 1, codes)."""


class OrderStatus(enum.StrEnum):
    PENDING_PAYMENT = "pending_payment"
    PAID = "paid"
    PROCESSING = "processing"
    READY_FOR_PICKUP = "ready_for_pickup"
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    FAILED = "failed"
    REFUNDED = "refunded"


class Actor(enum.StrEnum):
    """Who moves an order, as its history names them."""

    SYSTEM = "system"
    FACTORY = "factory"
    WAREHOUSE = "warehouse"
    ADMIN = "admin"
    COURIER = "courier"
    BUYER = "buyer"
    SELLER = "seller"


class Source(enum.StrEnum):
    """Where an order's goods come from: a group's session, a warehouse's surplus, or a seller's own stock."""

    SESSION = "session"
    WAREHOUSE = "warehouse"
    SELLER = "seller"


class Verdict(enum.Enum):
    """Whether somebody may make a move by hand."""

    ALLOWED = "allowed"
    NOT_THEIRS = "not theirs"
    NO_SUCH_MOVE = "no such move"
    FOLLOWS_MONEY = "follows money"


_S = OrderStatus

MOVES: Mapping[OrderStatus, frozenset[OrderStatus]] = {
    _S.PENDING_PAYMENT: frozenset({_S.PAID, _S.FAILED, _S.CANCELLED}),
    _S.PAID: frozenset({_S.PROCESSING, _S.REFUNDED, _S.CANCELLED}),
    _S.PROCESSING: frozenset({_S.READY_FOR_PICKUP, _S.CANCELLED}),
    _S.READY_FOR_PICKUP: frozenset({_S.PICKED_UP, _S.CANCELLED}),
    _S.PICKED_UP: frozenset({_S.IN_TRANSIT}),
    _S.IN_TRANSIT: frozenset({_S.DELIVERED, _S.FAILED}),
    _S.DELIVERED: frozenset({_S.REFUNDED}),
    _S.CANCELLED: frozenset({_S.REFUNDED}),
    _S.FAILED: frozenset({_S.PENDING_PAYMENT, _S.PROCESSING, _S.REFUNDED}),
    _S.REFUNDED: frozenset(),
}
"""The state machine of DOMAIN.md 2."""

FOLLOWS_MONEY = frozenset({_S.PENDING_PAYMENT, _S.PAID, _S.CANCELLED, _S.REFUNDED})
"""States that come with a payment or a refund and are never set by hand: a cancelled order without its refund would
leave a buyer with neither goods nor money."""

_PREPARERS = frozenset({Actor.FACTORY, Actor.SELLER})
_FACTORY_MOVES = frozenset({(_S.PAID, _S.PROCESSING), (_S.PROCESSING, _S.READY_FOR_PICKUP)})


def may_move(current: OrderStatus, wanted: OrderStatus, *, paid: bool) -> bool:
    """Whether the state machine has this move. Money decides some of them: only an unpaid failed order is paid again, only a
    paid one is shipped again or refunded."""
    if wanted not in MOVES[current]:
        return False
    if current is _S.FAILED:
        return paid != (wanted is _S.PENDING_PAYMENT)
    if current is _S.CANCELLED:
        return paid
    return True


def judge(current: OrderStatus, wanted: OrderStatus, actor: Actor, *, paid: bool) -> Verdict:
    """Whether this person may move an order by hand; a factory or a seller prepares the goods and no more."""
    if actor in _PREPARERS and wanted not in {to for _, to in _FACTORY_MOVES}:
        return Verdict.NOT_THEIRS
    if wanted in FOLLOWS_MONEY:
        return Verdict.FOLLOWS_MONEY
    if not may_move(current, wanted, paid=paid):
        return Verdict.NO_SUCH_MOVE
    if actor in _PREPARERS and (current, wanted) not in _FACTORY_MOVES:
        return Verdict.NOT_THEIRS
    return Verdict.ALLOWED


def open_moves(current: OrderStatus, actor: Actor, *, paid: bool) -> list[OrderStatus]:
    """What this person may do with the order now, in the order of the states."""
    return [wanted for wanted in OrderStatus if judge(current, wanted, actor, paid=paid) is Verdict.ALLOWED]


_FORWARD = (_S.PAID, _S.PROCESSING, _S.READY_FOR_PICKUP, _S.PICKED_UP, _S.IN_TRANSIT, _S.DELIVERED)

_OF_PARCEL: Mapping[str, OrderStatus] = {
    "pending": _S.READY_FOR_PICKUP,
    "picked_up": _S.PICKED_UP,
    "in_transit": _S.IN_TRANSIT,
    "out_for_delivery": _S.IN_TRANSIT,
    "delivered": _S.DELIVERED,
    "failed": _S.FAILED,
    "returned": _S.FAILED,
}
"""The order's status for its parcel's (DOMAIN.md 3.11)."""


def following(parcel: str) -> OrderStatus | None:
    """The order's status for a parcel's; None for one that this version does not know."""
    return _OF_PARCEL.get(parcel)


def way(current: OrderStatus, wanted: OrderStatus) -> list[OrderStatus]:
    """The statuses that an order passes through to follow its parcel, by moves of the state machine alone; empty where it
    stays. News of a courier gets lost, so steps are made up for; an order whose parcel failed before it was picked up stays
    where it is, since the goods never left."""
    if wanted is _S.FAILED:
        return {_S.PICKED_UP: [_S.IN_TRANSIT, _S.FAILED], _S.IN_TRANSIT: [_S.FAILED]}.get(current, [])
    if wanted not in _FORWARD:
        return []
    if current is _S.FAILED:
        return list(_FORWARD[1 : _FORWARD.index(wanted) + 1])
    if current not in _FORWARD:
        return []
    return list(_FORWARD[_FORWARD.index(current) + 1 : _FORWARD.index(wanted) + 1])


def moment(told: datetime, born: datetime, now: datetime) -> datetime:
    """When something happened to an order: as told, but not before the order was made and not in the future."""
    return min(max(told, born), now)


def cancel_refusal(current: OrderStatus, *, paid: bool, of_session: bool, by_staff: bool = False) -> str | None:
    """Why an order cannot be cancelled; None where it can: by its buyer before it is packed, by staff before it is picked up.
    A session's order is paid out of an escrow that is divided already, so that its money goes back by a complaint."""
    if not may_move(current, _S.CANCELLED, paid=paid) or (current is _S.READY_FOR_PICKUP and not by_staff):
        return f"An order that is {current} cannot be cancelled"
    if of_session and paid:
        return "The session has succeeded and its goods are bought for you: write to us after they arrive"
    return None


def number(day: str, letters: str) -> str:
    """An order's number, of the day in Jakarta and an unguessable part."""
    return f"ORD-{day}-{letters}"


COMPLAINT_WINDOW = timedelta(days=7)
"""How long after delivery a buyer may complain; settlement waits as long (DOMAIN.md 1.1)."""

FEE_PERCENT = 3
"""Gateway fee to the customer, of the product price (DOMAIN.md C-7)."""


class ComplaintReason(enum.StrEnum):
    """What a buyer complains of."""

    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"
    MISSING_ITEM = "missing_item"
    NOT_AS_DESCRIBED = "not_as_described"
    NOT_RECEIVED = "not_received"
    OTHER = "other"

    @property
    def refund_reason(self) -> str:
        """The refund_reason of DOMAIN.md 2 that it leads to."""
        return "delivery_failed" if self is ComplaintReason.NOT_RECEIVED else "quality_issue"


class ComplaintStatus(enum.StrEnum):
    """``returning``: accepted once the goods are back."""

    OPEN = "open"
    RETURNING = "returning"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


UNDECIDED = frozenset({ComplaintStatus.OPEN, ComplaintStatus.RETURNING})
"""While a complaint is one of these, nothing of its order is settled."""


def complaint_refusal(status: OrderStatus, delivered_at: datetime | None, now: datetime) -> str | None:
    """Why there can be no complaint about an order; None where there can: within the window after its delivery, or when
    its delivery failed."""
    if status is _S.FAILED:
        return None
    if status is not _S.DELIVERED or delivered_at is None:
        return "There is something to complain of once the goods are delivered"
    if now >= delivered_at + COMPLAINT_WINDOW:
        return "The seven days for complaints are over"
    return None


def surplus_price(base_price: int, adjustment: int, clearance_percent: int) -> Rupiah:
    """What a unit of a warehouse's surplus costs: the product's price, less what its factory takes off to clear it."""
    price = base_price + adjustment
    return Rupiah(price - price * clearance_percent // 100)


def fee_of(product_value: int) -> Rupiah:
    """ceil(3 %) of the product price."""
    return ceil_percent(product_value, FEE_PERCENT)


@dataclass(frozen=True, slots=True)
class Remainder:
    """What an order's escrow still holds, by part, in rupiah."""

    product: Rupiah
    shipping: Rupiah
    fee: Rupiah


def remainder(product: int, shipping: int, fee: int, refunded: int) -> Remainder:
    """The parts of an order after a refund, which is of the goods first, then of the shipping, then of the fee."""
    of_product = min(product, refunded)
    of_shipping = min(shipping, refunded - of_product)
    return Remainder(
        Rupiah(product - of_product),
        Rupiah(shipping - of_shipping),
        Rupiah(fee - (refunded - of_product - of_shipping)),
    )


def order_number(base: str, place: int) -> str:
    """The number of a checkout's order: the second and third have the suffixes -F2 and -F3."""
    return base if place == 1 else f"{base}-F{place}"


def invoice_number(order: str) -> str:
    """The number of an order's invoice, as unique as the order's own."""
    return f"INV-{order.removeprefix('ORD-')}"
