"""Xendit payouts v2: money out to a bank account or e-wallet. Amounts are whole rupiah."""

from __future__ import annotations

from datetime import datetime

import msgspec

from patungan.providers.messages import Private, Status, rupiah

# Worth the same payout again after a while; every other failure needs a person or another account.
PASSING_PAYOUT_FAILURES = frozenset({"INSUFFICIENT_BALANCE", "TEMPORARY_TRANSFER_ERROR"})


class PayoutStatus(Status):
    """ACCEPTED, then REQUESTED, then SUCCEEDED or FAILED; a SUCCEEDED one may still come back as REVERSED."""

    ACCEPTED = "ACCEPTED"
    REQUESTED = "REQUESTED"
    LOCKED = "LOCKED"
    PENDING_COMPLIANCE_ASSESSMENT = "PENDING_COMPLIANCE_ASSESSMENT"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    REVERSED = "REVERSED"
    CANCELLED = "CANCELLED"
    COMPLIANCE_REJECTED = "COMPLIANCE_REJECTED"
    EXPIRED = "EXPIRED"
    UNKNOWN = "UNKNOWN"


class PayoutAccount(Private, frozen=True, kw_only=True):
    account_number: str
    account_holder_name: str


class PayoutReceipt(Private, frozen=True, kw_only=True):
    """Who gets a receipt by e-mail, three at most."""

    email_to: tuple[str, ...]


class PayoutRequest(Private, frozen=True, kw_only=True, omit_defaults=True):
    """``channel_code`` as ``payout_channel`` gives it; ``description`` reaches the bank statement, cut by the bank."""

    reference_id: str
    channel_code: str
    account: PayoutAccount = msgspec.field(name="channel_properties")
    amount: int
    description: str = ""
    receipt: PayoutReceipt | None = msgspec.field(default=None, name="receipt_notification")
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    currency: str = msgspec.field(default_factory=rupiah)


class Payout(msgspec.Struct, frozen=True, kw_only=True):
    """A payout as Xendit holds it, without the receiver's account. A lack of balance shows as FAILED, not as a refusal."""

    id: str
    reference_id: str
    channel_code: str
    amount: int
    status: PayoutStatus
    currency: str = "IDR"
    failure_code: str | None = None
    estimated_arrival_time: datetime | None = None
    created: datetime | None = None
    updated: datetime | None = None
