"""Xendit invoices v2: what is asked and what is answered. Amounts are whole rupiah."""

from __future__ import annotations

from datetime import datetime

import msgspec

from patungan.providers.messages import Private, Status, rupiah


class InvoiceStatus(Status):
    """There is no refunded state: a refund never changes its invoice."""

    PENDING = "PENDING"
    PAID = "PAID"
    SETTLED = "SETTLED"
    EXPIRED = "EXPIRED"
    UNKNOWN = "UNKNOWN"


class InvoiceCustomer(Private, frozen=True, kw_only=True, omit_defaults=True):
    given_names: str = ""
    surname: str = ""
    email: str = ""
    mobile_number: str = ""


class InvoiceItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    name: str
    price: int
    quantity: int
    category: str = ""
    reference_id: str = ""


class InvoiceFee(msgspec.Struct, frozen=True, kw_only=True):
    type: str
    value: int


class InvoiceRequest(Private, frozen=True, kw_only=True, omit_defaults=True):
    """``external_id`` is ours, and ours to keep unique; ``duration_seconds`` is the time to pay (the provider's default: a day)."""

    external_id: str
    amount: int
    description: str = ""
    payer_email: str = ""
    duration_seconds: int = msgspec.field(default=0, name="invoice_duration")
    customer: InvoiceCustomer | None = None
    items: tuple[InvoiceItem, ...] = ()
    fees: tuple[InvoiceFee, ...] = ()
    payment_methods: tuple[str, ...] = ()
    success_redirect_url: str = ""
    failure_redirect_url: str = ""
    should_send_email: bool = False
    locale: str = ""
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    currency: str = msgspec.field(default_factory=rupiah)


class Invoice(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice as Xendit holds it; the paid fields are there once it is paid, ``fees_paid_amount`` (what Xendit kept)
    only from some channels. The payer's data is left out."""

    id: str
    external_id: str
    status: InvoiceStatus
    amount: int
    invoice_url: str
    expiry_date: datetime
    created: datetime | None = None
    updated: datetime | None = None
    currency: str = "IDR"
    paid_amount: int | None = None
    paid_at: datetime | None = None
    payment_method: str | None = None
    payment_channel: str | None = None
    fees_paid_amount: int | None = None
