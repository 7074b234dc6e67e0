"""The rules of group buying against DOMAIN.md's figures and vectors, and against a brute-force reference."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patungan.kernel.money import Rupiah, ceil_percent
from patungan.services.group_buying.rules import (
    VariantState,
    available,
    bundles_needed,
    cashback,
    charge_for,
    leftover,
    leg1_per_unit,
    masked_name,
    platform_fill,
    tier_of,
    tier_starts_at,
)


@pytest.mark.parametrize(
    ("paid", "moq", "tier"),
    [(0, 100, 25), (49, 100, 25), (50, 100, 50), (74, 100, 50), (75, 100, 75), (99, 100, 75), (100, 100, 100)]
    + [(250, 100, 100), (2, 3, 50), (3, 4, 75), (78, 100, 75)],
)
def test_tier_by_paid_units(paid: int, moq: int, tier: int) -> None:
    assert tier_of(paid, moq) == tier


@pytest.mark.parametrize(
    ("paid", "moq", "fill"),
    [(20, 100, 5), (10, 99, 15), (24, 100, 1), (40, 200, 10), (15, 100, 10), (10, 100, 15), (25, 100, 0), (0, 100, 0)]
    + [(2, 10, 1)],
)
def test_platform_fill(paid: int, moq: int, fill: int) -> None:
    assert platform_fill(paid, moq) == fill


@given(st.integers(0, 10_000), st.integers(2, 5_000))
def test_a_tier_starts_where_it_is_reached(paid: int, moq: int) -> None:
    tier = tier_of(paid, moq)
    assert tier == 25 or tier_starts_at(tier, moq) <= paid
    following = next((each for each in (25, 50, 75, 100) if each > tier), None)
    assert following is None or paid < tier_starts_at(following, moq)


@pytest.mark.parametrize(("amount", "fee"), [(1, 1), (33, 1), (99_999, 3_000), (100_000, 3_000), (1_000_001, 30_001)])
def test_the_gateway_fee_rounds_up(amount: int, fee: int) -> None:
    assert ceil_percent(amount, 3) == fee


def test_the_charges_of_the_worked_example() -> None:
    assert charge_for(Rupiah(100_000), 10, leg1_per_unit(500_000, 100), Rupiah(10_000)).total == 1_090_000
    assert charge_for(Rupiah(100_000), 40, leg1_per_unit(500_000, 100), Rupiah(15_000)).total == 4_335_000
    assert charge_for(Rupiah(100_000), 38, leg1_per_unit(500_000, 100), Rupiah(12_000)).total == 4_116_000
    assert leg1_per_unit(500_000, 30) == 16_667
    assert cashback(Rupiah(100_000), Rupiah(80_000), 40) == 800_000
    assert cashback(Rupiah(200_000), Rupiah(135_000), 15) == 975_000


def _state(demand: int, free: int, units: int, tolerance: int) -> VariantState:
    return VariantState(UUID(int=demand), demand, free, units, tolerance)


def _variants(demand: list[int], free: list[int], units: list[int], tolerance: list[int]) -> list[VariantState]:
    return [_state(*each) for each in zip(demand, free, units, tolerance, strict=True)]


MIXED = ([2, 5, 4, 1], [20, 50, 40, 30])
THREES = ([3, 3, 3, 3], [9, 9, 9, 9])


@pytest.mark.parametrize(
    ("demand", "free", "bundle", "bundles", "left", "room"),
    [
        ([0, 0, 0, 0], [0, 0, 0, 0], MIXED, 0, [0, 0, 0, 0], [20, 50, 40, 10]),
        ([8, 35, 12, 3], [0, 0, 0, 0], MIXED, 7, [6, 0, 16, 4], [18, 30, 44, 10]),
        ([20, 38, 25, 5], [0, 0, 0, 0], MIXED, 10, [0, 12, 15, 5], None),
        ([20, 38, 25, 5], [0, 10, 0, 2], MIXED, 10, [0, 22, 15, 7], [10, 52, 35, 12]),
        ([40, 80, 60, 15], [0, 0, 0, 0], MIXED, 20, [0, 20, 20, 5], None),
        ([20, 40, 25, 5], [0, 0, 0, 0], THREES, 14, [22, 2, 17, 37], None),
        ([0, 0, 0, 0], [0, 0, 0, 0], THREES, 0, [0, 0, 0, 0], [9, 9, 9, 9]),
        ([0, 9, 0, 0], [0, 0, 0, 0], THREES, 3, [9, 0, 9, 9], [9, 0, 9, 9]),
        ([3, 9, 3, 0], [0, 0, 0, 0], THREES, 3, [6, 0, 6, 9], [6, 0, 6, 12]),
        ([3, 9, 3, 3], [0, 0, 0, 0], THREES, 3, [6, 0, 6, 6], [9, 3, 9, 9]),
    ],
)
def test_bundle_vectors(
    demand: list[int], free: list[int], bundle: tuple[list[int], list[int]], bundles: int, left: list[int], room: object
) -> None:
    variants = _variants(demand, free, *bundle)
    assert bundles_needed(variants) == bundles
    assert leftover(variants) == left
    if room is not None:
        assert [available(variants, index) for index in range(4)] == room


def _accepted_by_definition(variants: list[VariantState]) -> bool:
    """DOMAIN.md 5: a join is accepted if after it no bundle is needed, or every leftover is tolerated."""
    left = leftover(variants)
    return bundles_needed(variants) == 0 or all(
        rest <= (each.max_excess or 0) for rest, each in zip(left, variants, strict=True)
    )


@st.composite
def _sessions(draw: st.DrawFn) -> list[VariantState]:
    variants = []
    for _ in range(draw(st.integers(2, 4))):
        units = draw(st.integers(1, 6))
        tolerance = draw(st.integers(units - 1, 30))
        variants.append(_state(draw(st.integers(0, 40)), draw(st.integers(0, 20)), units, tolerance))
    return variants


@given(_sessions(), st.integers(0, 3), st.integers(1, 60))
def test_what_is_available_is_what_the_definition_accepts(
    variants: list[VariantState], place: int, quantity: int
) -> None:
    index = place % len(variants)
    room = available(variants, index)
    assert room is not None
    chosen = variants[index]
    after = [*variants]
    after[index] = VariantState(
        chosen.variant_id, chosen.demand + quantity, chosen.free_stock, chosen.units_per_bundle, chosen.max_excess
    )
    if _accepted_by_definition(variants):
        assert (quantity <= room) == _accepted_by_definition(after)


def test_names_are_masked() -> None:
    assert masked_name("Sari", "Wijaya") == "S*** W."
    assert masked_name("Budi", "") == "B***"
