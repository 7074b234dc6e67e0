"""The steps of closing a session. Each is idempotent: carried out again, it changes nothing and answers the same."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec

from patungan.contracts import group_buying as contract
from patungan.contracts import order, payment, wallet, warehouse
from patungan.kernel.contract import Rows, event_type
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Unavailable
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.services.group_buying import rules
from patungan.services.group_buying.operations.life import take
from patungan.services.group_buying.operations.progress import announce_after_commit
from patungan.services.group_buying.operations.views import session_or_404
from patungan.services.group_buying.queries import closing as batches
from patungan.services.group_buying.queries import participants, sessions
from patungan.services.group_buying.queries.closing import Batch
from patungan.services.group_buying.queries.participants import Moved
from patungan.services.group_buying.queries.sessions import Session
from patungan.services.group_buying.rules import Status

BATCH = 2000
"""Participants that are handed to wallet and order at once: about 1.5 MB between services, half a second of work."""

LANES = 3
"""Batches that a step works on at the same time, so that one settles while wallet and order are at another."""

GOODS_WITHIN = timedelta(days=14)
"""How soon the factory is asked to deliver what is missing."""

NIL = UUID(int=0)


def session_facts(session: Session) -> dict[str, object]:
    """What every event of a session carries."""
    return {
        "session_id": session.id,
        "code": session.code,
        "product_id": session.product_id,
        "product_name": session.product.name,
        "factory_id": session.factory_id,
    }


async def move(ctx: Context, tx: Transaction, session: Session, to: Status, reason: str) -> None:
    """Pass a locked session on to another status, with its history; raises SessionStatusRefused for an illegal move."""
    phase = session.phase(ctx.clock.now())
    step = rules.transition_to(to, phase, session.paid_quantity)
    if step is None:
        raise contract.SessionStatusRefused(f"A session cannot pass from {phase} to {to}")
    await take(ctx, tx, session, step, reason)


async def locked(tx: Transaction, session_id: UUID) -> Session:
    """A session under lock; raises SessionNotFound."""
    session = await sessions.lock_session(tx, session_id)
    if session is None:
        raise contract.SessionNotFound()
    return session


async def publish_to_all(
    ctx: Context, tx: Transaction, session: Session, body: type[msgspec.Struct], statuses: list[str], **more: object
) -> None:
    """Append an event for every participant in one statement."""
    facts = {**session_facts(session), **more}
    now, secret = ctx.clock.now(), ctx.chance.secret()
    await batches.publish_to_participants(tx, session.id, now, secret, event_type(body).name, facts, statuses)


async def claim(ctx: Context, session_id: UUID) -> bool:
    """Take the session for closing: no joins from here on. False where it is not to be closed (any more)."""
    async with ctx.db.transaction() as tx:
        session = await locked(tx, session_id)
        if session.status not in rules.OPEN or ctx.clock.now() < session.ends_at:
            return False
        if await sessions.set_claimed(tx, session_id, ctx.clock.now()):
            await take(ctx, tx, session, rules.CLAIM, "the end has come")
    return True


async def close_payments(ctx: Context, session_id: UUID) -> payment.SessionPaid:
    """End paying for the session; answers what was paid in time."""
    return await ctx.call(payment.close_session_payments, payment.CloseSessionPayments(session_id=session_id))


async def tally_paid(ctx: Context, session_id: UUID, paid: payment.SessionPaid) -> int:
    """Wait until every payment is seen here too, let the unpaid go, and answer the paid units."""
    totals = await participants.paid_totals(ctx.db, session_id)
    if (totals.people, totals.total) != (paid.paid_count, paid.paid_amount):
        raise Unavailable("Payments of this session are still on their way here")
    async with ctx.db.transaction() as tx:
        await locked(tx, session_id)
        await give_back(ctx, tx, await participants.mark_all_released(tx, session_id, ctx.clock.now()))
    return totals.quantity


async def let_go(ctx: Context, tx: Transaction, participant_ids: list[UUID]) -> None:
    """Release unpaid reservations and give their units back; sessions are locked first, in the order of their ids."""
    if not participant_ids:
        return
    await participants.lock_sessions_of(tx, participant_ids)
    await give_back(ctx, tx, await participants.mark_released(tx, participant_ids, ctx.clock.now()))


async def give_back(ctx: Context, tx: Transaction, released: Sequence[Moved]) -> None:
    """Give the units of released reservations back to their locked sessions."""
    for moved in released:
        await sessions.add_demand(tx, moved.session_id, [moved.position], [-moved.quantity])
        await sessions.add_progress(tx, moved.session_id, 0, -moved.quantity, 0)
        announce_after_commit(ctx, tx, moved.session_id)


async def fail(ctx: Context, session_id: UUID) -> None:
    """End a session that nobody paid for."""
    async with ctx.db.transaction() as tx:
        session = await locked(tx, session_id)
        if session.status is Status.FAILED:
            return
        await set_fill(ctx, tx, session, 0)
        await move(ctx, tx, session, Status.FAILED, "nobody bought")
        await sessions.set_finalised(tx, session_id, ctx.clock.now())
        await ctx.publish(tx, contract.SessionFailed(**session_facts(session)))  # type: ignore[arg-type]


async def set_fill(ctx: Context, tx: Transaction, session: Session, quantity: int) -> None:
    """Record how many units the platform guarantees; published as what it is."""
    if quantity == session.platform_quantity:
        return
    if quantity:
        await sessions.record_fill(tx, session.id, ctx.settings.bot_user_id, quantity, ctx.clock.now())
        await ctx.publish(
            tx,
            contract.SessionPlatformFilled(**session_facts(session), quantity=quantity),  # type: ignore[arg-type]
        )
    else:
        await sessions.delete_fill(tx, session.id)
    await sessions.set_platform_quantity(tx, session.id, quantity)
    await take(ctx, tx, session, rules.GUARANTEE, f"the platform guarantees {quantity} units")
    announce_after_commit(ctx, tx, session.id)


async def fill_by_platform(ctx: Context, session_id: UUID) -> int:
    """The platform guarantees what is missing to a quarter of the minimum; answers the units."""
    async with ctx.db.transaction() as tx:
        session = await locked(tx, session_id)
        quantity = rules.platform_fill(session.paid_quantity, session.target_moq)
        await set_fill(ctx, tx, session, quantity)
    return quantity


async def decide_tier(ctx: Context, session_id: UUID) -> int:
    """The tier by the paid units of real buyers."""
    session = await session_or_404(ctx.db, session_id)
    tier = rules.tier_of(session.paid_quantity, session.target_moq)
    await sessions.set_tier(ctx.db, session_id, tier)
    return tier


async def ask_for_stock(ctx: Context, session_id: UUID, tier: int) -> warehouse.Fulfilment:
    """Reserve the goods, or order what is missing, for the paid demand alone; the platform's units are no demand."""
    session = await session_or_404(ctx.db, session_id)
    price = session.prices.at(tier)
    lines = [
        warehouse.DemandLine(
            variant_id=each.variant_id,
            quantity=each.quantity,
            unit_cost=Rupiah(price + each.price_adjustment),
        )
        for each in await participants.paid_demand(ctx.db, session_id)
    ]
    return await ctx.call(
        warehouse.fulfil_demand,
        warehouse.FulfilDemand(
            session_id=session_id,
            session_code=session.code,
            product_id=session.product_id,
            product_name=session.product.name,
            factory_id=session.factory_id,
            warehouse_id=session.warehouse_id,
            lines=lines,
            needed_by=(session.claimed_at or session.ends_at) + GOODS_WITHIN,
        ),
    )


async def wait_for_stock(ctx: Context, session_id: UUID, purchase_order_code: str | None) -> None:
    """Show that the session waits for goods, and tell its buyers."""
    async with ctx.db.transaction() as tx:
        session = await locked(tx, session_id)
        if session.status not in rules.OPEN:
            return
        await move(ctx, tx, session, Status.PENDING_STOCK, f"goods ordered: {purchase_order_code or ''}".strip())
        await sessions.set_purchase_order(tx, session_id, purchase_order_code)
        await ctx.publish(
            tx,
            contract.SessionPendingStock(
                **session_facts(session),  # type: ignore[arg-type]
                purchase_order_code=purchase_order_code or "",
            ),
        )
        await publish_to_all(ctx, tx, session, contract.ParticipantWaitingForStock, ["paid"])


async def status_of(ctx: Context, session_id: UUID) -> Status:
    """Where the session stands now."""
    return (await session_or_404(ctx.db, session_id)).status


async def succeed(ctx: Context, session_id: UUID, tier: int) -> None:
    """The session succeeds at its tier; its participants are settled in the batches that follow."""
    async with ctx.db.transaction() as tx:
        session = await locked(tx, session_id)
        if session.status not in (Status.SUCCESS, Status.ORDERS_CREATED):
            await move(ctx, tx, session, Status.SUCCESS, f"closed at tier {tier}")


async def release_escrow(ctx: Context, session_id: UUID, tier: int, goods: warehouse.Fulfilment) -> payment.Released:
    """Divide the escrow: cashback, factory, warehouse, courier, commission, fee (DOMAIN.md 6.2)."""
    session = await session_or_404(ctx.db, session_id)
    totals = await participants.paid_totals(ctx.db, session_id)
    price = session.prices.at(tier)
    # What was asked of the warehouse, less what did not come: whoever paid for that was refunded.
    demand = {each.variant_id: each for each in await participants.paid_demand(ctx.db, session_id)}
    prices = {each.variant_id: price + each.price_adjustment for each in demand.values()}
    sold = sum(each.quantity * prices[each.variant_id] for each in demand.values())
    from_stock = sum(
        min(line.from_stock, demand[line.variant_id].quantity) * prices[line.variant_id]
        for line in goods.lines
        if line.variant_id in demand
    )
    return await ctx.call(
        payment.release_escrow,
        payment.ReleaseEscrow(
            session_id=session_id,
            factory_id=session.factory_id,
            cashback=rules.cashback(session.base_price, price, totals.quantity),
            factory_revenue=Rupiah(sold - from_stock),
            warehouse_revenue=Rupiah(from_stock),
            leg1=totals.leg1,
            leg2=totals.leg2,
            fee=totals.fee,
        ),
    )


async def settle_batches(ctx: Context, session_id: UUID, tier: int, after: UUID) -> UUID | None:
    """Give the next few batches of paid participants their cashback and their order at the tier's price, at the same time;
    answers where to go on, None at the end."""
    session = await session_or_404(ctx.db, session_id)
    reduction = session.base_price - session.prices.at(tier)
    starts = [after, *await batches.ends_of_batches(ctx.db, session_id, after, BATCH, LANES - 1)]
    outcomes = await asyncio.gather(
        *(_settle_batch(ctx, session, tier, reduction, start) for start in starts), return_exceptions=True
    )
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    last = outcomes[-1]
    return None if isinstance(last, BaseException) else last


async def _settle_batch(ctx: Context, session: Session, tier: int, reduction: int, after: UUID) -> UUID | None:
    session_id = session.id
    batch = await batches.next_batch(ctx.db, session_id, after, BATCH, reduction)
    if not batch.people:
        return None
    # Wallet and order know nothing of each other and work at the same time; who fails is asked again, with the other.
    made, credited = await asyncio.gather(
        _create_orders(ctx, session, batch), _credit_cashbacks(ctx, session, batch), return_exceptions=True
    )
    for outcome in (made, credited):
        if isinstance(outcome, BaseException):
            raise outcome
    name, facts = event_type(contract.ParticipantConfirmed).name, {**session_facts(session), "tier": tier}
    async with ctx.db.transaction() as tx:
        await tx.look_up_by_index()
        now, secret = ctx.clock.now(), ctx.chance.secret()
        await batches.settle(tx, session_id, made, reduction, now, secret, name, facts)
    return batch.last if batch.people == BATCH else None


async def _credit_cashbacks(ctx: Context, session: Session, batch: Batch) -> None:
    asked = wallet.CreditCashbacks(session_id=session.id, session_code=session.code, cashbacks=batch.cashbacks)
    await ctx.call(wallet.credit_cashbacks, asked)


async def _create_orders(ctx: Context, session: Session, batch: Batch) -> Rows:
    product = session.product
    asked = order.CreateSessionOrders(
        session_id=session.id,
        session_code=session.code,
        factory_id=session.factory_id,
        factory_name=session.factory_name,
        product_id=product.id,
        product_name=product.name,
        product_slug=product.slug,
        image_url=product.image_url,
        unit_weight_grams=product.weight_grams,
        unit_length_cm=product.length_cm,
        unit_width_cm=product.width_cm,
        unit_height_cm=product.height_cm,
        warehouse_id=session.warehouse_id,
        orders=batch.orders,
    )
    return (await ctx.call(order.create_session_orders, asked)).orders


async def finish(ctx: Context, session_id: UUID, tier: int) -> None:
    """The session is done; its participants were told one by one, as they got their orders."""
    async with ctx.db.transaction() as tx:
        session = await locked(tx, session_id)
        if session.status is Status.ORDERS_CREATED:
            return
        await move(ctx, tx, session, Status.ORDERS_CREATED, "orders created")
        await sessions.set_finalised(tx, session_id, ctx.clock.now())
        await ctx.publish(
            tx,
            contract.SessionSucceeded(
                **session_facts(session),  # type: ignore[arg-type]
                tier=tier,
                paid_quantity=session.paid_quantity,
            ),
        )
