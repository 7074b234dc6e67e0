"""The times that reports are about: moments, and days of Asia/Jakarta."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from patungan.kernel.errors import InvalidInput
from patungan.kernel.service import Context
from patungan.kernel.time import JAKARTA

EARLIEST, LATEST = date(2000, 1, 1), date(2200, 1, 1)


@dataclass(frozen=True, slots=True)
class Span:
    """From a moment (included) to another (not included)."""

    begins: datetime
    ends: datetime


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=JAKARTA)


def _known(day: date, field: str) -> date:
    if not EARLIEST <= day <= LATEST:
        raise InvalidInput(f"A day from {EARLIEST} to {LATEST} is meant", field=field)
    return day


def days(ctx: Context, from_date: date | None, to_date: date | None) -> Span:
    """From the beginning of a day to the end of another, both of Asia/Jakarta; without them all days until today.

    Raises InvalidInput.
    """
    first = _known(from_date or EARLIEST, "from_date")
    last = _known(to_date or ctx.clock.now().astimezone(JAKARTA).date(), "to_date")
    if to_date is not None and last < first:
        raise InvalidInput("to_date is before from_date", field="to_date")
    return Span(_midnight(first), _midnight(max(last, first) + timedelta(days=1)))


def moment(ctx: Context, at: datetime | None) -> datetime:
    """A moment that was asked for, read in Asia/Jakarta where it names no zone; now without one. Raises InvalidInput."""
    if at is None:
        return ctx.clock.now()
    _known(at.date(), "at")
    return at.replace(tzinfo=JAKARTA) if at.tzinfo is None else at


def month(text: str) -> date:
    """The first day of a month written ``2026-11``; raises InvalidInput."""
    try:
        if len(text) != 7:
            raise ValueError(text)
        return _known(date.fromisoformat(f"{text}-01"), "month")
    except ValueError:
        raise InvalidInput("A month is written as 2026-11", field="month") from None
