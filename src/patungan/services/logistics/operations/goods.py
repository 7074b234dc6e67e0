"""What sending units of a product costs, for a shopper who has not joined yet."""

from __future__ import annotations

from uuid import UUID

import msgspec

from patungan.contracts import address, factory, product, warehouse
from patungan.contracts import logistics as contract
from patungan.kernel.errors import InvalidInput
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.services.logistics.operations.rates import quote_rates
from patungan.services.logistics.places import place_of
from patungan.services.logistics.rules import Parcel, parcel_of

ACTIVE = "active"


class Quoted(msgspec.Struct, frozen=True):
    """Offers for a parcel, and the kilograms that they charge."""

    items: list[contract.Rate]
    chargeable_kilograms: int


async def quote_product(
    ctx: Context,
    user_id: UUID,
    *,
    product_id: UUID,
    variant_id: UUID | None,
    quantity: int,
    address_id: UUID | None,
    postal_code: str | None,
    origin_postal_code: str | None,
) -> Quoted:
    """What it costs to send units of a product to an own address or a postal code, by default from the product's warehouse.

    Raises ProductNotFound, VariantNotFound, AddressNotFound, PostalCodeUnknown, and InvalidInput where the destination is
    named twice or not at all.
    """
    if (address_id is None) == (postal_code is None):
        raise InvalidInput("Name the destination by an address or by a postal code", field="address_id")
    goods = await _goods(ctx, product_id)
    parcel = parcel_of(_unit(goods, variant_id), quantity)
    if address_id is not None:
        goes_to = await ctx.call(address.get_address, address.GetAddress(user_id=user_id, address_id=address_id))
        destination = goes_to.postal_code
    else:
        destination = await _known(postal_code or "", "postal_code")
    if origin_postal_code is not None:
        origin = await _known(origin_postal_code, "origin_postal_code")
    else:
        origin = await _origin_of(ctx, goods)
    if not (await ctx.local["areas"].look_up(ctx, destination)).served:
        raise address.OutsideServiceArea(field="postal_code" if address_id is None else "address_id")
    quoted = await quote_rates(
        ctx,
        contract.QuoteRates(
            origin_postal_code=origin,
            destination_postal_code=destination,
            weight_grams=parcel.weight_grams,
            length_cm=parcel.length_cm,
            width_cm=parcel.width_cm,
            height_cm=parcel.height_cm,
            value=Rupiah(goods.base_price * quantity),
        ),
    )
    return Quoted(quoted.rates, parcel.kilograms)


async def _goods(ctx: Context, product_id: UUID) -> product.Product:
    found = (await ctx.call(product.get_products, product.GetProducts(product_ids=[product_id]))).products
    if not found or found[0].status != ACTIVE:
        raise product.ProductNotFound(field="product_id")
    return found[0]


def _unit(goods: product.Product, variant_id: UUID | None) -> Parcel:
    weight = goods.weight_grams
    if variant_id is not None:
        variant = next((each for each in goods.variants if each.id == variant_id and each.is_active), None)
        if variant is None:
            raise product.VariantNotFound(field="variant_id")
        weight = variant.weight_grams
    return Parcel(weight_grams=weight, length_cm=goods.length_cm, width_cm=goods.width_cm, height_cm=goods.height_cm)


async def _known(postal_code: str, field: str) -> str:
    if await place_of(postal_code) is None:
        raise address.PostalCodeUnknown("This postal code is not in use", field=field)
    return postal_code


async def _origin_of(ctx: Context, goods: product.Product) -> str:
    """Where the product's parcels start: its factory's warehouse, else the first that is active."""
    factories = (await ctx.call(factory.get_factories, factory.GetFactories(factory_ids=[goods.factory_id]))).factories
    preferred = factories[0].default_warehouse_id if factories else None
    searches: list[list[UUID]] = [[]] if preferred is None else [[preferred], []]
    for ids in searches:
        found = (await ctx.call(warehouse.get_warehouses, warehouse.GetWarehouses(warehouse_ids=ids))).warehouses
        if found:
            return min(found, key=lambda each: each.code).postal_code
    raise InvalidInput("There is no warehouse yet: say where the parcel starts", field="origin_postal_code")
