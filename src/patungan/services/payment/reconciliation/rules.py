"""What a comparison with the provider's list finds, and what is to be done about it. No I/O."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

ON_ITS_WAY = timedelta(minutes=2)
"""How young a transaction is left alone: its news may be on its way."""
LATE = timedelta(minutes=10)
"""How long after the provider's time a booking counts as late (as long as a silent provider holds up a payment)."""
MARGIN = timedelta(hours=1)
"""By how much the provider's list is asked for beyond the time that is reconciled: its clock and its list may lag."""


MOST_DAYS = 7
"""How many days one night makes up for: a worker that was away longer has people to look after it."""


def first_night(reconciled_until: datetime | None, until: datetime) -> datetime:
    """Where a nightly reconciliation up to ``until`` begins: a day before, or where the last one ended if that is earlier,
    for the job may have been away over a midnight; nothing was reconciled before the first."""
    day, most = until - timedelta(days=1), until - timedelta(days=MOST_DAYS)
    return most if reconciled_until is None else max(most, min(day, reconciled_until))


class TransactionType(enum.StrEnum):
    PAYMENT = "payment"
    REFUND = "refund"
    DISBURSEMENT = "disbursement"


class FindingKind(enum.StrEnum):
    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    DIFFERENT_AMOUNT = "different_amount"
    DUPLICATED = "duplicated"
    LATE = "late"


class FindingStatus(enum.StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Theirs:
    """A transaction of the provider's list whose money has moved; amount in rupiah."""

    type: TransactionType
    provider_id: str
    reference: str
    amount: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Ours:
    """What our books hold of a transaction; ``provider_id`` is our reference where we do not keep the provider's id."""

    type: TransactionType
    provider_id: str
    reference: str
    amount: int
    at: datetime
    booked_at: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that differs: by what the provider shows and what we hold, in rupiah, 0 where there is nothing."""

    kind: FindingKind
    type: TransactionType
    provider_id: str
    reference: str
    theirs: int
    ours: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Comparison:
    matched: int
    findings: tuple[Finding, ...]


Key = tuple[TransactionType, str]

_REFERENCE = re.compile(r"^([A-Z]{2,4}-\d{8}-[0-9A-Z]{4,8})(?:-\d{1,4})?$")


def base_reference(reference: str) -> str:
    """Our code without the number of the attempt that the provider was given with it."""
    found = _REFERENCE.match(reference)
    return found.group(1) if found else reference


def key_of(theirs: Theirs) -> Key:
    """By what a transaction of the provider's is found here: payouts by our reference, the others by the provider's id."""
    if theirs.type is TransactionType.DISBURSEMENT:
        return theirs.type, base_reference(theirs.reference)
    return theirs.type, theirs.provider_id


def compare(
    theirs: Sequence[Theirs], ours: Mapping[Key, Ours], expected: Sequence[Ours], listed: frozenset[Key]
) -> Comparison:
    """Compare the provider's transactions of a time with ours.

    ``ours`` is what we hold of them, whenever it was booked; ``expected`` is what we booked of that time, each of which
    must be among ``listed``, the provider's list of a somewhat longer time.
    """
    findings: list[Finding] = []
    matched = 0
    rows: dict[Key, list[Theirs]] = {}
    for each in theirs:
        rows.setdefault(key_of(each), []).append(each)
    for key, same in rows.items():
        there, here = same[0], ours.get(key)
        held = here.amount if here is not None else 0
        if len(same) > 1:
            findings.append(_finding(FindingKind.DUPLICATED, there, sum(each.amount for each in same), held))
        if here is None:
            findings.append(_finding(FindingKind.MISSING_HERE, there, there.amount, 0))
        elif here.amount != there.amount:
            findings.append(_finding(FindingKind.DIFFERENT_AMOUNT, there, there.amount, held))
        else:
            matched += 1
            if here.booked_at - there.at > LATE:
                findings.append(_finding(FindingKind.LATE, there, there.amount, held))
    findings += [
        Finding(FindingKind.MISSING_THERE, each.type, each.provider_id, each.reference, 0, each.amount, each.at)
        for each in expected
        if (each.type, each.provider_id) not in listed
    ]
    return Comparison(matched, tuple(findings))


def _finding(kind: FindingKind, there: Theirs, theirs: int, ours: int) -> Finding:
    return Finding(kind, there.type, there.provider_id, there.reference, theirs, ours, there.at)


def repairable(kind: FindingKind, transaction_type: TransactionType) -> bool:
    """Whether what is missing here can be fetched from the provider and booked by the way that its callback takes."""
    return kind is FindingKind.MISSING_HERE and transaction_type is not TransactionType.DISBURSEMENT


_ADVICE: Mapping[FindingKind, str] = {
    FindingKind.MISSING_THERE: (
        "Ask the provider for the transaction by its id. If it never moved the money, reverse our posting by a refund of "
        "the payment or by wallet's return of the withdrawal, never by hand."
    ),
    FindingKind.DIFFERENT_AMOUNT: (
        "Ask the provider which amount is right and keep its answer. Where theirs is, book the difference by a refund or "
        "an adjustment that two persons agree to."
    ),
    FindingKind.DUPLICATED: (
        "Compare with the account's balance. Shown twice and moved once: report it to the provider. Moved twice: have the "
        "second one returned."
    ),
    FindingKind.LATE: "Nothing is owed: it is booked. Look why its callback came late, or did not come.",
}
_MISSING_HERE: Mapping[TransactionType, str] = {
    TransactionType.PAYMENT: (
        "The invoice was fetched and is not one of our payments, or it could not be fetched. Find whose money it is; "
        "refund it at the provider if it is nobody's."
    ),
    TransactionType.REFUND: (
        "The refund was fetched and is not one of ours, or it could not be fetched. Find who asked for it at the provider."
    ),
    TransactionType.DISBURSEMENT: (
        "Look at the withdrawal or settlement of this reference: let it ask the provider again. Without one, find out who "
        "ordered the payout, and block the key it was ordered with."
    ),
}


def advice(kind: FindingKind, transaction_type: TransactionType) -> str:
    """What a person is to do about a finding that did not resolve itself."""
    return _MISSING_HERE[transaction_type] if kind is FindingKind.MISSING_HERE else _ADVICE[kind]
