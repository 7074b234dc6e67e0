"""Closing a purchase order that did not bring everything, changing when it is expected, and ordering into stock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from patungan.contracts import factory, product
from patungan.contracts import warehouse as contract
from patungan.kernel import sql
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InvalidInput
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.services.warehouse.operations.invoices import bill
from patungan.services.warehouse.operations.ordering import Purchase, make_purchase_order, order_shortfall
from patungan.services.warehouse.operations.ownership import product_of
from patungan.services.warehouse.operations.purchase_orders import (
    PurchaseOrderView,
    ReceiptReply,
    announce_surplus,
    lock,
    move,
    purchase_order_for,
    stored,
)
from patungan.services.warehouse.operations.shelf import Shelf
from patungan.services.warehouse.queries import configuration
from patungan.services.warehouse.queries import demand as demand_queries
from patungan.services.warehouse.queries import purchase_orders as queries
from patungan.services.warehouse.queries.purchase_orders import PurchaseOrder
from patungan.services.warehouse.rules import (
    LATE_AFTER,
    Missing,
    Plan,
    PlannedLine,
    PurchaseOrderStatus,
    Waiting,
    cut_waiting,
    shortfall,
)


class CloseOrder(msgspec.Struct, frozen=True):
    """Closes an order short; ``missing`` is what becomes of the units that sessions wait for."""

    purchase_order_id: UUID
    missing: Missing
    reason: str


async def close_short(ctx: Context, caller: Caller, request: CloseOrder, key: str) -> ReceiptReply:
    """End a shipped order that will bring no more: what sessions miss is ordered again, or cancelled for them.

    Raises PurchaseOrderNotFound, PurchaseOrderStatusRefused for one that was not shipped or lacks nothing.
    """
    order_id = request.purchase_order_id
    await purchase_order_for(ctx, caller, order_id)

    async def work(tx: Transaction) -> ReceiptReply:
        order = await lock(tx, order_id)
        if order.status is not PurchaseOrderStatus.SHIPPED:
            raise contract.PurchaseOrderStatusRefused("Only an order that was shipped can be closed short")
        shelf = await Shelf.lock(ctx, tx, order.warehouse_id, order.product_id, [])
        await queries.close_lines(tx, order_id)
        await move(ctx, tx, order, PurchaseOrderStatus.RECEIVED, caller.user_id, f"Closed short: {request.reason}")
        lines = await queries.find_lines(tx, [order_id])
        await bill(ctx, tx, order_id, lines)
        further = None
        if request.missing is Missing.REORDER:
            further = await order_shortfall(ctx, tx, shelf, order, lines)
            cut = False
        else:
            cut = await _cancel_missing(ctx, tx, shelf, order, request.reason)
        if further is None and not cut:
            await announce_surplus(ctx, tx, order)
        await shelf.close()
        return ReceiptReply(await stored(tx, order_id), further)

    return await once(ctx.db, caller.user_id, "purchase-order-close", key, request, ctx.clock.now(), ReceiptReply, work)


async def _cancel_missing(ctx: Context, tx: Transaction, shelf: Shelf, order: PurchaseOrder, reason: str) -> bool:
    """Take what no open order brings from the sessions that wait, the last first, and announce it for their refunds; answers
    whether there was any. What came for such a session is told as surplus once it waits for less, or is given up."""
    short = {each.variant_id: each.quantity for each in shortfall(await shelf.waiting(), await shelf.to_come())}
    waiting = await demand_queries.find_waiting(tx, order.warehouse_id, order.product_id)
    cut = cut_waiting(short, [Waiting(line.session_id, line.variant_id, line.units) for line in waiting])
    if not cut:
        return False
    await queries.cancel_units(tx, *sql.unzip([(each.session_id, each.variant_id, each.units) for each in cut], 3))
    for session_id in dict.fromkeys(each.session_id for each in cut):
        cancelled = contract.StockCancelled(
            session_id=session_id,
            product_id=order.product_id,
            purchase_order_code=order.code,
            reason=reason,
            lines=[
                contract.CancelledUnits(variant_id=each.variant_id, units=each.units)
                for each in cut
                if each.session_id == session_id
            ],
        )
        await ctx.publish(tx, cancelled)
    return True


async def change_expected(
    ctx: Context, caller: Caller, order_id: UUID, expected_at: datetime, reason: str
) -> PurchaseOrderView:
    """Set when an open order's goods are expected; raises PurchaseOrderNotFound, PurchaseOrderStatusRefused."""
    await purchase_order_for(ctx, caller, order_id)
    if expected_at <= ctx.clock.now():
        raise InvalidInput("Goods are expected in the future", field="expected_at")
    async with ctx.db.transaction() as tx:
        order = await lock(tx, order_id)
        if order.status in (PurchaseOrderStatus.RECEIVED, PurchaseOrderStatus.CANCELLED):
            raise contract.PurchaseOrderStatusRefused("Nothing more is expected of this order")
        await queries.change_expected(tx, order_id, expected_at, expected_at + LATE_AFTER)
        changes = {"before": order.expected_at.isoformat(), "after": expected_at.isoformat()}
        action = "purchase_order.expected"
        await configuration.write_audit_log(tx, ctx.clock.now(), caller.user_id, action, order_id, reason, changes)
        return await stored(tx, order_id)


class StockPurchaseLine(msgspec.Struct, frozen=True):
    """Units to order of a variant; ``unit_cost`` in rupiah."""

    variant_id: UUID | None
    quantity: int
    unit_cost: int


class StockPurchase(msgspec.Struct, frozen=True):
    """Goods that staff order into stock, for no session."""

    warehouse_id: UUID
    product_id: UUID
    expected_at: datetime
    lines: Sequence[StockPurchaseLine]


async def order_into_stock(ctx: Context, caller: Caller, request: StockPurchase, key: str) -> PurchaseOrderView:
    """Order goods of a product's factory; raises WarehouseNotFound, ProductNotFound, VariantNotFound."""
    if request.expected_at <= ctx.clock.now():
        raise InvalidInput("Goods are expected in the future", field="expected_at")
    variants = [line.variant_id for line in request.lines]
    if len(set(variants)) != len(variants):
        raise InvalidInput("A variant is named twice", field="lines")
    if await configuration.find_warehouse(ctx.db, request.warehouse_id) is None:
        raise contract.WarehouseNotFound(field="warehouse_id")
    about = await product_of(ctx, request.product_id)
    names: dict[UUID | None, str] = {variant.id: variant.name for variant in about.variants} or {None: ""}
    if not names.keys() >= set(variants):
        raise product.VariantNotFound(field="lines")
    found = await ctx.call(factory.get_factories, factory.GetFactories(factory_ids=[about.factory_id]))
    if not found.factories:
        raise factory.FactoryNotFound()

    async def work(tx: Transaction) -> PurchaseOrderView:
        await Shelf.lock(ctx, tx, request.warehouse_id, request.product_id, variants)
        plan = Plan(0, tuple(PlannedLine(line.variant_id, 0, 0, line.quantity) for line in request.lines))
        purchase = Purchase(
            session_id=None,
            product_id=request.product_id,
            product_name=about.name,
            factory_id=about.factory_id,
            factory_name=found.factories[0].name,
            warehouse_id=request.warehouse_id,
            wholesale_unit=found.factories[0].wholesale_unit,
            expected_at=request.expected_at,
            plan=plan,
            names=names,
            costs={line.variant_id: line.unit_cost for line in request.lines},
            actor=caller.user_id,
        )
        code = await make_purchase_order(ctx, tx, purchase)
        return await stored(tx, await queries.find_id(tx, code))

    return await once(ctx.db, caller.user_id, "stock-purchase", key, request, ctx.clock.now(), PurchaseOrderView, work)
