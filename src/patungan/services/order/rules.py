"""Decisions of order: which moves there are, and who may make them. No I/O."""

from __future__ import annotations

import enum
from collections.abc import Mapping

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


def number(day: str, letters: str) -> str:
    """An order's number, of the day in Jakarta and an unguessable part."""
    return f"ORD-{day}-{letters}"
