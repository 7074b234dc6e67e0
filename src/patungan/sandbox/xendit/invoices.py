"""Invoices v2: created, read, listed, expired by hand or by time; each end is told by one flat callback."""

from __future__ import annotations

import re
import secrets
from typing import Annotated, Final, Literal

import msgspec

from patungan.sandbox.clock import iso
from patungan.sandbox.context import Sandbox
from patungan.sandbox.settings import SandboxSettings
from patungan.sandbox.xendit import channels
from patungan.sandbox.xendit.errors import XenditError, invalid, whole_rupiah

SCHEMA: Final = """
create table if not exists invoices (
    id text primary key,
    external_id text not null,
    status text not null check (status in ('PENDING', 'PAID', 'SETTLED', 'EXPIRED')),
    amount integer not null check (amount > 0),
    created integer not null,
    updated integer not null,
    expires integer not null,
    paid_amount integer,
    paid_at integer,
    payment_method text,
    payment_channel text,
    payment_id text,
    payment_request_id text,
    invoice_url text not null,
    document text not null
) strict;
create index if not exists invoices_external on invoices (external_id);
create index if not exists invoices_created on invoices (created);
create index if not exists invoices_expiring on invoices (expires) where status = 'PENDING';
create unique index if not exists invoices_payment on invoices (payment_id);
create unique index if not exists invoices_payment_request on invoices (payment_request_id);
"""

DEFAULT_DURATION: Final = 86_400
LONGEST_DURATION: Final = 31_536_000
EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class Item(msgspec.Struct, omit_defaults=True):
    name: str
    price: float
    quantity: Annotated[float, msgspec.Meta(gt=0)]
    reference_id: str | None = None
    url: str | None = None
    category: str | None = None


class Fee(msgspec.Struct):
    type: str
    value: float


class InvoiceDocument(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What a request says and the answer repeats."""

    payer_email: str | None = None
    description: str | None = None
    should_send_email: bool = False
    customer: dict[str, object] | None = None
    customer_notification_preference: dict[str, object] | None = None
    success_redirect_url: str | None = None
    failure_redirect_url: str | None = None
    payment_methods: list[str] | None = None
    should_authenticate_credit_card: bool | None = None
    locale: Literal["id", "en"] | None = None
    items: list[Item] | None = None
    fees: list[Fee] | None = None
    channel_properties: dict[str, object] | None = None
    metadata: Annotated[dict[str, object], msgspec.Meta(max_length=50)] | None = None


class CreateInvoice(InvoiceDocument, kw_only=True, omit_defaults=True):
    """The request; fields that Xendit knows and the sandbox has no use for (``mid_label``, ...) are passed over."""

    external_id: Text
    amount: Annotated[float, msgspec.Meta(gt=0)]
    currency: str = "IDR"
    invoice_duration: Annotated[float, msgspec.Meta(gt=0, le=LONGEST_DURATION)] = DEFAULT_DURATION
    callback_virtual_account_id: str | None = None
    reminder_time: float | None = None
    reminder_time_unit: str | None = None


class Invoice(msgspec.Struct, kw_only=True):
    """An invoice as stored; times are milliseconds since 1970, amounts rupiah."""

    id: str
    external_id: str
    status: Literal["PENDING", "PAID", "SETTLED", "EXPIRED"]
    amount: int
    created: int
    updated: int
    expires: int
    paid_amount: int | None
    paid_at: int | None
    payment_method: channels.PaymentMethod | None
    payment_channel: str | None
    payment_id: str | None
    payment_request_id: str | None
    invoice_url: str
    document: str

    @property
    def details(self) -> InvoiceDocument:
        return msgspec.json.decode(self.document, type=InvoiceDocument)

    @property
    def payment_channels(self) -> list[str]:
        """The channels by which this invoice may be paid."""
        return self.details.payment_methods or list(channels.INCOMING)


def create(sandbox: Sandbox, request: CreateInvoice, base_url: str) -> Invoice:
    """Issue an invoice; raises XenditError 400 for what Xendit refuses."""
    amount = _checked_amount(request)
    _check_details(request)
    now = sandbox.now()
    invoice_id = f"{now // 1000:08x}{secrets.token_hex(8)}"
    document = InvoiceDocument(**{name: getattr(request, name) for name in InvoiceDocument.__struct_fields__})
    sandbox.store.execute(
        "insert into invoices (id, external_id, status, amount, created, updated, expires, invoice_url, document)"
        " values (?1, ?2, 'PENDING', ?3, ?4, ?4, ?5, ?6, ?7)",
        *(invoice_id, request.external_id, amount, now, now + round(request.invoice_duration * 1000)),
        f"{base_url}/xendit/pay/{invoice_id}",
        msgspec.json.encode(document).decode(),
    )
    return find(sandbox, invoice_id)


def _checked_amount(request: CreateInvoice) -> int:
    if request.currency != "IDR":
        raise XenditError(400, "UNSUPPORTED_CURRENCY", f"The currency {request.currency} is not activated")
    amount = whole_rupiah("amount", request.amount)
    if amount < channels.MINIMUM_INVOICE:
        raise XenditError(
            400, "MINIMAL_TRANSFER_AMOUNT_ERROR", f"Amount must be at least {channels.MINIMUM_INVOICE} IDR"
        )
    if amount > channels.MAXIMUM_INVOICE:
        raise XenditError(400, "MAXIMUM_TRANSFER_AMOUNT_ERROR", f"Amount exceeds {channels.MAXIMUM_INVOICE} IDR")
    return amount


def _check_details(request: CreateInvoice) -> None:
    if request.payer_email is not None and not EMAIL.fullmatch(request.payer_email):
        raise XenditError(400, "EMAIL_FORMAT_ERROR", "The payer_email is not a valid e-mail address")
    if request.callback_virtual_account_id is not None:
        raise XenditError(404, "CALLBACK_VIRTUAL_ACCOUNT_NOT_FOUND_ERROR", "No such callback virtual account")
    if request.payment_methods is not None:
        if not request.payment_methods:
            raise XenditError(400, "NO_COLLECTION_METHODS_ERROR", "No payment method is left to collect with")
        unknown = [name for name in request.payment_methods if name not in channels.INCOMING]
        if unknown:
            raise XenditError(
                400, "UNAVAILABLE_PAYMENT_METHOD_ERROR", f"The payment methods {', '.join(unknown)} are not available"
            )
    if request.reminder_time is not None and (
        request.reminder_time <= 0 or request.reminder_time_unit not in ("days", "hours")
    ):
        raise XenditError(400, "INVALID_REMINDER_TIME", "reminder_time needs a reminder_time_unit of days or hours")


def find(sandbox: Sandbox, invoice_id: str) -> Invoice:
    """Read an invoice, expired if its time has come; raises 404 INVOICE_NOT_FOUND_ERROR."""
    invoice = sandbox.store.one(Invoice, "select * from invoices where id = ?", invoice_id)
    if invoice is None:
        raise XenditError(404, "INVOICE_NOT_FOUND_ERROR", "Could not find the invoice by the id supplied")
    if invoice.status == "PENDING" and invoice.expires <= sandbox.now():
        return _expire(sandbox, invoice)
    return invoice


def expire(sandbox: Sandbox, invoice_id: str) -> Invoice:
    """End an open invoice; one that has expired is answered again.

    What Xendit answers for a paid one is not documented; here it is 400, and the status tells the caller why.
    """
    invoice = find(sandbox, invoice_id)
    if invoice.status == "EXPIRED":
        return invoice
    if invoice.status != "PENDING":
        raise invalid("invoice_id", f"The invoice is {invoice.status} and can not be expired")
    return _expire(sandbox, invoice)


def expire_due(sandbox: Sandbox, limit: int = 200) -> int:
    """Expire what has reached its time, oldest first; returns how many."""
    due = sandbox.store.all(
        Invoice,
        "select * from invoices where status = 'PENDING' and expires <= ? order by expires limit ?",
        *(sandbox.now(), limit),
    )
    with sandbox.store.transaction():
        for invoice in due:
            _expire(sandbox, invoice)
    return len(due)


def _expire(sandbox: Sandbox, invoice: Invoice) -> Invoice:
    with sandbox.store.transaction():
        expired = msgspec.structs.replace(invoice, status="EXPIRED", updated=sandbox.now())
        sandbox.store.execute(
            "update invoices set status = 'EXPIRED', updated = ? where id = ?", expired.updated, expired.id
        )
        announce(sandbox, expired)
    return expired


def announce(sandbox: Sandbox, invoice: Invoice, *, held: bool = False, copies: int = 1) -> list[int]:
    """Put the callback of the invoice's status into the outbox; returns the callbacks' numbers."""
    return sandbox.outbox.enqueue(
        "xendit",
        f"invoice.{invoice.status.lower()}",
        invoice.id,
        sandbox.settings.payment_callback_url,
        msgspec.json.encode(callback_body(sandbox, invoice)),
        held=held,
        copies=copies,
    )


def callback_body(sandbox: Sandbox, invoice: Invoice) -> dict[str, object]:
    """The flat object that Xendit posts when an invoice is paid or expires."""
    details = invoice.details
    body: dict[str, object | None] = {
        "id": invoice.id,
        "external_id": invoice.external_id,
        "user_id": sandbox.settings.xendit_business_id,
        "is_high": False,
        "status": invoice.status,
        "merchant_name": sandbox.settings.merchant_name,
        "amount": invoice.amount,
        "currency": "IDR",
        "payer_email": details.payer_email,
        "description": details.description,
        "success_redirect_url": details.success_redirect_url,
        "failure_redirect_url": details.failure_redirect_url,
        "items": msgspec.to_builtins(details.items),
        "fees": msgspec.to_builtins(details.fees),
        "created": iso(invoice.created),
        "updated": iso(invoice.updated),
    }
    return _present(body | _payment_fields(sandbox.settings, invoice))


def _payment_fields(settings: SandboxSettings, invoice: Invoice) -> dict[str, object | None]:
    if invoice.paid_at is None or invoice.payment_channel is None:
        return {}
    fee = (
        channels.provider_fee(settings, invoice.payment_method, invoice.paid_amount)
        if invoice.payment_method is not None and invoice.paid_amount is not None
        else None
    )
    return {
        "fees_paid_amount": fee,
        "paid_amount": invoice.paid_amount,
        "paid_at": iso(invoice.paid_at),
        "payment_method": invoice.payment_method,
        "payment_channel": invoice.payment_channel,
        "payment_destination": channels.payment_destination(invoice.id, invoice.payment_channel),
        "payment_id": invoice.payment_id,
        "bank_code": invoice.payment_channel if invoice.payment_method == "BANK_TRANSFER" else None,
        "ewallet_type": invoice.payment_channel if invoice.payment_method == "EWALLET" else None,
    }


def _present(body: dict[str, object | None]) -> dict[str, object]:
    return {name: value for name, value in body.items() if value is not None}


def rendered(sandbox: Sandbox, invoice: Invoice) -> dict[str, object]:
    """The invoice as the API answers it."""
    settings, details = sandbox.settings, invoice.details
    offered = invoice.payment_channels
    own: dict[str, object | None] = {
        "id": invoice.id,
        "external_id": invoice.external_id,
        "user_id": settings.xendit_business_id,
        "status": invoice.status,
        "merchant_name": settings.merchant_name,
        "merchant_profile_picture_url": "",
        "amount": invoice.amount,
        "currency": "IDR",
        "expiry_date": iso(invoice.expires),
        "invoice_url": invoice.invoice_url,
        "available_banks": [_bank(settings.merchant_name, invoice, name) for name in _of(offered, "BANK_TRANSFER")],
        "available_retail_outlets": [_outlet(invoice, name) for name in _of(offered, "RETAIL_OUTLET")],
        "available_ewallets": [{"ewallet_type": name} for name in _of(offered, "EWALLET")],
        "available_qr_codes": [{"qr_code_type": name} for name in _of(offered, "QR_CODE")],
        "available_direct_debits": [],
        "available_paylaters": [],
        "should_exclude_credit_card": "CREDIT_CARD" not in offered,
        "should_send_email": details.should_send_email,
        "created": iso(invoice.created),
        "updated": iso(invoice.updated),
    }
    repeated = msgspec.to_builtins(details)
    repeated.pop("payment_methods", None)
    return _present(repeated | own | _payment_fields(settings, invoice))


def _of(offered: list[str], method: channels.PaymentMethod) -> list[str]:
    return [name for name in offered if channels.INCOMING[name] == method]


def _bank(merchant: str, invoice: Invoice, name: str) -> dict[str, object]:
    return {
        "bank_code": name,
        "collection_type": "POOL",
        "bank_branch": "Virtual Account",
        "bank_account_number": channels.payment_destination(invoice.id, name),
        "account_holder_name": merchant.upper(),
        "transfer_amount": invoice.amount,
    }


def _outlet(invoice: Invoice, name: str) -> dict[str, object]:
    return {
        "retail_outlet_name": name,
        "payment_code": channels.payment_destination(invoice.id, name),
        "transfer_amount": invoice.amount,
    }
