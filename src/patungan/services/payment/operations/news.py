"""An invoice's news is applied to its payment and to the books: by callback, or because we asked."""

from __future__ import annotations

from patungan.contracts import payment as contract
from patungan.kernel.database import Transaction
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.ledger import accounts
from patungan.ledger.posting import credit, debit, journal, post
from patungan.providers.errors import ProviderError
from patungan.services.payment.operations import gateway
from patungan.services.payment.operations.payments import (
    EndInvoice,
    end_invoices,
    event_fields,
    expire_payments,
)
from patungan.services.payment.operations.refunds import NewRefund, request_refunds
from patungan.services.payment.queries import escrows
from patungan.services.payment.queries import payments as queries
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
    escrow = await escrows.share_escrow(tx, known.session_id)
    payment = await queries.lock_payment(tx, known.id)
    if payment is None:
        raise LookupError(f"payment {known.id} is gone")
    owed = Owed(
        status=payment.status,
        total=payment.total,
        expires_at=payment.expires_at,
        invoice_id=payment.invoice_id,
        recorded=news.told is Told.MONEY and await escrows.has_receipt(tx, news.invoice_id),
        taken=escrow.takes_money,
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
    return outcome


async def _receive(ctx: Context, tx: Transaction, payment: Payment, news: InvoiceNews, kind: ReceiptKind) -> None:
    await escrows.insert_receipt(
        tx,
        news.invoice_id,
        payment.id,
        kind,
        news.paid_amount,
        news.currency,
        payment_method(news.method, news.channel),
        news.channel,
        news.paid_at,
        ctx.clock.now(),
    )


async def _record_paid(ctx: Context, tx: Transaction, payment: Payment, news: InvoiceNews) -> None:
    now = ctx.clock.now()
    await _receive(ctx, tx, payment, news, ReceiptKind.IN_TIME)
    await queries.pay(tx, payment.id, news.paid_at, payment_method(news.method, news.channel), news.channel or None)
    held = journal(
        f"payment/{payment.id}/paid",
        "payment_received",
        payment.code,
        debit(accounts.GATEWAY_CLEARING, payment.total),
        credit(accounts.escrow(payment.session_id), payment.total),
    )
    await post(tx, ctx.chance, now, [held])
    await ctx.publish(tx, contract.PaymentPaid(**event_fields(payment), paid_at=news.paid_at))
    if payment.invoice_id not in (None, news.invoice_id):
        # Another invoice than the one we show was paid: the one we show must not be paid as well.
        await end_invoices(tx, [EndInvoice(payment.code, payment.invoice_id)])


async def _record_to_return(
    ctx: Context, tx: Transaction, payment: Payment, news: InvoiceNews, outcome: Outcome
) -> None:
    twice = outcome is Outcome.TWICE
    await _receive(ctx, tx, payment, news, ReceiptKind.TWICE if twice else ReceiptKind.LATE)
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
    await ctx.publish(tx, contract.PaymentLatePaid(**event_fields(payment)))
    method = payment_method(news.method, news.channel)
    refund = NewRefund(payment.id, news.invoice_id, Rupiah(news.paid_amount), refund_destination(method))
    kind = RefundKind.TWICE if twice else RefundKind.LATE
    await request_refunds(ctx, tx, kind, RefundReason.OTHER, [refund])


async def _quarantine(ctx: Context, tx: Transaction, payment: Payment, news: InvoiceNews) -> None:
    await _receive(ctx, tx, payment, news, ReceiptKind.QUARANTINED)
    ctx.log.error(
        "payment does not match what was asked",
        payment=payment.code,
        invoice=news.invoice_id,
        asked=payment.total,
        paid=news.paid_amount,
        currency=news.currency,
    )
    event = contract.PaymentMismatch(**event_fields(payment), paid_amount=Rupiah(news.paid_amount))
    await ctx.publish(tx, event)


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
