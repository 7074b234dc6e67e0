"""Decisions about payouts, whatever is paid out: what the provider's word does, how attempts are named, when to look. No I/O."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID


class Stage(enum.StrEnum):
    """Where a payout stands in our own rows, as far as the provider's word matters."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Told(enum.StrEnum):
    """What the provider says of a payout."""

    UNDER_WAY = "under_way"
    PAID = "paid"
    LACKED_FUNDS = "lacked_funds"
    FAILED = "failed"
    REVERSED = "reversed"


class Outcome(enum.StrEnum):
    """What came of the provider's word."""

    SENT = "sent"
    COMPLETED = "completed"
    FAILED = "failed"
    REVERSED = "reversed"
    RETRIED = "retried"
    UNCHANGED = "unchanged"
    MISMATCH = "mismatch"
    CONFLICT = "conflict"
    HANDED_ON = "handed_on"
    UNKNOWN = "unknown"


ALARMING = frozenset({Outcome.MISMATCH, Outcome.CONFLICT})
"""What contradicts our books: nothing changes, and a person must look at it."""


@dataclass(frozen=True, slots=True)
class PayoutNews:
    """The provider's word on a payout; ``reason`` is its code of a failure."""

    reference: str
    payout_id: str
    amount: int
    currency: str
    told: Told
    reason: str = ""

    @property
    def failure(self) -> str:
        """Why it failed, in the provider's words where it gave any."""
        return "REVERSED" if self.told is Told.REVERSED else self.reason or "FAILED"


@dataclass(frozen=True, slots=True)
class Standing:
    """A payout as our rows have it, as far as the provider's word matters; rupiah."""

    stage: Stage
    net_amount: int
    attempt: int
    payout_id: str | None
    reversed: bool


_ENDS = {Told.PAID: Stage.COMPLETED, Told.FAILED: Stage.FAILED}


def judge_news(known: Standing, attempt: int, news: PayoutNews) -> Outcome:
    """What the provider's word does to a payout, whatever order it comes in and however often.

    A CONFLICT contradicts what is booked: it changes nothing, and a person must look at it.
    """
    if news.amount != known.net_amount or news.currency != "IDR":
        return Outcome.MISMATCH
    if attempt != known.attempt:
        # An earlier attempt failed by the provider's own word; anything else about it, or about one not made, is wrong.
        stale = attempt < known.attempt and news.told in (Told.UNDER_WAY, Told.LACKED_FUNDS)
        return Outcome.UNCHANGED if stale else Outcome.CONFLICT
    if known.payout_id is not None and known.payout_id != news.payout_id:
        return Outcome.CONFLICT
    if known.stage is Stage.PROCESSING:
        return {
            Told.UNDER_WAY: Outcome.UNCHANGED if known.payout_id else Outcome.SENT,
            Told.PAID: Outcome.COMPLETED,
            Told.LACKED_FUNDS: Outcome.RETRIED,
            Told.FAILED: Outcome.FAILED,
            Told.REVERSED: Outcome.REVERSED,
        }[news.told]
    return _judge_ended(known, news.told)


def _judge_ended(known: Standing, told: Told) -> Outcome:
    if known.stage not in (Stage.COMPLETED, Stage.FAILED):
        return Outcome.CONFLICT
    if told is Told.UNDER_WAY:
        return Outcome.UNCHANGED
    if told is Told.REVERSED and known.stage is Stage.COMPLETED:
        return Outcome.REVERSED
    if known.reversed:
        return Outcome.UNCHANGED if told in (Told.PAID, Told.REVERSED) else Outcome.CONFLICT
    return Outcome.UNCHANGED if _ENDS.get(told) is known.stage else Outcome.CONFLICT


def payout_reference(code: str, attempt: int) -> str:
    """Our name of an attempt at the provider."""
    return code if attempt == 1 else f"{code}-{attempt}"


def payout_key(name: UUID | str, attempt: int) -> str:
    """The idempotency key of an attempt, for only an attempt that failed for certain has a next."""
    return str(name) if attempt == 1 else f"{name}-{attempt}"


_REFERENCE = re.compile(r"^([A-Z]{2,4})-(\d{8}-[0-9A-Z]{6})(?:-(\d{1,4}))?$")


def attempt_of(prefix: str, reference: str | None) -> tuple[str, int] | None:
    """The code and the attempt that a reference at the provider names; None where its code has another prefix."""
    found = _REFERENCE.match(reference or "")
    if found is None or found.group(1) != prefix:
        return None
    return f"{prefix}-{found.group(2)}", int(found.group(3) or 1)


_LOOKS = (2, 10, 30, 60, 240, 720)
"""Minutes until a payout without news is asked for, the first time and later; the last for ever."""
FUNDS_AGAIN = timedelta(minutes=30)
"""When a payout is tried anew after our money at the provider did not suffice."""
SOON = timedelta(seconds=30)
"""When a payout is taken up again after the provider did not answer."""


_RETURN_LOOKS = (1, 3, 7)
"""Days from a payout's arrival after which it is asked whether the bank sent it back: that news may be lost."""


def next_return_look(arrived_at: datetime, now: datetime) -> datetime | None:
    """When a completed payout is asked for again; None once a week has passed."""
    return next((at for days in _RETURN_LOOKS if (at := arrived_at + timedelta(days=days)) > now), None)


def next_look(looks: int, now: datetime) -> datetime:
    """When a payout that was asked for ``looks`` times before is asked for again, unless news comes first."""
    return now + timedelta(minutes=_LOOKS[max(0, min(looks, len(_LOOKS) - 1))])


def look_after_silence(looks: int, now: datetime) -> datetime:
    """When a payout is taken up again after the provider did not answer: left alone for longer each time."""
    return now + SOON if looks < 2 else next_look(looks - 2, now)
