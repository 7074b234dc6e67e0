"""What direct orders need of others once they are paid, ended or delivered: their sale, their stock back, their escrow."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from patungan.contracts import payment, seller, warehouse
from patungan.kernel.contract import Nothing
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.services.order import rules
from patungan.services.order.operations.checkouts import GiveBack
from patungan.services.order.operations.moving import Move, carry_out
from patungan.services.order.operations.refunds import have_refunded
from patungan.services.order.queries import direct as queries
from patungan.services.order.queries import orders as order_queries
from patungan.services.order.queries.orders import ItemRow, OrderCore
from patungan.services.order.rules import Actor, OrderStatus, Source


async def sell(ctx: Context, order_ids: list[UUID]) -> list[UUID]:
    """Book the sale of what paid orders hold; answers those that hold nothing any more."""
    orders = await queries.find_cores(ctx.db, order_ids)
    of_stock = [each.id for each in orders if each.source is Source.WAREHOUSE]
    of_sellers = [each.id for each in orders if each.source is Source.SELLER]
    missing: list[UUID] = []
    if of_sellers:
        missing += (await ctx.call(seller.sell_stock, seller.SellStock(order_ids=of_sellers))).missing
    if of_stock:
        try:
            await ctx.call(warehouse.consume_stock, warehouse.ConsumeStock(order_ids=of_stock))
        except warehouse.OrderStockNotHeld:
            missing += [each for each in of_stock if not await _sold_alone(ctx, each)]
    return missing


async def _sold_alone(ctx: Context, order_id: UUID) -> bool:
    try:
        await ctx.call(warehouse.consume_stock, warehouse.ConsumeStock(order_ids=[order_id]))
    except warehouse.OrderStockNotHeld:
        return False
    return True


async def go_on(ctx: Context, order_ids: list[UUID], missing: list[UUID]) -> Nothing:
    """Have sold orders prepared; those without stock are cancelled and refunded. What was cancelled meanwhile stays so."""
    now = ctx.clock.now()
    async with ctx.db.transaction() as tx:
        locked = await order_queries.lock_orders(tx, sorted(order_ids))
        paid = [each for each in locked if each.status is OrderStatus.PAID]
        sold = [each for each in paid if each.id not in missing]
        without = [each for each in paid if each.id in missing]
        steps = [Move(each, [OrderStatus.PROCESSING], Actor.SYSTEM, None, "goods are sold", now) for each in sold]
        steps += [Move(each, [OrderStatus.CANCELLED], Actor.SYSTEM, None, "out of stock", now) for each in without]
        await carry_out(ctx, tx, steps)
        for each in without:
            ctx.log.error("a paid order has no stock", order=each.number)
            await have_refunded(ctx, tx, each.id, None, "out_of_stock", "The goods were gone when it was paid")
    return Nothing()


async def give_back(ctx: Context, request: GiveBack) -> Nothing:
    """Release what orders hold, and take back what was sold to them; once, however often it is asked."""
    known = {each.id: each for each in await queries.find_cores(ctx.db, request.order_ids)}
    # Of a checkout that was refused there are no orders: nobody knows any more who held what, so all are told.
    of_sellers = [one for one in request.order_ids if one not in known or known[one].source is Source.SELLER]
    of_stock = [one for one in request.order_ids if one not in known or known[one].source is Source.WAREHOUSE]
    if of_sellers:
        await ctx.call(
            seller.give_back_stock, seller.GiveBackStock(order_ids=of_sellers, reason=request.reason[:300] or "-")
        )
    if of_stock:
        await ctx.call(warehouse.release_stock, warehouse.ReleaseStock(order_ids=of_stock, reason=request.reason))
    sold = [known[one] for one in of_stock if one in known and known[one].paid_at is not None]
    items = await order_queries.find_items(ctx.db, [each.id for each in sold]) if sold else []
    for each in sold:
        await _take_back(ctx, each, items, request.reason)
    return Nothing()


async def _take_back(ctx: Context, order: OrderCore, items: Sequence[ItemRow], reason: str) -> None:
    lines = [
        warehouse.ReturnedLine(
            warehouse_id=order.warehouse_id,
            product_id=each.product_id,
            variant_id=each.variant_id,
            sound=each.quantity,
        )
        for each in items
        if each.order_id == order.id and order.warehouse_id is not None
    ]
    request = warehouse.ReturnStock(return_id=order.id, order_id=order.id, lines=lines, reason=reason)
    try:
        await ctx.call(warehouse.return_stock, request)
    except warehouse.OrderStockNotHeld:
        ctx.log.info("its stock was not sold yet and is released", order=order.number)


async def release(ctx: Context, order_id: UUID) -> bool:
    """Pay out what a delivered order holds: to its seller or to the warehouse less commission, to courier and fees.

    Answers False where it has to wait: a refund of it is undecided, or its news is not here yet.
    """
    order = await queries.find_held(ctx.db, order_id)
    if order is None or order.promised >= order.total:
        return True
    parts = rules.remainder(order.subtotal, order.shipping_cost, order.fee, order.promised)
    of_seller = order.source is Source.SELLER and parts.product > 0
    request = payment.ReleaseOrderEscrow(
        order_id=order_id,
        seller_id=order.seller_id if of_seller else None,
        seller_revenue=parts.product if of_seller else Rupiah(0),
        warehouse_revenue=Rupiah(0) if of_seller else parts.product,
        shipping=parts.shipping,
        fee=parts.fee,
    )
    try:
        await ctx.call(payment.release_order_escrow, request)
    except (payment.RefundUndecided, payment.EscrowMismatch) as problem:
        ctx.log.warning("an escrow waits", order=order.number, code=problem.code)
        return False
    await order_queries.mark_released(ctx.db, order_id, ctx.clock.now())
    return True
