"""Goods leave the warehouse: what a session holds becomes a sale when its orders are shipped."""

from __future__ import annotations

from patungan.contracts import warehouse as contract
from patungan.kernel import sql
from patungan.kernel.contract import Nothing
from patungan.kernel.errors import InvalidInput
from patungan.kernel.service import Context, implements
from patungan.services.warehouse.operations.shelf import Cause, Change, Shelf
from patungan.services.warehouse.queries import demand as queries
from patungan.services.warehouse.rules import MovementType, VariantId


@implements(contract.consume_demand)
async def consume_demand(ctx: Context, request: contract.ConsumeDemand) -> Nothing:
    """Book the sale of orders that were not booked yet; raises DemandUnknown, InsufficientStock where less is held."""
    wanted = {each.order_id: each for each in request.orders}
    if any(each.quantity < 1 for each in wanted.values()):
        raise InvalidInput("An order has one unit or more", field="orders")
    async with ctx.db.transaction() as tx:
        await queries.lock_session(tx, request.session_id)
        known = await queries.find_demand(tx, request.session_id)
        if known is None:
            raise contract.DemandUnknown()
        shelf = await Shelf.lock(ctx, tx, known.warehouse_id, known.product_id, [])
        rows = [(each.order_id, each.variant_id, each.quantity) for each in wanted.values()]
        new = await queries.insert_consumptions(tx, request.session_id, ctx.clock.now(), *sql.unzip(rows, 3))
        units: dict[VariantId, int] = {}
        for each in new:
            units[each.variant_id] = units.get(each.variant_id, 0) + each.units
        if not units:
            return Nothing()
        if await queries.hold_less(tx, request.session_id, list(units), list(units.values())) != len(units):
            raise contract.InsufficientStock("Less is held for the session than was shipped", field="orders")
        await shelf.move(
            MovementType.SALE,
            [Change(variant, sold, quantity=-sold, reserved=-sold) for variant, sold in units.items()],
            Cause(None, f"Shipped to the buyers of session {known.session_code}", request.session_id),
        )
        await shelf.close()
    return Nothing()
