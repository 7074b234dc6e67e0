"""The clock: real, or virtual so that days of sessions run in seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

JAKARTA = ZoneInfo("Asia/Jakarta")


class Clock(Protocol):
    """Where the present moment comes from, always in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class VirtualClock:
    """A clock that runs with the machine's but can be moved forward."""

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        self._offset = offset

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def advance(self, by: timedelta) -> None:
        """Move the present forward; a clock never goes back."""
        if by < timedelta(0):
            raise ValueError("a clock never goes back")
        self._offset += by


def jakarta_midnight_after(moment: datetime) -> datetime:
    """The first midnight in Asia/Jakarta after the moment, in UTC."""
    local = moment.astimezone(JAKARTA)
    midnight = datetime(local.year, local.month, local.day, tzinfo=JAKARTA) + timedelta(days=1)
    return midnight.astimezone(UTC)


def jakarta_day(moment: datetime) -> str:
    """The calendar day in Asia/Jakarta as human codes carry it: ``20261123``."""
    return moment.astimezone(JAKARTA).strftime("%Y%m%d")
