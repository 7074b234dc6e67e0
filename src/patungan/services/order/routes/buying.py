"""Buying directly: what is on offer, the cart, and checkout."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from patungan.contracts import order as contract
from patungan.kernel.http import Ctx, IdempotencyKey, Input, SignedIn, delete, get, patch, post, put
from patungan.kernel.identity import Audience
from patungan.kernel.money import Rupiah
from patungan.services.order.operations import carts
from patungan.services.order.operations.baskets import Line
from patungan.services.order.operations.carts import Cart
from patungan.services.order.operations.checkouts import Wish, check_out
from patungan.services.order.operations.offers import Offer, offers_of
from patungan.services.order.queries import checkouts as queries
from patungan.services.order.queries.checkouts import CartItem, CheckoutRow
from patungan.services.order.rules import Source

Quantity = Annotated[int, Meta(ge=1, le=10_000)]
Price = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Service = Annotated[str, Meta(min_length=1, max_length=60)]


class CartInput(Input, frozen=True):
    """Goods with the quantity that is wanted of them in all; ``seller_id`` None: a warehouse's surplus."""

    product_id: UUID
    quantity: Quantity
    variant_id: UUID | None = None
    seller_id: UUID | None = None


class QuantityInput(Input, frozen=True):
    quantity: Quantity


class LineInput(Input, frozen=True):
    """Goods at the price that their buyer saw, in rupiah."""

    product_id: UUID
    quantity: Quantity
    unit_price: Price
    variant_id: UUID | None = None
    seller_id: UUID | None = None


class CheckoutInput(Input, frozen=True):
    """A checkout: ``couriers`` names the service for each parcel by its key, ``wallet_amount`` is in rupiah."""

    lines: Annotated[list[LineInput], Meta(min_length=1, max_length=50)]
    address_id: UUID
    couriers: Annotated[dict[str, Service], Meta(min_length=1, max_length=50)]
    wallet_amount: Annotated[int, Meta(ge=0)] = 0


class Offers(msgspec.Struct, frozen=True):
    items: list[Offer]


class CheckoutOrder(msgspec.Struct, frozen=True):
    """One of a checkout's orders, in rupiah."""

    id: UUID
    number: str
    source: Source
    sender: str
    subtotal: Rupiah
    shipping_cost: Rupiah
    fee: Rupiah
    total: Rupiah


class CheckoutView(msgspec.Struct, frozen=True):
    """A checkout; ``payment_id`` is None for the moment in which the payment could not be made yet."""

    id: UUID
    status: str
    orders: list[CheckoutOrder]
    total: Rupiah
    payment_id: UUID | None
    payment_code: str | None
    expires_at: datetime


def _view(row: CheckoutRow) -> CheckoutView:
    return CheckoutView(
        row.id,
        row.status,
        [
            CheckoutOrder(
                each.id,
                each.number,
                each.source,
                each.seller_name or each.factory_name,
                each.subtotal,
                each.shipping_cost,
                each.fee,
                each.total,
            )
            for each in row.plan
        ],
        row.total,
        row.payment_id,
        row.payment_code,
        row.expires_at,
    )


@get("/api/orders/offers", audience=Audience.PUBLIC)
async def list_offers(ctx: Ctx, product_id: FromQuery[UUID]) -> Offers:
    """What of a product can be bought at once, the cheapest first."""
    return Offers(await offers_of(ctx, product_id))


@get("/api/orders/cart", audience=Audience.CUSTOMER)
async def show_cart(ctx: Ctx, caller: SignedIn, address_id: FromQuery[UUID | None] = None) -> Cart:
    """The cart as it stands now; with an address, its parcels and what couriers ask for them."""
    return await carts.look(ctx, caller.user_id, address_id)


@put("/api/orders/cart/items", audience=Audience.CUSTOMER)
async def put_in_cart(
    ctx: Ctx, caller: SignedIn, data: JSONBody[CartInput], idempotency_key: IdempotencyKey
) -> CartItem:
    """Sets how much is wanted, so that the same again changes nothing, whatever key it comes under."""
    return await carts.put(ctx, caller.user_id, data.product_id, data.variant_id, data.seller_id, data.quantity)


@patch("/api/orders/cart/items/{item_id:uuid}", audience=Audience.CUSTOMER)
async def change_cart_item(
    ctx: Ctx, caller: SignedIn, item_id: FromPath[UUID], data: JSONBody[QuantityInput], idempotency_key: IdempotencyKey
) -> CartItem:
    return await carts.change(ctx, caller.user_id, item_id, data.quantity)


@delete("/api/orders/cart/items/{item_id:uuid}", audience=Audience.CUSTOMER)
async def take_out_of_cart(
    ctx: Ctx, caller: SignedIn, item_id: FromPath[UUID], idempotency_key: IdempotencyKey
) -> None:
    await carts.take_out(ctx, caller.user_id, item_id)


@delete("/api/orders/cart", audience=Audience.CUSTOMER)
async def empty_cart(ctx: Ctx, caller: SignedIn, idempotency_key: IdempotencyKey) -> None:
    await queries.empty_cart(ctx.db, caller.user_id)


@post("/api/orders", audience=Audience.CUSTOMER, status=201)
async def check_out_lines(
    ctx: Ctx, caller: SignedIn, data: JSONBody[CheckoutInput], idempotency_key: IdempotencyKey
) -> CheckoutView:
    """Buy surplus and sellers' stock: one order a sender, and one payment for all."""
    wish = Wish(
        [
            Line(each.product_id, each.variant_id, each.seller_id, each.quantity, Rupiah(each.unit_price))
            for each in data.lines
        ],
        data.address_id,
        data.couriers,
        Rupiah(data.wallet_amount),
    )
    return _view(await check_out(ctx, caller.user_id, wish, idempotency_key))


@get("/api/orders/checkouts/{checkout_id:uuid}", audience=Audience.CUSTOMER)
async def one_checkout(ctx: Ctx, caller: SignedIn, checkout_id: FromPath[UUID]) -> CheckoutView:
    found = await queries.find_checkout(ctx.db, checkout_id)
    if found is None or found.user_id != caller.user_id:
        raise contract.CheckoutNotFound()
    return _view(found)


routes = [
    list_offers,
    show_cart,
    put_in_cart,
    change_cart_item,
    take_out_of_cart,
    empty_cart,
    check_out_lines,
    one_checkout,
]
