"""Decisions of factory: its states, what a verification needs, its code. No I/O."""

from __future__ import annotations

import enum
import re
from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, datetime, timedelta

import msgspec

from patungan.contracts.factory import Right


class FactoryStatus(enum.StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    INACTIVE = "inactive"
    SUSPENDED = "suspended"


class VerificationStatus(enum.StrEnum):
    UNVERIFIED = "unverified"
    PENDING = "pending"
    VERIFIED = "verified"
    REJECTED = "rejected"


class Decision(enum.StrEnum):
    """What an administrator finds on looking at the documents."""

    VERIFIED = "verified"
    REJECTED = "rejected"


class Member(enum.StrEnum):
    """What a member of a factory's staff is, beside its owner."""

    MANAGER = "manager"
    OPERATOR = "operator"


class Membership(enum.StrEnum):
    INVITED = "invited"
    ACTIVE = "active"
    DECLINED = "declined"
    REMOVED = "removed"


class DocumentKind(enum.StrEnum):
    LICENCE = "licence"
    NPWP_CARD = "npwp_card"
    LOGO = "logo"


class Outcome(enum.StrEnum):
    """How a purchase order ended."""

    RECEIVED = "received"
    CANCELLED = "cancelled"


class SessionOutcome(enum.StrEnum):
    OPEN = "open"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Verdict(enum.Enum):
    """Whether a decision on the documents can be made now."""

    ALLOWED = "allowed"
    DOCUMENTS_MISSING = "documents missing"
    REFUSED = "refused"


STATUS_MOVES: dict[FactoryStatus, frozenset[FactoryStatus]] = {
    FactoryStatus.PENDING: frozenset({FactoryStatus.ACTIVE}),
    FactoryStatus.ACTIVE: frozenset({FactoryStatus.SUSPENDED, FactoryStatus.INACTIVE}),
    FactoryStatus.SUSPENDED: frozenset({FactoryStatus.PENDING}),
    FactoryStatus.INACTIVE: frozenset({FactoryStatus.PENDING}),
}
"""The only moves of a factory's status (DOMAIN.md 2)."""

IDENTITY = frozenset({"nib", "npwp", "licence_url", "bank"})
"""What a verification vouches for: a change of it has to be looked at again (DOMAIN.md 3.3)."""

REPAIRS = IDENTITY | {"name", "logo_url"}
"""What an owner may mend after a rejection to be looked at again."""

FACTORIES_PER_OWNER = 10

_KIND_OF_CITY = re.compile(r"^(kota administrasi|kabupaten administrasi|kota|kabupaten|kab\.?)\s+", re.IGNORECASE)


def may_become(before: FactoryStatus, after: FactoryStatus, verification: VerificationStatus) -> bool:
    """Whether a factory's status may change that way; only a verified factory becomes active."""
    if after not in STATUS_MOVES[before]:
        return False
    return after is not FactoryStatus.ACTIVE or verification is VerificationStatus.VERIFIED


def documents_complete(npwp: str | None, licence_url: str | None, logo_url: str | None) -> bool:
    """Whether everything is there that a verification looks at."""
    return bool(npwp and licence_url and logo_url)


def judge_decision(verification: VerificationStatus, decision: Decision, *, complete: bool) -> Verdict:
    """Whether a factory's documents can be decided on: only while they wait for it."""
    if decision is Decision.VERIFIED and not complete:
        return Verdict.DOCUMENTS_MISSING
    return Verdict.ALLOWED if verification is VerificationStatus.PENDING else Verdict.REFUSED


def verification_after(current: VerificationStatus, changed: AbstractSet[str], *, complete: bool) -> VerificationStatus:
    """The standing of the documents after their owner changed some fields."""
    if not complete:
        return current
    match current:
        case VerificationStatus.UNVERIFIED:
            return VerificationStatus.PENDING
        case VerificationStatus.VERIFIED if changed & IDENTITY:
            return VerificationStatus.PENDING
        case VerificationStatus.REJECTED if changed & REPAIRS:
            return VerificationStatus.PENDING
        case _:
            return current


RIGHTS: dict[Member, frozenset[Right]] = {
    Member.MANAGER: frozenset({Right.MANAGE, Right.FULFIL, Right.ANSWER_REVIEWS}),
    Member.OPERATOR: frozenset({Right.FULFIL}),
}
"""What each member may do in the factory's name; its owner may do everything."""

INVITATION_LASTS = timedelta(days=7)
MEMBERS_PER_FACTORY = 50


def roles_with(right: Right) -> list[Member]:
    """The members who have a right."""
    return [member for member, rights in RIGHTS.items() if right in rights]


ANSWER_POINTS = ((1, 5), (3, 4), (6, 3), (12, 2), (24, 1))
"""Stars for an answer to a purchase order within so many hours (DOMAIN.md 3.3); none after the last."""


def answer_points(asked_at: datetime, answered_at: datetime | None, now: datetime) -> int | None:
    """Stars for an answer's quickness; None while one may still come in time."""
    waited = (answered_at or now) - asked_at
    if answered_at is None and waited <= timedelta(hours=ANSWER_POINTS[-1][0]):
        return None
    return next((points for hours, points in ANSWER_POINTS if waited <= timedelta(hours=hours)), 0)


class Standing(msgspec.Struct, frozen=True):
    """What a rating is made of: purchase orders by how they ended, stars for answers, stars of reviews."""

    received: int = 0
    cancelled: int = 0
    answers: int = 0
    answer_points: int = 0
    reviews: int = 0
    review_stars: int = 0


WEIGHTS = {"fulfilment": 40, "quality": 40, "response": 20}
"""Per cent of the rating (DOMAIN.md 3.3)."""


def rating_parts(standing: Standing) -> dict[str, int | None]:
    """The parts of a rating in hundredths of a star, halves rounded up; None for a part that nothing is known of."""
    ended = standing.received + standing.cancelled
    return {
        "fulfilment": _mean(500 * standing.received, ended),
        "quality": _mean(100 * standing.review_stars, standing.reviews),
        "response": _mean(100 * standing.answer_points, standing.answers),
    }


def rating_of(standing: Standing) -> int | None:
    """A factory's rating in hundredths of a star; None until it was reviewed. A part that nothing is known of leaves its
    weight to the others."""
    parts = {name: value for name, value in rating_parts(standing).items() if value is not None}
    if "quality" not in parts:
        return None
    return _mean(sum(WEIGHTS[name] * value for name, value in parts.items()), sum(WEIGHTS[name] for name in parts))


def _mean(total: int, count: int) -> int | None:
    return None if count == 0 else (2 * total + count) // (2 * count)


LONGEST_WAIT_DAYS = 366


def expected_day(
    quantity: int,
    after: date,
    daily_capacity: int | None,
    working_days: Collection[int],
    exceptions: Mapping[date, int],
) -> date | None:
    """The day on which the last of so many units is made, begun the day after; None past a year or without a capacity.

    ``exceptions`` are the units of days that are not as the week says, 0 for a holiday.
    """
    if daily_capacity is None:
        return None
    made = 0
    for number in range(1, LONGEST_WAIT_DAYS + 1):
        day = after + timedelta(days=number)
        made += exceptions.get(day, daily_capacity if day.isoweekday() in working_days else 0)
        if made >= quantity:
            return day
    return None


def factory_code(city: str, owner: str, digits: str) -> str:
    """``FACT-{CITY3}-{OWNER3}-{6 digits}``: three letters each of the city, without its kind, and of the owner's name."""
    return f"FACT-{_three_letters(_KIND_OF_CITY.sub('', city.strip()))}-{_three_letters(owner)}-{digits}"


def _three_letters(text: str) -> str:
    letters = re.sub(r"[^A-Z]", "", text.upper())
    return letters[:3].ljust(3, "X")
