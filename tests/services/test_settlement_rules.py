"""The decisions of settlement with the figures of DOMAIN.md 6.3, one by one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patungan.kernel.money import half_up_percent
from patungan.kernel.time import JAKARTA
from patungan.services.settlement import rules
from patungan.services.settlement.rules import (
    Cycle,
    Period,
    Reckoned,
    SettlementStatus,
    Sold,
    charge_of,
    commission_of,
    may_become,
    payable_of,
    payout_day,
    period_at,
    upcoming,
)

DAYS = st.dates(date(2024, 1, 1), date(2030, 12, 31))
VALUES = st.integers(0, 10**9)


def jakarta(text: str, hour: int = 12) -> datetime:
    day = date.fromisoformat(text)
    return datetime(day.year, day.month, day.day, hour, tzinfo=JAKARTA).astimezone(UTC)


@pytest.mark.parametrize(
    ("delivered", "paid"),
    [("2025-01-17", "2025-01-24"), ("2025-01-15", "2025-01-24"), ("2025-01-18", "2025-01-31")],
)
def test_the_day_of_paying(delivered: str, paid: str) -> None:
    assert payout_day(jakarta(delivered)) == date.fromisoformat(paid)
    assert payout_day(jakarta(delivered, 0)) == payout_day(jakarta(delivered, 23)) == date.fromisoformat(paid)


def test_commission_of_the_domain() -> None:
    assert commission_of(0, 1_000_001, 10) == 100_000
    assert 1_000_001 - commission_of(0, 1_000_001, 10) == 900_001
    assert commission_of(0, 6_240_000, 10) == 624_000
    assert commission_of(0, 5, 10) == 1


@given(st.lists(VALUES, min_size=1, max_size=12), st.integers(0, 100))
def test_a_sales_parts_bear_exactly_the_commission_of_the_whole(values: list[int], percent: int) -> None:
    before = taken = 0
    for value in values:
        commission = commission_of(before, value, percent)
        assert abs(commission - value * percent / 100) <= 1
        before, taken = before + value, taken + commission
    assert taken == half_up_percent(sum(values), percent)


@given(DAYS, st.sampled_from(Cycle))
def test_periods_follow_each_other_without_a_gap(day: date, cycle: Cycle) -> None:
    period = period_at(cycle, day)
    assert period.start <= period.pay_on <= period.end and period.pay_on <= day
    assert period_at(cycle, period.pay_on) == period
    following = upcoming(cycle, period.pay_on + timedelta(days=1))
    assert following.start == period.end + timedelta(days=1)
    assert following.pay_on > day or cycle is Cycle.DAILY or following.pay_on > period.pay_on
    if cycle is not Cycle.DAILY:
        assert period.pay_on.weekday() == 4


def test_the_periods() -> None:
    friday = date(2025, 1, 24)
    assert period_at(Cycle.WEEKLY, friday) == Period(date(2025, 1, 20), date(2025, 1, 26), friday)
    assert period_at(Cycle.WEEKLY, date(2025, 1, 23)) == Period(date(2025, 1, 13), date(2025, 1, 19), date(2025, 1, 17))
    assert period_at(Cycle.MONTHLY, date(2025, 2, 1)) == Period(date(2025, 1, 1), date(2025, 1, 31), date(2025, 1, 31))
    assert period_at(Cycle.DAILY, friday) == Period(friday, friday, friday)
    fortnight = period_at(Cycle.BIWEEKLY, friday)
    assert (fortnight.end - fortnight.start).days == 13


@given(DAYS)
def test_what_is_delivered_is_paid_on_the_first_friday_of_the_weekly_cycle(day: date) -> None:
    delivered = jakarta(day.isoformat())
    assert upcoming(Cycle.WEEKLY, rules.due_on(delivered)).pay_on == payout_day(delivered)


@pytest.mark.parametrize(
    ("quantity", "left", "new"), [(76, 0, 76), (40, 12, 28), (12, 12, 0), (5, 12, 0), (88, 12, 76)]
)
def test_old_stock_is_used_first(quantity: int, left: int, new: int) -> None:
    assert rules.bought_new(quantity, left) == new


def test_what_a_refund_takes() -> None:
    sold = Sold(product_value=3_200_000, value=2_240_000, commission=224_000)
    assert charge_of(sold, 0, 800_000) == Reckoned(560_000, 56_000)
    assert charge_of(sold, 0, 3_335_000) == Reckoned(2_240_000, 224_000)
    assert charge_of(sold, 3_200_000, 135_000) == Reckoned(0, 0)
    assert charge_of(Sold(1_000_001, 1_000_001, 100_000), 0, 1_000_001).amount == 900_001


@given(VALUES, st.data(), st.lists(st.integers(1, 10**8), max_size=8))
def test_refunds_never_take_more_than_was_credited(product: int, data: st.DataObject, refunds: list[int]) -> None:
    value = data.draw(st.integers(0, product))
    sold = Sold(product, value, half_up_percent(value, 10))
    before = taken = given_back = 0
    for refund in refunds:
        charged = charge_of(sold, before, refund)
        assert charged.value >= 0 and charged.commission >= 0
        before, taken, given_back = before + refund, taken + charged.value, given_back + charged.commission
    assert taken <= value and given_back <= sold.commission
    if before >= product > 0:
        assert (taken, given_back) == (value, sold.commission)


@pytest.mark.parametrize(
    ("fees", "uncovered"),
    [([], 0), ([(65_000, 120_000), (60_000, 114_000)], 0), ([(5_000, 3_000), (1_000, 2_000)], 1_000), ([(7, 0)], 7)],
)
def test_gateway_fees(fees: list[tuple[int, int]], uncovered: int) -> None:
    assert rules.uncovered_fees(fees) == uncovered


@pytest.mark.parametrize(
    ("net", "payout", "carried"),
    [(10_000, 10_000, 0), (9_999, 0, 9_999), (0, 0, 0), (-504_000, 0, -504_000), (50_000_001, 50_000_001, 0)],
)
def test_what_is_paid_and_what_is_carried_over(net: int, payout: int, carried: int) -> None:
    payable = payable_of(net, 10_000)
    assert (payable.payout, payable.carried_out) == (payout, carried)


@pytest.mark.parametrize(
    ("commission", "percent", "share"), [(624_000, 10, 62_400), (-56_000, 10, -5_600), (5, 10, 1), (100, 0, 0)]
)
def test_the_offices_share(commission: int, percent: int, share: int) -> None:
    assert rules.office_share(commission, percent) == share


ALLOWED = {
    ("pending", "on_hold"), ("pending", "scheduled"), ("pending", "cancelled"), ("on_hold", "scheduled"),
    ("on_hold", "cancelled"), ("scheduled", "processing"), ("scheduled", "cancelled"), ("processing", "completed"),
    ("processing", "failed"), ("failed", "scheduled"),
}  # fmt: skip


def test_only_these_moves() -> None:
    found = {
        (one.value, other.value) for one in SettlementStatus for other in SettlementStatus if may_become(one, other)
    }
    assert found == ALLOWED
