"""An invoice's news is applied to its payment and to the books: by callback, or because we asked."""

from __future__ import annotations

from patungan.kernel.database import Transaction
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.ledger import accounts
from patungan.ledger.posting import credit, debit, journal, post
from patungan.providers.errors import ProviderError
from patungan.services.payment.operations import events, gateway
from patungan.services.payment.operations.payments import EndInvoice, end_invoices, expire_payments
from patungan.services.payment.operations.recording import note_fee, receive, record_paid, takes_money
from patungan.services.payment.operations.refunds import NewRefund, request_refunds
from patungan.services.payment.queries import payments as queries
from patungan.services.payment.queries import receipts
from patungan.services.payment.queries.payments import Payment
from patungan.services.payment.rules import (
    InvoiceNews,
    Outcome,
    Owed,
    PaymentStatus,
    ReceiptKind,
    RefundKind,
    RefundReason,
    Told,
    judge_invoice,
    payment_method,
    refund_destination,
)


async def apply_news(ctx: Context, tx: Transaction, news: InvoiceNews) -> Outcome:
    """Carry an invoice's news into its payment, the books and the events; the same news again changes nothing."""
    known = await queries.find_payment_by_code(tx, news.code)
    if known is None:
        ctx.log.warning("news of an unknown invoice", invoice=news.invoice_id, code=news.code)
        return Outcome.UNKNOWN
    # The session before the payment: a close that waits for us counts what we record, one that was first is seen here.
    taken = await takes_money(tx, known)
    payment = await queries.lock_payment(tx, known.id)
    if payment is None:
        raise LookupError(f"payment {known.id} is gone")
    owed = Owed(
        status=payment.status,
        total=payment.xendit_amount,
        expires_at=payment.expires_at,
        invoice_id=payment.invoice_id,
        recorded=news.told is Told.MONEY and await receipts.find_receipt(tx, news.invoice_id) is not None,
        taken=taken,
    )
    outcome = judge_invoice(news, owed, ctx.clock.now())
    match outcome:
        case Outcome.PAID:
            await _record_paid(ctx, tx, payment, news)
        case Outcome.LATE | Outcome.TWICE:
            await _record_to_return(ctx, tx, payment, news, outcome)
        case Outcome.MISMATCH:
            await _quarantine(ctx, tx, payment, news)
        case Outcome.EXPIRED:
            await expire_payments(ctx, tx, [payment.id])
    if news.told is Told.MONEY:
        await note_fee(ctx, tx, news.invoice_id, news.fee)
    return outcome


async def _record_paid(ctx: Context, tx: Transaction, payment: Payment, news: InvoiceNews) -> None:
    await receive(ctx, tx, payment, news, ReceiptKind.IN_TIME)
    method = payment_method(news.method, news.channel)
    await record_paid(ctx, tx, payment, news.paid_at, method, news.channel or None)
    if payment.invoice_id not in (None, news.invoice_id):
        # Another invoice than the one we show was paid: the one we show must not be paid as well.
        await end_invoices(tx, [EndInvoice(payment.code, payment.invoice_id)])


async def _record_to_return(
    ctx: Context, tx: Transaction, payment: Payment, news: InvoiceNews, outcome: Outcome
) -> None:
    twice = outcome is Outcome.TWICE
    await receive(ctx, tx, payment, news, ReceiptKind.TWICE if twice else ReceiptKind.LATE)
    owed_back = journal(
        f"payment/{payment.id}/{outcome}/{news.invoice_id}",
        "payment_received",
        payment.code,
        debit(accounts.GATEWAY_CLEARING, news.paid_amount),
        credit(accounts.REFUND_CLEARING, news.paid_amount),
    )
    await post(tx, ctx.chance, ctx.clock.now(), [owed_back])
    if payment.status is PaymentStatus.PENDING:
        await expire_payments(ctx, tx, [payment.id])
    await ctx.publish(tx, events.late(payment))
    method = payment_method(news.method, news.channel)
    refund = NewRefund(payment.id, news.invoice_id, Rupiah(news.paid_amount), refund_destination(method))
    kind = RefundKind.TWICE if twice else RefundKind.LATE
    await request_refunds(ctx, tx, kind, RefundReason.OTHER, [refund])


async def _quarantine(ctx: Context, tx: Transaction, payment: Payment, news: InvoiceNews) -> None:
    """Set money apart that is not what was asked. Rupiah are in the books at once; another currency we hold none of."""
    await receive(ctx, tx, payment, news, ReceiptKind.QUARANTINED)
    ctx.log.error(
        "payment does not match what was asked",
        payment=payment.code,
        invoice=news.invoice_id,
        asked=payment.xendit_amount,
        paid=news.paid_amount,
        currency=news.currency,
    )
    if news.currency == "IDR":
        apart = journal(
            f"payment/{payment.id}/quarantined/{news.invoice_id}",
            "payment_received",
            payment.code,
            debit(accounts.GATEWAY_CLEARING, news.paid_amount),
            credit(accounts.QUARANTINE, news.paid_amount),
        )
        await post(tx, ctx.chance, ctx.clock.now(), [apart])
    await ctx.publish(tx, events.mismatch(payment, news.paid_amount))


async def settle_with_provider(ctx: Context, payment: Payment) -> bool:
    """End an open payment by the provider's word: paid, or expired. False when the provider does not answer."""
    try:
        invoice = await gateway.end_invoice(ctx, payment.code, payment.invoice_id)
    except ProviderError as error:
        gateway.log_silence(ctx, "an invoice's end is not known", error, payment=payment.code)
        return False
    if not gateway.decided(invoice):
        return False
    async with ctx.db.transaction() as tx:
        if invoice is not None:
            await apply_news(ctx, tx, gateway.news_of(invoice, ctx.clock.now()))
        # Where the answer was a mismatch, or that there is no invoice, the payment ends unpaid.
        await expire_payments(ctx, tx, [payment.id])
    return True
