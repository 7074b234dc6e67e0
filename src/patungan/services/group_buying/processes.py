"""The durable processes of group buying: closing, cancelling, following payments and stock, and the timers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from patungan.contracts import group_buying as contract
from patungan.contracts import payment, warehouse
from patungan.kernel.contract import Message
from patungan.kernel.database import Transaction
from patungan.kernel.events import Received, subscription
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.kernel.workflows import Run, Schedule, Workflow, start, tell, timer, workflow
from patungan.services.group_buying import rules
from patungan.services.group_buying.operations import closing, ending
from patungan.services.group_buying.operations.life import PLATFORM, Actor, actor_of
from patungan.services.group_buying.operations.progress import announce_after_commit
from patungan.services.group_buying.operations.sessions import owned_session, renew_session
from patungan.services.group_buying.operations.views import session_or_404
from patungan.services.group_buying.queries import participants, sessions
from patungan.services.group_buying.rules import Status

STOCK_TOPIC = "stock"


class CloseSession(Message, frozen=True):
    session_id: UUID


class CancelSession(Message, frozen=True):
    session_id: UUID
    reason: str


class LeaveOut(Message, frozen=True):
    """Participants who were promised goods that will not come."""

    session_id: UUID
    participant_ids: list[UUID]


def closing_id(session_id: UUID) -> str:
    """The natural id of a session's closing."""
    return f"close-{session_id}"


@workflow("group-buying.close-session", CloseSession)
async def close_session(run: Run, request: CloseSession) -> None:
    """From the end of a session to its orders, or to nothing where nobody paid."""
    session_id = request.session_id
    if not await run.step(closing.claim, session_id):
        return
    paid = await run.step(closing.close_payments, session_id)
    if not await run.step(closing.tally_paid, session_id, paid):
        await run.step(closing.fail, session_id)
        await run.step(renew_session, session_id)
        return
    await run.step(closing.fill_by_platform, session_id)
    tier = await run.step(closing.decide_tier, session_id)
    goods = await run.step(closing.ask_for_stock, session_id, tier)
    if not goods.has_stock and not await _goods_arrive(run, session_id, goods):
        return
    await run.step(closing.succeed, session_id, tier)
    await run.step(closing.release_escrow, session_id, tier, goods)
    after: UUID | None = closing.NIL
    while after is not None:
        after = await run.step(closing.settle_batches, session_id, tier, after)
    await run.step(closing.finish, session_id, tier)
    await run.step(renew_session, session_id)


async def _goods_arrive(run: Run, session_id: UUID, goods: warehouse.Fulfilment) -> bool:
    """Wait until the warehouse has everything; False where the session was cancelled meanwhile."""
    await run.step(closing.wait_for_stock, session_id, goods.purchase_order_code)
    while True:
        status = await run.step(closing.status_of, session_id)
        if status in (Status.STOCK_RECEIVED, Status.CANCELLED):
            return status is Status.STOCK_RECEIVED
        await run.receive(STOCK_TOPIC, seconds=86_400)


@workflow("group-buying.cancel-session", CancelSession)
async def cancel_session(run: Run, request: CancelSession) -> None:
    """After the decision: end paying, pay everybody back, return the goods."""
    session_id = request.session_id
    paid = await run.step(closing.close_payments, session_id)
    await run.step(closing.tally_paid, session_id, paid)
    after = await run.step(ending.refund_batch, session_id, None)
    while after is not None:
        after = await run.step(ending.refund_batch, session_id, after)
    await run.step(ending.give_stock_back, session_id, request.reason)
    await run.step(ending.tell_refunded, session_id, request.reason)


@workflow("group-buying.refund-left-out", LeaveOut)
async def refund_left_out(run: Run, request: LeaveOut) -> None:
    """Pay those back who get no goods, then have the others' goods."""
    await run.step(ending.refund_left_out, request.session_id, request.participant_ids)
    await run.step(ending.lower_demand, request.session_id)


async def cancel(ctx: Context, caller: Caller, session_id: UUID, reason: str) -> None:
    """Cancel a session and start what follows from it, in one transaction; a closing that waits for goods is woken.

    Raises SessionNotFound for strangers, and what ``ending.mark_cancelled`` raises.
    """
    await owned_session(ctx, caller, session_id)
    async with ctx.db.transaction() as tx:
        await _cancel(ctx, tx, actor_of(caller), session_id, reason)


async def _cancel(ctx: Context, tx: Transaction, actor: Actor, session_id: UUID, reason: str) -> None:
    if await ending.mark_cancelled(ctx, tx, actor, session_id, reason):
        await start(tx, cancel_session, f"cancel-{session_id}", CancelSession(session_id=session_id, reason=reason))
        await tell(tx, closing_id(session_id), STOCK_TOPIC, f"cancelled-{session_id}")


@subscription(payment.PaymentPaid, payment.PaymentExpired, linger=timedelta(seconds=0.05))
async def on_payments(
    ctx: Context, tx: Transaction, events: Sequence[Received[payment.PaymentPaid | payment.PaymentExpired]]
) -> None:
    """Paid reservations count; expired ones give their units back. A batch of either is two statements a session."""
    bodies = [received.body for received in events]
    paid = {each.participant_id: each for each in bodies if isinstance(each, payment.PaymentPaid)}
    ids = [each.participant_id for each in bodies]
    for session_id in await participants.lock_sessions_of(tx, ids):
        announce_after_commit(ctx, tx, session_id)
    moved = await participants.mark_paid(tx, list(paid), [each.paid_at for each in paid.values()])
    gained: dict[UUID, tuple[int, int]] = {}
    for each in moved:
        units, people = gained.get(each.session_id, (0, 0))
        gained[each.session_id] = (units + each.quantity, people + each.people)
    for session_id, (units, people) in gained.items():
        await _count_paid(ctx, tx, session_id, units, people)
    await closing.let_go(ctx, tx, [each.participant_id for each in bodies if each.participant_id not in paid])


async def _count_paid(ctx: Context, tx: Transaction, session_id: UUID, units: int, people: int) -> None:
    before = await session_or_404(tx, session_id)
    await sessions.add_progress(tx, session_id, units, -units, people)
    after = before.paid_quantity + units
    facts: dict[str, Any] = closing.session_facts(before)
    tier = rules.tier_of(after, before.target_moq)
    if tier != rules.tier_of(before.paid_quantity, before.target_moq):
        await ctx.publish(tx, contract.SessionTierChanged(**facts, tier=tier, paid_quantity=after))
    if after >= before.target_moq and before.status is Status.FORMING:
        await closing.move(ctx, tx, before, Status.MOQ_REACHED, "minimum order quantity reached")
        await sessions.set_moq_reached(tx, session_id, ctx.clock.now())
        await ctx.publish(tx, contract.SessionMoqReached(**facts, paid_quantity=after))
    if before.platform_quantity and before.claimed_at is None:
        # Every unit that a person buys takes the place of one that the platform had guaranteed.
        await closing.set_fill(ctx, tx, before, rules.platform_fill(after, before.target_moq))


@subscription(warehouse.StockReceived)
async def on_stock_received(ctx: Context, tx: Transaction, events: Sequence[Received[warehouse.StockReceived]]) -> None:
    """The goods are there: the closing goes on."""
    for received in sorted(events, key=lambda each: each.body.session_id):
        session = await closing.locked(tx, received.body.session_id)
        if session.status is Status.PENDING_STOCK:
            await closing.move(ctx, tx, session, Status.STOCK_RECEIVED, "goods received")
            facts: dict[str, Any] = closing.session_facts(session)
            await ctx.publish(tx, contract.SessionStockReceived(**facts))
        await tell(tx, closing_id(session.id), STOCK_TOPIC, f"received-{received.id}")


@subscription(warehouse.StockCancelled)
async def on_stock_cancelled(
    ctx: Context, tx: Transaction, events: Sequence[Received[warehouse.StockCancelled]]
) -> None:
    """Goods will not come: the last to have joined go without and are paid back, the others go on. Where nobody would be
    left the session is cancelled."""
    for received in sorted(events, key=lambda each: each.body.session_id):
        cancelled = received.body
        session = await closing.locked(tx, cancelled.session_id)
        if session.status is not Status.PENDING_STOCK:
            continue
        people = await participants.paid_people(tx, session.id)
        without = rules.go_without({each.variant_id: each.units for each in cancelled.lines}, people)
        if not without:
            continue
        if len(without) == len(people):
            await _cancel(ctx, tx, PLATFORM, session.id, cancelled.reason)
            continue
        await ending.leave_out(ctx, tx, session, without, cancelled.reason)
        request = LeaveOut(session_id=session.id, participant_ids=without)
        await start(tx, refund_left_out, f"left-out-{received.id}", request)


async def process_expired(ctx: Context) -> int:
    """Start the closing of every session whose end has come; answers how many. Safe to run twice, late or in parallel."""
    async with ctx.db.transaction() as tx:
        due = await sessions.due_closings(tx, ctx.clock.now())
        for session_id in due:
            await start(tx, close_session, closing_id(session_id), CloseSession(session_id=session_id))
    return len(due)


async def process_near_expiration(ctx: Context) -> int:
    """Tell the buyers of sessions that end soon, and guarantee the lowest tier; answers how many sessions."""
    now = ctx.clock.now()
    due = await sessions.due_expirings(ctx.db, now, now + rules.NEAR_EXPIRATION)
    for each in due:
        async with ctx.db.transaction() as tx:
            session = await closing.locked(tx, each.id)
            if not await sessions.set_expiring(tx, each.id, now):
                continue
            facts: dict[str, Any] = closing.session_facts(session)
            await ctx.publish(tx, contract.SessionExpiring(**facts, ends_at=each.ends_at))
            await closing.publish_to_all(
                ctx, tx, session, contract.ParticipantExpiring, ["held", "paid"], ends_at=each.ends_at
            )
            fill = rules.platform_fill(session.paid_quantity, session.target_moq)
            await closing.set_fill(ctx, tx, session, fill)
    return len(due)


async def process_starts(ctx: Context) -> int:
    """Record the start of every session whose time has come; answers how many. They take joins by the clock alone."""
    async with ctx.db.transaction() as tx:
        due = await sessions.due_starts(tx, ctx.clock.now())
        for each in due:
            actor, step = PLATFORM, rules.START.name
            await sessions.write_history(
                tx, each.id, each.starts_at, step, each.status, each.status, actor.role, actor.user_id, "started"
            )
            announce_after_commit(ctx, tx, each.id)
    return len(due)


@timer(every=timedelta(seconds=0.5))
async def close_due_sessions(ctx: Context) -> None:
    """Begins the closing within a second of the end."""
    await process_expired(ctx)


@timer(every=timedelta(seconds=5))
async def announce_expiring_sessions(ctx: Context) -> None:
    """Looks for sessions that end within ten minutes."""
    await process_near_expiration(ctx)


@timer(every=timedelta(seconds=1))
async def record_starts(ctx: Context) -> None:
    """Sessions that were opened for later have begun."""
    await process_starts(ctx)


class Sweep(Message, frozen=True):
    """A run of one of the guide's cron jobs; the timers do the same work sooner, these are the safety net."""


@workflow("group-buying.process-expired", Sweep)
async def sweep_expired(run: Run, request: Sweep) -> None:
    """Every five minutes: close what should have been closed."""
    await run.step(process_expired)


@workflow("group-buying.process-near-expiration", Sweep)
async def sweep_near_expiration(run: Run, request: Sweep) -> None:
    """Every two minutes: announce what ends soon."""
    await run.step(process_near_expiration)


workflows: list[Workflow[Any]] = [close_session, cancel_session, refund_left_out, sweep_expired, sweep_near_expiration]
schedules = [
    Schedule("process-near-expiration", "*/2 * * * *", sweep_near_expiration, Sweep(), "sessions that end soon"),
    Schedule("process-expired", "*/5 * * * *", sweep_expired, Sweep(), "sessions whose end has come"),
]
