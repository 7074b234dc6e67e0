"""Orders are moved by hand, and who may see and move them."""

from __future__ import annotations

from uuid import UUID

from patungan.contracts import factory
from patungan.contracts import order as contract
from patungan.kernel.errors import Forbidden
from patungan.kernel.identity import Audience, Caller
from patungan.kernel.service import Context
from patungan.services.order import rules
from patungan.services.order.queries import orders as queries
from patungan.services.order.queries.orders import OrderRow
from patungan.services.order.rules import Actor, OrderStatus, Verdict


def is_staff(caller: Caller) -> bool:
    """Whether this person works with everybody's orders: administrators and the warehouse."""
    return caller.belongs_to(Audience.WAREHOUSE)


def visible(caller: Caller, order: OrderRow | None) -> OrderRow:
    """The order, for its buyer and for staff; raises OrderNotFound for everybody else."""
    if order is None or (order.user_id != caller.user_id and not is_staff(caller)):
        raise contract.OrderNotFound()
    return order


async def owned_factories(ctx: Context, owner_id: UUID) -> list[UUID]:
    """The factories of a person."""
    found = await ctx.call(factory.get_owned_factories, factory.GetOwnedFactories(owner_id=owner_id))
    return [each.id for each in found.factories]


async def _actor(ctx: Context, caller: Caller, order: OrderRow) -> Actor:
    if caller.is_admin:
        return Actor.ADMIN
    if is_staff(caller):
        return Actor.WAREHOUSE
    if order.factory_id not in await owned_factories(ctx, caller.user_id):
        raise contract.OrderNotFound()
    return Actor.FACTORY


async def change_status(ctx: Context, caller: Caller, order_id: UUID, wanted: OrderStatus, note: str) -> OrderRow:
    """Move an order by hand. Raises OrderNotFound, Forbidden, or OrderStatusRefused, whose ``data.allowed`` says what may be
    done; a refused move is kept in the history."""
    order = await queries.find_order(ctx.db, order_id)
    if order is None:
        raise contract.OrderNotFound()
    actor = await _actor(ctx, caller, order)
    verdict = rules.judge(order.status, wanted, actor, paid=order.paid_at is not None)
    now = ctx.clock.now()
    async with ctx.db.transaction() as tx:
        moved = False
        if verdict is Verdict.ALLOWED:
            moved = await queries.move_order(tx, order_id, order.status, wanted, now) == 1
        await queries.write_history(tx, order_id, order.status, wanted, not moved, actor, caller.user_id, note, now)
        if moved:
            await ctx.publish(
                tx,
                contract.OrderStatusChanged(
                    order_id=order_id, number=order.number, user_id=order.user_id, status=wanted
                ),
            )
    if not moved:
        raise await _refusal(ctx, order_id, wanted, actor, verdict)
    return _still_there(await queries.find_order(ctx.db, order_id))


async def _refusal(
    ctx: Context, order_id: UUID, wanted: OrderStatus, actor: Actor, verdict: Verdict
) -> Forbidden | contract.OrderStatusRefused:
    if verdict is Verdict.NOT_THEIRS:
        return Forbidden("A factory marks its orders as in preparation and as ready, nothing else")
    order = _still_there(await queries.find_order(ctx.db, order_id))
    allowed = [each.value for each in rules.open_moves(order.status, actor, paid=order.paid_at is not None)]
    if verdict is Verdict.FOLLOWS_MONEY:
        detail = f"An order becomes {wanted} through its payment or refund, not by hand"
    else:
        detail = f"An order that is {order.status} cannot become {wanted}"
    return contract.OrderStatusRefused(detail, field="status", allowed=allowed)


def _still_there(order: OrderRow | None) -> OrderRow:
    """An order that was there a moment ago; orders are never deleted."""
    if order is None:
        raise contract.OrderNotFound()
    return order
