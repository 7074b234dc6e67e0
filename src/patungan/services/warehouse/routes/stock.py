"""Warehouses, their inventory, and every movement of it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response import Stream
from msgspec import Meta

from patungan.contracts.warehouse import DirectStocks
from patungan.kernel.http import (
    Ctx,
    IdempotencyKey,
    Input,
    Page,
    PageLimit,
    PageNumber,
    SignedIn,
    get,
    patch,
    post,
)
from patungan.kernel.identity import Audience
from patungan.services.warehouse.operations import configuration, inventory
from patungan.services.warehouse.operations.exports import csv_lines
from patungan.services.warehouse.operations.inventory import AdjustStock
from patungan.services.warehouse.queries import configuration as configuration_queries
from patungan.services.warehouse.queries import direct as direct_queries
from patungan.services.warehouse.queries import stock as stock_queries
from patungan.services.warehouse.queries.configuration import WarehouseRow
from patungan.services.warehouse.queries.stock import InventoryItem, Movement
from patungan.services.warehouse.routes.fields import STAFF, Name, Reason, Units, csv_download
from patungan.services.warehouse.rules import Adjustment, MovementType


class WarehouseInput(Input, frozen=True):
    code: Annotated[str, Meta(pattern=r"^[A-Z0-9-]{3,20}$")]
    name: Name
    city: Name
    province: Name
    postal_code: Annotated[str, Meta(pattern=r"^[0-9]{5}$")]


class WarehouseChange(Input, frozen=True):
    name: Name | None = None
    city: Name | None = None
    province: Name | None = None
    postal_code: Annotated[str, Meta(pattern=r"^[0-9]{5}$")] | None = None
    is_active: bool | None = None


class AdjustmentInput(Input, frozen=True):
    """``quantity`` in units; for ``set`` the quantity that was counted."""

    warehouse_id: UUID
    product_id: UUID
    operation: Adjustment
    quantity: Units
    reason: Reason
    variant_id: UUID | None = None


class InventorySettings(Input, frozen=True):
    """``min_stock_level``: at so many available units or fewer the stock counts as low."""

    min_stock_level: Units | None = None
    location: Annotated[str, Meta(max_length=60)] | None = None


class WarehouseList(Page, frozen=True, kw_only=True):
    items: list[WarehouseRow]


class InventoryList(Page, frozen=True, kw_only=True):
    items: list[InventoryItem]


class MovementList(Page, frozen=True, kw_only=True):
    items: list[Movement]


@get("/api/warehouse/warehouses", audience=STAFF)
async def list_warehouses(ctx: Ctx, page: PageNumber = 1, limit: PageLimit = 20) -> WarehouseList:
    total = await configuration_queries.count_warehouses(ctx.db)
    items = await configuration_queries.list_warehouses(ctx.db, limit, (page - 1) * limit)
    return WarehouseList(items=items, page=page, limit=limit, total=total)


@post("/api/warehouse/warehouses", audience=STAFF, status=201)
async def open_warehouse(ctx: Ctx, caller: SignedIn, data: JSONBody[WarehouseInput]) -> WarehouseRow:
    return await configuration.open_warehouse(
        ctx, caller, data.code, data.name, data.city, data.province, data.postal_code
    )


@patch("/api/warehouse/warehouses/{warehouse_id:uuid}", audience=STAFF)
async def change_warehouse(
    ctx: Ctx, caller: SignedIn, warehouse_id: FromPath[UUID], data: JSONBody[WarehouseChange]
) -> WarehouseRow:
    return await configuration.change_warehouse(ctx, caller, warehouse_id, msgspec.structs.asdict(data))


@get("/api/warehouse/inventory", audience=STAFF)
async def list_inventory(
    ctx: Ctx,
    warehouse_id: FromQuery[UUID | None] = None,
    product_id: FromQuery[UUID | None] = None,
    low: FromQuery[bool] = False,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> InventoryList:
    wanted = (warehouse_id, product_id, low)
    total = await stock_queries.count_inventory(ctx.db, *wanted)
    items = await stock_queries.list_inventory(ctx.db, *wanted, limit, (page - 1) * limit)
    return InventoryList(items=items, page=page, limit=limit, total=total)


@patch("/api/warehouse/inventory/{inventory_id:uuid}", audience=STAFF)
async def change_inventory_settings(
    ctx: Ctx, caller: SignedIn, inventory_id: FromPath[UUID], data: JSONBody[InventorySettings]
) -> InventoryItem:
    return await inventory.change_settings(ctx, caller, inventory_id, data.min_stock_level, data.location)


@post("/api/warehouse/inventory/adjustments", audience=STAFF, status=201)
async def adjust_inventory(
    ctx: Ctx, caller: SignedIn, data: JSONBody[AdjustmentInput], idempotency_key: IdempotencyKey
) -> InventoryItem:
    request = AdjustStock(
        data.warehouse_id, data.product_id, data.variant_id, data.operation, data.quantity, data.reason
    )
    return await inventory.adjust(ctx, caller, request, idempotency_key)


@get("/api/warehouse/movements", audience=STAFF)
async def list_movements(
    ctx: Ctx,
    warehouse_id: FromQuery[UUID | None] = None,
    product_id: FromQuery[UUID | None] = None,
    kind: Annotated[MovementType | None, QueryParameter(name="type")] = None,
    actor: FromQuery[UUID | None] = None,
    session_id: FromQuery[UUID | None] = None,
    order_id: FromQuery[UUID | None] = None,
    purchase_order_id: FromQuery[UUID | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> MovementList:
    wanted = (warehouse_id, product_id, kind, actor, session_id, order_id, purchase_order_id)
    total = await stock_queries.count_movements(ctx.db, *wanted)
    items = await stock_queries.list_movements(ctx.db, *wanted, limit, (page - 1) * limit)
    return MovementList(items=items, page=page, limit=limit, total=total)


@get("/api/warehouse/direct-stock", audience=Audience.PUBLIC)
async def direct_stock(ctx: Ctx, product_id: FromQuery[UUID]) -> DirectStocks:
    """What of a product can be bought at once, by variant."""
    return DirectStocks(items=await direct_queries.find_direct_stock(ctx.db, [product_id]))


@get("/api/warehouse/inventory.csv", audience=STAFF, media_type="text/csv")
async def export_inventory(
    ctx: Ctx,
    warehouse_id: FromQuery[UUID | None] = None,
    product_id: FromQuery[UUID | None] = None,
    low: FromQuery[bool] = False,
) -> Stream:
    """The inventory as a file."""

    async def read(limit: int, offset: int) -> list[InventoryItem]:
        return await stock_queries.list_inventory(ctx.db, warehouse_id, product_id, low, limit, offset)

    return csv_download("inventory.csv", csv_lines(InventoryItem, read))


@get("/api/warehouse/movements.csv", audience=STAFF, media_type="text/csv")
async def export_movements(
    ctx: Ctx,
    warehouse_id: FromQuery[UUID | None] = None,
    product_id: FromQuery[UUID | None] = None,
    kind: Annotated[MovementType | None, QueryParameter(name="type")] = None,
) -> Stream:
    """The movements as a file, newest first."""

    async def read(limit: int, offset: int) -> list[Movement]:
        wanted = (warehouse_id, product_id, kind, None, None, None, None)
        return await stock_queries.list_movements(ctx.db, *wanted, limit, offset)

    return csv_download("movements.csv", csv_lines(Movement, read))


routes = [
    list_warehouses,
    open_warehouse,
    change_warehouse,
    list_inventory,
    export_inventory,
    change_inventory_settings,
    adjust_inventory,
    list_movements,
    export_movements,
    direct_stock,
]
