"""Where an address lies, and what lies at a point: by the map provider, kept for thirty days and bounded by a daily quota.

Where the provider cannot be asked or does not know, the seat of the city or regency answers instead, and the answer says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Literal

import msgspec
from prometheus_client import Histogram

from patungan.kernel.chance import backoff_seconds
from patungan.kernel.errors import InvalidInput
from patungan.kernel.service import Context
from patungan.kernel.time import JAKARTA
from patungan.providers.errors import ProviderError
from patungan.providers.http import Deadlines, Observation, Pacing
from patungan.providers.maps import GoogleMaps, Located
from patungan.services.address import queries
from patungan.services.address.regions import Regions, all_regions
from patungan.services.address.rules import distance_km, in_indonesia, normalised_query

KEPT_FOR = timedelta(days=30)
"""As long as the provider's terms allow an answer to be kept."""
DEADLINES = Deadlines(connect=1.5, read=3.0, attempt=3.0)

Asked = Callable[[GoogleMaps], Awaitable[Located | None]]
Reason = Literal["", "no_key", "quota_used_up", "unavailable", "not_found"]


class Point(msgspec.Struct, frozen=True):
    """Where something lies. ``source`` is ``map`` or ``city_centre``; for the latter ``reason`` says why: no_key,
    quota_used_up, unavailable or not_found. ``precision`` is the provider's, or ``city``."""

    latitude: float
    longitude: float
    formatted: str
    precision: str
    source: Literal["map", "city_centre"]
    reason: Reason
    city_code: str
    city: str
    province: str
    postal_code: str


class Distance(msgspec.Struct, frozen=True):
    """How far two places are apart in a straight line, in kilometres to one decimal."""

    kilometres: float
    from_city: str
    to_city: str


def open_maps(ctx: Context) -> GoogleMaps | None:
    """The map provider of this process; None without a key."""
    if not ctx.settings.google_maps_api_key:
        return None
    seconds = Histogram(
        "provider_call_duration_seconds",
        "Time of calls to providers",
        ["service", "provider", "operation", "outcome"],
        registry=ctx.metrics,
        buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    )

    def observe(seen: Observation) -> None:
        seconds.labels(ctx.name, seen.provider, seen.operation, seen.outcome).observe(seen.seconds)

    pacing = Pacing(
        clock=lambda: ctx.clock.now().timestamp(),
        backoff=lambda attempt: backoff_seconds(attempt, ctx.chance, first=0.1, cap=0.5),
        attempts=2,
        longest_wait=0.5,
    )
    return GoogleMaps(
        ctx.settings.google_maps_api_key,
        pacing,
        base_url=ctx.settings.google_maps_api_url,
        deadlines=DEADLINES,
        observe=observe,
    )


async def geocode(ctx: Context, query: str, city_code: str, postal_code: str) -> Point:
    """Where an address lies; ``city_code`` or ``postal_code`` says where to fall back to, else the query itself does.

    Raises InvalidInput for a query that names no place at all.
    """
    known = await all_regions()
    city = _city_of(known, query, city_code, postal_code)
    text = normalised_query(query)
    located, reason = await _kept_or_asked(
        ctx, f"geocode|{text}|{postal_code}", lambda maps: maps.geocode(query, postal_code)
    )
    if located is not None and in_indonesia(located.latitude, located.longitude):
        return _on_the_map(known, located, city)
    if city is None:
        raise InvalidInput("Nothing in Indonesia is known by this", field="address")
    return _centre(known, city, reason or "not_found", postal_code)


async def reverse(ctx: Context, latitude: float, longitude: float) -> Point:
    """What lies at a point; raises InvalidInput outside Indonesia. Points within ten metres share an answer."""
    if not in_indonesia(latitude, longitude):
        raise InvalidInput("This point is not in Indonesia", field="latitude")
    known = await all_regions()
    city = known.atlas.code(known.nearest_city(latitude, longitude))
    located, reason = await _kept_or_asked(
        ctx, f"reverse|{latitude:.4f}|{longitude:.4f}", lambda maps: maps.reverse(latitude, longitude)
    )
    if located is not None:
        return _on_the_map(known, located, city)
    return _centre(known, city, reason or "not_found", "")


async def measure(origin: str, destination: str) -> Distance:
    """The distance between two places, each a code of a region, a postal code or ``latitude,longitude``; a region counts
    as the seat of its city. Raises InvalidInput."""
    known = await all_regions()
    (start, from_city), (end, to_city) = (
        _located(known, origin, "from"),
        _located(known, destination, "to"),
    )
    return Distance(round(distance_km(start, end), 1), from_city, to_city)


async def _kept_or_asked(ctx: Context, key: str, ask: Asked) -> tuple[Located | None, Reason]:
    """An answer kept, else the provider's, with the reason where there is none."""
    digest, now = hashlib.sha256(key.encode()).digest(), ctx.clock.now()
    kept = await queries.find_geocode(ctx.db, digest, now)
    if kept is not None:
        if kept.answer is None:
            return None, "not_found"
        return msgspec.json.decode(kept.answer, type=Located), ""
    maps: GoogleMaps | None = ctx.local["maps"]
    if maps is None:
        return None, "no_key"
    quota = ctx.settings.google_maps_daily_quota
    if await queries.take_from_quota(ctx.db, now.astimezone(JAKARTA).date(), quota) is None:
        return None, "quota_used_up"
    try:
        located = await ask(maps)
    except ProviderError as error:
        ctx.log.warning("no answer of the map provider", operation=error.operation, reason=error.reason)
        return None, "unavailable"
    answer = None if located is None else msgspec.json.encode(located).decode()
    await queries.keep_geocode(ctx.db, digest, answer, now, now + KEPT_FOR)
    return located, "" if located else "not_found"


def _city_of(known: Regions, query: str, city_code: str, postal_code: str) -> str | None:
    if city_code:
        if known.centre(city_code) is None or len(city_code) < 5:
            raise InvalidInput("There is no city with this code", field="city_code")
        return city_code[:5]
    if postal_code:
        place = known.by_postal_code(postal_code)
        if place is None:
            raise InvalidInput("There is no such postal code", field="postal_code")
        return known.found(place).city_code
    parts = [query, *(part for part in reversed(query.split(",")) if part.strip())]
    for part in parts:
        found = known.search(part, 1)
        if found and found[0].city_code:
            return found[0].city_code
    return None


def _on_the_map(known: Regions, located: Located, city: str | None) -> Point:
    code = city or known.atlas.code(known.nearest_city(located.latitude, located.longitude))
    return Point(
        latitude=located.latitude,
        longitude=located.longitude,
        formatted=located.formatted,
        precision=located.precision,
        source="map",
        reason="",
        city_code=code,
        city=located.city or _city_name(known, code),
        province=located.province or _city_name(known, code[:2]),
        postal_code=located.postal_code,
    )


def _centre(known: Regions, city: str, reason: Reason, postal_code: str) -> Point:
    centre = known.centre(city)
    assert centre is not None, "every city has a centre"
    name, province = _city_name(known, city), _city_name(known, city[:2])
    return Point(
        latitude=centre[0],
        longitude=centre[1],
        formatted=f"{name}, {province}",
        precision="city",
        source="city_centre",
        reason=reason,
        city_code=city,
        city=name,
        province=province,
        postal_code=postal_code,
    )


def _city_name(known: Regions, code: str) -> str:
    place = known.atlas.numbered(code)
    return known.atlas.name(place) if place is not None else ""


def _located(known: Regions, text: str, field: str) -> tuple[tuple[float, float], str]:
    if "," in text:
        latitude, longitude = (float(part) for part in text.split(","))
        if not in_indonesia(latitude, longitude):
            raise InvalidInput("This point is not in Indonesia", field=field)
        return (latitude, longitude), known.atlas.name(known.nearest_city(latitude, longitude))
    place = known.by_postal_code(text) if len(text) == 5 and text.isdigit() else known.atlas.numbered(text)
    centre = known.centre(known.atlas.code(place)) if place is not None else None
    if place is None or centre is None:
        raise InvalidInput("There is no such place", field=field)
    found = known.found(place)
    return centre, found.city or found.province
