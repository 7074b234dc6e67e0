"""Ending a session by decision: early, or by cancelling it; and the state of its production."""

from __future__ import annotations

from uuid import UUID

from patungan.contracts import group_buying as contract
from patungan.contracts import payment, warehouse
from patungan.kernel.contract import event_type
from patungan.kernel.database import Transaction
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.services.group_buying import rules
from patungan.services.group_buying.operations.closing import locked, move, session_facts, set_fill
from patungan.services.group_buying.operations.sessions import must_own, owner_of
from patungan.services.group_buying.operations.views import session_or_404
from patungan.services.group_buying.queries import closing as batches
from patungan.services.group_buying.queries import sessions
from patungan.services.group_buying.queries.sessions import Session
from patungan.services.group_buying.rules import Status


async def end_now(ctx: Context, caller: Caller, session_id: UUID) -> Session:
    """Let the session end at this moment; the closing then begins as at any end. Raises SessionStatusRefused."""
    async with ctx.db.transaction() as tx:
        session = await locked(tx, session_id)
        if session.status not in rules.OPEN or session.claimed_at is not None or ctx.clock.now() < session.starts_at:
            raise contract.SessionStatusRefused()
        status = session.status
        if await sessions.set_ended_early(tx, session_id, ctx.clock.now()):
            await sessions.write_history(tx, session_id, ctx.clock.now(), status, status, caller.user_id, "ended early")
        return await session_or_404(tx, session_id)


async def may_cancel(ctx: Context, caller: Caller, session_id: UUID) -> None:
    """Raises SessionNotFound for strangers and SessionHasBuyers for a factory whose session somebody paid for."""
    session = await session_or_404(ctx.db, session_id)
    must_own(caller, session, await owner_of(ctx, session))
    if session.paid_quantity and not caller.is_admin:
        raise contract.SessionHasBuyers("Somebody has paid already; ask an administrator to cancel")


async def mark_cancelled(ctx: Context, tx: Transaction, session_id: UUID, actor: UUID, reason: str) -> bool:
    """Cancel the session: no joins, no closing. False where it was cancelled before.

    Raises SessionStatusRefused while the closing is at work, except while it waits for goods.
    """
    session = await locked(tx, session_id)
    if session.status is Status.CANCELLED:
        return False
    if session.claimed_at is not None and session.status is not Status.PENDING_STOCK:
        raise contract.SessionStatusRefused("The session is being closed at this moment")
    await set_fill(ctx, tx, session, 0)
    await move(ctx, tx, session, Status.CANCELLED, reason, actor)
    await sessions.set_claimed(tx, session_id, ctx.clock.now())
    await sessions.set_finalised(tx, session_id, ctx.clock.now())
    await ctx.publish(
        tx,
        contract.SessionCancelled(**session_facts(session), reason=reason),  # type: ignore[arg-type]
    )
    return True


async def refund_batch(ctx: Context, session_id: UUID, after: UUID | None) -> UUID | None:
    """Pay back the next batch of participants in full; answers where to go on, None at the end."""
    asked = payment.RefundSession(session_id=session_id, reason="order_cancelled", after=after)
    return (await ctx.call(payment.refund_session, asked)).last


async def give_stock_back(ctx: Context, session_id: UUID, reason: str) -> None:
    """Release what the warehouse keeps for the session."""
    await ctx.call(warehouse.release_demand, warehouse.ReleaseDemand(session_id=session_id, reason=reason))


async def tell_refunded(ctx: Context, session_id: UUID, reason: str) -> None:
    """Mark every paid participant refunded and tell them."""
    async with ctx.db.transaction() as tx:
        session = await locked(tx, session_id)
        name, facts = event_type(contract.ParticipantRefunded).name, {**session_facts(session), "reason": reason}
        await batches.refund(tx, session_id, ctx.clock.now(), ctx.chance.secret(), name, facts)


async def set_production(ctx: Context, caller: Caller, session_id: UUID, state: str) -> Session:
    """The factory tells that production has started or is completed, while the session waits for its goods."""
    session = await session_or_404(ctx.db, session_id)
    must_own(caller, session, await owner_of(ctx, session))
    async with ctx.db.transaction() as tx:
        session = await locked(tx, session_id)
        if session.status is not Status.PENDING_STOCK or (state == "completed" and session.production_state is None):
            raise contract.SessionStatusRefused("Production belongs to a session that waits for its goods")
        await sessions.set_production(tx, session_id, state)
        status = session.status
        await sessions.write_history(
            tx, session_id, ctx.clock.now(), status, status, caller.user_id, f"production {state}"
        )
        return await session_or_404(tx, session_id)
