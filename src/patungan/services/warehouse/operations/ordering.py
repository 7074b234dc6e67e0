"""Making a purchase order: for a session's missing goods, and for those that an order failed to bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from patungan.contracts import warehouse as contract
from patungan.kernel import sql
from patungan.kernel.database import Transaction
from patungan.kernel.service import Context
from patungan.kernel.time import jakarta_day
from patungan.kernel.workflows import start
from patungan.services.warehouse.operations.shelf import Shelf
from patungan.services.warehouse.processes import SendPurchaseOrder, send_purchase_order
from patungan.services.warehouse.queries import configuration
from patungan.services.warehouse.queries import demand as demand_queries
from patungan.services.warehouse.queries import purchase_orders as queries
from patungan.services.warehouse.queries.purchase_orders import OrderLine, PurchaseOrder
from patungan.services.warehouse.rules import (
    LATE_AFTER,
    Plan,
    VariantId,
    expected_again,
    plan_purchase,
    shortfall,
    unit_costs,
)


class Purchase(msgspec.Struct, frozen=True):
    """What a purchase order is made from; costs in rupiah a unit."""

    session_id: UUID | None
    product_id: UUID
    product_name: str
    factory_id: UUID
    factory_name: str
    warehouse_id: UUID
    wholesale_unit: int
    expected_at: datetime
    plan: Plan
    names: Mapping[VariantId, str]
    costs: Mapping[VariantId, int]
    follows: UUID | None = None
    actor: UUID | None = None


TOKEN_LENGTH = 26
"""Characters of an order's token: 2 to the power of 127 possibilities."""


def label(variant_id: VariantId, names: Mapping[VariantId, str]) -> str:
    """A variant's name; its id where the catalogue no longer knows it, nothing where the product has no variants."""
    return names.get(variant_id, "" if variant_id is None else str(variant_id))


async def make_purchase_order(ctx: Context, tx: Transaction, purchase: Purchase) -> str:
    """Store a purchase order, announce it and start sending it to the factory; answers its code."""
    now = ctx.clock.now()
    order_id, token = ctx.chance.new_id(), ctx.chance.code(TOKEN_LENGTH)
    while True:
        code = f"PO-{jakarta_day(now)}-{ctx.chance.code(5)}"
        stored = await queries.insert_purchase_order(
            tx,
            order_id,
            code,
            purchase.follows,
            purchase.session_id,
            purchase.product_id,
            purchase.product_name,
            purchase.factory_id,
            purchase.factory_name,
            purchase.warehouse_id,
            purchase.plan.bundles,
            purchase.wholesale_unit,
            now,
            purchase.expected_at,
            token,
            purchase.expected_at + LATE_AFTER,
        )
        if stored:
            break
    rows = [
        (each.variant_id, label(each.variant_id, purchase.names), each.ordered, purchase.costs[each.variant_id])
        for each in purchase.plan.lines
        if each.ordered > 0
    ]
    await queries.insert_lines(tx, order_id, *sql.unzip(rows, 4))
    reason = "Made up for goods that did not arrive sound" if purchase.follows else "Ordered for a session"
    if purchase.session_id is None:
        reason = "Ordered into stock"
    await configuration.write_audit_log(tx, now, purchase.actor, "purchase_order.pending", order_id, reason, {})
    await ctx.publish(
        tx,
        contract.PurchaseOrderStatusChanged(
            purchase_order_id=order_id,
            code=code,
            factory_id=purchase.factory_id,
            session_id=purchase.session_id,
            status="pending",
        ),
    )
    await start(tx, send_purchase_order, f"po-{order_id}", SendPurchaseOrder(purchase_order_id=order_id))
    return code


async def order_shortfall(
    ctx: Context, tx: Transaction, shelf: Shelf, order: PurchaseOrder, lines: Sequence[OrderLine]
) -> str | None:
    """Order again what sessions still wait for and no open order brings, after ``order`` came in whole or not at all.

    Answers the further order's code, or None where nothing is missing.
    """
    short = shortfall(await shelf.waiting(), await shelf.to_come())
    if not short:
        return None
    bundle = await configuration.find_bundle(tx, order.product_id)
    plan = plan_purchase(short, {each.variant_id: each.units_per_bundle for each in bundle}, order.wholesale_unit)
    wanted = {each.variant_id for each in short}
    waiting = await demand_queries.find_waiting(tx, order.warehouse_id, order.product_id)
    variants = [each.variant_id for each in plan.lines]
    return await make_purchase_order(
        ctx,
        tx,
        Purchase(
            session_id=next(line.session_id for line in waiting if line.variant_id in wanted),
            product_id=order.product_id,
            product_name=order.product_name,
            factory_id=order.factory_id,
            factory_name=order.factory_name,
            warehouse_id=order.warehouse_id,
            wholesale_unit=order.wholesale_unit,
            expected_at=expected_again(order.created_at, order.expected_at, ctx.clock.now()),
            plan=plan,
            names={each.variant_id: each.variant_name for each in bundle}
            | {line.variant_id: line.variant_name for line in lines},
            costs=unit_costs(variants, {line.variant_id: line.unit_cost for line in lines}, {}),
            follows=order.id,
        ),
    )
