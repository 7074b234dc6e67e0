"""A buyer opens a payment: one invoice at the provider, however often and by however many requests it is opened."""

from __future__ import annotations

import asyncio
from datetime import datetime
from uuid import UUID

import msgspec

from patungan.contracts import payment as contract
from patungan.kernel.errors import Unavailable
from patungan.kernel.service import Context
from patungan.providers.errors import ProviderError, ProviderOutcomeUnknown
from patungan.providers.xendit import Invoice, InvoiceRequest
from patungan.services.payment.operations import gateway
from patungan.services.payment.operations.news import apply_news
from patungan.services.payment.operations.payments import EndInvoice, end_invoices
from patungan.services.payment.operations.wallet_part import find_own, invoiced
from patungan.services.payment.queries import escrows, open_invoices
from patungan.services.payment.queries import payments as queries
from patungan.services.payment.queries.payments import Payment
from patungan.services.payment.rules import INVOICE_LEASE, PaymentStatus, invoice_seconds, next_end_look

WAIT_STEPS = 40
ASKED_AT_ONCE = 50
WAIT_PAUSE = 0.25
"""How long a request waits for another one that is opening the same payment: ten seconds."""


class OpenedInvoice(msgspec.Struct, frozen=True):
    """Where a buyer pays, until when, and how the payment stands."""

    invoice_url: str
    expires_at: datetime
    status: PaymentStatus


async def open_invoice(ctx: Context, user_id: UUID, payment_id: UUID) -> OpenedInvoice:
    """Open the caller's payment at the provider, or answer the invoice it has. Raises PaymentNotFound, PaymentClosed, and
    Unavailable when the provider does not answer: nothing is lost, open it again."""
    return await _open(ctx, await find_own(ctx, user_id, payment_id))


async def open_by_code(ctx: Context, code: str) -> OpenedInvoice:
    """As ``open_invoice``, for whoever has the payment's code: anybody may pay for somebody else."""
    payment = await queries.find_payment_by_code(ctx.db, code)
    if payment is None:
        raise contract.PaymentNotFound()
    return await _open(ctx, payment)


async def _open(ctx: Context, payment: Payment) -> OpenedInvoice:
    claim = ctx.chance.new_id()
    for _ in range(WAIT_STEPS):
        known = _answer(payment)
        if known is not None:
            return known
        asked = await _claim(ctx, payment, claim)
        if asked is not None:
            # Read again: until the claim, the buyer may have chosen to pay a part from the wallet.
            return await _open_claimed(ctx, await _reload(ctx, payment.id), claim, asked=asked)
        await asyncio.sleep(WAIT_PAUSE)
        payment = await _reload(ctx, payment.id)
    raise Unavailable("This payment is being opened already; try again")


def _answer(payment: Payment) -> OpenedInvoice | None:
    """The invoice that is there; None when one is to be made. Raises PaymentClosed."""
    if payment.invoice_url is not None and payment.status in (PaymentStatus.PENDING, PaymentStatus.PAID):
        return OpenedInvoice(payment.invoice_url, payment.expires_at, payment.status)
    if payment.status is not PaymentStatus.PENDING:
        raise contract.PaymentClosed()
    return None


async def _reload(ctx: Context, payment_id: UUID) -> Payment:
    payment = await queries.find_payment(ctx.db, payment_id)
    if payment is None:
        raise contract.PaymentNotFound()
    return payment


async def _claim(ctx: Context, payment: Payment, claim: UUID) -> bool | None:
    """Become the one request that may ask for the invoice; answers whether another asked before, None if it is asking."""
    now = ctx.clock.now()
    if invoice_seconds(payment.expires_at, now) is None:
        raise contract.PaymentClosed()
    invoiced(payment)
    async with ctx.db.transaction() as tx:
        if payment.session_id is not None:
            escrow = await escrows.share_escrow(tx, payment.session_id)
            if not escrow.opens_invoices:
                raise contract.PaymentClosed("Paying for this session has ended")
        return await queries.claim_invoice(tx, payment.id, claim, now, now + INVOICE_LEASE)


async def _open_claimed(ctx: Context, payment: Payment, claim: UUID, *, asked: bool) -> OpenedInvoice:
    """Make the invoice while this request alone may; where one was asked for before, look for that one first."""
    try:
        invoice = await gateway.find_invoice(ctx, payment.code) if asked else None
        if invoice is None:
            invoice = await _create(ctx, payment)
    except ProviderError as error:
        gateway.log_silence(ctx, "an invoice was not opened", error, payment=payment.code)
        unsure = asked or isinstance(error, ProviderOutcomeUnknown)
        await queries.release_claim(ctx.db, payment.id, claim, not unsure)
        raise Unavailable("The payment provider does not answer; try again") from error
    return await _store(ctx, payment, invoice)


async def _create(ctx: Context, payment: Payment) -> Invoice:
    """One call; where its answer is lost, the provider is asked before anything else. Raises ProviderError, PaymentClosed."""
    seconds = invoice_seconds(payment.expires_at, ctx.clock.now())
    if seconds is None:
        raise contract.PaymentClosed()
    page = f"{ctx.settings.public_url.rstrip('/')}/payments/{payment.id}"
    request = InvoiceRequest(
        external_id=payment.code,
        amount=invoiced(payment),
        description=payment.description,
        duration_seconds=seconds,
        success_redirect_url=page,
        failure_redirect_url=page,
        payment_methods=tuple(ctx.settings.xendit_payment_methods.replace(",", " ").split()),
        locale="id",
    )
    try:
        return await gateway.xendit(ctx).create_invoice(request)
    except ProviderOutcomeUnknown as unknown:
        try:
            found = await gateway.find_invoice(ctx, payment.code)
        except ProviderError:
            raise unknown from None
        if found is None:
            raise
        return found


async def _store(ctx: Context, payment: Payment, invoice: Invoice) -> OpenedInvoice:
    async with ctx.db.transaction() as tx:
        stored = await queries.store_invoice(tx, payment.id, invoice.id, invoice.invoice_url)
        current = await queries.lock_payment(tx, payment.id)
        if current is None:
            raise contract.PaymentNotFound()
        if not stored and current.invoice_id != invoice.id:
            # The payment ended, or another request opened it, while this one was on its way.
            await end_invoices(tx, [EndInvoice(current.code, invoice.id)])
    if invoice.expiry_date > payment.expires_at:
        ctx.log.warning("an invoice outlives its payment", payment=payment.code, invoice=invoice.id)
    known = _answer(current)
    if known is None:
        raise Unavailable("The payment was not opened; try again")
    return known


async def end_at_provider(ctx: Context, code: str, invoice_id: str | None) -> bool:
    """Close an invoice whose payment has ended; money that came in before goes back. False when the provider is silent."""
    try:
        invoice = await gateway.end_invoice(ctx, code, invoice_id)
    except ProviderError as error:
        gateway.log_silence(ctx, "an invoice is not closed yet", error, payment=code)
        return False
    if invoice is not None and gateway.decided(invoice):
        async with ctx.db.transaction() as tx:
            await apply_news(ctx, tx, gateway.news_of(invoice, ctx.clock.now()))
    return gateway.decided(invoice)


async def keep_open_invoice(ctx: Context, request: EndInvoice) -> None:
    """Keep an invoice whose end the provider did not tell: money may have come for it, and its news may be lost."""
    due = next_end_look(0, ctx.clock.now())
    await open_invoices.keep(ctx.db, request.workflow_id, request.code, request.invoice_id, due)


async def ask_about_open(ctx: Context) -> int:
    """Ask how kept invoices ended; answers how many were looked at."""
    now = ctx.clock.now()
    due = await open_invoices.claim_due(ctx.db, now, now + INVOICE_LEASE, ASKED_AT_ONCE)
    for each in due:
        if await end_at_provider(ctx, each.code, each.invoice_id):
            await open_invoices.forget(ctx.db, each.id)
        else:
            await open_invoices.look_again(ctx.db, each.id, next_end_look(each.looks, ctx.clock.now()))
    return len(due)
