"""The life of a purchase order after it was made: its states, its receipts, and reading it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from patungan.contracts import warehouse as contract
from patungan.kernel import sql
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InvalidInput
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.kernel.sql import Executor
from patungan.services.warehouse.operations.ordering import order_shortfall
from patungan.services.warehouse.operations.ownership import factories_of
from patungan.services.warehouse.operations.shelf import Cause, Change, Shelf
from patungan.services.warehouse.queries import configuration
from patungan.services.warehouse.queries import purchase_orders as queries
from patungan.services.warehouse.queries.purchase_orders import HistoryEntry, OrderLine, PurchaseOrder
from patungan.services.warehouse.rules import (
    Arrival,
    MovementType,
    PurchaseOrderStatus,
    fits,
    may_become,
    shortfall,
)


class LineView(msgspec.Struct, frozen=True):
    """A line of a purchase order, in units; ``unit_cost`` in rupiah."""

    variant_id: UUID | None
    variant_name: str
    ordered: int
    received: int
    damaged: int
    to_come: int
    unit_cost: int


class PurchaseOrderView(msgspec.Struct, frozen=True):
    """A purchase order as the warehouse and its factory see it; ``follows`` is the order that it makes up for."""

    id: UUID
    code: str
    status: PurchaseOrderStatus
    follows: UUID | None
    session_id: UUID | None
    product_id: UUID
    product_name: str
    factory_id: UUID
    factory_name: str
    warehouse_id: UUID
    warehouse_name: str
    bundles: int
    ordered: int
    received: int
    damaged: int
    lines: list[LineView]
    created_at: datetime
    expected_at: datetime
    notified_at: datetime | None


class PurchaseOrderDetail(PurchaseOrderView, frozen=True):
    """A purchase order with its history."""

    history: list[HistoryEntry]


class ReceiptReply(msgspec.Struct, frozen=True):
    """The order after a receipt; ``further_code`` names the order for goods that did not arrive sound."""

    purchase_order: PurchaseOrderView
    further_code: str | None


def _view(order: PurchaseOrder, lines: Sequence[OrderLine]) -> PurchaseOrderView:
    return PurchaseOrderView(
        id=order.id,
        code=order.code,
        status=order.status,
        follows=order.follows,
        session_id=order.session_id,
        product_id=order.product_id,
        product_name=order.product_name,
        factory_id=order.factory_id,
        factory_name=order.factory_name,
        warehouse_id=order.warehouse_id,
        warehouse_name=order.warehouse_name,
        bundles=order.bundles,
        ordered=sum(line.ordered for line in lines),
        received=sum(line.received for line in lines),
        damaged=sum(line.damaged for line in lines),
        lines=[
            LineView(
                line.variant_id,
                line.variant_name,
                line.ordered,
                line.received,
                line.damaged,
                line.to_come,
                line.unit_cost,
            )
            for line in lines
        ],
        created_at=order.created_at,
        expected_at=order.expected_at,
        notified_at=order.notified_at,
    )


async def _views(on: Executor, orders: Sequence[PurchaseOrder]) -> list[PurchaseOrderView]:
    lines: dict[UUID, list[OrderLine]] = {order.id: [] for order in orders}
    for line in await queries.find_lines(on, list(lines)):
        lines[line.purchase_order_id].append(line)
    return [_view(order, lines[order.id]) for order in orders]


async def list_purchase_orders(
    ctx: Context,
    caller: Caller,
    status: PurchaseOrderStatus | None,
    product_id: UUID | None,
    session_id: UUID | None,
    page: int,
    limit: int,
) -> tuple[list[PurchaseOrderView], int]:
    """The purchase orders that the caller may see, newest first, and how many there are in all."""
    factories = await factories_of(ctx, caller)
    wanted = (status, factories, product_id, session_id)
    total = await queries.count_purchase_orders(ctx.db, *wanted)
    found = await queries.list_purchase_orders(ctx.db, *wanted, limit, (page - 1) * limit)
    return await _views(ctx.db, found), total


async def purchase_order_for(ctx: Context, caller: Caller, order_id: UUID) -> PurchaseOrder:
    """A purchase order that the caller may see; raises PurchaseOrderNotFound for any other."""
    order = await queries.find_purchase_order(ctx.db, order_id)
    factories = await factories_of(ctx, caller)
    if order is None or (factories is not None and order.factory_id not in factories):
        raise contract.PurchaseOrderNotFound()
    return order


async def describe(ctx: Context, caller: Caller, order_id: UUID) -> PurchaseOrderDetail:
    """A purchase order with its history; raises PurchaseOrderNotFound."""
    order = await purchase_order_for(ctx, caller, order_id)
    view = (await _views(ctx.db, [order]))[0]
    return PurchaseOrderDetail(**msgspec.structs.asdict(view), history=await queries.find_history(ctx.db, order_id))


async def change_status(
    ctx: Context, caller: Caller, order_id: UUID, wanted: PurchaseOrderStatus, note: str
) -> PurchaseOrderView:
    """Move an order a step on; raises PurchaseOrderNotFound or PurchaseOrderStatusRefused."""
    await purchase_order_for(ctx, caller, order_id)
    async with ctx.db.transaction() as tx:
        order = await _lock(tx, order_id)
        await _move(ctx, tx, order, wanted, caller.user_id, note)
        return await _stored(tx, order_id)


async def cancel(ctx: Context, caller: Caller, order_id: UUID, reason: str) -> PurchaseOrderView:
    """Cancel an order that no session waits for; raises PurchaseOrderNotFound or PurchaseOrderStatusRefused."""
    await purchase_order_for(ctx, caller, order_id)
    async with ctx.db.transaction() as tx:
        order = await _lock(tx, order_id)
        shelf = await Shelf.lock(ctx, tx, order.warehouse_id, order.product_id, [])
        await _move(ctx, tx, order, PurchaseOrderStatus.CANCELLED, caller.user_id, reason)
        if shortfall(await shelf.waiting(), await shelf.to_come()):
            raise contract.PurchaseOrderStatusRefused("Sessions wait for these goods; cancel them first")
        await _close(ctx, tx, order)
        return await _stored(tx, order_id)


async def _lock(tx: Transaction, order_id: UUID) -> PurchaseOrder:
    order = await queries.lock_purchase_order(tx, order_id)
    if order is None:
        raise contract.PurchaseOrderNotFound()
    return order


async def _stored(tx: Transaction, order_id: UUID) -> PurchaseOrderView:
    return (await _views(tx, [await _lock(tx, order_id)]))[0]


async def _move(
    ctx: Context, tx: Transaction, order: PurchaseOrder, wanted: PurchaseOrderStatus, actor: UUID, note: str
) -> None:
    if not may_become(order.status, wanted) or not await queries.update_status(tx, order.id, order.status, wanted):
        raise contract.PurchaseOrderStatusRefused(f"A {order.status} order does not become {wanted}", field="status")
    action = f"purchase_order.{wanted}"
    await configuration.write_audit_log(tx, ctx.clock.now(), actor, action, order.id, note, {})
    await ctx.publish(
        tx,
        contract.PurchaseOrderStatusChanged(
            purchase_order_id=order.id,
            code=order.code,
            factory_id=order.factory_id,
            session_id=order.session_id,
            status=wanted,
        ),
    )


async def _close(ctx: Context, tx: Transaction, order: PurchaseOrder) -> None:
    """Announce what came beyond the units that the order's session needed, now that nothing more comes."""
    surplus = [each for each in await queries.find_surplus(tx, order.id) if each.units]
    if not surplus:
        return
    closed = contract.PurchaseOrderClosed(
        purchase_order_id=order.id,
        code=order.code,
        factory_id=order.factory_id,
        product_name=order.product_name,
        session_id=order.session_id,
        surplus=surplus,
    )
    await ctx.publish(tx, closed)


class _Receipt(msgspec.Struct, frozen=True):
    purchase_order_id: UUID
    lines: list[Arrival]


async def receive(ctx: Context, caller: Caller, order_id: UUID, arrivals: Sequence[Arrival], key: str) -> ReceiptReply:
    """Book goods that arrived: sound ones into stock and to the sessions that wait, oldest first.

    An order that came in whole is received; what sessions miss then because goods were damaged is ordered again.
    Raises PurchaseOrderNotFound, PurchaseOrderStatusRefused for an order that was not shipped, ReceiptExceedsOrder.
    """
    _check(arrivals)

    async def work(tx: Transaction) -> ReceiptReply:
        order = await _lock(tx, order_id)
        if order.status is not PurchaseOrderStatus.SHIPPED:
            raise contract.PurchaseOrderStatusRefused("Only an order that was shipped can be received")
        shelf = await Shelf.lock(ctx, tx, order.warehouse_id, order.product_id, [])
        lines = await queries.find_lines(tx, [order_id])
        if not fits({line.variant_id: line.to_come for line in lines}, arrivals):
            raise contract.ReceiptExceedsOrder(field="lines")
        await _book(ctx, tx, shelf, order, arrivals, caller.user_id)
        await shelf.feed()
        further = None
        lines = await queries.find_lines(tx, [order_id])
        if not any(line.to_come for line in lines):
            await _move(ctx, tx, order, PurchaseOrderStatus.RECEIVED, caller.user_id, "Everything has arrived")
            further = await order_shortfall(ctx, tx, shelf, order, lines)
            if further is None:
                await _close(ctx, tx, order)
        await shelf.close()
        return ReceiptReply(await _stored(tx, order_id), further)

    request = _Receipt(order_id, list(arrivals))
    return await once(
        ctx.db, caller.user_id, "purchase-order-receipt", key, request, ctx.clock.now(), ReceiptReply, work
    )


def _check(arrivals: Sequence[Arrival]) -> None:
    variants = [each.variant_id for each in arrivals]
    if len(set(variants)) != len(variants):
        raise InvalidInput("A variant is named twice", field="lines")
    if not any(each.units for each in arrivals):
        raise InvalidInput("A receipt has at least one unit", field="lines")


async def _book(
    ctx: Context, tx: Transaction, shelf: Shelf, order: PurchaseOrder, arrivals: Sequence[Arrival], actor: UUID
) -> None:
    rows = [(each.variant_id, each.received, each.damaged) for each in arrivals]
    await queries.add_arrivals(tx, order.id, *sql.unzip(rows, 3))
    cause = Cause(actor, f"Received for {order.code}", order.session_id, order.id)
    sound = [Change(each.variant_id, each.received, quantity=each.received) for each in arrivals if each.received]
    await shelf.move(MovementType.PURCHASE, sound, cause)
    # Damaged goods never enter the stock that is sold: they lie apart.
    damaged = [Change(each.variant_id, each.damaged, damaged=each.damaged) for each in arrivals if each.damaged]
    await shelf.move(MovementType.DAMAGED, damaged, msgspec.structs.replace(cause, reason=f"Damaged in {order.code}"))
    counted = {str(each.variant_id): {"received": each.received, "damaged": each.damaged} for each in arrivals}
    await configuration.write_audit_log(
        tx, ctx.clock.now(), actor, "purchase_order.receipt", order.id, "Goods arrived", counted
    )
