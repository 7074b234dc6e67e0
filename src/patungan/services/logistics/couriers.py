"""The couriers of this process: Biteship where its key is set, else each courier by its own."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from msgspec import structs
from prometheus_client import Histogram

from patungan.kernel.chance import backoff_seconds
from patungan.kernel.service import Context
from patungan.providers.couriers import Biteship, Courier, Jne, JneAccount, Jnt, JntAccount, JntPlace, Place, SiCepat
from patungan.providers.couriers.jne import BOOKING_URL, RATES_URL
from patungan.providers.couriers.jnt import named_place
from patungan.providers.couriers.places import plain_city, plain_district
from patungan.providers.http import Deadlines, Observation, Pacing

DEADLINES = Deadlines(connect=1.5, read=3.0, attempt=3.0)
"""Two attempts and the pause between them are shorter than the patience of quote_rates' callers (8 seconds)."""


def open_couriers(ctx: Context) -> tuple[Courier, ...]:
    """The couriers that the settings describe; one whose settings are incomplete is left out with a warning."""
    settings = ctx.settings
    pacing = Pacing(
        clock=lambda: ctx.clock.now().timestamp(),
        backoff=lambda attempt: backoff_seconds(attempt, ctx.chance, first=0.1, cap=0.5),
        attempts=2,
        longest_wait=0.5,
    )
    observe = _observer(ctx)
    if settings.biteship_api_key:
        asked = [code.strip().lower() for code in settings.biteship_couriers.split(",") if code.strip()]
        return (
            Biteship(
                settings.biteship_api_key,
                pacing,
                couriers=asked,
                base_url=settings.biteship_api_url,
                deadlines=DEADLINES,
                observe=observe,
            ),
        )
    found: list[Courier] = []
    if _complete(ctx, "jne", settings.jne_api_key, username=settings.jne_username):
        elsewhere = "" if settings.jne_api_url == RATES_URL else settings.jne_api_url
        jne = JneAccount(
            username=settings.jne_username,
            api_key=settings.jne_api_key,
            branch=settings.jne_branch,
            customer=settings.jne_customer,
            rates_url=settings.jne_api_url,
            booking_url=settings.jne_booking_url or elsewhere or BOOKING_URL,
        )
        found.append(Jne(jne, pacing, deadlines=DEADLINES, observe=observe))
    if _complete(ctx, "jnt", settings.jnt_api_key, api_url=settings.jnt_api_url, customer=settings.jnt_customer):
        jnt = JntAccount(
            username=settings.jnt_customer,
            api_key=settings.jnt_api_key,
            order_key=settings.jnt_api_key,
            tariff_key=settings.jnt_tariff_key or settings.jnt_api_key,
            customer=settings.jnt_customer,
            track_password=settings.jnt_track_password or settings.jnt_api_key,
            order_url=settings.jnt_api_url,
            tariff_url=settings.jnt_api_url,
            place=_jnt_places(settings.jnt_places),
        )
        found.append(Jnt(jnt, pacing, now=ctx.clock.now, deadlines=DEADLINES, observe=observe))
    if settings.sicepat_api_key:
        found.append(
            SiCepat(
                settings.sicepat_api_key,
                pacing,
                base_url=settings.sicepat_api_url,
                deadlines=DEADLINES,
                observe=observe,
            )
        )
    return tuple(found)


def _jnt_places(file: str) -> Callable[[Place], JntPlace]:
    """J&T's codes of places from a file of its contract; without one, names alone, which tariffs are content with."""
    if not file:
        return named_place
    codes: dict[tuple[str, str], tuple[str, str]] = {}
    with Path(file).open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            place = plain_city(row["city"]), plain_district(row["district"])
            codes[place] = row["city_code"], row["area_code"]

    def place_of(place: Place) -> JntPlace:
        named = named_place(place)
        found = codes.get((plain_city(place.city), plain_district(place.district)))
        return named if found is None else structs.replace(named, city_code=found[0], area_code=found[1])

    return place_of


def _complete(ctx: Context, courier: str, key: str, **needed: str) -> bool:
    if not key:
        return False
    missing = [f"{courier}_{name}".upper() for name, value in needed.items() if not value]
    if missing:
        ctx.log.warning("courier left out", courier=courier, missing=missing)
    return not missing


def _observer(ctx: Context) -> Callable[[Observation], None]:
    seconds = Histogram(
        "provider_call_duration_seconds",
        "Time of calls to providers",
        ["service", "provider", "operation", "outcome"],
        registry=ctx.metrics,
        buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    )

    def observe(seen: Observation) -> None:
        seconds.labels(ctx.name, seen.provider, seen.operation, seen.outcome).observe(seen.seconds)

    return observe
