"""Decisions of the wallet. No I/O."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from patungan.kernel.banks import BankCode
from patungan.kernel.time import JAKARTA, jakarta_day

CODE_LENGTH = 6
CODE_ATTEMPTS = 5
"""How often a code that is taken is drawn anew."""


class TransactionType(enum.StrEnum):
    """Why money moved (DOMAIN.md 3.10, credit types); ``payment`` and ``withdrawal`` take it out, and may give it back."""

    CASHBACK = "cashback"
    REFUND = "refund"
    DEPOSIT = "deposit"
    ADJUSTMENT = "adjustment"
    PAYMENT = "payment"
    WITHDRAWAL = "withdrawal"


_DESCRIPTIONS = {
    TransactionType.CASHBACK: ("Cashback patungan {}", "Cashback of group {}"),
    TransactionType.REFUND: ("Pengembalian dana {}", "Refund {}"),
    TransactionType.DEPOSIT: ("Setoran {}", "Deposit {}"),
    TransactionType.ADJUSTMENT: ("Penyesuaian {}", "Adjustment {}"),
    TransactionType.PAYMENT: ("Pembayaran {}", "Payment {}"),
    TransactionType.WITHDRAWAL: ("Penarikan {}", "Withdrawal {}"),
}
_RETURNED = {
    TransactionType.PAYMENT: ("Dana pembayaran {} dikembalikan", "Money of payment {} returned"),
    TransactionType.WITHDRAWAL: ("Penarikan {} dikembalikan", "Withdrawal {} returned"),
}


def describe(kind: TransactionType, reference: str, *, amount: int, english: bool) -> str:
    """A statement's line in words; ``amount`` is signed."""
    words = _RETURNED.get(kind, _DESCRIPTIONS[kind]) if amount > 0 else _DESCRIPTIONS[kind]
    return words[english].format(reference)


def prefers_english(accept_language: str) -> bool:
    """Whether the first language of an Accept-Language header is English; Indonesian otherwise."""
    return accept_language.split(",")[0].split(";")[0].strip().lower().split("-")[0] == "en"


def running_balances(before: dict[UUID, int], moves: Iterable[tuple[UUID, int]]) -> list[int]:
    """The balance after each move in order, a wallet at a time; rupiah. A wallet unknown so far starts at nothing."""
    balances = dict(before)
    after: list[int] = []
    for user_id, amount in moves:
        balances[user_id] = balances.get(user_id, 0) + amount
        after.append(balances[user_id])
    return after


class HoldStatus(enum.StrEnum):
    HELD = "held"
    CAPTURED = "captured"
    RELEASED = "released"
    REFUSED = "refused"
    """Not covered: the same request has this answer for ever, whatever comes into the wallet meanwhile."""


def is_refused(refused_attempt: int, refused_amount: int, attempt: int, amount: int) -> bool:
    """Whether a request to hold money is the one that was refused, or an earlier one that comes late; rupiah."""
    return attempt < refused_attempt or (attempt, amount) == (refused_attempt, refused_amount)


class AdjustmentStatus(enum.StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


BANK_NAMES = {
    BankCode.BCA: "Bank Central Asia",
    BankCode.BNI: "Bank Negara Indonesia",
    BankCode.BRI: "Bank Rakyat Indonesia",
    BankCode.MANDIRI: "Bank Mandiri",
    BankCode.CIMB: "CIMB Niaga",
    BankCode.PERMATA: "Bank Permata",
    BankCode.DANAMON: "Bank Danamon",
    BankCode.BTN: "Bank Tabungan Negara",
}


class WithdrawalStatus(enum.StrEnum):
    """DOMAIN.md 2; a completed withdrawal that its bank sends back becomes failed (docs/decisions/0031)."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a withdrawal must keep to; rupiah. The fee is inside the amount, the limits are for a day in Jakarta."""

    minimum: int
    fee: int
    daily_count: int
    daily_amount: int


class Refusal(enum.Enum):
    """Why a withdrawal cannot be requested."""

    TOO_SMALL = "too small"
    INSUFFICIENT = "insufficient"
    TOO_MANY_TODAY = "too many today"
    TOO_MUCH_TODAY = "too much today"


def judge_request(terms: Terms, amount: int, balance: int, count_today: int, amount_today: int) -> Refusal | None:
    """Why an amount cannot be withdrawn, or None; ``count_today`` and ``amount_today`` are of earlier requests."""
    if amount < terms.minimum or amount <= terms.fee:
        return Refusal.TOO_SMALL
    if amount > balance:
        return Refusal.INSUFFICIENT
    if count_today >= terms.daily_count:
        return Refusal.TOO_MANY_TODAY
    if amount_today + amount > terms.daily_amount:
        return Refusal.TOO_MUCH_TODAY
    return None


BATCH_DAYS = (1, 4)
"""Tuesday and Friday, as Python counts weekdays."""
BATCH_HOUR = 10
BATCH_CRON = f"0 {BATCH_HOUR} * * 2,5"
"""The same as a cron expression, on the clock of Jakarta."""


def batch_start_by(moment: datetime) -> datetime:
    """The last start of a batch by the calendar that is not after the moment."""
    local = moment.astimezone(JAKARTA)
    start = local.replace(hour=BATCH_HOUR, minute=0, second=0, microsecond=0)
    while start > local or start.weekday() not in BATCH_DAYS:
        start -= timedelta(days=1)
    return start.astimezone(moment.tzinfo)


def batch_of(requested_at: datetime) -> datetime:
    """The first batch by the calendar that a request is in: it was made before the batch starts."""
    start = requested_at.astimezone(JAKARTA).replace(hour=BATCH_HOUR, minute=0, second=0, microsecond=0)
    while start <= requested_at or start.weekday() not in BATCH_DAYS:
        start += timedelta(days=1)
    return start.astimezone(requested_at.tzinfo)


def jakarta_day_start(moment: datetime) -> datetime:
    """The midnight in Asia/Jakarta at which the moment's day began."""
    return moment.astimezone(JAKARTA).replace(hour=0, minute=0, second=0, microsecond=0)


def new_code(prefix: str, now: datetime, random: str) -> str:
    """A code for people: ``WD-20261123-ABCDEF``."""
    return f"{prefix}-{jakarta_day(now)}-{random}"


def next_event_attempt(attempts: int, now: datetime) -> datetime:
    """When a stored event whose processing failed ``attempts`` times is tried again: 5 s, doubling, at most an hour."""
    return now + timedelta(seconds=min(3600, 5 * 2 ** min(attempts, 10)))


def fingerprint(*content: object) -> bytes:
    """A digest that is equal for equal content."""
    return hashlib.sha256(repr(content).encode()).digest()


FAILURE_ALERT_PERCENT = 10
BATCH_ALERT = timedelta(days=4)
PENDING_ALERT = 100
ALERT_WINDOW = timedelta(days=7)
"""Over how long the share of failures is taken."""


class Alert(enum.StrEnum):
    """DOMAIN.md 3.10."""

    FAILURES = "failures"
    BATCH_OVERDUE = "batch_overdue"
    MANY_PENDING = "many_pending"


def alerts_of(now: datetime, completed: int, failed: int, pending: int, waiting_since: datetime | None) -> list[Alert]:
    """What finance must look at. ``waiting_since`` is the last batch, or what waits for a first one; None: nothing does."""
    found: list[Alert] = []
    if failed * 100 > FAILURE_ALERT_PERCENT * (completed + failed):
        found.append(Alert.FAILURES)
    if waiting_since is not None and now - waiting_since > BATCH_ALERT:
        found.append(Alert.BATCH_OVERDUE)
    if pending > PENDING_ALERT:
        found.append(Alert.MANY_PENDING)
    return found


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_text(text: str) -> str:
    """A cell's text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
