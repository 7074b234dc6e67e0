"""Ending a session by decision: early, or by cancelling it; and the state of its production."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from patungan.contracts import group_buying as contract
from patungan.contracts import payment, warehouse
from patungan.kernel.contract import event_type
from patungan.kernel.database import Transaction
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.services.group_buying import rules
from patungan.services.group_buying.operations.closing import locked, session_facts
from patungan.services.group_buying.operations.life import Actor, actor_of, take
from patungan.services.group_buying.operations.sessions import owned_session
from patungan.services.group_buying.operations.views import session_or_404
from patungan.services.group_buying.queries import closing as batches
from patungan.services.group_buying.queries import participants, sessions
from patungan.services.group_buying.queries.sessions import Session
from patungan.services.group_buying.rules import Status

LEFT_OUT_AT_ONCE = 200
"""Participants that payment refunds in one transaction."""


async def end_now(ctx: Context, caller: Caller, session_id: UUID, key: str) -> Session:
    """Let the session end at this moment; the closing then begins as at any end. Raises SessionStatusRefused."""
    await session_or_404(ctx.db, session_id)

    async def work(tx: Transaction) -> UUID:
        session = await locked(tx, session_id)
        await take(ctx, tx, session, rules.END_EARLY, "ended early", actor_of(caller))
        await sessions.set_ended_early(tx, session_id, ctx.clock.now())
        return session_id

    await once(ctx.db, caller.user_id, "end-session", key, str(session_id), ctx.clock.now(), UUID, work)
    return await session_or_404(ctx.db, session_id)


async def mark_cancelled(ctx: Context, tx: Transaction, actor: Actor, session_id: UUID, reason: str) -> bool:
    """Cancel the session: no joins, no closing. False where it was cancelled before; what the platform guaranteed stays
    in its record.

    Raises SessionHasBuyers for a factory whose session somebody paid for, and SessionStatusRefused while the closing is
    at work, except while it waits for goods.
    """
    session = await locked(tx, session_id)
    if session.status is Status.CANCELLED:
        return False
    if session.paid_quantity and actor.role == "factory":
        raise contract.SessionHasBuyers("Somebody has paid already; ask an administrator to cancel")
    await take(ctx, tx, session, rules.CANCEL, reason, actor)
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
        await batches.refund(tx, session_id, ctx.clock.now(), ctx.chance.secret(), name, facts, None)


async def leave_out(ctx: Context, tx: Transaction, session: Session, people: Sequence[UUID], reason: str) -> None:
    """Mark paid participants of a locked session refunded, who get no goods, and tell them."""
    name, facts = event_type(contract.ParticipantRefunded).name, {**session_facts(session), "reason": reason}
    await batches.refund(tx, session.id, ctx.clock.now(), ctx.chance.secret(), name, facts, list(people))


async def refund_left_out(ctx: Context, session_id: UUID, people: list[UUID]) -> None:
    """Pay participants back in full, out of the escrow."""
    for first in range(0, len(people), LEFT_OUT_AT_ONCE):
        batch = people[first : first + LEFT_OUT_AT_ONCE]
        asked = payment.RefundParticipants(session_id=session_id, participant_ids=batch, reason="out_of_stock")
        await ctx.call(payment.refund_participants, asked)


async def lower_demand(ctx: Context, session_id: UUID) -> None:
    """Have the warehouse wait only for what the remaining participants paid for."""
    left = [
        warehouse.DemandedUnits(variant_id=each.variant_id, quantity=each.quantity)
        for each in await participants.paid_demand(ctx.db, session_id)
    ]
    await ctx.call(warehouse.lower_demand, warehouse.LowerDemand(session_id=session_id, lines=left))


async def set_production(ctx: Context, caller: Caller, session_id: UUID, state: str, key: str) -> Session:
    """The factory tells that production has started or is completed, while the session waits for its goods.

    Raises SessionStatusRefused at any other time, and out of that order.
    """
    await owned_session(ctx, caller, session_id)

    async def work(tx: Transaction) -> UUID:
        session = await locked(tx, session_id)
        step = rules.START_PRODUCTION if state == "started" else rules.COMPLETE_PRODUCTION
        if session.production_state != rules.PRODUCTION[state]:
            raise contract.SessionStatusRefused(f"Production is {session.production_state or 'not started'}")
        await take(ctx, tx, session, step, f"production {state}", actor_of(caller))
        await sessions.set_production(tx, session_id, state)
        return session_id

    request = {"session_id": str(session_id), "state": state}
    await once(ctx.db, caller.user_id, "session-production", key, request, ctx.clock.now(), UUID, work)
    return await session_or_404(ctx.db, session_id)
