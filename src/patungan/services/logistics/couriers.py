"""The couriers of this process: Biteship where its key is set, else each courier by its own."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import Histogram

from patungan.kernel.chance import backoff_seconds
from patungan.kernel.service import Context
from patungan.providers.couriers import Biteship, Courier, Jne, JneAccount, Jnt, JntAccount, SiCepat
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
        jne = JneAccount(username=settings.jne_username, api_key=settings.jne_api_key, rates_url=settings.jne_api_url)
        found.append(Jne(jne, pacing, deadlines=DEADLINES, observe=observe))
    if _complete(ctx, "jnt", settings.jnt_api_key, api_url=settings.jnt_api_url, customer=settings.jnt_customer):
        jnt = JntAccount(
            username=settings.jnt_customer,
            api_key=settings.jnt_api_key,
            order_key=settings.jnt_api_key,
            tariff_key=settings.jnt_tariff_key or settings.jnt_api_key,
            customer=settings.jnt_customer,
            track_password="",
            order_url=settings.jnt_api_url,
            tariff_url=settings.jnt_api_url,
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
