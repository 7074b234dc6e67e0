"""Money that came in is recorded: its receipt, its payment's state, the books and the news, in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from patungan.kernel.database import Transaction
from patungan.kernel.service import Context
from patungan.kernel.sql import unzip
from patungan.ledger import accounts
from patungan.ledger.accounts import Account
from patungan.ledger.posting import Journal, Line, credit, debit, journal, post
from patungan.services.payment.operations import events
from patungan.services.payment.queries import escrows, orders, receipts
from patungan.services.payment.queries import payments as queries
from patungan.services.payment.queries.escrows import Escrow
from patungan.services.payment.queries.orders import Allocation
from patungan.services.payment.queries.payments import Payment
from patungan.services.payment.rules import (
    WALLET_RECEIPT,
    InvoiceNews,
    ReceiptKind,
    Source,
    WalletState,
    payment_method,
)


def counts(payment: Payment, escrow: Escrow | None) -> bool:
    """Whether money that comes for a payment still counts, as far as its session, where it has one, and its wallet part
    are concerned."""
    return payment.wallet_state is not WalletState.ASKED and (escrow is None or escrow.takes_money)


async def takes_money(tx: Transaction, payment: Payment) -> bool:
    """Whether money that comes for a payment still counts; its session is locked before the payment: a close that waits
    for us counts what we record."""
    escrow = None if payment.session_id is None else await escrows.share_escrow(tx, payment.session_id)
    return counts(payment, escrow)


@dataclass(frozen=True, slots=True)
class NewReceipt:
    """Money that came in for a payment, rupiah unless ``currency`` says otherwise; ``name`` is its invoice's id."""

    name: str
    payment_id: UUID
    kind: ReceiptKind
    amount: int
    currency: str
    method: str
    channel: str
    paid_at: datetime
    source: Source


async def write_receipts(ctx: Context, tx: Transaction, written: Sequence[NewReceipt]) -> None:
    """Write receipts, each once."""
    rows = [
        (
            each.name,
            each.payment_id,
            each.kind.value,
            each.amount,
            each.currency,
            each.method,
            each.channel,
            each.paid_at,
            each.source.value,
        )
        for each in written
    ]
    if rows:
        await receipts.insert_receipts(tx, *unzip(rows, 9), ctx.clock.now())


async def receive(
    ctx: Context, tx: Transaction, kind: ReceiptKind, received: Sequence[tuple[Payment, InvoiceNews]]
) -> None:
    """Write the receipts of invoices' money."""
    written = [
        NewReceipt(
            news.invoice_id,
            payment.id,
            kind,
            news.paid_amount,
            news.currency,
            payment_method(news.method, news.channel),
            news.channel,
            news.paid_at,
            Source.XENDIT,
        )
        for payment, news in received
    ]
    await write_receipts(ctx, tx, written)


async def note_fees(ctx: Context, tx: Transaction, told: Sequence[InvoiceNews]) -> None:
    """Post what the provider kept of invoices' money, once each, when it tells."""
    fees = {each.invoice_id: each.fee for each in told if each.fee > 0}
    if not fees:
        return
    noted = await receipts.note_fees(tx, list(fees), list(fees.values()))
    await post(tx, ctx.chance, ctx.clock.now(), [_fee_kept(each, fees[each]) for each in noted])


def _fee_kept(invoice_id: str, fee: int) -> Journal:
    return journal(
        f"fee/{invoice_id}",
        "fee_charged",
        invoice_id,
        debit(accounts.GATEWAY_EXPENSE, fee),
        credit(accounts.GATEWAY_CLEARING, fee),
    )


@dataclass(frozen=True, slots=True)
class Paid:
    """A locked, pending payment and how it was paid; what its wallet part does not cover comes from ``rest_from``."""

    payment: Payment
    paid_at: datetime
    method: str
    channel: str | None
    rest_from: Account = accounts.GATEWAY_CLEARING


async def record_paid(ctx: Context, tx: Transaction, paid: Sequence[Paid]) -> None:
    """Make payments paid: their wallet parts out of the hold and the rest into escrow."""
    if not paid:
        return
    rows = [(each.payment.id, each.paid_at, each.method, each.channel) for each in paid]
    await queries.pay(tx, *unzip(rows, 4))
    await write_receipts(ctx, tx, [_of_wallet(each) for each in paid if each.payment.wallet_amount])
    held = await _allocations(tx, [each.payment.id for each in paid if each.payment.session_id is None])
    await post(tx, ctx.chance, ctx.clock.now(), [_received(each, held) for each in paid])
    await ctx.publish(tx, *(events.paid(each.payment, each.paid_at) for each in paid))


def _of_wallet(paid: Paid) -> NewReceipt:
    payment = paid.payment
    return NewReceipt(
        f"{WALLET_RECEIPT}{payment.id}",
        payment.id,
        ReceiptKind.IN_TIME,
        payment.wallet_amount,
        "IDR",
        "wallet",
        "",
        paid.paid_at,
        Source.WALLET,
    )


async def _allocations(tx: Transaction, payment_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Allocation]]:
    """What payments of checkouts hold for each of their orders."""
    held: defaultdict[UUID, list[Allocation]] = defaultdict(list)
    if payment_ids:
        for each in await orders.allocations_of(tx, list(payment_ids)):
            held[each.payment_id].append(each)
    return held


def _received(paid: Paid, held: Mapping[UUID, Sequence[Allocation]]) -> Journal:
    payment = paid.payment
    return journal(
        f"payment/{payment.id}/paid",
        "payment_received",
        payment.code,
        debit(accounts.wallet_hold(payment.user_id), payment.wallet_amount),
        debit(paid.rest_from, payment.xendit_amount),
        *_into_escrow(payment, held),
    )


def _into_escrow(payment: Payment, held: Mapping[UUID, Sequence[Allocation]]) -> list[Line]:
    if payment.session_id is not None:
        return [credit(accounts.escrow(payment.session_id), payment.total)]
    return [credit(accounts.order_escrow(each.order_id), each.total) for each in held[payment.id]]
