"""The end of paying for a session: closed, then released to whom it is due, or refunded."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

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


async def _void_or_wait(ctx: Context, began_at: datetime, payment_ids: list[UUID]) -> None:
    """Wait for a provider that does not answer, by raising Unavailable; after ten minutes end the payments without it."""
    if ctx.clock.now() < began_at + SILENCE_GRACE:
        raise Unavailable(f"The payment provider has not told how {len(payment_ids)} invoices ended")
    async with ctx.db.transaction() as tx:
        voided = await end_payments(ctx, tx, payment_ids)
    ctx.log.error("payments ended without the provider's word", count=len(voided))


async def _finish_closing(ctx: Context, request: contract.CloseSessionPayments) -> contract.SessionPaid:
    async with ctx.db.transaction() as tx:
        # Waits for news that is being recorded at this moment; what comes after sees the closed session and is late.
        await escrows.lock_escrow(tx, request.session_id)
        if await queries.pending_of_session(tx, request.session_id):
            raise Unavailable("Some payments are not decided yet")
        paid = await escrows.sum_paid(tx, request.session_id)
        await escrows.finish_closing(tx, request.session_id, ctx.clock.now(), paid.count, paid.amount)
        escrow = await escrows.lock_escrow(tx, request.session_id)
    if escrow is None:
        raise LookupError(f"session {request.session_id} is gone")
    return _paid(escrow)


def _divide(ctx: Context, request: contract.ReleaseEscrow) -> Division:
    try:
        return divide_escrow(
            cashback=request.cashback,
            factory_revenue=request.factory_revenue,
            warehouse_revenue=request.warehouse_revenue,
            leg1=request.leg1,
            leg2=request.leg2,
            fee=request.fee,
            commission_percent=ctx.settings.commission_percent,
        )
    except ValueError as error:
        raise InvalidInput(str(error)) from None


@implements(contract.release_escrow)
async def release_escrow(ctx: Context, request: contract.ReleaseEscrow) -> contract.Released:
    parts = _divide(ctx, request)
    async with ctx.db.transaction() as tx:
        escrow = await escrows.lock_escrow(tx, request.session_id)
        if escrow is not None and escrow.released is not None:
            return escrow.released
        if escrow is None or escrow.closed_at is None:
            raise Conflict("Paying for this session has not ended")
        if escrow.refund_reason is not None:
            raise Conflict("This session was refunded")
        return await _release(ctx, tx, request, parts)


async def _release(
    ctx: Context, tx: Transaction, request: contract.ReleaseEscrow, parts: Division
) -> contract.Released:
    now, session_id = ctx.clock.now(), request.session_id
    held = await balance_of(tx, accounts.escrow(session_id))
    paid = await escrows.sum_paid(tx, session_id)
    if not parts.total == held == paid.amount:
        ctx.log.error("escrow does not add up", session=str(session_id), parts=parts.total, held=held, paid=paid.amount)
        raise contract.EscrowMismatch(f"The parts are {parts.total}, the escrow holds {held}")
    division = journal(
        f"escrow/{session_id}/released",
        "escrow_released",
        str(session_id),
        debit(accounts.escrow(session_id), parts.total),
        credit(accounts.cashback_payable(session_id), parts.cashback),
        credit(accounts.payable_factory(request.factory_id), parts.factory),
        credit(accounts.PAYABLE_WAREHOUSE, parts.warehouse),
        credit(accounts.PAYABLE_COURIER, parts.courier),
        credit(accounts.COMMISSION_REVENUE, parts.commission),
        credit(accounts.FEE_INCOME, parts.fee_income),
    )
    await post(tx, ctx.chance, now, [division])
    released = contract.Released(
        session_id=session_id,
        total=parts.total,
        cashback=parts.cashback,
        factory=parts.factory,
        warehouse=parts.warehouse,
        commission=parts.commission,
        courier=parts.courier,
        fee_income=parts.fee_income,
    )
    await queries.mark_released(tx, session_id, now)
    await escrows.store_release(tx, session_id, now, released)
    await ctx.publish(tx, contract.EscrowReleased(session_id=session_id, total=parts.total))
    return released


@implements(contract.refund_session)
async def refund_session(ctx: Context, request: contract.RefundSession) -> contract.RefundsStarted:
    try:
        reason = RefundReason(request.reason)
    except ValueError:
        raise InvalidInput(f"{request.reason} is no reason for a refund", field="reason") from None
    now, session_id = ctx.clock.now(), request.session_id
    async with ctx.db.transaction() as tx:
        await escrows.ensure_escrows(tx, [session_id], now)
        escrow = await escrows.lock_escrow(tx, session_id)
        if escrow is not None and escrow.released is not None:
            raise Conflict("This session's escrow was released")
        if await escrows.store_refund(tx, session_id, now, reason):
            await _refund_all(ctx, tx, session_id, reason)
        total = await refund_queries.sum_of_session(tx, session_id)
    return contract.RefundsStarted(count=total.count, amount=total.amount)


async def _refund_all(ctx: Context, tx: Transaction, session_id: UUID, reason: RefundReason) -> None:
    """Send back everything that was paid; from here on the session takes no money, so that what comes is late."""
    pending = await queries.pending_of_session(tx, session_id)
    await end_payments(ctx, tx, [each.id for each in pending])
    await queries.lock_paid_of_session(tx, session_id)
    wanted = [
        NewRefund(each.payment_id, each.invoice_id, each.amount, refund_destination(each.method))
        for each in await refund_queries.refundable_of_session(tx, session_id)
    ]
    requested = await request_refunds(ctx, tx, RefundKind.SESSION, reason, wanted)
    books = [
        journal(
            f"refund/{each.id}/requested",
            "refund_issued",
            each.code,
            debit(accounts.escrow(session_id), each.amount),
            credit(accounts.REFUND_CLEARING, each.amount),
        )
        for each in requested
    ]
    await post(tx, ctx.chance, ctx.clock.now(), books)
