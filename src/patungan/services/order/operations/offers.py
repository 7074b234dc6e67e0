"""What can be bought directly: warehouses' surplus at the product's price, and sellers' own stock at theirs (C-30)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from patungan.contracts import product, seller, warehouse
from patungan.kernel.batching import Batcher
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.services.order.rules import surplus_price

ON_SALE = "active"
MOST_TOGETHER = 20
"""Questions that are asked together; each may name fifty products."""


class Offer(msgspec.Struct, frozen=True):
    """Goods that can be bought at once: what a unit costs in rupiah, and how many are free.

    ``seller_id`` None: a warehouse's surplus, and ``available`` is what one warehouse has of it.
    """

    product_id: UUID
    variant_id: UUID | None
    variant_name: str
    seller_id: UUID | None
    seller_name: str
    seller_slug: str
    city: str
    unit_price: Rupiah
    available: int


class Market(msgspec.Struct, frozen=True):
    """What is known of some products at this moment."""

    products: Mapping[UUID, product.Product]
    surplus: Mapping[tuple[UUID, UUID | None], Sequence[warehouse.DirectStock]]
    """The fullest warehouse first."""
    stalls: Mapping[tuple[UUID, UUID, UUID | None], seller.Offer]

    def variant(self, product_id: UUID, variant_id: UUID | None) -> product.Variant | None:
        """An active variant of a product."""
        known = self.products.get(product_id)
        found = () if known is None else known.variants
        return next((each for each in found if each.id == variant_id and each.is_active), None)

    def price(self, product_id: UUID, variant_id: UUID | None, seller_id: UUID | None) -> Rupiah | None:
        """What a unit costs; None where it is not on offer."""
        goods = self.products.get(product_id)
        if goods is None or goods.status != ON_SALE:
            return None
        variant = self.variant(product_id, variant_id)
        if variant is None and (variant_id is not None or any(each.is_active for each in goods.variants)):
            return None
        if seller_id is not None:
            offer = self.stalls.get((seller_id, product_id, variant_id))
            return None if offer is None else offer.price
        stocks = self.surplus.get((product_id, variant_id), ())
        if not stocks:
            return None
        adjustment = 0 if variant is None else variant.price_adjustment
        return surplus_price(goods.base_price, adjustment, stocks[0].clearance_percent)

    def available(self, product_id: UUID, variant_id: UUID | None, seller_id: UUID | None) -> int:
        """Units that one order can have."""
        if seller_id is not None:
            offer = self.stalls.get((seller_id, product_id, variant_id))
            return 0 if offer is None else offer.available
        return max((each.available for each in self.surplus.get((product_id, variant_id), ())), default=0)


Lookups = Batcher[Sequence[UUID], Market]


def open_lookups(ctx: Context) -> Lookups:
    """Whoever asks while an answer is under way shares the next one, so that a crowd costs few calls."""

    async def carry_out(asked: list[Sequence[UUID]]) -> Sequence[Market | Exception]:
        return [await _ask(ctx, sorted({each for ids in asked for each in ids}))] * len(asked)

    return Batcher(carry_out, largest=MOST_TOGETHER)


async def market_of(ctx: Context, product_ids: Sequence[UUID]) -> Market:
    """What is known of products at a moment after the question; perhaps of others as well."""
    lookups: Lookups = ctx.local["market"]
    return await lookups.ask(product_ids)


async def _ask(ctx: Context, wanted: list[UUID]) -> Market:
    """Ask the catalogue, the warehouses and the sellers about products, at the same time."""
    goods, stocks, stalls = await asyncio.gather(
        ctx.call(product.get_products, product.GetProducts(product_ids=wanted)),
        ctx.call(warehouse.get_direct_stock, warehouse.GetDirectStock(product_ids=wanted)),
        ctx.call(seller.get_offers, seller.GetOffers(product_ids=wanted)),
    )
    surplus: dict[tuple[UUID, UUID | None], list[warehouse.DirectStock]] = {}
    for each in stocks.items:
        surplus.setdefault((each.product_id, each.variant_id), []).append(each)
    return Market(
        {each.id: each for each in goods.products},
        surplus,
        {(each.seller_id, each.product_id, each.variant_id): each for each in stalls.offers},
    )


async def offers_of(ctx: Context, product_id: UUID) -> list[Offer]:
    """What is free of a product, the cheapest first; raises ProductNotFound."""
    market = await market_of(ctx, [product_id])
    goods = market.products.get(product_id)
    if goods is None:
        raise product.ProductNotFound(field="product_id")
    names: dict[UUID | None, str] = {each.id: each.name for each in goods.variants}
    keys: list[tuple[UUID | None, UUID | None]] = [(each, None) for one, each in market.surplus if one == product_id]
    keys += [(each, store) for store, one, each in market.stalls if one == product_id]
    found = []
    for variant_id, seller_id in keys:
        price = market.price(product_id, variant_id, seller_id)
        free = market.available(product_id, variant_id, seller_id)
        if price is None or free < 1:
            continue
        stall = None if seller_id is None else market.stalls[seller_id, product_id, variant_id]
        found.append(
            Offer(
                product_id,
                variant_id,
                names.get(variant_id, ""),
                seller_id,
                "" if stall is None else stall.seller_name,
                "" if stall is None else stall.seller_slug,
                "" if stall is None else stall.city,
                price,
                free,
            )
        )
    return sorted(found, key=lambda each: (each.unit_price, each.variant_name, str(each.seller_id or "")))
