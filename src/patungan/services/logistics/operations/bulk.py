"""Leg one: a factory's goods on their way to the warehouse, followed by their purchase order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from patungan.contracts import factory
from patungan.contracts import logistics as contract
from patungan.contracts.warehouse import PurchaseOrderStatusChanged
from patungan.kernel.database import Transaction
from patungan.kernel.events import Received
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Audience, Caller
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.services.logistics.queries import couriers as queries
from patungan.services.logistics.queries.couriers import BulkShipment

_OF_PURCHASE_ORDER: Mapping[str, str] = {
    "confirmed": "pending",
    "in_production": "pending",
    "shipped": "in_transit",
    "received": "delivered",
    "cancelled": "failed",
}


async def follow(ctx: Context, tx: Transaction, events: Sequence[Received[PurchaseOrderStatusChanged]]) -> None:
    """A shipment a purchase order from its confirmation on, at the fallback cost until couriers were asked."""
    cost = Rupiah(ctx.settings.leg1_fallback_cost)
    for each in events:
        body, status = each.body, _OF_PURCHASE_ORDER.get(each.body.status)
        if status is None:
            continue
        if status != "failed":
            await queries.ensure_bulk(
                tx,
                ctx.chance.new_id(),
                body.purchase_order_id,
                body.code,
                body.factory_id,
                body.session_id,
                cost,
                each.occurred_at,
            )
        moved = await queries.move_bulk(tx, body.purchase_order_id, status, each.occurred_at)
        if moved:
            await _tell(ctx, tx, body, status, each)


async def _tell(
    ctx: Context,
    tx: Transaction,
    body: PurchaseOrderStatusChanged,
    status: str,
    event: Received[PurchaseOrderStatusChanged],
) -> None:
    row = await queries.find_bulk_of_order(tx, body.purchase_order_id)
    if status == "in_transit":
        created = contract.ShipmentCreated(
            shipment_id=row.id,
            order_id=None,
            order_number=row.purchase_order_code,
            user_id=None,
            factory_id=row.factory_id,
            purchase_order_id=row.purchase_order_id,
            courier=row.carrier,
            service="bulk",
            waybill=row.waybill,
            again=False,
            occurred_at=event.occurred_at,
        )
        await ctx.publish(tx, created)
    changed = contract.ShipmentStatusChanged(
        shipment_id=row.id,
        order_id=None,
        order_number=row.purchase_order_code,
        user_id=None,
        factory_id=row.factory_id,
        purchase_order_id=row.purchase_order_id,
        courier=row.carrier,
        waybill=row.waybill,
        was="in_transit" if status == "delivered" else "pending",
        status=status,
        reason="cancelled" if status == "failed" else "",
        occurred_at=event.occurred_at,
    )
    await ctx.publish(tx, changed)


async def factories_of(ctx: Context, caller: Caller) -> list[UUID] | None:
    """The factories whose shipments the caller may see; None: all."""
    if caller.belongs_to(Audience.WAREHOUSE):
        return None
    found = await ctx.call(
        factory.get_owned_factories, factory.GetOwnedFactories(owner_id=caller.user_id, right=factory.Right.FULFIL)
    )
    return [each.id for each in found.factories]


class BulkDetails(msgspec.Struct, frozen=True):
    """Who carries a factory's goods and what that costs (rupiah); None stays."""

    bulk_id: UUID
    carrier: str | None
    waybill: str | None
    cost: int | None


async def change(ctx: Context, caller: Caller, details: BulkDetails, key: str) -> BulkShipment:
    """Say who carries the goods and what that costs. A factory names the carrier of its own goods, staff the cost as well.

    Raises ShipmentNotFound, ShipmentRefused for a factory that would set the cost.
    """
    factories = await factories_of(ctx, caller)

    async def work(tx: Transaction) -> BulkShipment:
        found = await queries.find_bulk(tx, details.bulk_id)
        if found is None or (factories is not None and found.factory_id not in factories):
            raise contract.ShipmentNotFound()
        if details.cost is not None and factories is not None:
            raise contract.ShipmentRefused("What leg one costs is recorded by the warehouse", field="cost")
        await queries.update_bulk(tx, details.bulk_id, details.carrier, details.waybill, details.cost, caller.user_id)
        return await queries.find_bulk_of_order(tx, found.purchase_order_id)

    return await once(ctx.db, caller.user_id, "bulk-shipment", key, details, ctx.clock.now(), BulkShipment, work)
