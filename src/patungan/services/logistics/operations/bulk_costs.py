"""What leg one costs: the couriers' price of the goods in cartons, from the factory to the warehouse. The flat cost of the
settings stands until there is one, and an estimate it stays until the warehouse records what was paid."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from patungan.contracts import factory, product, warehouse
from patungan.contracts import logistics as contract
from patungan.kernel.errors import InvalidInput
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.services.logistics.operations.rates import quote_rates
from patungan.services.logistics.queries import couriers as queries
from patungan.services.logistics.rules import Parcel, cartons

BATCH = 20
AGAIN = timedelta(minutes=10)
"""When the couriers are asked again after they gave no price."""


async def quote_due(ctx: Context) -> int:
    """Ask what the shipments cost of which it is not known yet; answers how many were taken up."""
    now = ctx.clock.now()
    due = await queries.claim_quotes(ctx.db, now, now + AGAIN, BATCH)
    if not due:
        return 0
    wanted = warehouse.GetPurchaseOrders(purchase_order_ids=[each.purchase_order_id for each in due])
    orders = {each.id: each for each in (await ctx.call(warehouse.get_purchase_orders, wanted)).purchase_orders}
    for each in due:
        order = orders.get(each.purchase_order_id)
        cost = None if order is None else await _cost(ctx, order)
        if cost is not None:
            await queries.store_quote(ctx.db, each.id, cost)
    return len(due)


async def _cost(ctx: Context, order: warehouse.PurchaseOrderBrief) -> Rupiah | None:
    """The cheapest way of each kind of carton, added up; None where one of them has no price."""
    factories, places, products = await asyncio.gather(
        ctx.call(factory.get_factories, factory.GetFactories(factory_ids=[order.factory_id])),
        ctx.call(warehouse.get_warehouses, warehouse.GetWarehouses(warehouse_ids=[order.warehouse_id])),
        ctx.call(product.get_products, product.GetProducts(product_ids=[order.product_id])),
    )
    if not (factories.factories and places.warehouses and products.products):
        return None
    origin, destination = factories.factories[0].postal_code, places.warehouses[0].postal_code
    total = 0
    goods = products.products[0]
    for carton, count in _packed(goods, order.goods):
        price = await _cheapest(ctx, origin, destination, carton, goods.base_price)
        if price is None:
            return None
        total += price * count
    return Rupiah(total) if total else None


def _packed(goods: product.Product, lines: Sequence[warehouse.OrderedGoods]) -> list[tuple[Parcel, int]]:
    """The cartons of a purchase order; each variant is packed by itself."""
    weights: dict[UUID | None, int] = {variant.id: variant.weight_grams for variant in goods.variants}
    packed = []
    for line in lines:
        unit = Parcel(
            weight_grams=weights.get(line.variant_id, goods.weight_grams),
            length_cm=goods.length_cm,
            width_cm=goods.width_cm,
            height_cm=goods.height_cm,
        )
        packed += cartons(unit, line.quantity)
    return packed


async def _cheapest(ctx: Context, origin: str, destination: str, carton: Parcel, value: Rupiah) -> Rupiah | None:
    """The cheapest courier's price of a carton; None where none has one."""
    request = contract.QuoteRates(
        origin_postal_code=origin,
        destination_postal_code=destination,
        weight_grams=carton.weight_grams,
        length_cm=carton.length_cm,
        width_cm=carton.width_cm,
        height_cm=carton.height_cm,
        value=value,
    )
    try:
        quoted = await quote_rates(ctx, request)
    except InvalidInput as problem:
        ctx.log.warning("leg one has no price", field=problem.field)
        return None
    return next((each.price for each in quoted.rates if not each.estimated), None)
