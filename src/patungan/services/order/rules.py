"""Decisions of order: which moves there are, who may make them, and how an order follows its parcel. No I/O."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime

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
    """Whether this person may move an order by hand; a factory prepares its goods and no more."""
    if actor is Actor.FACTORY and wanted not in {to for _, to in _FACTORY_MOVES}:
        return Verdict.NOT_THEIRS
    if wanted in FOLLOWS_MONEY:
        return Verdict.FOLLOWS_MONEY
    if not may_move(current, wanted, paid=paid):
        return Verdict.NO_SUCH_MOVE
    if actor is Actor.FACTORY and (current, wanted) not in _FACTORY_MOVES:
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


def cancel_refusal(current: OrderStatus, *, paid: bool, of_session: bool) -> str | None:
    """Why an order cannot be cancelled; None where it can. A session's order is paid out of an escrow that is divided
    already, so that money goes back by a complaint and never by a cancellation."""
    if not may_move(current, _S.CANCELLED, paid=paid):
        return f"An order that is {current} cannot be cancelled"
    if of_session and paid:
        return "The session has succeeded and its goods are bought for you: write to us after they arrive"
    if paid:
        return "A paid order is cancelled through its refund"
    return None


def number(day: str, letters: str) -> str:
    """An order's number, of the day in Jakarta and an unguessable part."""
    return f"ORD-{day}-{letters}"
