"""The rules of warehouse against the vectors of DOMAIN.md 5 and against brute force."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patungan.services.warehouse.rules import (
    LEAST_LEAD,
    Adjustment,
    Arrival,
    Demand,
    Plan,
    PurchaseOrderStatus,
    Waiting,
    adjusted,
    allocate,
    became_low,
    deadline_text,
    expected_again,
    fits,
    may_become,
    plan_purchase,
    quantities_text,
    rounded_up,
    shortfall,
    tolerance_is_enough,
    unit_costs,
)

SIZES = [UUID(int=number) for number in range(1, 5)]
"""S, M, L, XL."""
BUNDLE = (2, 5, 4, 1)
THREES = (3, 3, 3, 3)
Four = tuple[int, int, int, int]


def planned(demand: Four, stock: Four, bundle: Four) -> Plan:
    demands = [Demand(size, d, a) for size, d, a in zip(SIZES, demand, stock, strict=True)]
    return plan_purchase(demands, dict(zip(SIZES, bundle, strict=True)), wholesale_unit=12)


@pytest.mark.parametrize(
    ("bundle", "demand", "stock", "bundles", "leftover"),
    [
        (BUNDLE, (0, 0, 0, 0), (0, 0, 0, 0), 0, (0, 0, 0, 0)),
        (BUNDLE, (8, 35, 12, 3), (0, 0, 0, 0), 7, (6, 0, 16, 4)),
        (BUNDLE, (20, 38, 25, 5), (0, 0, 0, 0), 10, (0, 12, 15, 5)),
        (BUNDLE, (20, 38, 25, 5), (0, 10, 0, 2), 10, (0, 22, 15, 7)),
        (BUNDLE, (40, 80, 60, 15), (0, 0, 0, 0), 20, (0, 20, 20, 5)),
        (THREES, (20, 40, 25, 5), (0, 0, 0, 0), 14, (22, 2, 17, 37)),
        (THREES, (0, 0, 0, 0), (0, 0, 0, 0), 0, (0, 0, 0, 0)),
        (THREES, (0, 9, 0, 0), (0, 0, 0, 0), 3, (9, 0, 9, 9)),
        (THREES, (3, 9, 3, 0), (0, 0, 0, 0), 3, (6, 0, 6, 9)),
        (THREES, (3, 9, 3, 3), (0, 0, 0, 0), 3, (6, 0, 6, 6)),
    ],
)
def test_the_vectors_of_the_domain(bundle: Four, demand: Four, stock: Four, bundles: int, leftover: Four) -> None:
    plan = planned(demand, stock, bundle)
    assert plan.bundles == bundles
    after = tuple(a + line.ordered - line.quantity for a, line in zip(stock, plan.lines, strict=True))
    assert after == leftover
    assert [line.ordered for line in plan.lines] == [bundles * units for units in bundle]


def test_case_4_takes_old_stock_first_and_orders_120() -> None:
    plan = planned((20, 38, 25, 5), (0, 10, 0, 2), BUNDLE)
    assert [(line.from_stock, line.missing, line.ordered) for line in plan.lines] == [
        (0, 20, 20),
        (10, 28, 50),
        (0, 25, 40),
        (2, 3, 10),
    ]
    assert (sum(line.ordered for line in plan.lines), plan.missing) == (120, 76)


def test_without_bundles_each_variant_is_rounded_up_to_the_wholesale_unit() -> None:
    plan = plan_purchase([Demand(SIZES[0], 25, 0), Demand(SIZES[1], 30, 30), Demand(SIZES[2], 13, 1)], {}, 12)
    assert plan.bundles == 0
    assert [(line.from_stock, line.ordered) for line in plan.lines] == [(0, 36), (30, 0), (1, 12)]
    assert rounded_up(24, 12) == 24


def test_a_bundle_brings_variants_that_nobody_wanted_and_others_are_ordered_apart() -> None:
    plan = plan_purchase([Demand(SIZES[0], 5, 0), Demand(None, 5, 0)], {SIZES[0]: 2, SIZES[1]: 5}, 12)
    assert [(line.variant_id, line.quantity, line.ordered) for line in plan.lines] == [
        (SIZES[0], 5, 6),
        (None, 5, 12),
        (SIZES[1], 0, 15),
    ]


small = st.tuples(*[st.integers(0, 40)] * 4)
shares = st.tuples(*[st.integers(1, 9)] * 4)


@given(small, small, shares)
def test_bundles_are_as_few_as_cover_everything(demand: Four, stock: Four, bundle: Four) -> None:
    def covers(count: int) -> bool:
        return all(a + count * u >= d for d, a, u in zip(demand, stock, bundle, strict=True))

    fewest = next(count for count in itertools.count() if covers(count))
    plan = planned(demand, stock, bundle)
    assert plan.bundles == fewest
    assert all(line.from_stock + line.ordered >= line.quantity for line in plan.lines)
    assert all(line.from_stock == min(line.quantity, a) for line, a in zip(plan.lines, stock, strict=True))


@given(small, small, st.integers(1, 50))
def test_wholesale_rounding_is_the_least_multiple(demand: Four, stock: Four, unit: int) -> None:
    plan = plan_purchase([Demand(s, d, a) for s, d, a in zip(SIZES, demand, stock, strict=True)], {}, unit)
    for line in plan.lines:
        assert line.ordered == next(n for n in itertools.count(0, unit) if n >= line.missing)


waiting_lines = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 3), st.integers(1, 30)), max_size=8)


@given(st.tuples(*[st.integers(0, 60)] * 4), waiting_lines)
def test_allocation_goes_unit_by_unit_to_the_oldest(free: Four, lines: list[tuple[int, int, int]]) -> None:
    waiting = [Waiting(UUID(int=100 + session), SIZES[size], units) for session, size, units in lines]
    by_hand = dict(zip(SIZES, free, strict=True))
    expected = []
    for each in waiting:
        given_units = 0
        while given_units < each.units and by_hand[each.variant_id or SIZES[0]] > 0:
            by_hand[each.variant_id or SIZES[0]] -= 1
            given_units += 1
        if given_units:
            expected.append(Waiting(each.session_id, each.variant_id, given_units))
    assert allocate(dict(zip(SIZES, free, strict=True)), waiting) == expected


def test_nothing_is_allocated_of_what_is_not_there() -> None:
    assert allocate({}, [Waiting(UUID(int=9), None, 3)]) == []
    assert allocate({None: 2}, [Waiting(UUID(int=9), None, 3)]) == [Waiting(UUID(int=9), None, 2)]


@pytest.mark.parametrize("present", PurchaseOrderStatus)
@pytest.mark.parametrize("wanted", PurchaseOrderStatus)
def test_only_the_moves_of_the_domain(present: PurchaseOrderStatus, wanted: PurchaseOrderStatus) -> None:
    line = ["pending", "confirmed", "in_production", "shipped", "received"]
    steps = set(itertools.pairwise(line)) | {(each, "cancelled") for each in line[:-1]}
    assert may_become(present, wanted) is ((present.value, wanted.value) in steps)


def test_a_receipt_fits_what_is_still_to_come() -> None:
    to_come = {SIZES[0]: 10, None: 1}
    assert fits(to_come, [Arrival(SIZES[0], 8, 2), Arrival(None, 0, 1)])
    assert not fits(to_come, [Arrival(SIZES[0], 8, 3)])
    assert not fits(to_come, [Arrival(SIZES[1], 1, 0)])


def test_the_shortfall_is_what_no_open_order_brings() -> None:
    waiting = {SIZES[0]: 5, SIZES[1]: 7, None: 2}
    assert shortfall(waiting, {SIZES[0]: 5, SIZES[1]: 4}) == [Demand(SIZES[1], 3, 0), Demand(None, 2, 0)]


def test_adjustments() -> None:
    assert adjusted(10, Adjustment.ADD, 3) == 13
    assert adjusted(10, Adjustment.REMOVE, 12) == -2
    assert adjusted(10, Adjustment.SET, 4) == 4


@pytest.mark.parametrize(
    ("before", "after", "low"), [(11, 10, True), (11, 0, True), (10, 9, False), (12, 11, False), (5, 20, False)]
)
def test_low_stock_is_announced_when_it_is_reached(before: int, after: int, low: bool) -> None:
    assert became_low(before, after, 10) is low


def test_the_tolerance_lets_the_first_buyer_in() -> None:
    assert tolerance_is_enough(5, 4)
    assert not tolerance_is_enough(5, 3)


def test_a_cost_for_every_variant_of_the_order() -> None:
    known: dict[UUID | None, int] = {SIZES[0]: 80_000, SIZES[1]: 85_000}
    adjustments: dict[UUID | None, int] = {SIZES[0]: 0, SIZES[1]: 5_000, SIZES[2]: 10_000}
    assert unit_costs(SIZES, known, adjustments) == {
        SIZES[0]: 80_000,
        SIZES[1]: 85_000,
        SIZES[2]: 90_000,
        SIZES[3]: 80_000,
    }
    assert unit_costs([SIZES[1]], {SIZES[0]: 1_000}, {SIZES[0]: 5_000, SIZES[1]: 0}) == {SIZES[1]: 0}


def test_a_further_order_has_the_first_ones_lead_time() -> None:
    made = datetime(2026, 11, 1, tzinfo=UTC)
    assert expected_again(made, made + timedelta(days=9), made + timedelta(days=20)) == made + timedelta(days=29)
    assert expected_again(made, made - timedelta(days=9), made) == made + LEAST_LEAD


def test_what_the_factory_reads() -> None:
    assert quantities_text("Kaos Polos", [("S", 20), ("M", 50)]) == "Kaos Polos: S 20, M 50 (70 unit)"
    assert quantities_text("Payung", [("", 36)]) == "Payung: 36 unit"
    many = [(f"Ukuran panjang {number}", 10) for number in range(60)]
    assert quantities_text("Kain", many) == "Kain: 600 unit dalam 60 varian, rincian di portal pabrik"
    assert deadline_text(datetime(2026, 11, 30, 17, 30, tzinfo=UTC)) == "1 Desember 2026 pukul 00.30 WIB"
