"""The order's state machine, and who may move it by hand."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patungan.services.order.rules import (
    FOLLOWS_MONEY,
    MOVES,
    Actor,
    OrderStatus,
    Verdict,
    judge,
    may_move,
    number,
    open_moves,
)

S = OrderStatus
STAFF = [Actor.ADMIN, Actor.WAREHOUSE]


def test_the_machine_is_the_domains() -> None:
    moves = {(one, other) for one, others in MOVES.items() for other in others}
    text = """
        pending_payment>paid pending_payment>failed pending_payment>cancelled paid>processing paid>refunded paid>cancelled
        processing>ready_for_pickup processing>cancelled ready_for_pickup>picked_up ready_for_pickup>cancelled
        picked_up>in_transit in_transit>delivered in_transit>failed delivered>refunded cancelled>refunded
        failed>pending_payment failed>processing failed>refunded
    """
    assert moves == {(S(one), S(other)) for one, other in (move.split(">") for move in text.split())}
    assert set(MOVES) == set(OrderStatus)


def test_only_refunded_is_final() -> None:
    assert [status for status in OrderStatus if not MOVES[status]] == [S.REFUNDED]


@pytest.mark.parametrize(
    ("one", "other", "paid", "unpaid"),
    [
        (S.FAILED, S.PENDING_PAYMENT, False, True),
        (S.FAILED, S.PROCESSING, True, False),
        (S.FAILED, S.REFUNDED, True, False),
        (S.CANCELLED, S.REFUNDED, True, False),
        (S.PAID, S.DELIVERED, False, False),
    ],
)
def test_money_turns_some_moves(one: OrderStatus, other: OrderStatus, paid: bool, unpaid: bool) -> None:
    assert (may_move(one, other, paid=True), may_move(one, other, paid=False)) == (paid, unpaid)


@pytest.mark.parametrize("actor", STAFF)
def test_staff_carry_an_order_from_paid_to_delivered(actor: Actor) -> None:
    way = [S.PAID, S.PROCESSING, S.READY_FOR_PICKUP, S.PICKED_UP, S.IN_TRANSIT, S.DELIVERED]
    for one, other in itertools.pairwise(way):
        assert judge(one, other, actor, paid=True) is Verdict.ALLOWED
        assert judge(other, one, actor, paid=True) is not Verdict.ALLOWED
    assert judge(S.IN_TRANSIT, S.FAILED, actor, paid=True) is Verdict.ALLOWED
    assert judge(S.FAILED, S.PROCESSING, actor, paid=True) is Verdict.ALLOWED


def test_a_factory_prepares_and_no_more() -> None:
    allowed = {
        (one, other)
        for one in OrderStatus
        for other in OrderStatus
        if judge(one, other, Actor.FACTORY, paid=True) is Verdict.ALLOWED
    }
    assert allowed == {(S.PAID, S.PROCESSING), (S.PROCESSING, S.READY_FOR_PICKUP)}
    assert judge(S.PICKED_UP, S.IN_TRANSIT, Actor.FACTORY, paid=True) is Verdict.NOT_THEIRS
    assert judge(S.FAILED, S.PROCESSING, Actor.FACTORY, paid=True) is Verdict.NOT_THEIRS
    assert judge(S.DELIVERED, S.PROCESSING, Actor.FACTORY, paid=True) is Verdict.NO_SUCH_MOVE


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(OrderStatus), st.sampled_from(OrderStatus), st.sampled_from(Actor), st.booleans())
def test_nobody_sets_money_by_hand_nor_leaves_the_machine(
    one: OrderStatus, other: OrderStatus, actor: Actor, paid: bool
) -> None:
    if judge(one, other, actor, paid=paid) is Verdict.ALLOWED:
        assert other in MOVES[one]
        assert other not in FOLLOWS_MONEY
        assert other in open_moves(one, actor, paid=paid)


def test_open_moves() -> None:
    assert open_moves(S.IN_TRANSIT, Actor.WAREHOUSE, paid=True) == [S.DELIVERED, S.FAILED]
    assert open_moves(S.IN_TRANSIT, Actor.FACTORY, paid=True) == []
    assert open_moves(S.REFUNDED, Actor.ADMIN, paid=True) == []


def test_number() -> None:
    assert number("20261123", "ABCDE23") == "ORD-20261123-ABCDE23"
