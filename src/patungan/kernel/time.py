"""The clock: real, or virtual so that days of sessions run in seconds."""

from __future__ import annotations

import mmap
from datetime import UTC, datetime, timedelta
from pathlib import Path
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


class SharedClock:
    """A virtual clock of several processes: all that were given the same file are ahead of the machine's by as much.

    The file holds the offset, eight bytes of microseconds; it is made where there is none. Reading it costs no system call.
    """

    _SIZE = 8

    def __init__(self, file: Path) -> None:
        with file.open("a+b") as opened:
            if opened.seek(0, 2) < self._SIZE:
                opened.truncate(self._SIZE)
            self._offset = memoryview(mmap.mmap(opened.fileno(), self._SIZE)).cast("q")

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(microseconds=self._offset[0])

    def advance(self, by: timedelta) -> None:
        """Move the present of all forward; one process at a time may. A clock never goes back."""
        if by < timedelta(0):
            raise ValueError("a clock never goes back")
        self._offset[0] += by // timedelta(microseconds=1)


def jakarta_midnight_after(moment: datetime) -> datetime:
    """The first midnight in Asia/Jakarta after the moment, in UTC."""
    local = moment.astimezone(JAKARTA)
    midnight = datetime(local.year, local.month, local.day, tzinfo=JAKARTA) + timedelta(days=1)
    return midnight.astimezone(UTC)


def jakarta_day(moment: datetime) -> str:
    """The calendar day in Asia/Jakarta as human codes carry it: ``20261123``."""
    return moment.astimezone(JAKARTA).strftime("%Y%m%d")
