"""Rules of parcels: what news move them, how orders follow, when couriers are asked again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patungan.kernel.errors import InvalidInput
from patungan.providers.couriers import ShipmentStatus
from patungan.services.logistics import rules
from patungan.services.logistics.rules import PickupStatus
from patungan.services.order import rules as order_rules
from patungan.services.order.rules import MOVES, OrderStatus

S = ShipmentStatus
NOON = datetime(2026, 11, 25, 5, tzinfo=UTC)
CHAIN = [S.PENDING, S.PICKED_UP, S.IN_TRANSIT, S.OUT_FOR_DELIVERY, S.DELIVERED]
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def after(news: list[tuple[S, int]]) -> S:
    """Where a parcel is after news of so many minutes past noon, in the order in which they came."""
    status, last = S.PENDING, None
    for told, minute in news:
        at = NOON + timedelta(minutes=minute)
        if rules.moves(status, last, told, at):
            status = told
        last = at if last is None else max(last, at)
    return status


def test_news_in_any_order_bring_a_parcel_to_the_same_place() -> None:
    way = [(status, minute) for minute, status in enumerate(CHAIN)]
    assert {after(list(order)) for order in permutations(way)} == {S.DELIVERED}
    returned = [(S.PICKED_UP, 1), (S.IN_TRANSIT, 2), (S.FAILED, 3), (S.RETURNED, 4)]
    assert {after(list(order)) for order in permutations(returned)} == {S.RETURNED}


def test_an_older_failure_does_not_undo_what_came_after_it() -> None:
    assert after([(S.IN_TRANSIT, 5), (S.FAILED, 3)]) is S.IN_TRANSIT
    assert after([(S.FAILED, 3), (S.IN_TRANSIT, 5)]) is S.IN_TRANSIT
    assert after([(S.FAILED, 5), (S.IN_TRANSIT, 3)]) is S.FAILED
    assert after([(S.DELIVERED, 5), (S.FAILED, 9), (S.RETURNED, 10)]) is S.DELIVERED


@CALM
@given(st.lists(st.tuples(st.sampled_from(S), st.integers(0, 20)), max_size=12))
def test_a_parcel_never_goes_back_and_ends_once(news: list[tuple[S, int]]) -> None:
    status, last, before = S.PENDING, None, [S.PENDING]
    for told, minute in news:
        at = NOON + timedelta(minutes=minute)
        if rules.moves(status, last, told, at):
            assert status not in rules.ENDS
            if told in CHAIN and status in CHAIN:
                assert CHAIN.index(told) > CHAIN.index(status)
            assert not (last is not None and at < last and (told not in CHAIN or status is S.FAILED))
            status = told
            before.append(told)
        last = at if last is None else max(last, at)
    assert sum(each in rules.ENDS for each in before) <= 1


def test_what_may_be_reported_by_hand() -> None:
    assert rules.allowed_by_hand(S.PENDING) == [*CHAIN[1:], S.FAILED, S.RETURNED]
    assert rules.allowed_by_hand(S.FAILED) == [S.IN_TRANSIT, S.OUT_FOR_DELIVERY, S.DELIVERED, S.RETURNED]
    assert rules.allowed_by_hand(S.DELIVERED) == rules.allowed_by_hand(S.RETURNED) == []


@pytest.mark.parametrize(
    ("status", "told", "failures", "minutes"),
    [
        (S.PENDING, False, 0, 30),
        (S.PENDING, True, 0, 120),
        (S.OUT_FOR_DELIVERY, False, 0, 10),
        (S.FAILED, False, 0, 360),
        (S.IN_TRANSIT, False, 1, 1),
        (S.IN_TRANSIT, False, 3, 4),
        (S.IN_TRANSIT, True, 20, 60),
        (S.DELIVERED, False, 0, None),
        (S.RETURNED, False, 2, None),
    ],
)
def test_when_a_courier_is_asked_again(status: S, told: bool, failures: int, minutes: int | None) -> None:
    look = rules.next_look(status, told=told, failures=failures, booked=NOON, now=NOON)
    assert look == (None if minutes is None else NOON + timedelta(minutes=minutes))


def test_nobody_asks_for_ever() -> None:
    late = NOON + rules.PATIENCE + timedelta(seconds=1)
    assert rules.next_look(S.IN_TRANSIT, told=False, failures=0, booked=NOON, now=late) is None
    waits = [rules.next_booking(attempt, NOON) - NOON for attempt in range(1, 14)]
    assert waits[:3] == [timedelta(seconds=30), timedelta(seconds=60), timedelta(seconds=120)]
    assert waits[-1] == timedelta(hours=1)


def test_pickups_move_by_their_machine() -> None:
    allowed = {(one, other) for one in PickupStatus for other in PickupStatus if rules.pickup_may_become(one, other)}
    P = PickupStatus
    assert allowed == {
        (P.SCHEDULED, P.IN_PROGRESS), (P.SCHEDULED, P.CANCELLED), (P.IN_PROGRESS, P.COMPLETED), (P.IN_PROGRESS, P.FAILED)
    }  # fmt: skip


def test_several_goods_in_one_parcel() -> None:
    shirt = rules.Parcel(weight_grams=250, length_cm=20, width_cm=15, height_cm=5)
    box = rules.Parcel(weight_grams=900, length_cm=30, width_cm=10, height_cm=10)
    packed = rules.packed([(shirt, 2), (box, 1)])
    assert packed == rules.Parcel(weight_grams=1400, length_cm=30, width_cm=15, height_cm=20)
    assert packed.kilograms == 2
    with pytest.raises(InvalidInput):
        rules.packed([])


def test_small_things() -> None:
    assert rules.split_service("JNE:REG") == ("jne", "reg")
    for bad in ("jne", ":reg", "jne:", ""):
        with pytest.raises(InvalidInput):
            rules.split_service(bad)
    assert rules.masked("Sari Wijaya") == "S*** W***"
    assert rules.promised(NOON, 3) == NOON + timedelta(days=4)


@CALM
@given(st.sampled_from(OrderStatus), st.sampled_from(S))
def test_an_order_follows_its_parcel_by_the_moves_there_are(current: OrderStatus, parcel: S) -> None:
    wanted = order_rules.following(parcel)
    assert wanted is not None
    way = order_rules.way(current, wanted)
    for one, other in zip([current, *way], way, strict=False):
        assert other in MOVES[one]
    if way:
        assert way[-1] is wanted
    if current in (OrderStatus.DELIVERED, OrderStatus.CANCELLED, OrderStatus.REFUNDED, OrderStatus.PENDING_PAYMENT):
        assert way == []


def test_the_way_of_an_order() -> None:
    O = OrderStatus
    assert order_rules.way(O.PAID, O.READY_FOR_PICKUP) == [O.PROCESSING, O.READY_FOR_PICKUP]
    assert order_rules.way(O.READY_FOR_PICKUP, O.DELIVERED) == [O.PICKED_UP, O.IN_TRANSIT, O.DELIVERED]
    assert order_rules.way(O.READY_FOR_PICKUP, O.FAILED) == []
    assert order_rules.way(O.PICKED_UP, O.FAILED) == [O.IN_TRANSIT, O.FAILED]
    assert order_rules.way(O.FAILED, O.READY_FOR_PICKUP) == [O.PROCESSING, O.READY_FOR_PICKUP]
    assert order_rules.way(O.IN_TRANSIT, O.PICKED_UP) == []
    assert order_rules.following("teleported") is None


def test_when_something_happened_to_an_order() -> None:
    hour = timedelta(hours=1)
    assert order_rules.moment(NOON, NOON - hour, NOON + hour) == NOON
    assert order_rules.moment(NOON + 2 * hour, NOON, NOON + hour) == NOON + hour
    assert order_rules.moment(NOON - 2 * hour, NOON - hour, NOON) == NOON - hour


@pytest.mark.parametrize(
    ("status", "paid", "of_session", "refused"),
    [
        (OrderStatus.PENDING_PAYMENT, False, False, False),
        (OrderStatus.PENDING_PAYMENT, False, True, False),
        (OrderStatus.PAID, True, True, True),
        (OrderStatus.PROCESSING, True, False, False),
        (OrderStatus.PICKED_UP, True, True, True),
        (OrderStatus.DELIVERED, True, False, True),
        (OrderStatus.CANCELLED, False, False, True),
    ],
)
def test_what_may_be_cancelled(status: OrderStatus, paid: bool, of_session: bool, refused: bool) -> None:
    assert (order_rules.cancel_refusal(status, paid=paid, of_session=of_session) is not None) == refused
