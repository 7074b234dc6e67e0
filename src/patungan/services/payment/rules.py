"""Decisions of payment: what a provider's news means, how escrow is divided, which way a refund goes. No I/O."""

from __future__ import annotations

import enum
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from patungan.kernel.money import Rupiah, half_up_percent

CODE_LENGTH = 6
"""Random characters of PAY- and REF- codes (DOMAIN.md 1)."""

INVOICE_MARGIN = timedelta(seconds=5)
"""How long before its payment an invoice ends, so that no delay on the way lets it outlive the payment."""
SHORTEST_INVOICE = timedelta(seconds=10)
"""With less time left an invoice is not opened any more."""
INVOICE_LEASE = timedelta(seconds=150)
"""How long whoever asks for an invoice is left alone with it: longer than a call and a look-up may take together."""

NEWS_GRACE = timedelta(seconds=30)
"""How long after its end an opened invoice's own news is waited for before the provider is asked."""
SILENCE_GRACE = timedelta(minutes=10)
"""How long a provider that does not answer holds up the end of a payment (DOMAIN.md 4.3)."""

REFUND_LOOKS = (5, 10, 20, 40, 60, 120, 240, 360)
"""Minutes between two looks at a refund of which no news came; the last one repeats."""


class PaymentStatus(enum.StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"
    REFUNDED = "refunded"


class RefundStatus(enum.StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    REJECTED = "rejected"


class RefundReason(enum.StrEnum):
    GROUP_FAILED_MOQ = "group_failed_moq"
    ORDER_CANCELLED = "order_cancelled"
    OUT_OF_STOCK = "out_of_stock"
    QUALITY_ISSUE = "quality_issue"
    DELIVERY_FAILED = "delivery_failed"
    CUSTOMER_REQUEST = "customer_request"
    OTHER = "other"


class RefundKind(enum.StrEnum):
    """Why money goes back: its session was called off, it came late, or it came twice."""

    SESSION = "session"
    LATE = "late"
    TWICE = "twice"


class Destination(enum.StrEnum):
    """Where a refund goes: back the way it came, or to the buyer's wallet."""

    SOURCE = "source"
    WALLET = "wallet"


class ReceiptKind(enum.StrEnum):
    IN_TIME = "in_time"
    LATE = "late"
    TWICE = "twice"
    QUARANTINED = "quarantined"


class Outcome(enum.StrEnum):
    """What became of a provider's news; kept with the stored event and answered to the provider."""

    PAID = "paid"
    LATE = "late"
    TWICE = "twice"
    MISMATCH = "mismatch"
    EXPIRED = "expired"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"
    UNCHANGED = "unchanged"
    UNKNOWN = "unknown"
    CONFLICT = "conflict"
    """Another content than before under the same name: a replay, or a forgery by somebody who knows the token."""


class Told(enum.Enum):
    """What an invoice's state says: money came, it ended without, or nothing yet."""

    MONEY = "money"
    END = "end"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class InvoiceNews:
    """An invoice's state as the provider tells it, by callback or when asked; amounts in rupiah."""

    invoice_id: str
    code: str
    told: Told
    amount: int
    paid_amount: int
    currency: str
    paid_at: datetime
    method: str
    channel: str


@dataclass(frozen=True, slots=True)
class Owed:
    """What a payment's state says to a piece of news about it."""

    status: PaymentStatus
    total: int
    expires_at: datetime
    invoice_id: str | None
    recorded: bool
    """Whether this invoice's money is in the books, or quarantined, already."""
    taken: bool
    """Whether the session still takes payments."""


def judge_invoice(news: InvoiceNews, owed: Owed, now: datetime) -> Outcome:
    """What an invoice's news does to its payment. Money counts when the payment is open, its session takes payments, and
    it was paid (or we hear of it) before the payment's end."""
    if news.told is Told.MONEY:
        return _judge_money(news, owed, now)
    ours = owed.invoice_id is None or owed.invoice_id == news.invoice_id
    if news.told is Told.END and ours and owed.status is PaymentStatus.PENDING:
        return Outcome.EXPIRED
    return Outcome.UNCHANGED


def _judge_money(news: InvoiceNews, owed: Owed, now: datetime) -> Outcome:
    if owed.recorded:
        return Outcome.UNCHANGED
    if news.currency != "IDR" or news.amount != owed.total or news.paid_amount != owed.total:
        return Outcome.MISMATCH
    if owed.status in (PaymentStatus.PAID, PaymentStatus.REFUNDED):
        return Outcome.TWICE
    in_time = min(news.paid_at, now) <= owed.expires_at
    return Outcome.PAID if owed.status is PaymentStatus.PENDING and owed.taken and in_time else Outcome.LATE


def invoice_seconds(expires_at: datetime, now: datetime) -> int | None:
    """For how many seconds an invoice opened now is valid; None when there is no time left for one."""
    left = expires_at - now
    return None if left < SHORTEST_INVOICE else int((left - INVOICE_MARGIN).total_seconds())


def payment_method(method: str | None, channel: str | None) -> str:
    """The provider's way of paying in our words (DOMAIN.md 2): ``credit_card``, ``bank_transfer``, ``ewallet_ovo``, ..."""
    match (method or "").upper():
        case "CREDIT_CARD":
            return "credit_card"
        case "EWALLET":
            return f"ewallet_{(channel or 'other').lower()}"
        case "QR_CODE" | "QRIS":
            return "qris"
        case "BANK_TRANSFER" | "POOL" | "CALLBACK_VIRTUAL_ACCOUNT":
            return "bank_transfer"
        case other:
            return other.lower() or "unknown"


def refund_destination(method: str) -> Destination:
    """Cards, e-wallets and QRIS take money back; a virtual account or a shop cannot (DOMAIN.md C-29)."""
    if method in ("credit_card", "qris") or method.startswith("ewallet_"):
        return Destination.SOURCE
    return Destination.WALLET


def refund_key(refund_id: object, attempt: int) -> str:
    """The provider's idempotency key of an attempt. A new attempt is made only after the last one failed for certain."""
    return str(refund_id) if attempt == 1 else f"{refund_id}-{attempt}"


def refund_reference(code: str, attempt: int) -> str:
    """Our name of an attempt at the provider."""
    return code if attempt == 1 else f"{code}-{attempt}"


_REFERENCE = re.compile(r"^(REF-\d{8}-[0-9A-Z]{6})(?:-(\d{1,4}))?$")


def attempt_of(reference: str | None) -> tuple[str, int] | None:
    """The refund's code and the attempt that a reference at the provider names; None where it is not one of ours."""
    found = _REFERENCE.match(reference or "")
    return None if found is None else (found.group(1), int(found.group(2) or 1))


def next_refund_look(looks: int, now: datetime) -> datetime:
    """When a refund that was taken up ``looks`` times before is taken up again, unless news comes first."""
    return now + timedelta(minutes=REFUND_LOOKS[min(looks, len(REFUND_LOOKS) - 1)])


def next_event_attempt(attempts: int, now: datetime) -> datetime:
    """When a stored event whose processing failed ``attempts`` times is tried again: 5 s, doubling, at most an hour."""
    return now + timedelta(seconds=min(3600, 5 * 2 ** min(attempts, 10)))


def fingerprint(*content: object) -> bytes:
    """A digest that is equal for equal content."""
    return hashlib.sha256("\x1f".join(map(str, content)).encode()).digest()


@dataclass(frozen=True, slots=True)
class Division:
    """How an escrow is divided, in rupiah; the parts add up to ``total``."""

    cashback: Rupiah
    factory: Rupiah
    warehouse: Rupiah
    commission: Rupiah
    courier: Rupiah
    fee_income: Rupiah

    @property
    def total(self) -> Rupiah:
        parts = (self.cashback, self.factory, self.warehouse, self.commission, self.courier, self.fee_income)
        return Rupiah(sum(parts))


def divide_escrow(
    *,
    cashback: int,
    factory_revenue: int,
    warehouse_revenue: int,
    leg1: int,
    leg2: int,
    fee: int,
    commission_percent: int,
) -> Division:
    """Divide a session's escrow (DOMAIN.md 6.2). The commission is taken of all product revenue and rounded once; the
    factory's share of it is its own, rounded, and the warehouse's the rest. Raises ValueError for a negative part."""
    if min(cashback, factory_revenue, warehouse_revenue, leg1, leg2, fee) < 0:
        raise ValueError("no part of an escrow is negative")
    commission = half_up_percent(factory_revenue + warehouse_revenue, commission_percent)
    of_factory = half_up_percent(factory_revenue, commission_percent)
    return Division(
        cashback=Rupiah(cashback),
        factory=Rupiah(factory_revenue - of_factory),
        warehouse=Rupiah(leg1 + warehouse_revenue - (commission - of_factory)),
        commission=commission,
        courier=Rupiah(leg2),
        fee_income=Rupiah(fee),
    )
