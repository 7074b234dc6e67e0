"""Xendit's callbacks: their proof (a fixed token in ``x-callback-token``) and their reading into typed values.

They come more than once and in any order: keep ``dedupe_key`` unique, and never let an older state undo a newer one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

import msgspec

from patungan.providers.errors import UnreadableCallback, without_personal_data
from patungan.providers.signatures import same_secret, verify_hmac_sha256
from patungan.providers.xendit.invoices import InvoiceStatus
from patungan.providers.xendit.payouts import Payout
from patungan.providers.xendit.refunds import Refund

T = TypeVar("T")


class InvoiceCallback(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice was paid or has expired. ``paid_amount`` may differ from ``amount``; the payer's data is left out."""

    id: str
    external_id: str
    status: InvoiceStatus
    amount: int
    currency: str
    created: datetime
    updated: datetime
    paid_amount: int | None = None
    paid_at: datetime | None = None
    payment_id: str | None = None
    payment_method: str | None = None
    payment_channel: str | None = None
    fees_paid_amount: int | None = None

    @property
    def dedupe_key(self) -> str:
        """The same for every delivery of this news: the invoice's id with its state."""
        return f"invoice:{self.id}:{self.status}"


class RefundCallback(msgspec.Struct, frozen=True, kw_only=True):
    event: str
    refund: Refund = msgspec.field(name="data")
    created: datetime | None = None

    @property
    def dedupe_key(self) -> str:
        """The same for every delivery of this news: the refund's id with its state."""
        return f"refund:{self.refund.id}:{self.refund.status}"


class PayoutCallback(msgspec.Struct, frozen=True, kw_only=True):
    event: str
    payout: Payout = msgspec.field(name="data")
    created: datetime | None = None

    @property
    def dedupe_key(self) -> str:
        """The same for every delivery of this news: the payout's id with its state."""
        return f"payout:{self.payout.id}:{self.payout.status}"


class UnknownCallback(msgspec.Struct, frozen=True, kw_only=True):
    """News of a product that we do not use, or newer than this client: to be kept and answered with yes."""

    event: str = ""


Callback = InvoiceCallback | RefundCallback | PayoutCallback | UnknownCallback

_ENVELOPES: dict[str, type[RefundCallback | PayoutCallback]] = {
    "refund.succeeded": RefundCallback,
    "refund.failed": RefundCallback,
    "payout.succeeded": PayoutCallback,
    "payout.failed": PayoutCallback,
    "payout.reversed": PayoutCallback,
}


def verify_callback_token(expected: str, given: str | None) -> bool:
    """Whether ``x-callback-token`` carries the token of the Xendit dashboard; never true without one configured."""
    return same_secret(expected, given)


def verify_signature(secret: str, raw_body: bytes, signature: str | None) -> bool:
    """Whether the signature is the hex HMAC-SHA256 of the raw body, as a relay before us may add; Xendit itself does not."""
    return verify_hmac_sha256(secret, raw_body, signature)


def parse_callback(raw: bytes) -> Callback:
    """Read a callback's body. Raises UnreadableCallback when it is not JSON, or not what its event promises."""
    try:
        document = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        raise UnreadableCallback("the callback is not JSON") from None
    if not isinstance(document, Mapping):
        raise UnreadableCallback("the callback is not a JSON object")
    event = document.get("event")
    if not isinstance(event, str):
        # Only invoices come without an envelope; old disbursements and virtual accounts do too, but name no merchant.
        if "merchant_name" in document and "status" in document:
            return _convert(document, InvoiceCallback)
        return UnknownCallback()
    inner = document.get("data")
    if isinstance(inner, Mapping) and "event" in inner and "data" in inner:
        # One example of the documentation wraps the envelope in itself.
        document = inner
    known = _ENVELOPES.get(event)
    return UnknownCallback(event=event) if known is None else _convert(document, known)


def _convert(document: Mapping[str, object], kind: type[T]) -> T:
    try:
        return msgspec.convert(document, kind, strict=False)
    except msgspec.ValidationError as error:
        reason = without_personal_data(str(error))
    raise UnreadableCallback(f"the callback is no {kind.__name__}: {reason}")
