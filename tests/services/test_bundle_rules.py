"""What bundles allow: DOMAIN.md 5's vectors, and a reference that tries bundle by bundle and unit by unit."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patungan.services.group_buying.rules import (
    VariantState,
    available,
    bundles_can_start,
    bundles_needed,
    catching_up,
    leftover,
)

MOST = 500
"""More units than any drawn state leaves room for."""

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no fault of a rule."""


def tolerated(variants: Sequence[VariantState]) -> bool:
    """DOMAIN.md 5 word for word: no bundle is needed, or every bundled variant's leftover is tolerated."""
    bundled = [(each, each.units_per_bundle) for each in variants if each.units_per_bundle]
    bundles = 0
    while any(each.free_stock + bundles * units < each.demand for each, units in bundled):
        bundles += 1
    left = [(each.free_stock + bundles * units - each.demand, each.max_excess or 0) for each, units in bundled]
    return bundles == 0 or all(rest <= excess for rest, excess in left)


def _taken(variants: Sequence[VariantState], index: int, quantity: int) -> list[VariantState]:
    """The state after a join."""
    after = [*variants]
    each = after[index]
    after[index] = VariantState(
        each.variant_id, each.demand + quantity, each.free_stock, each.units_per_bundle, each.max_excess
    )
    return after


def _room_by_trying(variants: Sequence[VariantState], index: int) -> int:
    """The largest join that the definition accepts."""
    return max((units for units in range(MOST) if tolerated(_taken(variants, index, units))), default=0)


def _state(place: int, demand: int, free: int, units: int | None, tolerance: int | None) -> VariantState:
    return VariantState(UUID(int=place), demand, free, units, tolerance)


def _variants(demand: list[int], free: list[int], units: list[int], tolerance: list[int]) -> list[VariantState]:
    return [_state(place, *each) for place, each in enumerate(zip(demand, free, units, tolerance, strict=True))]


NONE = [0, 0, 0, 0]
MIXED = ([2, 5, 4, 1], [20, 50, 40, 30])
THREES = ([3, 3, 3, 3], [20, 40, 25, 5])
TIGHT = ([3, 3, 3, 3], [9, 9, 9, 9])


@pytest.mark.parametrize(
    ("demand", "free", "bundle", "bundles", "left", "room"),
    [
        (NONE, NONE, MIXED, 0, NONE, [20, 50, 40, 10]),
        ([8, 35, 12, 3], NONE, MIXED, 7, [6, 0, 16, 4], [18, 30, 44, 10]),
        ([20, 38, 25, 5], NONE, MIXED, 10, [0, 12, 15, 5], None),
        ([20, 38, 25, 5], [0, 10, 0, 2], MIXED, 10, [0, 22, 15, 7], [10, 52, 35, 12]),
        ([40, 80, 60, 15], NONE, ([2, 5, 4, 1], [20, 50, 40, 10]), 20, [0, 20, 20, 5], None),
        ([40, 80, 60, 15], NONE, ([2, 5, 4, 1], [20, 50, 40, 3]), 20, [0, 20, 20, 5], None),
        ([20, 40, 25, 5], NONE, THREES, 14, [22, 2, 17, 37], None),
        (NONE, NONE, TIGHT, 0, NONE, [9, 9, 9, 9]),
        ([0, 9, 0, 0], NONE, TIGHT, 3, [9, 0, 9, 9], [9, 0, 9, 9]),
        ([3, 9, 3, 0], NONE, TIGHT, 3, [6, 0, 6, 9], [6, 0, 6, 12]),
        ([3, 9, 3, 3], NONE, TIGHT, 3, [6, 0, 6, 6], [9, 3, 9, 9]),
    ],
)
def test_the_vectors(
    demand: list[int],
    free: list[int],
    bundle: tuple[list[int], list[int]],
    bundles: int,
    left: list[int],
    room: list[int] | None,
) -> None:
    variants = _variants(demand, free, *bundle)
    assert bundles_needed(variants) == bundles
    assert leftover(variants) == left
    if room is not None:
        assert [available(variants, index) for index in range(4)] == room


def test_vector_5_the_last_of_s_is_a_join_for_a_wide_tolerance_and_none_for_a_narrow_one() -> None:
    for excess, taken in ((10, True), (3, False)):
        before = _variants([39, 80, 60, 15], NONE, [2, 5, 4, 1], [20, 50, 40, excess])
        room = available(before, 0)
        assert room is not None
        assert (room >= 1) is taken is tolerated(_taken(before, 0, 1))


def test_case_4_buys_120_units_of_which_44_are_left() -> None:
    variants = _variants([20, 38, 25, 5], [0, 10, 0, 2], *MIXED)
    assert bundles_needed(variants) * sum(MIXED[0]) == 120
    assert sum(leftover(variants)) == 44
    assert sum(each.demand for each in variants) - sum(each.free_stock for each in variants) == 76


def test_a_lock_names_who_must_catch_up_and_by_how_much() -> None:
    variants = _variants([0, 9, 0, 0], NONE, *TIGHT)
    assert [(lag.place, lag.units) for lag in catching_up(variants, 1)] == [(0, 3), (2, 3), (3, 3)]
    variants = _variants([3, 9, 3, 0], NONE, *TIGHT)
    assert [(lag.place, lag.units) for lag in catching_up(variants, 1)] == [(3, 3)]
    assert catching_up(variants, 0) == []
    assert catching_up(_variants([3, 9, 3, 3], NONE, *TIGHT), 1) == []


def test_without_bundles_or_with_one_variant_alone_nothing_is_limited() -> None:
    loose = [_state(0, 5, 2, None, None), _state(1, 900, 0, None, None)]
    assert [available(loose, 0), available(loose, 1)] == [None, None]
    assert available([_state(0, 7, 0, 4, 3)], 0) is None
    assert bundles_needed(loose) == 0


def test_a_variant_outside_the_bundle_neither_waits_nor_makes_others_wait() -> None:
    variants = [*_variants([0, 9, 0, 0], NONE, *TIGHT), _state(4, 50, 0, None, None)]
    assert [available(variants, index) for index in range(5)] == [9, 0, 9, 9, None]
    assert [lag.place for lag in catching_up(variants, 1)] == [0, 2, 3]
    assert catching_up(variants, 4) == []


def test_a_tolerance_below_a_bundle_less_one_lets_nobody_start() -> None:
    assert bundles_can_start(_variants(NONE, NONE, [2, 5, 4, 1], [1, 4, 3, 0]))
    narrow = _variants(NONE, NONE, [2, 5, 4, 1], [1, 3, 3, 0])
    assert not bundles_can_start(narrow)
    assert available(narrow, 0) == 0


@st.composite
def _sessions(draw: st.DrawFn, *, demand: int = 40) -> list[VariantState]:
    variants = []
    for place in range(draw(st.integers(2, 4))):
        units = draw(st.integers(1, 6))
        tolerance = draw(st.integers(units - 1, 30))
        variants.append(_state(place, draw(st.integers(0, demand)), draw(st.integers(0, 20)), units, tolerance))
    return variants


@unhurried
@given(_sessions(), st.integers(0, 3))
def test_the_room_is_what_trying_every_quantity_finds(variants: list[VariantState], place: int) -> None:
    index = place % len(variants)
    room = available(variants, index)
    if tolerated(variants):
        assert room == _room_by_trying(variants, index)
    else:
        assert not tolerated(_taken(variants, index, (room or 0) + 1))


@unhurried
@given(_sessions())
def test_a_lock_opens_by_exactly_what_must_catch_up(variants: list[VariantState]) -> None:
    for index in range(len(variants)):
        lags = catching_up(variants, index)
        assert bool(lags) is (available(variants, index) == 0)
        after = variants
        for lag in lags:
            after = _taken(after, lag.place, lag.units)
        assert available(after, index) != 0
        for lag in lags:
            assert available(_taken(after, lag.place, -1), index) == 0


@unhurried
@given(_sessions(demand=0), st.lists(st.tuples(st.integers(0, 3), st.integers(1, 30)), max_size=25))
def test_joins_one_after_the_other_are_always_tolerated_and_never_lock_everybody(
    variants: list[VariantState], joins: list[tuple[int, int]]
) -> None:
    for place, quantity in joins:
        index = place % len(variants)
        room = available(variants, index)
        assert room is not None
        accepted = quantity <= room
        assert accepted is tolerated(_taken(variants, index, quantity))
        if accepted:
            variants = _taken(variants, index, quantity)
        assert any(available(variants, each) for each in range(len(variants)))
