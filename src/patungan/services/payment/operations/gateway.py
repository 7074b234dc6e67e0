"""The way to Xendit: one client a process, and its answers in this service's own terms."""

from __future__ import annotations

from datetime import datetime

from patungan.kernel.chance import backoff_seconds
from patungan.kernel.service import Context
from patungan.providers.breaker import Circuit
from patungan.providers.errors import ProviderError, ProviderRefused
from patungan.providers.http import Pacing
from patungan.providers.xendit import Invoice, InvoiceCallback, InvoiceStatus, Xendit
from patungan.services.payment.rules import InvoiceNews, Told

INVOICE_MISSING = "INVOICE_NOT_FOUND_ERROR"

_TOLD = {InvoiceStatus.PAID: Told.MONEY, InvoiceStatus.SETTLED: Told.MONEY, InvoiceStatus.EXPIRED: Told.END}

_PREFERENCE = {Told.MONEY: 0, Told.NOTHING: 1, Told.END: 2}


async def open_gateway(ctx: Context) -> None:
    """Make the client of this process."""
    pacing = Pacing(
        clock=lambda: ctx.clock.now().timestamp(), backoff=lambda attempt: backoff_seconds(attempt, ctx.chance)
    )
    ctx.local["xendit"] = Xendit(ctx.settings.xendit_secret_key, pacing, base_url=ctx.settings.xendit_api_url)


async def close_gateway(ctx: Context) -> None:
    """Close its connections."""
    await xendit(ctx).aclose()


def xendit(ctx: Context) -> Xendit:
    """The client of this process."""
    client: Xendit = ctx.local["xendit"]
    return client


def news_of(invoice: Invoice | InvoiceCallback, now: datetime) -> InvoiceNews:
    """What an invoice tells. A provider that leaves out what was paid, or when, means all of it, and then."""
    return InvoiceNews(
        invoice_id=invoice.id,
        code=invoice.external_id,
        told=_TOLD.get(invoice.status, Told.NOTHING),
        amount=invoice.amount,
        paid_amount=invoice.amount if invoice.paid_amount is None else invoice.paid_amount,
        currency=invoice.currency,
        paid_at=invoice.paid_at or invoice.updated or now,
        method=invoice.payment_method or "",
        channel=invoice.payment_channel or "",
        fee=invoice.fees_paid_amount or 0,
    )


def provider_fails(ctx: Context) -> bool:
    """Whether this process has stopped calling the provider for a while because it keeps failing."""
    return xendit(ctx).client.breaker.circuit() is not Circuit.CLOSED


async def find_invoice(ctx: Context, code: str) -> Invoice | None:
    """The invoice that the provider has of a payment: a paid one before an open one before one that ended."""
    found = [each for each in await xendit(ctx).find_invoices(code) if each.external_id == code]
    ranked = sorted(found, key=lambda each: _PREFERENCE[_TOLD.get(each.status, Told.NOTHING)])
    return ranked[0] if ranked else None


async def end_invoice(ctx: Context, code: str, invoice_id: str | None) -> Invoice | None:
    """Close an invoice to paying and answer how it ended: expired, or paid before. None where there is none.

    Raises ProviderError where the provider gives no answer that decides it.
    """
    if invoice_id is None:
        found = await find_invoice(ctx, code)
        if found is None or _TOLD.get(found.status, Told.NOTHING) is not Told.NOTHING:
            return found
        invoice_id = found.id
    try:
        return await xendit(ctx).expire_invoice(invoice_id)
    except ProviderRefused as refusal:
        ctx.log.info("invoice not expired", invoice=invoice_id, code=refusal.code)
    try:
        return await xendit(ctx).get_invoice(invoice_id)
    except ProviderRefused as refusal:
        if refusal.code == INVOICE_MISSING:
            return None
        raise


def decided(invoice: Invoice | None) -> bool:
    """Whether an invoice's state is its last."""
    return invoice is None or _TOLD.get(invoice.status, Told.NOTHING) is not Told.NOTHING


def log_silence(ctx: Context, message: str, error: ProviderError, **facts: object) -> None:
    """Log that the provider gave no useful answer; a refusal is our own fault and is an error, the rest passes."""
    log = ctx.log.error if isinstance(error, ProviderRefused) else ctx.log.warning
    log(message, reason=str(error), **facts)
