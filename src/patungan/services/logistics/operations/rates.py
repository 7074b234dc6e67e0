"""What a parcel costs: asked of the couriers once an hour for equal parcels, so that a crowd costs them one question.

Offers lie in the process, where a known price costs no wait at all, and in Valkey, where all processes share them.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from valkey.exceptions import ValkeyError

from patungan.contracts import logistics as contract
from patungan.kernel.errors import InvalidInput
from patungan.kernel.service import Context, implements
from patungan.providers.couriers import Courier, Item, Place, PlaceNotServed, RateRequest
from patungan.providers.couriers import Rate as Quote
from patungan.providers.errors import ProviderError
from patungan.services.logistics.places import place_of
from patungan.services.logistics.rules import Parcel, check_parcel, flat_rate, offers, rate_key

FRESH = timedelta(hours=1)
FRESH_WHEN_INCOMPLETE = timedelta(minutes=1)
"""While one of several couriers is silent its offers are missing; not for a whole hour."""
FRESH_FLAT = timedelta(seconds=15)
"""How long the flat rate stands before couriers that gave no answer are asked again; in this process alone."""
STALE = timedelta(hours=1)
"""How much longer old offers are answered at once while new ones are asked for."""
RESERVE = timedelta(days=1)
"""How long old offers are kept for a time in which no courier answers."""
ANSWER_SECONDS = 6.5
ASKED_AT_ONCE = 32
"""Parcels that the couriers are asked about at a time; who waits longer than the answer may take gets the flat rate."""
MOST_KEPT = 50_000
"""Parcels whose offers lie in the process, about 30 MB."""
GRAMS_PER_KILOGRAM = 1000


class Kept(msgspec.Struct, frozen=True):
    """Offers as they are kept; ``until`` is when they are no longer fresh, by the kernel's clock."""

    until: datetime
    rates: list[contract.Rate]


class RateBook:
    """The offers that this process knows, and the questions to couriers that are under way."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self.flights: dict[str, asyncio.Task[list[contract.Rate]]] = {}
        self.asking = asyncio.Semaphore(ASKED_AT_ONCE)

    def find(self, key: str) -> Kept | None:
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def keep(self, key: str, kept: Kept) -> None:
        """Remember offers; those that nobody asked for the longest are forgotten first."""
        self._kept[key] = kept
        self._kept.move_to_end(key)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)

    def forget(self) -> None:
        """Forget all offers, as a process does that starts anew."""
        self._kept.clear()

    async def close(self) -> None:
        """End the questions under way."""
        flights = list(self.flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)


@implements(contract.quote_rates)
async def quote_rates(ctx: Context, request: contract.QuoteRates) -> contract.Rates:
    """What a parcel costs: by the couriers that deliver there, else by the flat rate; nothing is offered where we do not
    deliver. Raises InvalidInput for what is no parcel."""
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
    coverage = await ctx.local["areas"].look_up(ctx, request.destination_postal_code)
    if not coverage.served:
        return contract.Rates(rates=[])
    off = (await ctx.local["switched_off"].look_up(ctx)).union(coverage.refused_couriers)
    key = rate_key(request.origin_postal_code, request.destination_postal_code, parcel, off)
    book: RateBook = ctx.local["rates"]
    now = ctx.clock.now()
    known = book.find(key)
    if known is not None and _is_fresh(known, now):
        return contract.Rates(rates=known.rates)
    flight = _flight(ctx, book, key, parcel, request, off)
    if known is not None and known.rates and not known.rates[0].estimated and now < known.until + STALE:
        return contract.Rates(rates=known.rates)
    # Shielded: whoever gives up waiting must not take the answer from the others.
    return contract.Rates(rates=await asyncio.shield(flight))


def _is_fresh(kept: Kept, now: datetime) -> bool:
    # A clock that was set back must not make offers last for ever.
    return now < kept.until <= now + FRESH


def _flight(
    ctx: Context, book: RateBook, key: str, parcel: Parcel, request: contract.QuoteRates, off: frozenset[str]
) -> asyncio.Task[list[contract.Rate]]:
    """The one question about such a parcel that is under way in this process."""
    flight = book.flights.get(key)
    if flight is None:
        flight = asyncio.create_task(_find_out(ctx, book, key, parcel, request, off))
        book.flights[key] = flight
        flight.add_done_callback(lambda _: book.flights.pop(key, None))
    return flight


async def _find_out(
    ctx: Context, book: RateBook, key: str, parcel: Parcel, request: contract.QuoteRates, off: frozenset[str]
) -> list[contract.Rate]:
    """Offers from Valkey where they are fresh there, else from the couriers, else old ones, else the flat rate."""
    shared = await _shared(ctx, key)
    now = ctx.clock.now()
    if shared is not None and _is_fresh(shared, now):
        book.keep(key, shared)
        return shared.rates
    answers = await _ask_couriers(ctx, book, parcel, request)
    answered = [each for each in answers if each is not None]
    now = ctx.clock.now()
    if not answered:
        flat = [flat_rate(parcel.kilograms, ctx.settings.flat_rate_per_kg)]
        old = shared.rates if shared is not None and now < shared.until + RESERVE else []
        book.keep(key, Kept(now + FRESH_FLAT, old or flat))
        return old or flat
    found = offers((quote for quotes in answered for quote in quotes), off)
    complete = len(answered) == len(answers) and bool(found)
    kept = Kept(now + (FRESH if complete else FRESH_WHEN_INCOMPLETE), found)
    book.keep(key, kept)
    await _share(ctx, key, kept)
    return found


async def _ask_couriers(
    ctx: Context, book: RateBook, parcel: Parcel, request: contract.QuoteRates
) -> list[list[Quote] | None]:
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
    return await asyncio.gather(*(_quotes(ctx, book, courier, asked) for courier in couriers))


async def _place(postal_code: str) -> Place:
    # An aggregator may know a code that our list does not: the courier decides.
    return await place_of(postal_code) or Place(city="", district="", postal_code=postal_code)


async def _quotes(ctx: Context, book: RateBook, courier: Courier, asked: RateRequest) -> list[Quote] | None:
    """A courier's quotes; None when it gave no answer."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS), book.asking:
            return await courier.rates(asked)
    except PlaceNotServed:
        return []
    except (ProviderError, TimeoutError) as error:
        ctx.log.warning("courier gave no rates", courier=courier.name, reason=str(error) or "no answer in time")
        return None


async def _shared(ctx: Context, key: str) -> Kept | None:
    try:
        stored = await ctx.valkey.get(f"logistics:rates:{key}")
    except (ValkeyError, OSError) as error:
        ctx.log.warning("rates are not shared", reason=type(error).__name__)
        return None
    if stored is None:
        return None
    try:
        return msgspec.json.decode(stored, type=Kept)
    except msgspec.DecodeError:
        return None


async def _share(ctx: Context, key: str, kept: Kept) -> None:
    try:
        await ctx.valkey.set(f"logistics:rates:{key}", msgspec.json.encode(kept), ex=RESERVE)
    except (ValkeyError, OSError) as error:
        ctx.log.warning("rates are not shared", reason=type(error).__name__)
