"""Decisions of seller: a store's states, what a verification needs, and who gets the last units. No I/O."""

from __future__ import annotations

import enum
import re
import unicodedata
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from uuid import UUID


class SellerType(enum.StrEnum):
    INDIVIDUAL = "individual"
    BUSINESS = "business"


class SellerStatus(enum.StrEnum):
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


class MovementType(enum.StrEnum):
    """Kinds of stock movement (stock_movement_type of DOMAIN.md 2)."""

    PURCHASE = "purchase"
    SALE = "sale"
    RETURN = "return"
    DAMAGED = "damaged"
    LOST = "lost"
    ADJUSTMENT = "adjustment"
    RESERVED = "reserved"
    RELEASED = "released"


class HoldStatus(enum.StrEnum):
    """What an order has of the stock."""

    HELD = "held"
    SOLD = "sold"
    RELEASED = "released"
    RETURNED = "returned"


STATUS_MOVES: dict[SellerStatus, frozenset[SellerStatus]] = {
    SellerStatus.PENDING: frozenset({SellerStatus.ACTIVE}),
    SellerStatus.ACTIVE: frozenset({SellerStatus.SUSPENDED, SellerStatus.INACTIVE}),
    SellerStatus.SUSPENDED: frozenset({SellerStatus.PENDING}),
    SellerStatus.INACTIVE: frozenset({SellerStatus.PENDING}),
}
"""The only moves of a store's status, those of a factory (DOMAIN.md 2)."""

IDENTITY = frozenset({"nib", "npwp", "licence_url", "bank", "type"})
"""What a verification vouches for: a change of it has to be looked at again."""

REPAIRS = IDENTITY | {"name"}
"""What an owner may mend after a rejection to be looked at again."""

BY_HAND = frozenset(
    {
        MovementType.PURCHASE,
        MovementType.RETURN,
        MovementType.DAMAGED,
        MovementType.LOST,
        MovementType.ADJUSTMENT,
    }
)
"""Movements that a seller books; the others follow orders."""

LONGEST_SLUG = 60


def may_become(before: SellerStatus, after: SellerStatus, verification: VerificationStatus) -> bool:
    """Whether a store's status may change that way; only a verified one becomes active."""
    if after not in STATUS_MOVES[before]:
        return False
    return after is not SellerStatus.ACTIVE or verification is VerificationStatus.VERIFIED


def missing_documents(kind: SellerType, nib: str | None, npwp: str | None, licence_url: str | None) -> list[str]:
    """What a verification still needs: a licence or identity card, and of a business its numbers."""
    needed = {"licence_url": licence_url}
    if kind is SellerType.BUSINESS:
        needed |= {"nib": nib, "npwp": npwp}
    return [name for name, value in needed.items() if not value]


def judge_decision(verification: VerificationStatus, decision: Decision, *, complete: bool) -> Verdict:
    """Whether a store's documents can be decided on: only while they wait for it."""
    if decision is Decision.VERIFIED and not complete:
        return Verdict.DOCUMENTS_MISSING
    return Verdict.ALLOWED if verification is VerificationStatus.PENDING else Verdict.REFUSED


def verification_after(current: VerificationStatus, changed: AbstractSet[str], *, complete: bool) -> VerificationStatus:
    """The standing of the documents after their owner changed some fields."""
    if not complete:
        return VerificationStatus.UNVERIFIED if changed & IDENTITY else current
    match current:
        case VerificationStatus.UNVERIFIED:
            return VerificationStatus.PENDING
        case VerificationStatus.VERIFIED if changed & IDENTITY:
            return VerificationStatus.PENDING
        case VerificationStatus.REJECTED if changed & REPAIRS:
            return VerificationStatus.PENDING
        case _:
            return current


def slug_of(name: str) -> str:
    """A store's address from its name: ``Toko Bu Tini`` is ``toko-bu-tini``; empty where no letter is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_SLUG].strip("-")


def stock_change(kind: MovementType, quantity: int) -> int:
    """What a movement by hand changes the stock by; an adjustment is signed already."""
    return -quantity if kind in (MovementType.DAMAGED, MovementType.LOST) else quantity


def became_low(before: int, after: int, threshold: int) -> bool:
    """Whether the free units fell to the threshold or below it just now."""
    return before > threshold >= after


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an order wants: units by the id of the stock; None for what the seller does not sell."""

    order_id: UUID
    units: Mapping[UUID, int] | None


def hand_out(free: Mapping[UUID, int], wanted: Sequence[Wanted]) -> list[bool]:
    """Who gets the free units, first come, first served, each all that they want or nothing."""
    left = dict(free)
    given: list[bool] = []
    for each in wanted:
        fits = each.units is not None and all(units <= left.get(stock, 0) for stock, units in each.units.items())
        if fits and each.units is not None:
            for stock, units in each.units.items():
                left[stock] -= units
        given.append(fits)
    return given
