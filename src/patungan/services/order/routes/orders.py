"""Orders as they are seen and moved: by their buyers, by factories without the buyer, by sellers, by staff."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec
from litestar import Response
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from patungan.contracts.address import Address
from patungan.kernel.errors import InvalidInput
from patungan.kernel.http import Ctx, IdempotencyKey, Input, PageLimit, PageNumber, SignedIn, get, post
from patungan.kernel.identity import Audience
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.services.order import rules
from patungan.services.order.operations import access, status
from patungan.services.order.operations.invoice import invoice_pdf
from patungan.services.order.operations.status import Moves
from patungan.services.order.queries import orders as queries
from patungan.services.order.queries.orders import ItemRow, Moved, OrderRow, StatusCount
from patungan.services.order.rules import OrderStatus, Source


class StatusChange(Input, frozen=True):
    """``note`` says why; a failed delivery needs one."""

    status: OrderStatus
    note: Annotated[str, Meta(max_length=500)] = ""


class ManyStatusChange(Input, frozen=True):
    """The same move for many orders."""

    order_ids: Annotated[list[UUID], Meta(min_length=1, max_length=500)]
    status: OrderStatus
    note: Annotated[str, Meta(max_length=500)] = ""


class Cancellation(Input, frozen=True):
    reason: Annotated[str, Meta(min_length=3, max_length=300, pattern=r"^\S(.*\S)?$")]


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
    source: Source
    refunded: Rupiah


class OrderLine(msgspec.Struct, frozen=True):
    """A line of an order; rupiah."""

    id: UUID
    product_id: UUID
    variant_id: UUID | None
    product_name: str
    variant_name: str
    quantity: int
    unit_price: Rupiah
    subtotal: Rupiah


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
    source: Source
    seller_name: str
    checkout_id: UUID | None
    refunded: Rupiah
    delivered_at: datetime | None
    items: list[OrderLine]
    may_cancel: bool
    may_complain: bool
    history: list[Moved]


class SellerOrder(msgspec.Struct, frozen=True):
    """What a seller sees: what to pack and for whom."""

    id: UUID
    number: str
    status: OrderStatus
    subtotal: Rupiah
    created_at: datetime
    paid_at: datetime | None
    courier_service: str
    address: Address
    items: list[OrderLine]


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


class SellerOrders(msgspec.Struct, frozen=True):
    items: list[SellerOrder]
    page: int
    limit: int
    total: int


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
    """How many orders there are in each status, and in all."""

    total: int
    by_status: dict[OrderStatus, int]


T = TypeVar("T", bound=msgspec.Struct)


def _shown(kind: type[T], row: OrderRow | ItemRow, **more: object) -> T:
    """What an audience sees of an order: the fields that its struct names."""
    return kind(**{name: getattr(row, name) for name in kind.__struct_fields__ if name not in more}, **more)


def _lines(items: Sequence[ItemRow], order_id: UUID) -> list[OrderLine]:
    return [_shown(OrderLine, each) for each in items if each.order_id == order_id]


async def _detail(ctx: Context, row: OrderRow) -> OrderDetail:
    items = await queries.find_items(ctx.db, [row.id])
    of_session = row.source is Source.SESSION
    refusal = rules.cancel_refusal(row.status, paid=row.paid_at is not None, of_session=of_session)
    complaint = rules.complaint_refusal(row.status, row.delivered_at, ctx.clock.now())
    return _shown(
        OrderDetail,
        row,
        items=_lines(items, row.id),
        may_cancel=refusal is None,
        may_complain=complaint is None,
        history=await queries.find_history(ctx.db, row.id),
    )


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


def _stats(counted: Sequence[StatusCount]) -> Stats:
    counts = {each.status: each.count for each in counted}
    return Stats(sum(counts.values()), {each: counts.get(each, 0) for each in OrderStatus})


@get("/api/orders/stats", audience=Audience.CUSTOMER)
async def my_stats(ctx: Ctx, caller: SignedIn) -> Stats:
    return _stats(await queries.count_by_status(ctx.db, caller.user_id))


@get("/api/orders/factory/stats", audience=Audience.FACTORY_OWNER)
async def factory_stats(ctx: Ctx, caller: SignedIn) -> Stats:
    factories = await access.owned_factories(ctx, caller.user_id)
    return _stats(await queries.count_by_status_of_factories(ctx.db, factories))


@get("/api/orders/all/stats", audience=[Audience.ADMIN, Audience.WAREHOUSE])
async def all_stats(ctx: Ctx, session_id: FromQuery[UUID | None] = None) -> Stats:
    return _stats(await queries.count_by_status_of_all(ctx.db, session_id))


@get("/api/orders/factory", audience=Audience.FACTORY_OWNER)
async def factory_orders(
    ctx: Ctx,
    caller: SignedIn,
    status: FromQuery[OrderStatus | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> FactoryOrders:
    factories = await access.owned_factories(ctx, caller.user_id)
    total = await queries.count_orders_of_factories(ctx.db, factories, status)
    rows = await queries.find_orders_of_factories(ctx.db, factories, status, limit, (page - 1) * limit)
    return FactoryOrders([_shown(FactoryOrder, row) for row in rows], page, limit, total)


@get("/api/orders/seller", audience=Audience.SELLER)
async def seller_orders(
    ctx: Ctx,
    caller: SignedIn,
    status: FromQuery[OrderStatus | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> SellerOrders:
    """The paid orders of the caller's own store."""
    store = await access.owned_store(ctx, caller.user_id)
    total = await queries.count_orders_of_seller(ctx.db, store.id, status)
    rows = await queries.find_orders_of_seller(ctx.db, store.id, status, limit, (page - 1) * limit)
    items = await queries.find_items(ctx.db, [row.id for row in rows])
    shown = [_shown(SellerOrder, row, items=_lines(items, row.id)) for row in rows]
    return SellerOrders(shown, page, limit, total)


@get("/api/orders/seller/stats", audience=Audience.SELLER)
async def seller_stats(ctx: Ctx, caller: SignedIn) -> Stats:
    store = await access.owned_store(ctx, caller.user_id)
    return _stats(await queries.count_by_status_of_seller(ctx.db, store.id))


@get("/api/orders/all", audience=[Audience.ADMIN, Audience.WAREHOUSE])
async def all_orders(
    ctx: Ctx,
    status: FromQuery[OrderStatus | None] = None,
    session_id: FromQuery[UUID | None] = None,
    factory_id: FromQuery[UUID | None] = None,
    source: FromQuery[Source | None] = None,
    seller_id: FromQuery[UUID | None] = None,
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> StaffOrders:
    wanted = (status, session_id, factory_id, source, seller_id, since, until)
    total = await queries.count_orders(ctx.db, *wanted)
    rows = await queries.find_orders(ctx.db, *wanted, limit, (page - 1) * limit)
    return StaffOrders([_shown(StaffOrder, row) for row in rows], page, limit, total)


@get("/api/orders/number/{number:str}", audience=Audience.CUSTOMER)
async def order_by_number(ctx: Ctx, caller: SignedIn, number: FromPath[str]) -> OrderDetail:
    found = await queries.find_order_by_number(ctx.db, number.upper())
    return await _detail(ctx, access.visible(caller, found))


@get("/api/orders/{order_id:uuid}", audience=Audience.CUSTOMER)
async def one_order(ctx: Ctx, caller: SignedIn, order_id: FromPath[UUID]) -> OrderDetail:
    return await _detail(ctx, access.visible(caller, await queries.find_order(ctx.db, order_id)))


@get("/api/orders/{order_id:uuid}/invoice.pdf", audience=Audience.CUSTOMER, media_type="application/pdf")
async def invoice(ctx: Ctx, caller: SignedIn, order_id: FromPath[UUID]) -> Response[bytes]:
    order = access.visible(caller, await queries.find_order(ctx.db, order_id))
    content = invoice_pdf(order, await queries.find_items(ctx.db, [order.id]))
    headers = {"Content-Disposition": f'inline; filename="{rules.invoice_number(order.number)}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)


@post(
    "/api/orders/{order_id:uuid}/status",
    audience=[Audience.ADMIN, Audience.WAREHOUSE, Audience.FACTORY_OWNER, Audience.SELLER],
)
async def change_status(
    ctx: Ctx,
    caller: SignedIn,
    order_id: FromPath[UUID],
    data: JSONBody[StatusChange],
    idempotency_key: IdempotencyKey,
) -> FactoryOrder:
    moved = await status.change_status(
        ctx, caller, order_id, data.status, _reason(data.status, data.note), idempotency_key
    )
    return _shown(FactoryOrder, moved)


@post("/api/orders/all/status", audience=[Audience.ADMIN, Audience.WAREHOUSE])
async def change_many(
    ctx: Ctx, caller: SignedIn, data: JSONBody[ManyStatusChange], idempotency_key: IdempotencyKey
) -> Moves:
    note = _reason(data.status, data.note)
    return await status.change_many(ctx, caller, data.order_ids, data.status, note, idempotency_key)


def _reason(wanted: OrderStatus, note: str) -> str:
    if wanted is OrderStatus.FAILED and not note.strip():
        raise InvalidInput("Say why the delivery failed", field="note")
    return note.strip()


@post("/api/orders/{order_id:uuid}/cancel", audience=Audience.CUSTOMER)
async def cancel_order(
    ctx: Ctx,
    caller: SignedIn,
    order_id: FromPath[UUID],
    data: JSONBody[Cancellation],
    idempotency_key: IdempotencyKey,
) -> OrderDetail:
    return await _detail(ctx, await status.cancel(ctx, caller, order_id, data.reason, idempotency_key))


routes = [
    my_orders,
    my_stats,
    factory_orders,
    factory_stats,
    seller_orders,
    seller_stats,
    all_orders,
    all_stats,
    order_by_number,
    one_order,
    invoice,
    change_status,
    change_many,
    cancel_order,
]
