"""The public API of order. Buyers see their own orders, factories theirs without the buyer, staff all."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from patungan.contracts.address import Address
from patungan.kernel.errors import InvalidInput
from patungan.kernel.http import Ctx, Input, PageLimit, PageNumber, SignedIn, get, post
from patungan.kernel.identity import Audience
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.services.order.operations import orders as operations
from patungan.services.order.queries import orders as queries
from patungan.services.order.queries.orders import Moved, OrderRow
from patungan.services.order.rules import OrderStatus


class StatusChange(Input, frozen=True):
    """``note`` says why; a failed delivery needs one."""

    status: OrderStatus
    note: Annotated[str, Meta(max_length=500)] = ""


class OrderSummary(msgspec.Struct, frozen=True):
    """An order in a buyer's list; rupiah. The cashback went to the wallet and is no part of the total."""

    id: UUID
    number: str
    status: OrderStatus
    product_name: str
    product_slug: str
    image_url: str | None
    variant_name: str
    quantity: int
    unit_price: Rupiah
    subtotal: Rupiah
    shipping_cost: Rupiah
    fee: Rupiah
    total: Rupiah
    cashback: Rupiah
    created_at: datetime
    session_code: str


class OrderDetail(msgspec.Struct, frozen=True):
    """An order with where it goes and what became of it."""

    id: UUID
    number: str
    status: OrderStatus
    factory_name: str
    product_name: str
    product_slug: str
    image_url: str | None
    variant_name: str
    sku: str
    quantity: int
    unit_price: Rupiah
    subtotal: Rupiah
    shipping_cost: Rupiah
    fee: Rupiah
    total: Rupiah
    cashback: Rupiah
    created_at: datetime
    session_code: str
    courier_service: str
    address: Address
    history: list[Moved]


class FactoryOrder(msgspec.Struct, frozen=True):
    """What a factory sees: what to make, not for whom; the warehouse sends the parcels."""

    id: UUID
    number: str
    status: OrderStatus
    product_name: str
    product_slug: str
    image_url: str | None
    variant_name: str
    sku: str
    quantity: int
    unit_price: Rupiah
    subtotal: Rupiah
    created_at: datetime
    session_code: str


class StaffOrder(msgspec.Struct, frozen=True):
    """An order in the list of administrators and the warehouse."""

    id: UUID
    number: str
    status: OrderStatus
    user_id: UUID
    factory_id: UUID
    factory_name: str
    product_name: str
    variant_name: str
    sku: str
    quantity: int
    subtotal: Rupiah
    shipping_cost: Rupiah
    fee: Rupiah
    total: Rupiah
    courier_service: str
    address: Address
    created_at: datetime
    session_code: str


class Orders(msgspec.Struct, frozen=True):
    items: list[OrderSummary]
    page: int
    limit: int
    total: int


class FactoryOrders(msgspec.Struct, frozen=True):
    items: list[FactoryOrder]
    page: int
    limit: int
    total: int


class StaffOrders(msgspec.Struct, frozen=True):
    items: list[StaffOrder]
    page: int
    limit: int
    total: int


class Stats(msgspec.Struct, frozen=True):
    """How many own orders there are in each status, and in all."""

    total: int
    by_status: dict[OrderStatus, int]


T = TypeVar("T", bound=msgspec.Struct)


def _shown(kind: type[T], row: OrderRow, **more: object) -> T:
    """What an audience sees of an order: the fields that its struct names."""
    return kind(**{name: getattr(row, name) for name in kind.__struct_fields__ if name not in more}, **more)


async def _detail(ctx: Context, row: OrderRow) -> OrderDetail:
    return _shown(OrderDetail, row, history=await queries.find_history(ctx.db, row.id))


@get("/api/orders", audience=Audience.CUSTOMER)
async def my_orders(
    ctx: Ctx,
    caller: SignedIn,
    status: FromQuery[OrderStatus | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> Orders:
    total = await queries.count_orders_of_user(ctx.db, caller.user_id, status)
    rows = await queries.find_orders_of_user(ctx.db, caller.user_id, status, limit, (page - 1) * limit)
    return Orders([_shown(OrderSummary, row) for row in rows], page, limit, total)


@get("/api/orders/stats", audience=Audience.CUSTOMER)
async def my_stats(ctx: Ctx, caller: SignedIn) -> Stats:
    counts = {each.status: each.count for each in await queries.count_by_status(ctx.db, caller.user_id)}
    return Stats(sum(counts.values()), {status: counts.get(status, 0) for status in OrderStatus})


@get("/api/orders/factory", audience=Audience.FACTORY_OWNER)
async def factory_orders(
    ctx: Ctx,
    caller: SignedIn,
    status: FromQuery[OrderStatus | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> FactoryOrders:
    factories = await operations.owned_factories(ctx, caller.user_id)
    total = await queries.count_orders_of_factories(ctx.db, factories, status)
    rows = await queries.find_orders_of_factories(ctx.db, factories, status, limit, (page - 1) * limit)
    return FactoryOrders([_shown(FactoryOrder, row) for row in rows], page, limit, total)


@get("/api/orders/all", audience=[Audience.ADMIN, Audience.WAREHOUSE])
async def all_orders(
    ctx: Ctx,
    status: FromQuery[OrderStatus | None] = None,
    session_id: FromQuery[UUID | None] = None,
    factory_id: FromQuery[UUID | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> StaffOrders:
    wanted = (status, session_id, factory_id)
    total = await queries.count_orders(ctx.db, *wanted)
    rows = await queries.find_orders(ctx.db, *wanted, limit, (page - 1) * limit)
    return StaffOrders([_shown(StaffOrder, row) for row in rows], page, limit, total)


@get("/api/orders/number/{number:str}", audience=Audience.CUSTOMER)
async def order_by_number(ctx: Ctx, caller: SignedIn, number: FromPath[str]) -> OrderDetail:
    found = await queries.find_order_by_number(ctx.db, number.upper())
    return await _detail(ctx, operations.visible(caller, found))


@get("/api/orders/{order_id:uuid}", audience=Audience.CUSTOMER)
async def one_order(ctx: Ctx, caller: SignedIn, order_id: FromPath[UUID]) -> OrderDetail:
    return await _detail(ctx, operations.visible(caller, await queries.find_order(ctx.db, order_id)))


@post("/api/orders/{order_id:uuid}/status", audience=[Audience.ADMIN, Audience.WAREHOUSE, Audience.FACTORY_OWNER])
async def change_status(
    ctx: Ctx, caller: SignedIn, order_id: FromPath[UUID], data: JSONBody[StatusChange]
) -> FactoryOrder:
    note = data.note.strip()
    if data.status is OrderStatus.FAILED and not note:
        raise InvalidInput("Say why the delivery failed", field="note")
    moved = await operations.change_status(ctx, caller, order_id, data.status, note)
    return _shown(FactoryOrder, moved)


routes = [my_orders, my_stats, factory_orders, all_orders, order_by_number, one_order, change_status]
