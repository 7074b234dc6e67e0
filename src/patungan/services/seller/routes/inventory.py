"""A seller's own stock."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import UNSET, Meta, UnsetType

from patungan.contracts import seller as contract
from patungan.kernel.http import (
    Ctx,
    IdempotencyKey,
    Input,
    Page,
    PageLimit,
    PageNumber,
    SignedIn,
    delete,
    get,
    patch,
    post,
)
from patungan.kernel.identity import Audience
from patungan.services.seller.operations import inventory
from patungan.services.seller.operations.inventory import ItemView, NewItem, Share, StockChange
from patungan.services.seller.operations.stores import own_store
from patungan.services.seller.queries import stock as queries
from patungan.services.seller.queries.stock import Movement
from patungan.services.seller.rules import MovementType

Price = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Difference = Annotated[int, Meta(ge=-1_000_000_000, le=1_000_000_000)]
Units = Annotated[int, Meta(ge=0, le=1_000_000)]
Reason = Annotated[str, Meta(min_length=3, max_length=300, pattern=r"^\S(.*\S)?$")]


class ShareInput(Input, frozen=True):
    """A variant with its difference in price (rupiah) and its first stock (units)."""

    variant_id: UUID | None = None
    price_adjustment: Difference = 0
    stock: Units = 0


class ItemInput(Input, frozen=True):
    """A product of the catalogue in the own stock; prices of one unit in rupiah."""

    product_id: UUID
    price: Price
    variants: Annotated[list[ShareInput], Meta(min_length=1, max_length=200)]
    cost_price: Annotated[int, Meta(ge=0, le=1_000_000_000)] | None = None
    low_stock_threshold: Units = 10


class AdjustmentInput(Input, frozen=True):
    price_adjustment: Difference
    variant_id: UUID | None = None


class ItemChange(Input, frozen=True):
    """A change of some fields; what is left out stays."""

    price: Price | UnsetType = UNSET
    cost_price: Annotated[int, Meta(ge=0, le=1_000_000_000)] | None | UnsetType = UNSET
    low_stock_threshold: Units | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    variants: Annotated[list[AdjustmentInput], Meta(max_length=200)] = msgspec.field(default_factory=list)


class MovementInput(Input, frozen=True):
    """``type`` is purchase, return, damaged, lost or adjustment; only an adjustment may be negative."""

    type: MovementType
    quantity: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]
    reason: Reason
    variant_id: UUID | None = None


class Items(Page, frozen=True, kw_only=True):
    items: list[ItemView]


class Movements(Page, frozen=True, kw_only=True):
    items: list[Movement]


@get("/api/sellers/inventory", audience=Audience.SELLER)
async def list_items(
    ctx: Ctx,
    caller: SignedIn,
    is_active: FromQuery[bool | None] = None,
    low: FromQuery[bool] = False,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> Items:
    items, total = await inventory.list_items(ctx, caller, is_active, low, page, limit)
    return Items(items=items, page=page, limit=limit, total=total)


@get("/api/sellers/inventory/low-stock", audience=Audience.SELLER)
async def list_low(ctx: Ctx, caller: SignedIn, page: PageNumber = 1, limit: PageLimit = 20) -> Items:
    """What is on sale and at its threshold or below."""
    items, total = await inventory.list_items(ctx, caller, True, True, page, limit)
    return Items(items=items, page=page, limit=limit, total=total)


@post("/api/sellers/inventory", audience=Audience.SELLER, status=201)
async def add_item(ctx: Ctx, caller: SignedIn, data: JSONBody[ItemInput], idempotency_key: IdempotencyKey) -> ItemView:
    shares = [Share(each.variant_id, each.price_adjustment, each.stock) for each in data.variants]
    wanted = NewItem(data.product_id, data.price, data.cost_price, data.low_stock_threshold, shares)
    return await inventory.add_item(ctx, caller, wanted, idempotency_key)


@get("/api/sellers/inventory/{item_id:uuid}", audience=Audience.SELLER)
async def one_item(ctx: Ctx, caller: SignedIn, item_id: FromPath[UUID]) -> ItemView:
    return await inventory.one_item(ctx, caller, item_id)


@patch("/api/sellers/inventory/{item_id:uuid}", audience=Audience.SELLER)
async def change_item(
    ctx: Ctx, caller: SignedIn, item_id: FromPath[UUID], data: JSONBody[ItemChange], idempotency_key: IdempotencyKey
) -> ItemView:
    """The same change again changes nothing, whatever key it comes under."""
    names = ("price", "cost_price", "low_stock_threshold", "is_active")
    changes = {name: value for name in names if not isinstance(value := getattr(data, name), UnsetType)}
    adjustments = {each.variant_id: each.price_adjustment for each in data.variants}
    return await inventory.change_item(ctx, caller, item_id, changes, adjustments)


@delete("/api/sellers/inventory/{item_id:uuid}", audience=Audience.SELLER)
async def withdraw_item(ctx: Ctx, caller: SignedIn, item_id: FromPath[UUID], idempotency_key: IdempotencyKey) -> None:
    await inventory.withdraw_item(ctx, caller, item_id)


@post("/api/sellers/inventory/{item_id:uuid}/movements", audience=Audience.SELLER, status=201)
async def book_movement(
    ctx: Ctx, caller: SignedIn, item_id: FromPath[UUID], data: JSONBody[MovementInput], idempotency_key: IdempotencyKey
) -> ItemView:
    wanted = StockChange(item_id, data.variant_id, data.type, data.quantity, data.reason)
    return await inventory.book(ctx, caller, wanted, idempotency_key)


@get("/api/sellers/inventory/{item_id:uuid}/movements", audience=Audience.SELLER)
async def list_movements(
    ctx: Ctx,
    caller: SignedIn,
    item_id: FromPath[UUID],
    kind: Annotated[MovementType | None, QueryParameter(name="type")] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> Movements:
    store = await own_store(ctx, caller)
    if await queries.find_item(ctx.db, item_id, store.id) is None:
        raise contract.SellerItemNotFound()
    items = await queries.list_movements(ctx.db, item_id, kind, limit, (page - 1) * limit)
    return Movements(items=items, page=page, limit=limit, total=await queries.count_movements(ctx.db, item_id, kind))


routes = [
    list_items,
    list_low,
    add_item,
    one_item,
    change_item,
    withdraw_item,
    book_movement,
    list_movements,
]
