"""Money that is not what was asked stands in quarantine until finance decides: it counts and the excess goes back, or all
of it goes back."""

from __future__ import annotations

from uuid import UUID

from patungan.contracts import payment as contract
from patungan.kernel.database import Transaction
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.ledger import accounts
from patungan.ledger.posting import credit, debit, journal, post
from patungan.services.payment.operations.payments import end_payments
from patungan.services.payment.operations.recording import NewReceipt, Paid, record_paid, takes_money, write_receipts
from patungan.services.payment.operations.refunds import NewRefund, request_refunds
from patungan.services.payment.queries import payments as queries
from patungan.services.payment.queries import receipts
from patungan.services.payment.queries.payments import Payment
from patungan.services.payment.queries.receipts import Quarantined, Receipt
from patungan.services.payment.rules import (
    PaymentStatus,
    ReceiptKind,
    RefundKind,
    RefundReason,
    Resolution,
    Source,
    refund_destination,
)


async def resolve(
    ctx: Context, tx: Transaction, clerk_id: UUID, invoice_id: str, resolution: Resolution
) -> Quarantined:
    """Decide on quarantined rupiah, once; raises QuarantineNotFound, QuarantineDecided."""
    receipt = await receipts.find_receipt(tx, invoice_id)
    if receipt is None or receipt.kind is not ReceiptKind.QUARANTINED:
        raise contract.QuarantineNotFound()
    if receipt.currency != "IDR":
        raise contract.QuarantineDecided("This is not rupiah; it is settled at the provider")
    known = await queries.find_payment(tx, receipt.payment_id)
    taken = known is not None and await takes_money(tx, known)
    payment = await queries.lock_payment(tx, receipt.payment_id)
    if payment is None:
        raise LookupError(f"payment {receipt.payment_id} is gone")
    if not await receipts.resolve(tx, invoice_id, resolution, ctx.clock.now(), clerk_id):
        raise contract.QuarantineDecided("Somebody has decided on this already")
    if resolution is Resolution.ACCEPTED:
        await _accept(ctx, tx, payment, receipt, taken=taken)
    else:
        await _give_back(ctx, tx, payment, receipt, receipt.amount)
        if payment.invoice_id == invoice_id:
            # Its invoice is used up at the provider: nobody can pay by it any more.
            await end_payments(ctx, tx, [payment.id])
    found = await receipts.find_quarantined(tx, invoice_id)
    if found is None:
        raise contract.QuarantineNotFound()
    return found


async def _accept(ctx: Context, tx: Transaction, payment: Payment, receipt: Receipt, *, taken: bool) -> None:
    if payment.status is not PaymentStatus.PENDING or not taken or receipt.paid_at > payment.expires_at:
        raise contract.QuarantineDecided("The payment can no longer be made; the money can only go back")
    if receipt.amount < payment.xendit_amount:
        raise contract.QuarantineDecided("Less came than was asked; the money can only go back")
    await _book_out(ctx, tx, receipt, "accepted", ReceiptKind.IN_TIME, payment.xendit_amount)
    paid = Paid(payment, receipt.paid_at, receipt.method, receipt.channel or None, accounts.QUARANTINE)
    await record_paid(ctx, tx, [paid])
    await _give_back(ctx, tx, payment, receipt, receipt.amount - payment.xendit_amount)


async def _give_back(ctx: Context, tx: Transaction, payment: Payment, receipt: Receipt, amount: int) -> None:
    if amount == 0:
        return
    name = await _book_out(ctx, tx, receipt, "returned", ReceiptKind.RETURNED, amount)
    owed_back = journal(
        f"payment/{payment.id}/returned/{name}",
        "payment_received",
        payment.code,
        debit(accounts.QUARANTINE, amount),
        credit(accounts.REFUND_CLEARING, amount),
    )
    await post(tx, ctx.chance, ctx.clock.now(), [owed_back])
    refund = NewRefund(payment.id, name, Rupiah(amount), refund_destination(receipt.method))
    await request_refunds(ctx, tx, RefundKind.QUARANTINE, RefundReason.OTHER, [refund])


async def _book_out(
    ctx: Context, tx: Transaction, receipt: Receipt, suffix: str, kind: ReceiptKind, amount: int
) -> str:
    """Write the receipt of what leaves quarantine; answers its name."""
    name = f"{receipt.invoice_id}/{suffix}"
    left = NewReceipt(
        name,
        receipt.payment_id,
        kind,
        amount,
        receipt.currency,
        receipt.method,
        receipt.channel,
        receipt.paid_at,
        Source.QUARANTINE,
    )
    await write_receipts(ctx, tx, [left])
    return name
