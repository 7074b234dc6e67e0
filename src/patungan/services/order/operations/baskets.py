"""Goods that somebody wants, sorted by who sends them: one basket a factory and warehouse, one a seller, with its rates."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

import msgspec

from patungan.contracts import factory, logistics, seller, warehouse
from patungan.contracts import order as contract
from patungan.contracts.address import Address
from patungan.contracts.order import ParcelSender
from patungan.kernel.errors import InvalidInput
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.services.order.operations.offers import Market
from patungan.services.order.queries.checkouts import PlannedItem
from patungan.services.order.rules import Source, fee_of

MOST_SOURCES = 20


class Line(msgspec.Struct, frozen=True):
    """Goods that are wanted; ``unit_price`` is what their buyer saw, in rupiah. ``seller_id`` None: a surplus."""

    product_id: UUID
    variant_id: UUID | None
    seller_id: UUID | None
    quantity: int
    unit_price: Rupiah


class Basket(msgspec.Struct, frozen=True):
    """The goods of one source, and where their parcel starts."""

    key: str
    source: Source
    factory_id: UUID
    factory_name: str
    seller_id: UUID | None
    seller_name: str
    sender: ParcelSender | None
    warehouse_id: UUID | None
    origin_postal_code: str
    items: list[PlannedItem]

    @property
    def subtotal(self) -> Rupiah:
        """What the goods cost."""
        return Rupiah(sum(each.subtotal for each in self.items))

    @property
    def fee(self) -> Rupiah:
        """The gateway fee on the goods."""
        return fee_of(self.subtotal)


def check_lines(market: Market, lines: Sequence[Line]) -> None:
    """Raises NotOnOffer, PriceChanged or NotEnoughStock for the first line that cannot be bought as it was seen."""
    keys = [(each.product_id, each.variant_id, each.seller_id) for each in lines]
    if len(set(keys)) < len(keys):
        raise InvalidInput("The same goods are named twice", field="lines")
    for each in lines:
        named = {"product_id": str(each.product_id), "variant_id": str(each.variant_id or "")}
        price = market.price(each.product_id, each.variant_id, each.seller_id)
        if price is None:
            raise contract.NotOnOffer(field="lines", **named)
        free = market.available(each.product_id, each.variant_id, each.seller_id)
        if free < each.quantity:
            raise contract.NotEnoughStock(f"{free} units are free", field="lines", available=free, **named)
        if price != each.unit_price:
            raise contract.PriceChanged(f"A unit costs {price} rupiah now", field="lines", unit_price=price, **named)


async def baskets_of(ctx: Context, market: Market, lines: Sequence[Line]) -> list[Basket]:
    """Sort checked lines by source, in the order in which they were put together."""
    of_sellers: dict[UUID, list[Line]] = {}
    of_stock: dict[tuple[UUID, UUID], list[Line]] = {}
    for each in lines:
        if each.seller_id is not None:
            of_sellers.setdefault(each.seller_id, []).append(each)
            continue
        maker = market.products[each.product_id].factory_id
        stocks = [one for one in market.surplus[each.product_id, each.variant_id] if one.available >= each.quantity]
        # One parcel rather than two: a warehouse that sends of this factory already comes first.
        chosen = next((one for one in stocks if (maker, one.warehouse_id) in of_stock), stocks[0])
        of_stock.setdefault((maker, chosen.warehouse_id), []).append(each)
    if len(of_sellers) + len(of_stock) > MOST_SOURCES:
        raise InvalidInput(f"A checkout has at most {MOST_SOURCES} senders", field="lines")
    makers = sorted({market.products[each.product_id].factory_id for each in lines})
    factories, warehouses, sellers = await asyncio.gather(
        ctx.call(factory.get_factories, factory.GetFactories(factory_ids=makers)),
        _warehouses(ctx, sorted({place for _, place in of_stock})),
        _sellers(ctx, sorted(of_sellers)),
    )
    names = {each.id: each.name for each in factories.factories}
    baskets = [
        Basket(
            f"factory:{maker}:{place}",
            Source.WAREHOUSE,
            maker,
            names.get(maker, ""),
            None,
            "",
            None,
            place,
            warehouses[place].postal_code,
            _items(ctx, market, wanted),
        )
        for (maker, place), wanted in of_stock.items()
    ]
    for seller_id, wanted in of_sellers.items():
        store, maker = sellers[seller_id], market.products[wanted[0].product_id].factory_id
        sender = ParcelSender(
            seller_id=store.id,
            name=store.name,
            city=store.city,
            province=store.province,
            postal_code=store.postal_code,
        )
        baskets.append(
            Basket(
                f"seller:{seller_id}",
                Source.SELLER,
                maker,
                names.get(maker, ""),
                seller_id,
                store.name,
                sender,
                None,
                store.postal_code,
                _items(ctx, market, wanted),
            )
        )
    return baskets


async def _warehouses(ctx: Context, ids: list[UUID]) -> dict[UUID, warehouse.Warehouse]:
    if not ids:
        return {}
    found = await ctx.call(warehouse.get_warehouses, warehouse.GetWarehouses(warehouse_ids=ids))
    return {each.id: each for each in found.warehouses}


async def _sellers(ctx: Context, ids: list[UUID]) -> dict[UUID, seller.Seller]:
    if not ids:
        return {}
    found = await ctx.call(seller.get_sellers, seller.GetSellers(seller_ids=ids))
    return {each.id: each for each in found.sellers}


def _items(ctx: Context, market: Market, lines: Sequence[Line]) -> list[PlannedItem]:
    items = []
    for place, each in enumerate(lines, 1):
        goods, variant = market.products[each.product_id], market.variant(each.product_id, each.variant_id)
        items.append(
            PlannedItem(
                id=ctx.chance.new_id(),
                line=place,
                product_id=goods.id,
                variant_id=each.variant_id,
                factory_id=goods.factory_id,
                sku=goods.sku if variant is None else variant.sku,
                product_name=goods.name,
                product_slug=goods.slug,
                variant_name="" if variant is None else variant.name,
                image_url=goods.image_url,
                weight_grams=goods.weight_grams if variant is None else variant.weight_grams,
                length_cm=goods.length_cm,
                width_cm=goods.width_cm,
                height_cm=goods.height_cm,
                quantity=each.quantity,
                unit_price=each.unit_price,
            )
        )
    return items


async def rates_of(ctx: Context, basket: Basket, goes_to: Address) -> list[logistics.Rate]:
    """What couriers ask for a basket's parcel, cheapest first: its goods are stacked."""
    request = logistics.QuoteRates(
        origin_postal_code=basket.origin_postal_code,
        destination_postal_code=goes_to.postal_code,
        weight_grams=sum(each.weight_grams * each.quantity for each in basket.items),
        length_cm=max(each.length_cm for each in basket.items),
        width_cm=max(each.width_cm for each in basket.items),
        height_cm=sum(each.height_cm * each.quantity for each in basket.items),
        value=basket.subtotal,
    )
    return (await ctx.call(logistics.quote_rates, request)).rates
