"""The public API of warehouse: staff see and move all stock, a factory's owner the own purchase orders and bundles."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta

from patungan.contracts.warehouse import DirectStocks
from patungan.kernel.errors import InvalidInput
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
    put,
)
from patungan.kernel.identity import Audience
from patungan.services.warehouse.operations import configuration, inventory, purchase_orders
from patungan.services.warehouse.operations.configuration import BundleShare
from patungan.services.warehouse.operations.inventory import AdjustStock
from patungan.services.warehouse.operations.purchase_orders import (
    PurchaseOrderDetail,
    PurchaseOrderView,
    ReceiptReply,
)
from patungan.services.warehouse.queries import configuration as configuration_queries
from patungan.services.warehouse.queries import direct as direct_queries
from patungan.services.warehouse.queries import stock as stock_queries
from patungan.services.warehouse.queries.configuration import BundleVariant, WarehouseRow
from patungan.services.warehouse.queries.stock import InventoryItem, Movement
from patungan.services.warehouse.rules import Adjustment, Arrival, MovementType, PurchaseOrderStatus

STAFF = Audience.WAREHOUSE
STAFF_AND_OWNER = (Audience.WAREHOUSE, Audience.FACTORY_OWNER)

Name = Annotated[str, Meta(min_length=2, max_length=100, pattern=r"^\S(.*\S)?$")]
Reason = Annotated[str, Meta(min_length=3, max_length=300, pattern=r"^\S(.*\S)?$")]
Note = Annotated[str, Meta(max_length=300)]
Units = Annotated[int, Meta(ge=0, le=1_000_000)]


class WarehouseInput(Input, frozen=True):
    code: Annotated[str, Meta(pattern=r"^[A-Z0-9-]{3,20}$")]
    name: Name
    city: Name
    province: Name
    postal_code: Annotated[str, Meta(pattern=r"^[0-9]{5}$")]


class WarehouseChange(Input, frozen=True):
    name: Name | None = None
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


class ArrivalInput(Input, frozen=True):
    """Units that arrived of a variant; the damaged ones are not among the received."""

    received: Units
    damaged: Units = 0
    variant_id: UUID | None = None


class ReceiptInput(Input, frozen=True):
    lines: Annotated[list[ArrivalInput], Meta(min_length=1, max_length=200)]


class StatusInput(Input, frozen=True):
    """``status`` is confirmed, in_production or shipped."""

    status: PurchaseOrderStatus
    note: Note = ""


class CancelInput(Input, frozen=True):
    reason: Reason


class BundleVariantInput(Input, frozen=True):
    """A variant's share of a bundle and the excess that may be left after a session, in units."""

    units_per_bundle: Annotated[int, Meta(ge=1, le=10_000)]
    max_excess_units: Units
    variant_id: UUID | None = None
    clearance_percent: Annotated[int, Meta(ge=0, le=100)] = 0


class BundleInput(Input, frozen=True):
    """Every active variant at once; an empty list: the product is not bundled."""

    variants: Annotated[list[BundleVariantInput], Meta(max_length=200)]


class Bundle(msgspec.Struct, frozen=True):
    product_id: UUID
    variants: list[BundleVariant]


class WarehouseList(Page, frozen=True, kw_only=True):
    items: list[WarehouseRow]


class InventoryList(Page, frozen=True, kw_only=True):
    items: list[InventoryItem]


class PurchaseOrderList(Page, frozen=True, kw_only=True):
    items: list[PurchaseOrderView]


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
    return await configuration.change_warehouse(ctx, caller, warehouse_id, data.name, data.is_active)


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
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> MovementList:
    wanted = (warehouse_id, product_id, kind)
    total = await stock_queries.count_movements(ctx.db, *wanted)
    items = await stock_queries.list_movements(ctx.db, *wanted, limit, (page - 1) * limit)
    return MovementList(items=items, page=page, limit=limit, total=total)


@get("/api/warehouse/direct-stock", audience=Audience.PUBLIC)
async def direct_stock(ctx: Ctx, product_id: FromQuery[UUID]) -> DirectStocks:
    """What of a product can be bought at once, by variant."""
    return DirectStocks(items=await direct_queries.find_direct_stock(ctx.db, [product_id]))


@get("/api/warehouse/purchase-orders", audience=STAFF_AND_OWNER)
async def list_purchase_orders(
    ctx: Ctx,
    caller: SignedIn,
    status: FromQuery[PurchaseOrderStatus | None] = None,
    product_id: FromQuery[UUID | None] = None,
    session_id: FromQuery[UUID | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> PurchaseOrderList:
    items, total = await purchase_orders.list_purchase_orders(ctx, caller, status, product_id, session_id, page, limit)
    return PurchaseOrderList(items=items, page=page, limit=limit, total=total)


@get("/api/warehouse/purchase-orders/{order_id:uuid}", audience=STAFF_AND_OWNER)
async def one_purchase_order(ctx: Ctx, caller: SignedIn, order_id: FromPath[UUID]) -> PurchaseOrderDetail:
    return await purchase_orders.describe(ctx, caller, order_id)


@post("/api/warehouse/purchase-orders/{order_id:uuid}/status", audience=STAFF_AND_OWNER)
async def change_purchase_order_status(
    ctx: Ctx, caller: SignedIn, order_id: FromPath[UUID], data: JSONBody[StatusInput]
) -> PurchaseOrderView:
    steps = (PurchaseOrderStatus.CONFIRMED, PurchaseOrderStatus.IN_PRODUCTION, PurchaseOrderStatus.SHIPPED)
    if data.status not in steps:
        raise InvalidInput("The status is one of confirmed, in_production, shipped", field="status")
    return await purchase_orders.change_status(ctx, caller, order_id, data.status, data.note.strip())


@post("/api/warehouse/purchase-orders/{order_id:uuid}/cancel", audience=STAFF)
async def cancel_purchase_order(
    ctx: Ctx, caller: SignedIn, order_id: FromPath[UUID], data: JSONBody[CancelInput]
) -> PurchaseOrderView:
    return await purchase_orders.cancel(ctx, caller, order_id, data.reason)


@post("/api/warehouse/purchase-orders/{order_id:uuid}/receipts", audience=STAFF, status=201)
async def receive_purchase_order(
    ctx: Ctx,
    caller: SignedIn,
    order_id: FromPath[UUID],
    data: JSONBody[ReceiptInput],
    idempotency_key: IdempotencyKey,
) -> ReceiptReply:
    arrivals = [Arrival(line.variant_id, line.received, line.damaged) for line in data.lines]
    return await purchase_orders.receive(ctx, caller, order_id, arrivals, idempotency_key)


@get("/api/warehouse/bundles/{product_id:uuid}", audience=Audience.FACTORY_OWNER)
async def one_bundle(ctx: Ctx, caller: SignedIn, product_id: FromPath[UUID]) -> Bundle:
    return Bundle(product_id, await configuration.bundle_of(ctx, caller, product_id))


@put("/api/warehouse/bundles/{product_id:uuid}", audience=Audience.FACTORY_OWNER)
async def replace_bundle(ctx: Ctx, caller: SignedIn, product_id: FromPath[UUID], data: JSONBody[BundleInput]) -> Bundle:
    shares = [
        BundleShare(each.variant_id, each.units_per_bundle, each.max_excess_units, each.clearance_percent)
        for each in data.variants
    ]
    return Bundle(product_id, await configuration.replace_bundle(ctx, caller, product_id, shares))


routes = [
    list_warehouses,
    open_warehouse,
    change_warehouse,
    list_inventory,
    change_inventory_settings,
    adjust_inventory,
    list_movements,
    direct_stock,
    list_purchase_orders,
    one_purchase_order,
    change_purchase_order_status,
    cancel_purchase_order,
    receive_purchase_order,
    one_bundle,
    replace_bundle,
]
