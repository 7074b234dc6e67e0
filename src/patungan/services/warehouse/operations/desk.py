"""The warehouse's desk: locations and figures."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.contracts import warehouse as contract
from patungan.kernel.errors import Conflict, NotFound
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.services.warehouse.operations.ownership import factories_of
from patungan.services.warehouse.queries import configuration
from patungan.services.warehouse.queries import desk as queries
from patungan.services.warehouse.queries.desk import Location, Moved, OrderFigures, StockFigures


class Statistics(msgspec.Struct, frozen=True):
    """Figures of a period; a factory's owner gets those of the own purchase orders alone."""

    since: datetime
    until: datetime
    purchase_orders: OrderFigures
    stock: StockFigures | None
    movements: list[Moved] | None


async def statistics(
    ctx: Context, caller: Caller, warehouse_id: UUID | None, since: datetime, until: datetime
) -> Statistics:
    """What lies in the warehouses and what moved, for their staff; a factory's owner sees how the own orders fared."""
    factories = await factories_of(ctx, caller)
    orders = await queries.order_figures(ctx.db, factories, warehouse_id, since, until, ctx.clock.now())
    if factories is not None:
        return Statistics(since, until, orders, None, None)
    stock = await queries.stock_figures(ctx.db, warehouse_id)
    return Statistics(since, until, orders, stock, await queries.moved_figures(ctx.db, warehouse_id, since, until))


async def open_location(ctx: Context, caller: Caller, warehouse_id: UUID, code: str) -> Location:
    """Add a location; raises WarehouseNotFound, or Conflict for one that is there."""
    async with ctx.db.transaction() as tx:
        if await configuration.find_warehouse(tx, warehouse_id) is None:
            raise contract.WarehouseNotFound()
        now = ctx.clock.now()
        if not await queries.insert_location(tx, warehouse_id, code, now):
            raise Conflict("This location exists already", field="code")
        changes = {"code": code}
        await configuration.write_audit_log(tx, now, caller.user_id, "location.opened", warehouse_id, "", changes)
        return await queries.find_location(tx, warehouse_id, code)


async def change_location(ctx: Context, caller: Caller, warehouse_id: UUID, code: str, is_active: bool) -> Location:
    """Close a location for new stock, or open it again; raises NotFound."""
    async with ctx.db.transaction() as tx:
        if not await queries.close_location(tx, warehouse_id, code, is_active):
            raise NotFound("There is no such location")
        changes = {"code": code, "is_active": is_active}
        await configuration.write_audit_log(
            tx, ctx.clock.now(), caller.user_id, "location.changed", warehouse_id, "", changes
        )
        return await queries.find_location(tx, warehouse_id, code)
