"""What logistics does: prices of parcels, asked of the couriers once an hour for equal parcels."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from valkey.exceptions import ValkeyError

from patungan.contracts import address, factory, product, warehouse
from patungan.contracts import logistics as contract
from patungan.kernel.errors import InvalidInput
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context, implements
from patungan.providers.couriers import Courier, Item, Place, PlaceNotServed, RateRequest
from patungan.providers.couriers import Rate as Quote
from patungan.providers.errors import ProviderError
from patungan.services.logistics.places import place_of
from patungan.services.logistics.rules import Parcel, check_parcel, flat_rate, offers, parcel_of, rate_key

KEPT = timedelta(hours=1)
KEPT_WHEN_INCOMPLETE = timedelta(minutes=1)
"""While one of several couriers is silent its offers are missing; not for a whole hour."""
ANSWER_SECONDS = 6.5
GRAMS_PER_KILOGRAM = 1000
ACTIVE = "active"


class Kept(msgspec.Struct, frozen=True):
    """Offers as they lie in the cache; the time is the kernel's clock's."""

    until: datetime
    rates: list[contract.Rate]


Flights = dict[str, asyncio.Task[list[contract.Rate]]]


@implements(contract.quote_rates)
async def quote_rates(ctx: Context, request: contract.QuoteRates) -> contract.Rates:
    """What a parcel costs: by the couriers, else by the flat rate; raises InvalidInput for what is no parcel."""
    for field in ("origin_postal_code", "destination_postal_code"):
        code = getattr(request, field)
        if not (len(code) == 5 and code.isascii() and code.isdigit()):
            raise InvalidInput("A postal code has five digits", field=field)
    parcel = Parcel(
        weight_grams=request.weight_grams,
        length_cm=request.length_cm,
        width_cm=request.width_cm,
        height_cm=request.height_cm,
    )
    check_parcel(parcel)
    key = rate_key(request.origin_postal_code, request.destination_postal_code, parcel)
    kept = await _kept(ctx, key)
    if kept is not None:
        return contract.Rates(rates=kept)
    flights: Flights = ctx.local["flights"]
    flight = flights.get(key)
    if flight is None:
        flight = asyncio.create_task(_ask_couriers(ctx, key, parcel, request))
        flights[key] = flight
        flight.add_done_callback(lambda _: flights.pop(key, None))
    # Shielded: whoever gives up waiting must not take the answer from the others.
    return contract.Rates(rates=await asyncio.shield(flight))


async def _ask_couriers(ctx: Context, key: str, parcel: Parcel, request: contract.QuoteRates) -> list[contract.Rate]:
    couriers: Sequence[Courier] = ctx.local["couriers"]
    asked = RateRequest(
        origin=await _place(request.origin_postal_code),
        destination=await _place(request.destination_postal_code),
        # The charged weight, so that the price holds for every parcel of the same key.
        items=(
            Item(
                name="Barang",
                quantity=1,
                weight_grams=parcel.kilograms * GRAMS_PER_KILOGRAM,
                length_cm=parcel.length_cm,
                width_cm=parcel.width_cm,
                height_cm=parcel.height_cm,
                value=request.value,
            ),
        ),
    )
    answers = await asyncio.gather(*(_quotes(ctx, courier, asked) for courier in couriers))
    answered = [each for each in answers if each is not None]
    if not answered:
        return [flat_rate(parcel.kilograms, ctx.settings.flat_rate_per_kg)]
    found = offers(quote for quotes in answered for quote in quotes)
    complete = len(answered) == len(couriers) and bool(found)
    await _keep(ctx, key, found, KEPT if complete else KEPT_WHEN_INCOMPLETE)
    return found


async def _place(postal_code: str) -> Place:
    # An aggregator may know a code that our list does not: the courier decides.
    return await place_of(postal_code) or Place(city="", district="", postal_code=postal_code)


async def _quotes(ctx: Context, courier: Courier, asked: RateRequest) -> list[Quote] | None:
    """A courier's quotes; None when it gave no answer."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await courier.rates(asked)
    except PlaceNotServed:
        return []
    except (ProviderError, TimeoutError) as error:
        ctx.log.warning("courier gave no rates", courier=courier.name, reason=str(error) or "no answer in time")
        return None


async def _kept(ctx: Context, key: str) -> list[contract.Rate] | None:
    try:
        stored = await ctx.valkey.get(f"logistics:rates:{key}")
    except (ValkeyError, OSError) as error:
        ctx.log.warning("rates are not cached", reason=type(error).__name__)
        return None
    if stored is None:
        return None
    try:
        kept = msgspec.json.decode(stored, type=Kept)
    except msgspec.DecodeError:
        return None
    now = ctx.clock.now()
    return kept.rates if now < kept.until <= now + KEPT else None


async def _keep(ctx: Context, key: str, rates: list[contract.Rate], time: timedelta) -> None:
    kept = msgspec.json.encode(Kept(ctx.clock.now() + time, rates))
    try:
        await ctx.valkey.set(f"logistics:rates:{key}", kept, ex=time)
    except (ValkeyError, OSError) as error:
        ctx.log.warning("rates are not cached", reason=type(error).__name__)


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
