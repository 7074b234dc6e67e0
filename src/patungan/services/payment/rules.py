"""Decisions of payment: what a provider's news means, how escrow is divided, which way a refund goes. No I/O."""

from __future__ import annotations

import enum
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

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

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far a callback's time may lie ahead of ours."""

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
    """Why money goes back, which says where it stood: in a session's or an order's escrow, released long ago (the platform
    bears it), nowhere (it came late or twice), or in quarantine."""

    SESSION = "session"
    ORDER = "order"
    GOODWILL = "goodwill"
    LATE = "late"
    TWICE = "twice"
    QUARANTINE = "quarantine"

    @property
    def lessens_payment(self) -> bool:
        """Whether it gives back what a payment counts as paid."""
        return self in (RefundKind.SESSION, RefundKind.ORDER, RefundKind.GOODWILL)


class Destination(enum.StrEnum):
    """Where a refund goes: back the way it came, or to the buyer's wallet."""

    SOURCE = "source"
    WALLET = "wallet"


class ReceiptKind(enum.StrEnum):
    IN_TIME = "in_time"
    LATE = "late"
    TWICE = "twice"
    QUARANTINED = "quarantined"
    RETURNED = "returned"
    """Quarantined money that finance sends back."""


class Source(enum.StrEnum):
    """Where a receipt's money came from."""

    XENDIT = "xendit"
    WALLET = "wallet"
    QUARANTINE = "quarantine"


class WalletState(enum.StrEnum):
    """How a payment's wallet part stands: asked for, held, taken by the payment, on its way back, back."""

    ASKED = "asked"
    HELD = "held"
    CAPTURED = "captured"
    RETURNING = "returning"
    RELEASED = "released"


class RequestStatus(enum.StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


class Resolution(enum.StrEnum):
    """What finance does with quarantined money: the payment counts and the excess goes back, or all of it goes back."""

    ACCEPTED = "accepted"
    REFUNDED = "refunded"


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
    UNREADABLE = "unreadable"
    """Not what its event promises; kept, and refused so that the provider shows it as failing."""
    STALE = "stale"
    """Older than the provider sends anything: not believed, the provider is asked instead."""
    STORED = "stored"
    """Kept, and worked off in a moment."""
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
    fee: int = 0
    """What the provider kept of it, where it tells."""


@dataclass(frozen=True, slots=True)
class Owed:
    """What a payment's state says to a piece of news about it; ``total`` is what the provider was asked for."""

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


WALLET_RECEIPT = "wallet/"
"""How the receipts of wallet money are named, before their payment's id."""


def provider_invoice(receipt_id: str) -> str:
    """The provider's invoice that a receipt's money came by; finance's decisions on it carry a suffix."""
    return receipt_id.split("/", 1)[0]


class Receivable(msgspec.Struct, frozen=True):
    """A receipt with what of it may still go back, in rupiah."""

    invoice_id: str
    method: str
    source: Source
    left: Rupiah


def split_refund(amount: int, receipts: Sequence[Receivable]) -> list[tuple[Receivable, Rupiah]] | None:
    """From which receipts a refund is taken: what the provider took in first, then the wallet's part. None where they do
    not hold that much any more."""
    parts: list[tuple[Receivable, Rupiah]] = []
    rest = amount
    for each in sorted(receipts, key=lambda receipt: (receipt.source is Source.WALLET, receipt.invoice_id)):
        part = min(rest, each.left)
        if part > 0:
            parts.append((each, Rupiah(part)))
            rest -= part
    return parts if rest == 0 else None


def persons_needed(amount: int, limit: int) -> int:
    """How many persons of finance must agree to a refund: two above the limit, one up to it."""
    return 2 if amount > limit else 1


def is_stale(told_at: datetime | None, now: datetime, window: timedelta) -> bool:
    """Whether a callback is older than the provider sends anything, or from the future: a replay, or a clock gone wrong."""
    return told_at is not None and not now - window <= told_at <= now + CLOCK_TOLERANCE


class Progress(enum.StrEnum):
    """What a buyer is told beside the status: whether something is under way that they cannot see."""

    NONE = "none"
    HOLDING_WALLET = "holding_wallet"
    """The wallet was asked for its part and has not answered."""
    OPENING = "opening"
    """The provider was asked for an invoice and has not answered."""
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    """The provider fails at the moment; nothing is lost, paying can be begun later."""
    CONFIRMING = "confirming"
    """The time to pay is over and the provider is being asked how it ended."""
    QUARANTINED = "quarantined"
    """Money came that is not what was asked; finance looks at it."""
    REFUNDING = "refunding"
    """Money is on its way back."""


@dataclass(frozen=True, slots=True)
class UnderWay:
    """What is known of a payment beyond its status."""

    expires_at: datetime
    wallet_state: str | None
    invoice_asked: bool
    invoice_known: bool
    quarantined: bool
    refunding: bool


def progress_of(status: PaymentStatus, facts: UnderWay, now: datetime, *, provider_fails: bool) -> Progress:
    """The most important thing under way."""
    if facts.refunding or facts.wallet_state == WalletState.RETURNING:
        return Progress.REFUNDING
    if facts.quarantined:
        return Progress.QUARANTINED
    if status is not PaymentStatus.PENDING:
        return Progress.NONE
    if facts.wallet_state == WalletState.ASKED:
        return Progress.HOLDING_WALLET
    if facts.invoice_asked and facts.expires_at <= now:
        return Progress.CONFIRMING
    if facts.invoice_known:
        return Progress.NONE
    if provider_fails:
        return Progress.PROVIDER_UNAVAILABLE
    return Progress.OPENING if facts.invoice_asked else Progress.NONE


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


def next_end_look(looks: int, now: datetime) -> datetime:
    """When the provider is asked again how an invoice ended, of whose end it told nothing ``looks`` times: a minute,
    doubling, at most an hour."""
    return now + timedelta(minutes=min(60, 2 ** min(looks, 6)))


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


@dataclass(frozen=True, slots=True)
class OrderDivision:
    """How an order's escrow is divided, in rupiah; the parts add up to ``total``."""

    seller: Rupiah
    warehouse: Rupiah
    commission: Rupiah
    courier: Rupiah
    fee_income: Rupiah

    @property
    def total(self) -> Rupiah:
        return Rupiah(self.seller + self.warehouse + self.commission + self.courier + self.fee_income)


def divide_order(
    *, seller_revenue: int, warehouse_revenue: int, shipping: int, fee: int, commission_percent: int
) -> OrderDivision:
    """Divide an order's escrow as a session's: the commission of all product revenue rounded once, the seller's share of
    it its own, rounded, and the warehouse's the rest. Raises ValueError for a negative part."""
    parts = divide_escrow(
        cashback=0,
        factory_revenue=seller_revenue,
        warehouse_revenue=warehouse_revenue,
        leg1=0,
        leg2=shipping,
        fee=fee,
        commission_percent=commission_percent,
    )
    return OrderDivision(parts.factory, parts.warehouse, parts.commission, parts.courier, parts.fee_income)
