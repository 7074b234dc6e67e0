"""Money that came in is recorded: its receipt, its payment's state, the books and the news, in one transaction."""

from __future__ import annotations

from datetime import datetime

from patungan.kernel.database import Transaction
from patungan.kernel.service import Context
from patungan.ledger import accounts
from patungan.ledger.accounts import Account
from patungan.ledger.posting import Line, credit, debit, journal, post
from patungan.services.payment.operations import events
from patungan.services.payment.queries import escrows, orders, receipts
from patungan.services.payment.queries import payments as queries
from patungan.services.payment.queries.payments import Payment
from patungan.services.payment.rules import (
    WALLET_RECEIPT,
    InvoiceNews,
    ReceiptKind,
    Source,
    WalletState,
    payment_method,
)


async def takes_money(tx: Transaction, payment: Payment) -> bool:
    """Whether money that comes for a payment still counts, as far as its session and its wallet part are concerned; the
    session is locked before the payment: a close that waits for us counts what we record."""
    if payment.wallet_state is WalletState.ASKED:
        return False
    if payment.session_id is None:
        return True
    return (await escrows.share_escrow(tx, payment.session_id)).takes_money


async def receive(ctx: Context, tx: Transaction, payment: Payment, news: InvoiceNews, kind: ReceiptKind) -> None:
    """Write the receipt of an invoice's money."""
    await receipts.insert_receipt(
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
        Source.XENDIT,
    )


async def note_fee(ctx: Context, tx: Transaction, invoice_id: str, fee: int) -> None:
    """Post what the provider kept of an invoice's money, once, when it tells."""
    if fee <= 0 or not await receipts.note_fee(tx, invoice_id, fee):
        return
    kept = journal(
        f"fee/{invoice_id}",
        "fee_charged",
        invoice_id,
        debit(accounts.GATEWAY_EXPENSE, fee),
        credit(accounts.GATEWAY_CLEARING, fee),
    )
    await post(tx, ctx.chance, ctx.clock.now(), [kept])


async def record_paid(
    ctx: Context,
    tx: Transaction,
    payment: Payment,
    paid_at: datetime,
    method: str,
    channel: str | None,
    *,
    rest_from: Account = accounts.GATEWAY_CLEARING,
) -> None:
    """Make a locked, pending payment paid: its wallet part out of the hold and the rest from ``rest_from`` into escrow."""
    now = ctx.clock.now()
    await queries.pay(tx, payment.id, paid_at, method, channel)
    if payment.wallet_amount:
        await receipts.insert_receipt(
            tx,
            f"{WALLET_RECEIPT}{payment.id}",
            payment.id,
            ReceiptKind.IN_TIME,
            payment.wallet_amount,
            "IDR",
            "wallet",
            "",
            paid_at,
            now,
            Source.WALLET,
        )
    received = journal(
        f"payment/{payment.id}/paid",
        "payment_received",
        payment.code,
        debit(accounts.wallet_hold(payment.user_id), payment.wallet_amount),
        debit(rest_from, payment.xendit_amount),
        *await _into_escrow(tx, payment),
    )
    await post(tx, ctx.chance, now, [received])
    await ctx.publish(tx, events.paid(payment, paid_at))


async def _into_escrow(tx: Transaction, payment: Payment) -> list[Line]:
    if payment.session_id is not None:
        return [credit(accounts.escrow(payment.session_id), payment.total)]
    held = await orders.allocations_of(tx, payment.id)
    return [credit(accounts.order_escrow(each.order_id), each.total) for each in held]
