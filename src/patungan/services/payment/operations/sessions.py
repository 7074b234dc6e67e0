"""The end of paying for a session: closed, then released to whom it is due, or refunded."""

from __future__ import annotations

from datetime import datetime

from patungan.contracts import payment as contract
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Conflict, InvalidInput, Unavailable
from patungan.kernel.service import Context, implements
from patungan.ledger import accounts
from patungan.ledger.posting import balance_of, credit, debit, journal, post
from patungan.services.payment.operations.expiring import settle_all
from patungan.services.payment.operations.payments import end_payments, expire_payments
from patungan.services.payment.operations.refunds import NewRefund, request_refunds
from patungan.services.payment.queries import escrows
from patungan.services.payment.queries import payments as queries
from patungan.services.payment.queries import refunds as refund_queries
from patungan.services.payment.queries.escrows import Escrow
from patungan.services.payment.rules import (
    SILENCE_GRACE,
    Division,
    RefundKind,
    RefundReason,
    divide_escrow,
    refund_destination,
)


def _paid(escrow: Escrow) -> contract.SessionPaid:
    if escrow.paid_count is None or escrow.paid_amount is None:
        raise LookupError(f"session {escrow.session_id} is not closed")
    return contract.SessionPaid(
        session_id=escrow.session_id, paid_count=escrow.paid_count, paid_amount=escrow.paid_amount
    )


@implements(contract.close_session_payments)
async def close_session_payments(ctx: Context, request: contract.CloseSessionPayments) -> contract.SessionPaid:
    escrow = await escrows.begin_closing(ctx.db, request.session_id, ctx.clock.now())
    if escrow.closed_at is not None:
        return _paid(escrow)
    pending = await queries.pending_of_session(ctx.db, request.session_id)
    unopened = [each.id for each in pending if not each.invoice_asked]
    if unopened:
        async with ctx.db.transaction() as tx:
            await expire_payments(ctx, tx, unopened)
    silent = await settle_all(ctx, [each for each in pending if each.invoice_asked])
    if silent:
        await _void_or_wait(ctx, escrow.closing_began_at or ctx.clock.now(), [each.id for each in silent])
    return await _finish_closing(ctx, request)
