"""Stock that people correct by hand, and reading it."""

from __future__ import annotations

from uuid import UUID

import msgspec

from patungan.contracts import product
from patungan.contracts import warehouse as contract
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InvalidInput, NotFound
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.services.warehouse.operations.ownership import product_of
from patungan.services.warehouse.operations.shelf import Cause, Change, Shelf
from patungan.services.warehouse.queries import configuration, desk
from patungan.services.warehouse.queries import stock as queries
from patungan.services.warehouse.queries.stock import InventoryItem
from patungan.services.warehouse.rules import Adjustment, adjusted, damaged_change, movement_of


class AdjustStock(msgspec.Struct, frozen=True):
    """A correction of a variant's stock by hand, in units."""

    warehouse_id: UUID
    product_id: UUID
    variant_id: UUID | None
    operation: Adjustment
    quantity: int
    reason: str


async def adjust(ctx: Context, caller: Caller, request: AdjustStock, key: str) -> InventoryItem:
    """Correct a stock; what becomes free goes to the sessions that wait.

    Raises WarehouseNotFound, ProductNotFound, VariantNotFound, InsufficientStock where reserved units would be missing.
    """
    if request.operation is not Adjustment.SET and request.quantity == 0:
        raise InvalidInput("Nothing would change", field="quantity")
    if await configuration.find_warehouse(ctx.db, request.warehouse_id) is None:
        raise contract.WarehouseNotFound(field="warehouse_id")
    about = await product_of(ctx, request.product_id)
    known: set[UUID | None] = {variant.id for variant in about.variants} or {None}
    if request.variant_id not in known:
        raise product.VariantNotFound(field="variant_id")

    async def work(tx: Transaction) -> InventoryItem:
        shelf = await Shelf.lock(ctx, tx, request.warehouse_id, request.product_id, [request.variant_id])
        stock = shelf.stock(request.variant_id)
        quantity = adjusted(stock.quantity, request.operation, request.quantity)
        if quantity < stock.reserved:
            raise contract.InsufficientStock(
                f"{stock.available} units are free, {stock.reserved} of {stock.quantity} are reserved",
                field="quantity",
            )
        spoilt = damaged_change(request.operation, request.quantity)
        if stock.damaged + spoilt < 0:
            raise contract.InsufficientStock(f"{stock.damaged} units are damaged", field="quantity")
        change = Change(
            request.variant_id,
            abs(quantity - stock.quantity) or abs(spoilt),
            quantity=quantity - stock.quantity,
            damaged=spoilt,
        )
        await shelf.move(movement_of(request.operation), [change], Cause(caller.user_id, request.reason))
        await shelf.feed()
        await shelf.close()
        return await _item(tx, stock.id)

    return await once(ctx.db, caller.user_id, "stock-adjustment", key, request, ctx.clock.now(), InventoryItem, work)


async def change_settings(
    ctx: Context, caller: Caller, inventory_id: UUID, min_stock_level: int | None, location: str | None
) -> InventoryItem:
    """Set the low-stock level (units) and the location of a stock; None leaves it. A location is made by its first use.

    Raises NotFound, LocationClosed.
    """
    async with ctx.db.transaction() as tx:
        if location and not await desk.use_location(tx, inventory_id, location, ctx.clock.now()):
            await _item(tx, inventory_id)
            raise contract.LocationClosed(field="location")
        if not await queries.update_stock_settings(tx, inventory_id, min_stock_level, location):
            raise NotFound("There is no such stock")
        changes = {"min_stock_level": min_stock_level, "location": location}
        await configuration.write_audit_log(
            tx, ctx.clock.now(), caller.user_id, "inventory.settings", inventory_id, "", changes
        )
        return await _item(tx, inventory_id)


async def _item(tx: Transaction, inventory_id: UUID) -> InventoryItem:
    item = await queries.find_inventory_item(tx, inventory_id)
    if item is None:
        raise NotFound("There is no such stock")
    return item
