"""Refunds: back to the card, wallet or QRIS account that paid, in parts or whole, never more than was paid."""

from __future__ import annotations

import uuid
from typing import Annotated, Final, Literal

import msgspec

from patungan.sandbox.clock import iso
from patungan.sandbox.context import Sandbox
from patungan.sandbox.xendit import books, channels, idempotency
from patungan.sandbox.xendit.errors import XenditError, invalid, whole_rupiah
from patungan.sandbox.xendit.invoices import Invoice

SCHEMA: Final = """
create table if not exists refunds (
    id text primary key,
    invoice_id text not null references invoices (id),
    payment_id text not null,
    payment_request_id text,
    reference_id text,
    external_id text not null,
    amount integer not null check (amount > 0),
    status text not null check (status in ('PENDING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
    reason text,
    failure_code text,
    payment_method_type text not null,
    channel_code text not null,
    metadata text,
    due integer,
    created integer not null,
    updated integer not null
) strict;
create index if not exists refunds_invoice on refunds (invoice_id);
create index if not exists refunds_due on refunds (due) where status = 'PENDING';
create index if not exists refunds_created on refunds (created);
"""

Reason = Literal["FRAUDULENT", "DUPLICATE", "REQUESTED_BY_CUSTOMER", "CANCELLATION", "OTHERS"]
FailureCode = Literal[
    "ACCOUNT_ACCESS_BLOCKED", "ACCOUNT_NOT_FOUND", "DUPLICATE_ERROR", "INSUFFICIENT_BALANCE", "REFUND_FAILED"
]
CONFLICT: Final = "IDEMPOTENCY_ERROR"
SCOPE: Final = "refund"


class CreateRefund(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The request; without an amount all that is left is refunded."""

    payment_request_id: str | None = None
    invoice_id: str | None = None
    reference_id: Annotated[str, msgspec.Meta(max_length=255)] | None = None
    amount: Annotated[float, msgspec.Meta(gt=0)] | None = None
    currency: str | None = None
    reason: Reason | None = None
    metadata: dict[str, object] | None = None


class Refund(msgspec.Struct, kw_only=True):
    """A refund as stored; ``due`` is when the sandbox decides it, None when it is decided or held open."""

    id: str
    invoice_id: str
    payment_id: str
    payment_request_id: str | None
    reference_id: str | None
    external_id: str
    amount: int
    status: Literal["PENDING", "SUCCEEDED", "FAILED", "CANCELLED"]
    reason: str | None
    failure_code: str | None
    payment_method_type: str
    channel_code: str
    metadata: str | None
    due: int | None
    created: int
    updated: int


def create(sandbox: Sandbox, request: CreateRefund, key: str | None) -> Refund:
    """Start a refund, PENDING at first; raises XenditError with Xendit's codes when it may not be."""
    digest = idempotency.fingerprint(request)
    if key is not None and (known := idempotency.earlier(sandbox, SCOPE, key, digest, CONFLICT)) is not None:
        return find(sandbox, known)
    if request.currency not in (None, "IDR"):
        raise invalid("currency", "currency must be that of the payment, IDR")
    invoice = _paid_invoice(sandbox, request)
    amount = _checked_amount(sandbox, request, invoice)
    now = sandbox.now()
    refund_id = f"rfd-{uuid.uuid4()}"
    with sandbox.store.transaction():
        sandbox.store.execute(
            "insert into refunds (id, invoice_id, payment_id, payment_request_id, reference_id, external_id, amount,"
            " status, reason, payment_method_type, channel_code, metadata, due, created, updated)"
            " values (?, ?, ?, ?, ?, ?, ?, 'PENDING', ?, ?, ?, ?, ?, ?, ?)",
            *(refund_id, invoice.id, invoice.payment_id, invoice.payment_request_id, request.reference_id),
            *(invoice.external_id, amount, request.reason, _refund_type(sandbox, invoice), invoice.payment_channel),
            None if request.metadata is None else msgspec.json.encode(request.metadata).decode(),
            *(now + round(sandbox.settings.refund_delay * 1000), now, now),
        )
        books.record(
            *(sandbox, "refund", refund_id, amount, "PENDING"),
            external_id=invoice.external_id,
            reference_id=request.reference_id,
            invoice_id=invoice.id,
        )
        if key is not None:
            idempotency.remember(sandbox, SCOPE, key, digest, refund_id)
    return find(sandbox, refund_id)


def _paid_invoice(sandbox: Sandbox, request: CreateRefund) -> Invoice:
    if request.invoice_id is None and request.payment_request_id is None:
        raise invalid("payment_request_id", "payment_request_id or invoice_id is required")
    invoice = sandbox.store.one(
        Invoice,
        "select * from invoices where (?1 is null or id = ?1) and (?2 is null or payment_request_id = ?2)",
        *(request.invoice_id, request.payment_request_id),
    )
    if invoice is None:
        raise XenditError(404, "DATA_NOT_FOUND", "Could not find the payment to refund")
    if invoice.status not in ("PAID", "SETTLED"):
        raise XenditError(400, "INELIGIBLE_TRANSACTION", f"The invoice is {invoice.status}, nothing was paid")
    return invoice


def _refund_type(sandbox: Sandbox, invoice: Invoice) -> str:
    kind = channels.REFUND_TYPE.get(invoice.payment_method or "")
    if kind is None or (kind == "QR_CODE" and not sandbox.settings.refund_qris):
        raise XenditError(
            400, "REFUND_NOT_SUPPORTED", f"Payments by {invoice.payment_method} can not be refunded to their source"
        )
    return kind


def refunded(sandbox: Sandbox, invoice_id: str) -> int:
    """Rupiah of an invoice that went back or are on their way."""
    return sandbox.store.number(
        "select sum(amount) from refunds where invoice_id = ? and status in ('PENDING', 'SUCCEEDED')", invoice_id
    )


def _checked_amount(sandbox: Sandbox, request: CreateRefund, invoice: Invoice) -> int:
    _refund_type(sandbox, invoice)
    left = (invoice.paid_amount or 0) - refunded(sandbox, invoice.id)
    if left <= 0:
        raise XenditError(400, "MAXIMUM_REFUND_AMOUNT_REACHED", "The payment has been refunded completely")
    amount = left if request.amount is None else whole_rupiah("amount", request.amount)
    if amount > left:
        raise XenditError(400, "REFUND_AMOUNT_EXCEEDED", f"The refund exceeds the {left} that are left of the payment")
    if amount > books.balance(sandbox):
        raise XenditError(400, "INSUFFICIENT_BALANCE", "The balance does not cover the refund")
    return amount


def find(sandbox: Sandbox, refund_id: str) -> Refund:
    """Read a refund; raises 404 DATA_NOT_FOUND."""
    refund = sandbox.store.one(Refund, "select * from refunds where id = ?", refund_id)
    if refund is None:
        raise XenditError(404, "DATA_NOT_FOUND", "Could not find the refund")
    return refund


def cancel(sandbox: Sandbox, refund_id: str) -> Refund:
    """Stop a refund that is still pending; raises 400 INELIGIBLE_TRANSACTION for any other."""
    refund = find(sandbox, refund_id)
    if refund.status != "PENDING":
        raise XenditError(400, "INELIGIBLE_TRANSACTION", f"The refund is {refund.status} and can not be cancelled")
    with sandbox.store.transaction():
        return _conclude(sandbox, refund, "CANCELLED", None)


def decide(sandbox: Sandbox, refund: Refund, failure_code: str | None) -> Refund:
    """End a pending refund, well or with a failure code, and tell it by callback."""
    with sandbox.store.transaction():
        final = _conclude(sandbox, refund, "SUCCEEDED" if failure_code is None else "FAILED", failure_code)
        announcement = {
            "event": f"refund.{final.status.lower()}",
            "business_id": sandbox.settings.xendit_business_id,
            "created": iso(final.updated),
            "data": rendered(final),
        }
        sandbox.outbox.enqueue(
            *("xendit", f"refund.{final.status.lower()}", final.id, sandbox.settings.refund_callback_url),
            msgspec.json.encode(announcement),
        )
    return final


def _conclude(sandbox: Sandbox, refund: Refund, status: str, failure_code: str | None) -> Refund:
    sandbox.store.execute(
        "update refunds set status = ?, failure_code = ?, due = null, updated = ? where id = ?",
        *(status, failure_code, sandbox.now(), refund.id),
    )
    books.conclude(sandbox, refund.id, status)
    return find(sandbox, refund.id)


def decide_due(sandbox: Sandbox, limit: int = 200) -> int:
    """Decide the refunds whose time has come, asking the fault desk for ``settle_refund``; returns how many."""
    due = sandbox.store.all(
        Refund,
        "select * from refunds where status = 'PENDING' and due <= ? order by due limit ?",
        *(sandbox.now(), limit),
    )
    for refund in due:
        failure_code, delay = None, 0.0
        for fault in sandbox.faults.take("xendit", "settle_refund"):
            if fault.action == "fail":
                failure_code = fault.error_code or "REFUND_FAILED"
            elif fault.action == "delay":
                delay += fault.seconds
        if delay:
            sandbox.store.execute(
                "update refunds set due = ? where id = ?", sandbox.now() + round(delay * 1000), refund.id
            )
        else:
            decide(sandbox, refund, failure_code)
    return len(due)


def _position(sandbox: Sandbox, refund_id: str | None) -> tuple[int | None, str | None]:
    if refund_id is None:
        return None, None
    refund = find(sandbox, refund_id)
    return refund.created, refund.id


def search(
    sandbox: Sandbox,
    *,
    invoice_id: str | None = None,
    payment_request_id: str | None = None,
    payment_method_type: str | None = None,
    channel_code: str | None = None,
    after_id: str | None = None,
    before_id: str | None = None,
    limit: int = 10,
) -> tuple[list[Refund], bool]:
    """Refunds newest first, and whether there are more; ``after_id`` goes on to older ones, ``before_id`` back."""
    direction = "asc" if before_id else "desc"
    rows = sandbox.store.all(
        Refund,
        "select * from refunds where (?1 is null or invoice_id = ?1) and (?2 is null or payment_request_id = ?2)"
        " and (?3 is null or payment_method_type = ?3) and (?4 is null or channel_code = ?4)"
        " and (?5 is null or (created, id) < (?5, ?6)) and (?7 is null or (created, id) > (?7, ?8))"
        f" order by created {direction}, id {direction} limit ?9",
        *(invoice_id, payment_request_id, payment_method_type, channel_code),
        *_position(sandbox, after_id),
        *_position(sandbox, before_id),
        limit + 1,
    )
    shown = rows[:limit]
    return shown[::-1] if before_id else shown, len(rows) > limit


def rendered(refund: Refund) -> dict[str, object]:
    """The refund as the API answers it and the callback carries it."""
    return {
        "id": refund.id,
        "payment_request_id": refund.payment_request_id,
        "payment_id": refund.payment_id,
        "invoice_id": refund.invoice_id,
        "payment_method_type": refund.payment_method_type,
        "reference_id": refund.reference_id,
        "channel_code": refund.channel_code,
        "currency": "IDR",
        "amount": refund.amount,
        "status": refund.status,
        "reason": refund.reason,
        "failure_code": refund.failure_code,
        "refund_fee_amount": None,
        "country": "ID",
        "created": iso(refund.created),
        "updated": iso(refund.updated),
        "metadata": None if refund.metadata is None else msgspec.json.decode(refund.metadata),
    }
