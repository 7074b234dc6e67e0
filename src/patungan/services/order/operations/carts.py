"""A cart: goods with the price that was seen; what they cost and whether they are free is looked up each time."""

from __future__ import annotations

import asyncio
from uuid import UUID

import msgspec

from patungan.contracts import address, logistics
from patungan.contracts import order as contract
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.services.order.operations.baskets import Line, baskets_of, check_lines, rates_of
from patungan.services.order.operations.offers import Market, market_of
from patungan.services.order.queries import checkouts as queries
from patungan.services.order.queries.checkouts import CartItem

MOST_ITEMS = 50


class CartLine(msgspec.Struct, frozen=True):
    """Goods in a cart as they stand now; ``unit_price`` None and ``available`` 0 where they are not on offer any more."""

    id: UUID
    product_id: UUID
    variant_id: UUID | None
    seller_id: UUID | None
    seller_name: str
    product_name: str
    product_slug: str
    variant_name: str
    image_url: str | None
    quantity: int
    seen_price: Rupiah
    unit_price: Rupiah | None
    available: int


class Parcel(msgspec.Struct, frozen=True):
    """What one source sends, with what couriers ask for it; ``key`` names it in a checkout's couriers."""

    key: str
    sender: str
    lines: list[UUID]
    subtotal: Rupiah
    fee: Rupiah
    rates: list[logistics.Rate]


class Cart(msgspec.Struct, frozen=True):
    """A cart. ``parcels`` is there for an address and where every line can be bought; amounts in rupiah."""

    items: list[CartLine]
    subtotal: Rupiah
    fee: Rupiah
    parcels: list[Parcel]


def line_of(item: CartItem, unit_price: Rupiah | None = None) -> Line:
    """A cart's goods as they are wanted, at the price that was seen unless another is given."""
    price = item.unit_price if unit_price is None else unit_price
    return Line(item.product_id, item.variant_id, item.seller_id, item.quantity, price)


def _shown(market: Market, item: CartItem) -> CartLine:
    goods, variant = market.products.get(item.product_id), market.variant(item.product_id, item.variant_id)
    key = (item.product_id, item.variant_id, item.seller_id)
    stall = None if item.seller_id is None else market.stalls.get((item.seller_id, item.product_id, item.variant_id))
    return CartLine(
        item.id,
        *key,
        "" if stall is None else stall.seller_name,
        "" if goods is None else goods.name,
        "" if goods is None else goods.slug,
        "" if variant is None else variant.name,
        None if goods is None else goods.image_url,
        item.quantity,
        item.unit_price,
        market.price(*key),
        0 if market.price(*key) is None else market.available(*key),
    )


async def look(ctx: Context, user_id: UUID, address_id: UUID | None) -> Cart:
    """The cart as it stands now, with parcels and rates to an own address where one is given. Raises AddressNotFound."""
    items = await queries.find_cart(ctx.db, user_id, MOST_ITEMS)
    if not items:
        return Cart([], Rupiah(0), Rupiah(0), [])
    market = await market_of(ctx, [each.product_id for each in items])
    lines = [_shown(market, each) for each in items]
    buyable = all(each.unit_price is not None and each.available >= each.quantity for each in lines)
    parcels: list[Parcel] = []
    if address_id is not None and buyable:
        goes_to = await ctx.call(address.get_address, address.GetAddress(user_id=user_id, address_id=address_id))
        parcels = await _parcels(ctx, market, items, lines, goes_to)
    subtotal = Rupiah(sum((each.unit_price or 0) * each.quantity for each in lines))
    return Cart(lines, subtotal, Rupiah(sum(each.fee for each in parcels)), parcels)


async def _parcels(
    ctx: Context, market: Market, items: list[CartItem], lines: list[CartLine], goes_to: address.Address
) -> list[Parcel]:
    now = {each.id: each.unit_price for each in lines}
    baskets = await baskets_of(ctx, market, [line_of(each, now[each.id]) for each in items])
    rates = await asyncio.gather(*(rates_of(ctx, each, goes_to) for each in baskets))
    ids = {(each.product_id, each.variant_id, each.seller_id): each.id for each in items}
    return [
        Parcel(
            basket.key,
            basket.seller_name or basket.factory_name,
            [ids[each.product_id, each.variant_id, basket.seller_id] for each in basket.items],
            basket.subtotal,
            basket.fee,
            offered,
        )
        for basket, offered in zip(baskets, rates, strict=True)
    ]


async def put(
    ctx: Context, user_id: UUID, product_id: UUID, variant_id: UUID | None, seller_id: UUID | None, quantity: int
) -> CartItem:
    """Have so many units in the cart, at the price of now; raises NotOnOffer, NotEnoughStock, CartFull."""
    market = await market_of(ctx, [product_id])
    price = market.price(product_id, variant_id, seller_id)
    if price is None:
        raise contract.NotOnOffer(field="product_id")
    check_lines(market, [Line(product_id, variant_id, seller_id, quantity, price)])
    async with ctx.db.transaction() as tx:
        await queries.lock_cart(tx, user_id)
        stored = await queries.put_in_cart(
            tx, ctx.chance.new_id(), user_id, product_id, variant_id, seller_id, quantity, price, ctx.clock.now()
        )
        if await queries.count_cart(tx, user_id) > MOST_ITEMS:
            raise contract.CartFull(f"A cart holds {MOST_ITEMS} different goods")
    return stored


async def change(ctx: Context, user_id: UUID, item_id: UUID, quantity: int) -> CartItem:
    """Change how many units are wanted, at the price of now; raises CartItemNotFound, and what ``put`` raises."""
    known = await queries.find_cart_item(ctx.db, item_id, user_id)
    if known is None:
        raise contract.CartItemNotFound()
    return await put(ctx, user_id, known.product_id, known.variant_id, known.seller_id, quantity)


async def take_out(ctx: Context, user_id: UUID, item_id: UUID) -> None:
    """Take goods out of the cart; raises CartItemNotFound."""
    if not await queries.take_out_of_cart(ctx.db, item_id, user_id):
        raise contract.CartItemNotFound()
