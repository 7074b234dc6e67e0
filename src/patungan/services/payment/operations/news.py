"""An invoice's news is applied to its payment and to the books: by callback, or because we asked."""

from __future__ import annotations

from collections.abc import Sequence

from patungan.kernel.database import Transaction
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.ledger import accounts
from patungan.ledger.posting import credit, debit, journal, post
from patungan.providers.errors import ProviderError
from patungan.services.payment.operations import events, gateway
from patungan.services.payment.operations.payments import EndInvoice, end_invoices, expire_payments
from patungan.services.payment.operations.recording import Paid, counts, note_fees, receive, record_paid, takes_money
from patungan.services.payment.operations.refunds import NewRefund, request_refunds
from patungan.services.payment.queries import escrows, receipts
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
    taken = await takes_money(tx, known)
    payment = await queries.lock_payment(tx, known.id)
    if payment is None:
        raise LookupError(f"payment {known.id} is gone")
    recorded = news.told is Told.MONEY and await receipts.find_receipt(tx, news.invoice_id) is not None
    outcome = judge_invoice(news, _owed(payment, recorded=recorded, taken=taken), ctx.clock.now())
    match outcome:
        case Outcome.PAID:
            await _record_paid(ctx, tx, [(payment, news)])
        case Outcome.LATE | Outcome.TWICE:
            await _record_to_return(ctx, tx, payment, news, outcome)
        case Outcome.MISMATCH:
            await _quarantine(ctx, tx, payment, news)
        case Outcome.EXPIRED:
            await expire_payments(ctx, tx, [payment.id])
    if news.told is Told.MONEY:
        await note_fees(ctx, tx, [news])
    return outcome


def _owed(payment: Payment, *, recorded: bool, taken: bool) -> Owed:
    return Owed(
        status=payment.status,
        total=payment.xendit_amount,
        expires_at=payment.expires_at,
        invoice_id=payment.invoice_id,
        recorded=recorded,
        taken=taken,
    )


async def apply_together(ctx: Context, tx: Transaction, told: Sequence[InvoiceNews]) -> list[Outcome | None]:
    """Carry out what is plain of many pieces of news: money in time, an end without money, and what changes nothing.

    None for those that must go through ``apply_news`` by themselves: what is not plain, a second word on a payment or an
    invoice, and what somebody else holds at this moment, for nobody here waits for one among many.
    """
    payments = await _lock_free(tx, {each.code for each in told})
    recorded = set(await receipts.known_receipts(tx, [each.invoice_id for each in told]))
    now, seen = ctx.clock.now(), set[str]()
    paid: list[tuple[Payment, InvoiceNews]] = []
    expired: list[Payment] = []
    outcomes: list[Outcome | None] = []
    for each in told:
        payment, taken = payments.pop(each.code, (None, False))
        if payment is None or each.invoice_id in seen:
            outcomes.append(None)
            continue
        seen.add(each.invoice_id)
        outcome = judge_invoice(each, _owed(payment, recorded=each.invoice_id in recorded, taken=taken), now)
        if outcome is Outcome.PAID:
            paid.append((payment, each))
        elif outcome is Outcome.EXPIRED:
            expired.append(payment)
        outcomes.append(outcome if outcome in _PLAIN else None)
    await _record_paid(ctx, tx, paid)
    if expired:
        await expire_payments(ctx, tx, [each.id for each in expired])
    done = [each for each, outcome in zip(told, outcomes, strict=True) if outcome is not None]
    await note_fees(ctx, tx, [each for each in done if each.told is Told.MONEY])
    return outcomes


_PLAIN = frozenset({Outcome.PAID, Outcome.EXPIRED, Outcome.UNCHANGED})


async def _lock_free(tx: Transaction, codes: set[str]) -> dict[str, tuple[Payment, bool]]:
    """The payments of these codes that nobody holds, under lock after their sessions, each with whether money that comes
    for it still counts."""
    known = await queries.find_payments_by_code(tx, sorted(codes))
    sessions = sorted({each.session_id for each in known if each.session_id is not None})
    free = {each.session_id: each for each in await escrows.share_free_escrows(tx, sessions)}
    wanted = [each.id for each in known if each.session_id is None or each.session_id in free]
    locked = await queries.lock_free_payments(tx, wanted)
    return {each.code: (each, counts(each, free[each.session_id] if each.session_id else None)) for each in locked}


async def _record_paid(ctx: Context, tx: Transaction, paid: Sequence[tuple[Payment, InvoiceNews]]) -> None:
    await receive(ctx, tx, ReceiptKind.IN_TIME, paid)
    made = [
        Paid(payment, news.paid_at, payment_method(news.method, news.channel), news.channel or None)
        for payment, news in paid
    ]
    await record_paid(ctx, tx, made)
    # Where another invoice than the one we show was paid, the one we show must not be paid as well.
    shown = [(payment, news) for payment, news in paid if payment.invoice_id not in (None, news.invoice_id)]
    await end_invoices(tx, [EndInvoice(payment.code, payment.invoice_id) for payment, _ in shown])


async def _record_to_return(
    ctx: Context, tx: Transaction, payment: Payment, news: InvoiceNews, outcome: Outcome
) -> None:
    twice = outcome is Outcome.TWICE
    await receive(ctx, tx, ReceiptKind.TWICE if twice else ReceiptKind.LATE, [(payment, news)])
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
    await receive(ctx, tx, ReceiptKind.QUARANTINED, [(payment, news)])
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
