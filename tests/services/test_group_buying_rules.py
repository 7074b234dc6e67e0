"""The prices, tiers and charges of group buying against DOMAIN.md's figures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patungan.kernel.money import Rupiah, ceil_percent
from patungan.kernel.names import masked_name
from patungan.services.group_buying.rules import (
    Prices,
    cashback,
    charge_for,
    leg1_per_unit,
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


@pytest.mark.parametrize(
    ("moq", "units"),
    [(2, 1), (3, 1), (4, 1), (5, 2), (6, 2), (7, 2), (10, 3), (30, 8), (50, 13), (99, 25), (100, 25), (101, 26)],
)
def test_the_fill_reaches_a_quarter_of_the_minimum_rounded_up(moq: int, units: int) -> None:
    assert platform_fill(1, moq) == units - 1
    assert platform_fill(0, moq) == 0


@given(st.integers(0, 10_000), st.integers(2, 5_000))
def test_the_fill_never_lifts_a_tier_that_people_did_not_reach(paid: int, moq: int) -> None:
    fill = platform_fill(paid, moq)
    assert 0 <= fill <= -(-moq // 4)
    assert (fill > 0) <= (paid > 0)
    if moq >= 3:
        assert fill == 0 or tier_of(paid + fill, moq) == tier_of(paid, moq) == 25


@given(st.integers(1, 10**6), st.lists(st.integers(0, 10**5), min_size=4, max_size=4), st.data())
def test_nobody_pays_more_in_the_end_than_at_the_start(lowest: int, steps: list[int], data: st.DataObject) -> None:
    rising = [Rupiah(lowest + sum(steps[:count])) for count in range(5)]
    prices = Prices(*reversed(rising))
    adjustment = data.draw(st.integers(1 - lowest, 10**5))
    assert prices.in_order
    assert prices.sound_for(adjustment)
    assert not prices.sound_for(-lowest)
    moq, quantity = data.draw(st.integers(2, 500)), data.draw(st.integers(1, 1_000))
    paid = data.draw(st.integers(0, 1_000))
    price = prices.at(tier_of(paid, moq))
    back = cashback(prices.base, price, quantity)
    charged = (prices.base + adjustment) * quantity
    assert back >= 0
    assert charged - back == (price + adjustment) * quantity >= quantity
    assert prices.at(tier_of(paid + 1, moq)) <= price


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


def test_names_are_masked() -> None:
    assert masked_name("Sari", "Wijaya") == "S*** W."
    assert masked_name("Budi", "") == "B***"
