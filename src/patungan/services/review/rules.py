"""Decisions of review: who may say what for how long, which moves of its status there are, and sums of stars. No I/O."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec


class Subject(enum.StrEnum):
    """What a review is about."""

    PRODUCT = "product"
    FACTORY = "factory"


class Status(enum.StrEnum):
    """``reported`` is shown until somebody has looked at it: three strangers must not be able to silence a buyer."""

    PENDING = "pending"
    APPROVED = "approved"
    REPORTED = "reported"
    HIDDEN = "hidden"
    REMOVED = "removed"


class Decision(enum.StrEnum):
    """What an administrator decides on a review."""

    SHOW = "show"
    HIDE = "hide"
    REMOVE = "remove"


class ReportReason(enum.StrEnum):
    SPAM = "spam"
    OFFENSIVE = "offensive"
    FALSE_INFORMATION = "false_information"
    PRIVATE_DATA = "private_data"
    OTHER = "other"


class Sort(enum.StrEnum):
    NEWEST = "newest"
    HIGHEST = "highest"
    LOWEST = "lowest"
    HELPFUL = "helpful"


SHOWN = frozenset({Status.APPROVED, Status.REPORTED})
"""What the public sees and the ratings count."""

CHANGE_WITHIN = timedelta(days=30)
"""How long a review may be changed by its author (DOMAIN.md 3.9)."""

REMIND_AFTER = timedelta(days=3)
"""From delivery to the reminder (DOMAIN.md 3.9)."""

REPORTS_TO_QUEUE = 3
"""So many people must report a review before somebody looks at it again."""

MOST_PHOTOS = 5

_DECIDED = {
    Decision.SHOW: (Status.APPROVED, frozenset({Status.PENDING, Status.REPORTED, Status.HIDDEN})),
    Decision.HIDE: (Status.HIDDEN, frozenset({Status.PENDING, Status.APPROVED, Status.REPORTED})),
    Decision.REMOVE: (
        Status.REMOVED,
        frozenset({Status.PENDING, Status.APPROVED, Status.REPORTED, Status.HIDDEN}),
    ),
}


def decided(before: Status, decision: Decision) -> Status | None:
    """The status after a decision, or None where it is no move; a removed review stays removed."""
    after, allowed = _DECIDED[decision]
    return after if before in allowed else None


def may_change(status: Status, created_at: datetime, now: datetime) -> bool:
    """Whether its author may still change a review: for thirty days, unless it was taken from view."""
    return status not in (Status.HIDDEN, Status.REMOVED) and now < created_at + CHANGE_WITHIN


def status_after_change(before: Status, *, auto_approved: bool) -> Status:
    """What was looked at once has to be looked at again after a change, unless reviews are approved by themselves."""
    if before is Status.REPORTED or auto_approved:
        return before
    return Status.PENDING


def status_after_report(before: Status, open_reports: int) -> Status:
    """A review goes to the queue with the third open report."""
    return Status.REPORTED if before is Status.APPROVED and open_reports >= REPORTS_TO_QUEUE else before


class Summary(msgspec.Struct, frozen=True):
    """Sums of the reviews that are shown; ``stars`` counts them from one star to five."""

    stars: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)

    @property
    def count(self) -> int:
        return sum(self.stars)

    @property
    def total(self) -> int:
        return sum(number * count for number, count in enumerate(self.stars, 1))

    @property
    def average(self) -> float | None:
        """Stars to two decimals, halves rounded up; None without reviews."""
        return average(self.count, self.total)


def average(count: int, total: int) -> float | None:
    """The mean of ratings to two decimals, halves rounded up, by whole numbers alone; None without ratings."""
    return None if count == 0 else ((200 * total + count) // (2 * count)) / 100


def summed(reviews: Iterable[tuple[int, Status]]) -> Summary:
    """The summary of reviews by their stars and status, counted one by one."""
    stars = [0, 0, 0, 0, 0]
    for rating, status in reviews:
        if status in SHOWN:
            stars[rating - 1] += 1
    return Summary((stars[0], stars[1], stars[2], stars[3], stars[4]))


def step(before: tuple[int, Status] | None, after: tuple[int, Status]) -> tuple[int, int, int, int, int]:
    """What a change of one review adds to the counts of one star to five."""
    delta = [0, 0, 0, 0, 0]
    if before is not None and before[1] in SHOWN:
        delta[before[0] - 1] -= 1
    if after[1] in SHOWN:
        delta[after[0] - 1] += 1
    return (delta[0], delta[1], delta[2], delta[3], delta[4])
