"""Decisions of factory: its states, what a verification needs, its code. No I/O."""

from __future__ import annotations

import enum
import re
from collections.abc import Set as AbstractSet


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


class Verdict(enum.Enum):
    """Whether a decision on the documents can be made now."""

    ALLOWED = "allowed"
    DOCUMENTS_MISSING = "documents missing"
    REFUSED = "refused"


class BankCode(enum.StrEnum):
    """Banks that the platform pays out to (DOMAIN.md 3.10)."""

    BCA = "BCA"
    BNI = "BNI"
    BRI = "BRI"
    MANDIRI = "MANDIRI"
    CIMB = "CIMB"
    PERMATA = "PERMATA"
    DANAMON = "DANAMON"
    BTN = "BTN"


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


def factory_code(city: str, owner: str, digits: str) -> str:
    """``FACT-{CITY3}-{OWNER3}-{6 digits}``: three letters each of the city, without its kind, and of the owner's name."""
    return f"FACT-{_three_letters(_KIND_OF_CITY.sub('', city.strip()))}-{_three_letters(owner)}-{digits}"


def _three_letters(text: str) -> str:
    letters = re.sub(r"[^A-Z]", "", text.upper())
    return letters[:3].ljust(3, "X")
