"""The end of paying for a session: closed, then released to whom it is due, or refunded."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from patungan.contracts import payment as contract
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Conflict, InternalError, InvalidInput, Unavailable
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context, implements
from patungan.kernel.time import jakarta_day
from patungan.ledger import accounts
from patungan.ledger.posting import balance_of, credit, debit, journal, post
from patungan.services.payment.operations.expiring import settle_all
from patungan.services.payment.operations.payments import CODE_ATTEMPTS, end_payments, expire_payments
from patungan.services.payment.operations.refunds import CARRY_OUT_REFUND, NewRefund, request_refunds
from patungan.services.payment.queries import batches, escrows, payments, receipts
from patungan.services.payment.queries import refunds as refund_queries
from patungan.services.payment.queries.escrows import Escrow
from patungan.services.payment.queries.refunds import Refund
from patungan.services.payment.rules import (
    CODE_LENGTH,
    SILENCE_GRACE,
    Destination,
    Division,
    PaymentStatus,
    RefundKind,
    RefundReason,
    divide_escrow,
    refund_destination,
)

BATCH = 2000
"""Payments that one transaction ends or sends back."""

NIL = UUID(int=0)


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
    await _expire_unopened(ctx, request.session_id)
    await _settle_opened(ctx, request.session_id, escrow.closing_began_at or ctx.clock.now())
    return await _finish_closing(ctx, request)


async def _expire_unopened(ctx: Context, session_id: UUID) -> None:
    """Expire what nobody opened: while the session closes, nobody can any more."""
    while True:
        async with ctx.db.transaction() as tx:
            expired = await batches.expire_unopened(tx, session_id, BATCH, ctx.clock.now(), ctx.chance.secret())
        if expired < BATCH:
            break
    while with_wallet := await batches.unopened_with_wallet(ctx.db, session_id, BATCH):
        async with ctx.db.transaction() as tx:
            await expire_payments(ctx, tx, with_wallet)


async def _settle_opened(ctx: Context, session_id: UUID, began_at: datetime) -> None:
    """End opened payments by the provider's word. Waits for a provider that does not answer, by raising Unavailable; after
    ten minutes they end without it."""
    waiting, after = 0, NIL
    while opened := await batches.opened_after(ctx.db, session_id, after, BATCH):
        after = opened[-1].id
        silent = [each.id for each in await settle_all(ctx, opened)]
        if silent and ctx.clock.now() >= began_at + SILENCE_GRACE:
            async with ctx.db.transaction() as tx:
                voided = await end_payments(ctx, tx, silent)
            ctx.log.error("payments ended without the provider's word", count=len(voided))
        else:
            waiting += len(silent)
    if waiting:
        raise Unavailable(f"The payment provider has not told how {waiting} invoices ended")


async def _finish_closing(ctx: Context, request: contract.CloseSessionPayments) -> contract.SessionPaid:
    async with ctx.db.transaction() as tx:
        # Waits for news that is being recorded at this moment; what comes after sees the closed session and is late.
        await escrows.lock_escrow(tx, request.session_id)
        if await batches.has_pending(tx, request.session_id):
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
    paid = await escrows.sum_held(tx, session_id)
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
    await escrows.store_release(tx, session_id, now, released)
    await ctx.publish(tx, _released_event(ctx, request, parts))
    return released


def _released_event(ctx: Context, request: contract.ReleaseEscrow, parts: Division) -> contract.EscrowReleased:
    return contract.EscrowReleased(
        session_id=request.session_id,
        total=parts.total,
        factory_id=request.factory_id,
        factory_revenue=request.factory_revenue,
        factory=parts.factory,
        commission_percent=ctx.settings.commission_percent,
    )


@implements(contract.refund_participants)
async def refund_participants(ctx: Context, request: contract.RefundParticipants) -> contract.RefundsStarted:
    try:
        reason = RefundReason(request.reason)
    except ValueError:
        raise InvalidInput(f"{request.reason} is no reason for a refund", field="reason") from None
    session_id = request.session_id
    async with ctx.db.transaction() as tx:
        escrow = await escrows.lock_escrow(tx, session_id)
        if escrow is None or escrow.released is not None:
            raise Conflict("This session's escrow was released, or never was")
        found = await payments.find_summaries(tx, request.participant_ids)
        made = []
        for each in sorted(found, key=lambda one: one.id):
            made += await _refund_whole(ctx, tx, session_id, each.id, reason)
        books = [
            journal(
                f"refund/{each.id}/requested",
                "refund_issued",
                each.code,
                debit(accounts.escrow(session_id), each.amount),
                credit(accounts.REFUND_CLEARING, each.amount),
            )
            for each in made
        ]
        await post(tx, ctx.chance, ctx.clock.now(), books)
        total = await refund_queries.sum_of_session(tx, session_id)
    return contract.RefundsStarted(count=total.count, amount=total.amount)


async def _refund_whole(
    ctx: Context, tx: Transaction, session_id: UUID, payment_id: UUID, reason: RefundReason
) -> list[Refund]:
    """Send back what is left of a paid payment of the session; answers the refunds that are new."""
    payment = await payments.lock_payment(tx, payment_id)
    if payment is None or payment.session_id != session_id or payment.status is not PaymentStatus.PAID:
        return []
    left = [each for each in await receipts.receivables(tx, payment_id) if each.left > 0]
    wanted = [
        NewRefund(payment_id, each.invoice_id, Rupiah(each.left), refund_destination(each.method)) for each in left
    ]
    return await request_refunds(ctx, tx, RefundKind.SESSION, reason, wanted)


@implements(contract.refund_session)
async def refund_session(ctx: Context, request: contract.RefundSession) -> contract.RefundsStarted:
    try:
        reason = RefundReason(request.reason)
    except ValueError:
        raise InvalidInput(f"{request.reason} is no reason for a refund", field="reason") from None
    now, session_id = ctx.clock.now(), request.session_id
    async with ctx.db.transaction() as tx:
        await tx.look_up_by_index()
        await escrows.ensure_escrows(tx, [session_id], now)
        escrow = await escrows.lock_escrow(tx, session_id)
        if escrow is not None and escrow.released is not None:
            raise Conflict("This session's escrow was released")
        # From here on the session takes no money: what comes is late, and goes back by itself.
        await escrows.store_refund(tx, session_id, now, reason)
        last = await _refund_batch(ctx, tx, session_id, reason, request.after or NIL)
        total = await refund_queries.sum_of_session(tx, session_id)
    return contract.RefundsStarted(count=total.count, amount=total.amount, last=last)


async def _refund_batch(
    ctx: Context, tx: Transaction, session_id: UUID, reason: RefundReason, after: UUID
) -> UUID | None:
    """Send the next payments back, with their books and their way; answers the last of them, None at the end."""
    pending = await batches.pending_batch(tx, session_id, BATCH)
    await end_payments(ctx, tx, [each.id for each in pending])
    sources = [
        each
        for each in await batches.methods(tx, session_id, after, BATCH)
        if refund_destination(each) is Destination.SOURCE
    ]
    for _ in range(CODE_ATTEMPTS):
        now, secret = ctx.clock.now(), ctx.chance.secret()
        prefix = f"REF-{jakarta_day(now)}-"
        books = (accounts.escrow(session_id), accounts.REFUND_CLEARING)
        named = (prefix, CODE_LENGTH, reason, sources, *books, CARRY_OUT_REFUND)
        made = await batches.refund(tx, session_id, after, BATCH, now, secret, *named)
        if made.last is None:
            return after if len(pending) == BATCH else None
        if not await batches.lacks_refunds(tx, session_id, after, made.last):
            return made.last if BATCH in (made.looked_at, len(pending)) else None
    raise InternalError("no free refund code was found")
