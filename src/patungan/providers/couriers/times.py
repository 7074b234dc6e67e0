"""The couriers' ways of writing moments and durations."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

# Western Indonesian time has no summer time; couriers write it without saying so.
WIB = timezone(timedelta(hours=7), "WIB")
_FORMATS = ("%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%d %b %Y %H:%M", "%Y-%m-%d %H:%M")
_NUMBERS = re.compile(r"\d+")
HOURS_PER_DAY = 24


def moment(text: str) -> datetime:
    """A courier's date and time in UTC; Western Indonesian time where it names no zone. Raises ValueError."""
    tidy = " ".join(text.split())
    try:
        found = datetime.fromisoformat(tidy)
    except ValueError:
        found = _by_format(tidy)
    return (found if found.tzinfo else found.replace(tzinfo=WIB)).astimezone(UTC)


def days(text: str, *, hours: bool = False) -> tuple[int | None, int | None]:
    """Least and most days of ``2 - 3 days``, ``1`` or, with ``hours``, ``6 - 8``; None twice where no number is named."""
    numbers = [int(number) for number in _NUMBERS.findall(text)]
    if not numbers:
        return None, None
    if hours:
        numbers = [number // HOURS_PER_DAY for number in numbers]
    return numbers[0], numbers[-1]


def _by_format(text: str) -> datetime:
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    raise ValueError("a courier wrote a date in a form that is not known")
