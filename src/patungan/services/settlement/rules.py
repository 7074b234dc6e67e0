"""Decisions of settlement: when who is paid what. No I/O."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from patungan.kernel.money import half_up_percent
from patungan.kernel.time import JAKARTA, jakarta_day

CODE_LENGTH = 6
CODE_ATTEMPTS = 5
"""How often a code that is taken is drawn anew."""
CODE_PREFIX = "SET"

WINDOW = timedelta(days=7)
"""How long a buyer may complain after the delivery (DOMAIN.md 1.1)."""
FRIDAY = 4
PERSONS = 2
"""How many persons approve a large settlement, and how many stand behind an adjustment."""


class PayeeKind(enum.StrEnum):
    FACTORY = "factory"
    SELLER = "seller"
    OFFICE = "office"


class Cycle(enum.StrEnum):
    """How often a payee is settled (DOMAIN.md 2)."""

    DAILY = "daily"
    WEEKLY = "weekly"
    BIWEEKLY = "biweekly"
    MONTHLY = "monthly"


class SettlementStatus(enum.StrEnum):
    """DOMAIN.md 2; a completed settlement that its bank sends back becomes failed (docs/decisions/0052)."""

    PENDING = "pending"
    ON_HOLD = "on_hold"
    SCHEDULED = "scheduled"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


_S = SettlementStatus
_MOVES: dict[SettlementStatus, frozenset[SettlementStatus]] = {
    _S.PENDING: frozenset({_S.ON_HOLD, _S.SCHEDULED, _S.CANCELLED}),
    _S.ON_HOLD: frozenset({_S.SCHEDULED, _S.CANCELLED}),
    _S.SCHEDULED: frozenset({_S.PROCESSING, _S.CANCELLED}),
    _S.PROCESSING: frozenset({_S.COMPLETED, _S.FAILED}),
    _S.COMPLETED: frozenset(),
    _S.FAILED: frozenset({_S.SCHEDULED}),
    _S.CANCELLED: frozenset(),
}


def may_become(status: SettlementStatus, wanted: SettlementStatus) -> bool:
    """Whether a settlement may be moved that way. That a bank sends a completed one back is no move of ours."""
    return wanted in _MOVES[status]


class LineKind(enum.StrEnum):
    """What a line of a settlement is for (DOMAIN.md 6.3)."""

    ORDER = "order"
    SURPLUS = "surplus"
    REFUND = "refund"
    ADJUSTMENT = "adjustment"
    CARRIED_OVER = "carried_over"
    GATEWAY_FEE = "gateway_fee"
    OFFICE_SHARE = "office_share"
    """An office's share of the commission of a settlement that ended (docs/decisions/0096)."""


class AdjustmentStatus(enum.StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


def local_day(moment: datetime) -> date:
    """The calendar day in Asia/Jakarta."""
    return moment.astimezone(JAKARTA).date()


def due_on(delivered_at: datetime) -> date:
    """The day from which an order may be settled: delivered, and its complaint window over."""
    return local_day(delivered_at) + WINDOW


def friday_from(day: date) -> date:
    """The first Friday on or after a day."""
    return day + timedelta(days=(FRIDAY - day.weekday()) % 7)


def payout_day(delivered_at: datetime) -> date:
    """When a delivered order is paid in the weekly cycle: the first Friday on or after delivered + 7 days."""
    return friday_from(due_on(delivered_at))


_FIRST_MONDAY = date(2024, 1, 1)
"""Fortnights are counted from here."""


@dataclass(frozen=True, slots=True)
class Period:
    """The days that a settlement is for, both included, and the day on which it is paid."""

    start: date
    end: date
    pay_on: date


def period_at(cycle: Cycle, day: date) -> Period:
    """The last period of a cycle whose day of paying is not after a day: a day, a week from Monday to Sunday paid on its
    Friday, two such weeks paid on the second Friday, or a month paid on its last Friday."""
    if cycle is Cycle.DAILY:
        return Period(day, day, day)
    if cycle is Cycle.MONTHLY:
        found = _month(day)
        return found if found.pay_on <= day else _month(found.start - timedelta(days=1))
    weeks = 1 if cycle is Cycle.WEEKLY else 2
    start = _FIRST_MONDAY + (day - _FIRST_MONDAY) // timedelta(weeks=weeks) * timedelta(weeks=weeks)
    found = _weeks(start, weeks)
    return found if found.pay_on <= day else _weeks(start - timedelta(weeks=weeks), weeks)


def upcoming(cycle: Cycle, day: date) -> Period:
    """The first period whose day of paying is on a day or after it."""
    later = day
    while (found := period_at(cycle, later)).pay_on < day:
        later += timedelta(days=1)
    return found


def _weeks(start: date, weeks: int) -> Period:
    end = start + timedelta(weeks=weeks, days=-1)
    return Period(start, end, end - timedelta(days=2))


def _month(day: date) -> Period:
    start = day.replace(day=1)
    end = (start + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return Period(start, end, end - timedelta(days=(end.weekday() - FRIDAY) % 7))


def part_of(total: int, until: int, whole: int) -> int:
    """The share of a total that ``until`` out of ``whole`` has earned, half a rupiah rounded up."""
    return (2 * total * until + whole) // (2 * whole) if whole else 0


def commission_of(before: int, value: int, percent: int) -> int:
    """The commission on goods of a value, when goods of ``before`` were settled of the same sale already.

    What is taken of a sale's parts is then exactly what the books took of the sale, rounded once (docs/decisions/0050).
    """
    return half_up_percent(before + value, percent) - half_up_percent(before, percent)


def bought_new(quantity: int, stock_left: int) -> int:
    """How many of an order's units were bought from the factory: old stock, paid long ago, is used first."""
    return quantity - min(quantity, stock_left)


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What is charged for a refund: the goods' value and the commission that we give back of it; rupiah."""

    value: int
    commission: int

    @property
    def amount(self) -> int:
        """What the payee gives back."""
        return self.value - self.commission


@dataclass(frozen=True, slots=True)
class Sold:
    """An order as its payee was credited for it: the value of all its goods, of those that the payee was credited for, and
    the commission on those; rupiah."""

    product_value: int
    value: int
    commission: int


def charge_of(sold: Sold, refunded_before: int, refund: int) -> Reckoned:
    """What a refund of an order takes from its payee: the payee's part of the goods, never more than was credited. Shipping
    and fee, which a refund returns last, are ours."""
    value = _charged(sold, refunded_before + refund) - _charged(sold, refunded_before)
    before = part_of(sold.commission, _charged(sold, refunded_before), sold.value)
    after = part_of(sold.commission, _charged(sold, refunded_before + refund), sold.value)
    return Reckoned(value, after - before)


def _charged(sold: Sold, refunded: int) -> int:
    return part_of(sold.value, min(refunded, sold.product_value), sold.product_value)


def uncovered_fees(fees: Iterable[tuple[int, int]]) -> int:
    """What the provider charged beyond what buyers paid for it, of pairs (charged, collected); never below nothing."""
    pairs = list(fees)
    return max(0, sum(charged for charged, _ in pairs) - sum(collected for _, collected in pairs))


def office_share(commission: int, percent: int) -> int:
    """The office's share of a commission; of one that was given back, what the office gives back."""
    share = half_up_percent(abs(commission), percent)
    return share if commission >= 0 else -share


@dataclass(frozen=True, slots=True)
class Payable:
    """What is paid of a net amount, and what is carried over to the next settlement; rupiah."""

    payout: int
    carried_out: int


def payable_of(net: int, minimum: int) -> Payable:
    """A net amount below what a payout can be, or below nothing, is carried over whole."""
    return Payable(0, net) if net < max(1, minimum) else Payable(net, 0)


def new_code(prefix: str, now: datetime, random: str) -> str:
    """A code for people: ``SET-20261127-ABCDEF``."""
    return f"{prefix}-{jakarta_day(now)}-{random}"
