"""A buyer pays: by the pay page or by a test's order, on time, late, another amount, with the callback held or doubled."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

import msgspec

from patungan.sandbox.clock import parse_iso
from patungan.sandbox.context import Sandbox
from patungan.sandbox.xendit import books, channels, invoices
from patungan.sandbox.xendit.errors import XenditError, invalid
from patungan.sandbox.xendit.invoices import Invoice


class PayInvoice(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How to pay. ``callback`` may be sent at once, held until released, or sent before an EXPIRED one.

    ``force`` pays an expired invoice, as a bank transfer that was under way does.
    """

    payment_method: channels.PaymentMethod = "BANK_TRANSFER"
    payment_channel: str | None = None
    amount: Annotated[int, msgspec.Meta(gt=0)] | None = None
    paid_at: str | None = None
    callbacks: Annotated[int, msgspec.Meta(ge=1, le=20)] = 1
    callback: Literal["send", "hold", "before_expired"] = "send"
    force: bool = False


class Paid(msgspec.Struct):
    invoice: Invoice
    callbacks: list[int]


def pay(sandbox: Sandbox, invoice_id: str, order: PayInvoice) -> Paid:
    """Take the payment, its fee and its callback into the books at once; raises XenditError when it is refused."""
    invoice = invoices.find(sandbox, invoice_id)
    _check_payable(invoice, force=order.force)
    channel = _channel(invoice, order)
    now = sandbox.now()
    paid = msgspec.structs.replace(
        invoice,
        status="PAID",
        updated=now,
        paid_amount=order.amount or invoice.amount,
        paid_at=now if order.paid_at is None else _paid_at(order.paid_at),
        payment_method=order.payment_method,
        payment_channel=channel,
        payment_id=str(uuid.uuid4()),
        payment_request_id=f"pr-{uuid.uuid4()}",
    )
    with sandbox.store.transaction():
        sandbox.store.execute(
            "update invoices set status = 'PAID', updated = ?, paid_amount = ?, paid_at = ?, payment_method = ?,"
            " payment_channel = ?, payment_id = ?, payment_request_id = ? where id = ?",
            *(paid.updated, paid.paid_amount, paid.paid_at, paid.payment_method, paid.payment_channel),
            *(paid.payment_id, paid.payment_request_id, paid.id),
        )
        _record(sandbox, paid)
        numbers = invoices.announce(sandbox, paid, held=order.callback == "hold", copies=order.callbacks)
        if order.callback == "before_expired":
            numbers += invoices.announce(sandbox, msgspec.structs.replace(invoice, status="EXPIRED", updated=now))
    return Paid(paid, numbers)


def settle(sandbox: Sandbox, invoice_id: str) -> Invoice:
    """Mark a paid invoice as settled to the merchant's balance; Xendit sends no callback for it."""
    invoice = invoices.find(sandbox, invoice_id)
    if invoice.status not in ("PAID", "SETTLED"):
        raise invalid("invoice_id", f"The invoice is {invoice.status}, only a paid one settles")
    settled = msgspec.structs.replace(invoice, status="SETTLED", updated=sandbox.now())
    sandbox.store.execute(
        "update invoices set status = 'SETTLED', updated = ? where id = ?", settled.updated, settled.id
    )
    return settled


def _check_payable(invoice: Invoice, *, force: bool) -> None:
    if invoice.status in ("PAID", "SETTLED"):
        raise XenditError(409, "INVOICE_ALREADY_PAID", "The invoice is paid already")
    if invoice.status == "EXPIRED" and not force:
        raise XenditError(
            409, "INVOICE_EXPIRED", "The invoice has expired; a late bank transfer is paid with force set to true"
        )


def _channel(invoice: Invoice, order: PayInvoice) -> str:
    offered = [name for name in invoice.payment_channels if channels.INCOMING[name] == order.payment_method]
    channel = order.payment_channel or (offered[0] if offered else None)
    if channel is None or channel not in offered:
        raise XenditError(
            400,
            "UNAVAILABLE_PAYMENT_METHOD_ERROR",
            f"The invoice can not be paid by {order.payment_method} {order.payment_channel or ''}".rstrip(),
        )
    return channel


def _paid_at(text: str) -> int:
    try:
        return parse_iso(text)
    except ValueError as error:
        raise invalid("paid_at", "paid_at is not an ISO 8601 time") from error


def _record(sandbox: Sandbox, invoice: Invoice) -> None:
    if invoice.payment_id is None or invoice.payment_method is None or invoice.paid_amount is None:
        raise LookupError(f"invoice {invoice.id} is not paid")
    fee = channels.provider_fee(sandbox.settings, invoice.payment_method, invoice.paid_amount)
    about = {"external_id": invoice.external_id, "invoice_id": invoice.id}
    books.record(sandbox, "payment", invoice.payment_id, invoice.paid_amount, "SUCCEEDED", **about)
    books.record(
        sandbox, "payment_fee", invoice.payment_id, fee, "SUCCEEDED", movement_id=f"{invoice.payment_id}-fee", **about
    )
