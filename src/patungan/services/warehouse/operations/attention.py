"""Purchase orders that somebody must see to: rejected, not answered, not delivered to the factory, or late."""

from __future__ import annotations

from uuid import UUID

from patungan.contracts import warehouse as contract
from patungan.kernel.database import Transaction
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.kernel.workflows import start
from patungan.services.warehouse.operations.purchase_orders import (
    PurchaseOrderView,
    lock,
    purchase_order_for,
    stored,
)
from patungan.services.warehouse.processes import RemindFactory, remind_factory
from patungan.services.warehouse.queries import configuration
from patungan.services.warehouse.queries import purchase_orders as queries
from patungan.services.warehouse.queries.purchase_orders import PurchaseOrder
from patungan.services.warehouse.rules import ANSWER_TIME, MOST_REMINDERS, PurchaseOrderStatus, deadline_text

REJECTED, UNANSWERED, UNDELIVERABLE, LATE = "rejected", "unanswered", "undeliverable", "late"
NO_REASON = "Tanpa alasan / no reason given"
AT_ONCE = 100


async def call(ctx: Context, tx: Transaction, order: PurchaseOrder, kind: str, detail: str) -> None:
    """Call people to an order, and write down that it was done."""
    now = ctx.clock.now()
    await configuration.write_audit_log(tx, now, None, f"purchase_order.{kind}", order.id, detail, {})
    await ctx.publish(
        tx,
        contract.PurchaseOrderAttention(
            purchase_order_id=order.id, code=order.code, factory_id=order.factory_id, kind=kind, detail=detail
        ),
    )


async def reject(ctx: Context, tx: Transaction, order: PurchaseOrder, reason: str) -> None:
    """Note that a factory does not take a locked, pending order. It stays pending: sessions wait for its goods, so people
    decide what becomes of it."""
    if order.rejected_at is None and await queries.reject(tx, order.id, ctx.clock.now(), reason):
        await call(ctx, tx, order, REJECTED, reason)


async def reject_by_owner(ctx: Context, caller: Caller, order_id: UUID, reason: str) -> PurchaseOrderView:
    """A factory rejects its order in the portal; raises PurchaseOrderNotFound or PurchaseOrderStatusRefused."""
    await purchase_order_for(ctx, caller, order_id)
    async with ctx.db.transaction() as tx:
        order = await lock(tx, order_id)
        if order.status is not PurchaseOrderStatus.PENDING or order.rejected_at is not None:
            raise contract.PurchaseOrderStatusRefused("Only an order that waits for an answer can be rejected")
        await reject(ctx, tx, order, reason)
        return await stored(tx, order_id)


async def ask_again(ctx: Context, caller: Caller, order_id: UUID) -> PurchaseOrderView:
    """Remind the factory now; a rejection is forgotten. Raises PurchaseOrderNotFound, PurchaseOrderStatusRefused."""
    await purchase_order_for(ctx, caller, order_id)
    async with ctx.db.transaction() as tx:
        order = await lock(tx, order_id)
        if order.status is not PurchaseOrderStatus.PENDING:
            raise contract.PurchaseOrderStatusRefused("The factory has answered already")
        await _remind(ctx, tx, order, caller.user_id)
        return await stored(tx, order_id)


async def _remind(ctx: Context, tx: Transaction, order: PurchaseOrder, actor: UUID | None) -> None:
    now = ctx.clock.now()
    number = await queries.ask_again(tx, order.id, now + ANSWER_TIME)
    if number is None:
        return
    request = RemindFactory(purchase_order_id=order.id, number=number)
    await start(tx, remind_factory, f"po-reminder-{order.id}-{number}", request)
    action = "purchase_order.reminded"
    await configuration.write_audit_log(tx, now, actor, action, order.id, f"Reminder {number}", {})


async def remind_unanswered(ctx: Context) -> int:
    """Remind the factories that did not answer for a day; after three reminders people are called instead."""
    async with ctx.db.transaction() as tx:
        due = await queries.lock_unanswered(tx, ctx.clock.now(), AT_ONCE)
        for order_id in due:
            order = await lock(tx, order_id)
            if order.reminders < MOST_REMINDERS:
                await _remind(ctx, tx, order, None)
            else:
                await queries.stop_reminding(tx, order_id)
                await call(ctx, tx, order, UNANSWERED, f"{order.reminders} reminders")
    return len(due)


async def close_unexplained(ctx: Context) -> int:
    """Call people to the rejections whose reason did not come within a day."""
    async with ctx.db.transaction() as tx:
        due = await queries.lock_unexplained(tx, ctx.clock.now() - ANSWER_TIME, AT_ONCE)
        for order_id in due:
            await reject(ctx, tx, await lock(tx, order_id), NO_REASON)
    return len(due)


async def tell_late(ctx: Context) -> int:
    """Call people once to each order whose goods are a week late."""
    async with ctx.db.transaction() as tx:
        due = await queries.lock_late(tx, ctx.clock.now(), AT_ONCE)
        for order_id in due:
            order = await lock(tx, order_id)
            await call(ctx, tx, order, LATE, deadline_text(order.expected_at))
    return len(due)
