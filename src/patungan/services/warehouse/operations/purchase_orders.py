"""The life of a purchase order after it was made: its states, its receipts, and reading it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from patungan.contracts import warehouse as contract
from patungan.kernel import sql
from patungan.kernel.contract import Nothing
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InvalidInput
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context, implements
from patungan.kernel.sql import Executor
from patungan.services.warehouse.operations.invoices import bill
from patungan.services.warehouse.operations.ordering import order_shortfall
from patungan.services.warehouse.operations.ownership import factories_of
from patungan.services.warehouse.operations.shelf import Cause, Change, Shelf
from patungan.services.warehouse.queries import configuration
from patungan.services.warehouse.queries import purchase_orders as queries
from patungan.services.warehouse.queries.purchase_orders import HistoryEntry, OrderLine, PurchaseOrder
from patungan.services.warehouse.rules import (
    Arrival,
    MovementType,
    OverDelivery,
    PurchaseOrderStatus,
    SplitArrival,
    fits,
    may_become,
    shortfall,
    split_arrival,
)


class LineView(msgspec.Struct, frozen=True):
    """A line of a purchase order, in units; ``unit_cost`` in rupiah.

    ``short`` will not come any more; ``surplus`` came beyond the order and was taken, ``sent_back`` was not.
    """

    variant_id: UUID | None
    variant_name: str
    ordered: int
    received: int
    damaged: int
    short: int
    surplus: int
    sent_back: int
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
    reminders: int
    rejected_at: datetime | None
    rejection_reason: str | None
    late_at: datetime | None
    received_at: datetime | None


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
                line.short,
                line.surplus,
                line.sent_back,
                line.to_come,
                line.unit_cost,
            )
            for line in lines
        ],
        created_at=order.created_at,
        expected_at=order.expected_at,
        notified_at=order.notified_at,
        reminders=order.reminders,
        rejected_at=order.rejected_at,
        rejection_reason=order.rejection_reason,
        late_at=order.late_at,
        received_at=order.received_at,
    )


async def _views(on: Executor, orders: Sequence[PurchaseOrder]) -> list[PurchaseOrderView]:
    lines: dict[UUID, list[OrderLine]] = {order.id: [] for order in orders}
    for line in await queries.find_lines(on, list(lines)):
        lines[line.purchase_order_id].append(line)
    return [_view(order, lines[order.id]) for order in orders]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which purchase orders are asked for; ``late``: past the day on which they were expected."""

    status: PurchaseOrderStatus | None = None
    product_id: UUID | None = None
    session_id: UUID | None = None
    warehouse_id: UUID | None = None
    rejected: bool = False
    late: bool = False


async def list_purchase_orders(
    ctx: Context, caller: Caller, asked: Wanted, page: int, limit: int
) -> tuple[list[PurchaseOrderView], int]:
    """The purchase orders that the caller may see, newest first, and how many there are in all."""
    factories = await factories_of(ctx, caller)
    wanted = (
        *(asked.status, factories, asked.product_id, asked.session_id, asked.warehouse_id),
        *(asked.rejected, asked.late, ctx.clock.now()),
    )
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
        order = await lock(tx, order_id)
        await move(ctx, tx, order, wanted, caller.user_id, note)
        return await stored(tx, order_id)


async def cancel(ctx: Context, caller: Caller, order_id: UUID, reason: str) -> PurchaseOrderView:
    """Cancel an order that no session waits for; raises PurchaseOrderNotFound or PurchaseOrderStatusRefused."""
    await purchase_order_for(ctx, caller, order_id)
    async with ctx.db.transaction() as tx:
        order = await lock(tx, order_id)
        shelf = await Shelf.lock(ctx, tx, order.warehouse_id, order.product_id, [])
        await move(ctx, tx, order, PurchaseOrderStatus.CANCELLED, caller.user_id, reason)
        if shortfall(await shelf.waiting(), await shelf.to_come()):
            raise contract.PurchaseOrderStatusRefused("Sessions wait for these goods; cancel them first")
        await announce_surplus(ctx, tx, order)
        return await stored(tx, order_id)


async def lock(tx: Transaction, order_id: UUID) -> PurchaseOrder:
    """A locked purchase order; raises PurchaseOrderNotFound."""
    order = await queries.lock_purchase_order(tx, order_id)
    if order is None:
        raise contract.PurchaseOrderNotFound()
    return order


async def stored(tx: Transaction, order_id: UUID) -> PurchaseOrderView:
    """The order as it stands in this transaction."""
    return (await _views(tx, [await lock(tx, order_id)]))[0]


async def move(
    ctx: Context, tx: Transaction, order: PurchaseOrder, wanted: PurchaseOrderStatus, actor: UUID | None, note: str
) -> None:
    """Give a locked order its next state, write it down and announce it; raises PurchaseOrderStatusRefused."""
    if not may_become(order.status, wanted) or not await queries.update_status(
        tx, order.id, order.status, wanted, ctx.clock.now()
    ):
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


async def announce_surplus(ctx: Context, tx: Transaction, order: PurchaseOrder) -> None:
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
    over_delivery: OverDelivery | None


async def receive(
    ctx: Context,
    caller: Caller,
    order_id: UUID,
    arrivals: Sequence[Arrival],
    over_delivery: OverDelivery | None,
    key: str,
) -> ReceiptReply:
    """Book goods that arrived: sound ones into stock and to the sessions that wait, oldest first.

    An order that came in whole is received; what sessions miss then because goods were damaged is ordered again.
    Raises PurchaseOrderNotFound, PurchaseOrderStatusRefused for an order that was not shipped, ReceiptExceedsOrder for
    more than is to come while nobody decided what becomes of it.
    """
    _check(arrivals)

    async def work(tx: Transaction) -> ReceiptReply:
        order = await lock(tx, order_id)
        if order.status is not PurchaseOrderStatus.SHIPPED:
            raise contract.PurchaseOrderStatusRefused("Only an order that was shipped can be received")
        shelf = await Shelf.lock(ctx, tx, order.warehouse_id, order.product_id, [])
        lines = await queries.find_lines(tx, [order_id])
        to_come = {line.variant_id: line.to_come for line in lines}
        known = all(each.variant_id in to_come for each in arrivals)
        if not known or (over_delivery is None and not fits(to_come, arrivals)):
            raise contract.ReceiptExceedsOrder(field="lines")
        decision = over_delivery or OverDelivery.SEND_BACK
        split = [split_arrival(to_come[each.variant_id], each, decision) for each in arrivals]
        await _book(ctx, tx, shelf, order, split, caller.user_id)
        await shelf.feed()
        further = None
        lines = await queries.find_lines(tx, [order_id])
        if not any(line.to_come for line in lines):
            await move(ctx, tx, order, PurchaseOrderStatus.RECEIVED, caller.user_id, "Everything has arrived")
            await bill(ctx, tx, order.id, lines)
            further = await order_shortfall(ctx, tx, shelf, order, lines)
            if further is None:
                await announce_surplus(ctx, tx, order)
        await shelf.close()
        return ReceiptReply(await stored(tx, order_id), further)

    request = _Receipt(order_id, list(arrivals), over_delivery)
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
    ctx: Context, tx: Transaction, shelf: Shelf, order: PurchaseOrder, arrivals: Sequence[SplitArrival], actor: UUID
) -> None:
    rows = [(each.variant_id, each.received, each.damaged, each.surplus, each.sent_back) for each in arrivals]
    await queries.add_arrivals(tx, order.id, *sql.unzip(rows, 5))
    cause = Cause(actor, f"Received for {order.code}", order.session_id, order.id)
    sound = [Change(each.variant_id, each.received, quantity=each.received) for each in arrivals if each.received]
    await shelf.move(MovementType.PURCHASE, sound, cause)
    surplus = [Change(each.variant_id, each.surplus, quantity=each.surplus) for each in arrivals if each.surplus]
    beyond = msgspec.structs.replace(cause, reason=f"Beyond {order.code}, taken as surplus")
    await shelf.move(MovementType.PURCHASE, surplus, beyond)
    # Damaged goods never enter the stock that is sold: they lie apart.
    damaged = [Change(each.variant_id, each.damaged, damaged=each.damaged) for each in arrivals if each.damaged]
    await shelf.move(MovementType.DAMAGED, damaged, msgspec.structs.replace(cause, reason=f"Damaged in {order.code}"))
    counted = {
        str(each.variant_id): {
            "received": each.received,
            "damaged": each.damaged,
            "surplus": each.surplus,
            "sent_back": each.sent_back,
        }
        for each in arrivals
    }
    await configuration.write_audit_log(
        tx, ctx.clock.now(), actor, "purchase_order.receipt", order.id, "Goods arrived", counted
    )


@implements(contract.get_purchase_orders)
async def get_purchase_orders(ctx: Context, request: contract.GetPurchaseOrders) -> contract.PurchaseOrders:
    found = [await queries.find_purchase_order(ctx.db, each) for each in sorted(set(request.purchase_order_ids))]
    return contract.PurchaseOrders(
        purchase_orders=[
            contract.PurchaseOrderBrief(
                id=view.id,
                code=view.code,
                factory_id=view.factory_id,
                warehouse_id=view.warehouse_id,
                product_id=view.product_id,
                status=view.status,
                goods=[
                    contract.OrderedGoods(
                        name=f"{view.product_name}, {line.variant_name}" if line.variant_name else view.product_name,
                        quantity=line.to_come,
                        variant_id=line.variant_id,
                    )
                    for line in view.lines
                    if line.to_come
                ],
            )
            for view in await _views(ctx.db, [each for each in found if each is not None])
        ]
    )


@implements(contract.ship_purchase_order)
async def ship_purchase_order(ctx: Context, request: contract.ShipPurchaseOrder) -> Nothing:
    """Goods that were collected were made: an order that was only confirmed passes through production."""
    way = (PurchaseOrderStatus.CONFIRMED, PurchaseOrderStatus.IN_PRODUCTION, PurchaseOrderStatus.SHIPPED)
    async with ctx.db.transaction() as tx:
        order = await lock(tx, request.purchase_order_id)
        if order.status in (PurchaseOrderStatus.SHIPPED, PurchaseOrderStatus.RECEIVED):
            return Nothing()
        if order.status not in way:
            raise contract.PurchaseOrderStatusRefused(f"A {order.status} order is not shipped")
        for wanted in way[way.index(order.status) + 1 :]:
            await move(ctx, tx, order, wanted, request.actor, request.note)
            order = msgspec.structs.replace(order, status=wanted)
    return Nothing()
