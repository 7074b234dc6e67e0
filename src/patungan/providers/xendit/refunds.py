"""Xendit refunds: money back to the card, wallet or account it came from. Amounts are whole rupiah."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from patungan.providers.messages import Status, rupiah


class RefundStatus(Status):
    """The answer to a new refund is PENDING; the final state comes by callback."""

    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    UNKNOWN = "UNKNOWN"


class RefundReason(StrEnum):
    FRAUDULENT = "FRAUDULENT"
    DUPLICATE = "DUPLICATE"
    REQUESTED_BY_CUSTOMER = "REQUESTED_BY_CUSTOMER"
    CANCELLATION = "CANCELLATION"
    OTHERS = "OTHERS"


class RefundRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Names the payment by ``invoice_id`` or ``payment_request_id``. Virtual accounts and shops cannot be refunded so."""

    reference_id: str
    amount: int
    reason: RefundReason
    invoice_id: str = ""
    payment_request_id: str = ""
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    currency: str = msgspec.field(default_factory=rupiah)


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """``failure_code`` says why a FAILED refund failed; the fee is what Xendit charges us for it."""

    id: str
    amount: int
    status: RefundStatus
    currency: str = "IDR"
    invoice_id: str | None = None
    payment_request_id: str | None = None
    payment_id: str | None = None
    payment_method_type: str | None = None
    channel_code: str | None = None
    reference_id: str | None = None
    reason: str | None = None
    failure_code: str | None = None
    refund_fee_amount: int | None = None
    created: datetime | None = None
    updated: datetime | None = None
