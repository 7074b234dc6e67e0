"""Viewers: event streams of one session held by one api process on one core while people join, and how late they are.

The lag of an update is the time from the oldest change that it brings (the moment at which the desk decided that join, before
its commit) to its receipt at each viewer, both by this machine's clock. Reference: the same joins with a single viewer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import httpx
import msgspec

from benchmarks.frame.crowd import Buyer, make_buyers
from benchmarks.frame.figures import Spread, ratio, spread
from benchmarks.frame.limits import cores
from benchmarks.frame.market import Market
from benchmarks.frame.platform import BenchPlatform, bench_platform
from benchmarks.frame.sse import Seen, Viewers, Viewing
from patungan.operations.progress import Progress

SETTLE_SECONDS = 2.0


class Options(msgspec.Struct, frozen=True):
    viewers: Annotated[int, "streams held open"] = 5000
    joins: Annotated[int, "joins a second meanwhile"] = 20
    seconds: Annotated[int, "how long people join"] = 15
    gateway: Annotated[bool, "watch through nginx"] = False


class Watched(msgspec.Struct, frozen=True):
    """One run. ``api_core_share`` is the processor time of the api process by the time of the run."""

    connected: int
    lost: int
    joins: int
    events_a_viewer: float
    lag: Spread
    join_latency: Spread
    all_up_to_date: bool
    api_core_share: float
    api_megabytes: float
    load_cpu_seconds: float
    database_calls: int
    """Statements that the database carried out for the group-buying service, joins included."""


class Report(msgspec.Struct, frozen=True):
    reference: str
    many: Watched
    one: Watched
    lag_ratio: float
    """The 99th percentile with all viewers by that with one."""
    database_calls_ratio: float
    cores: dict[str, list[int]]
    holds: dict[str, bool]


async def run(progress: Progress, options: Options) -> Report:
    """Hold the viewers, let people join, and see when each viewer learns of it."""
    mine = cores()
    api, rest = (mine[:1], mine[1:]) if len(mine) > 1 else (mine, mine)
    async with (
        bench_platform(progress, gateway=options.gateway, cores=api) as platform,
        httpx.AsyncClient(timeout=30) as client,
    ):
        market = await Market.open(platform, client)
        runs: dict[int, Watched] = {}
        for viewers in (1, options.viewers):
            with progress.step(f"watched by {viewers}"):
                runs[viewers] = await _watched(progress, platform, market, options, viewers, rest)
    many, one = runs[options.viewers], runs[1]
    return Report(
        "the same joins with one viewer",
        many,
        one,
        ratio(many.lag.p99, one.lag.p99),
        ratio(many.database_calls, one.database_calls),
        {"api": api, "load": rest},
        {
            "every viewer connected and stayed": many.connected == options.viewers and many.lost == 0,
            "every viewer holds the last state": many.all_up_to_date and one.all_up_to_date,
            "lag p99 under a second": many.lag.p99 < 1000,
        },
    )


async def _watched(
    progress: Progress, platform: BenchPlatform, market: Market, options: Options, viewers: int, rest: Sequence[int]
) -> Watched:
    session = await market.session()
    buyers = await make_buyers(platform, options.joins * options.seconds)
    courier = await _courier(platform, market, session, buyers[0])
    port = platform.gateway_port if options.gateway else platform.port("group-buying")
    path = f"/api/group-buying/{session['id']}/events"
    async with Viewers(Viewing(port, path, viewers), cores=rest) as watching:
        progress.note(f"{watching.connected} viewers are connected")
        await watching.count()
        calls, cpu, began = await _calls(platform), platform.pieces["api"].cpu_seconds(), time.monotonic()
        latencies = await _join(platform, market, session, buyers, courier, options.joins)
        seconds = time.monotonic() - began
        share = (platform.pieces["api"].cpu_seconds() - cpu) / seconds
        calls = await _calls(platform) - calls
        await asyncio.sleep(SETTLE_SECONDS)
        seen = await watching.stop()
    joined = await _joined_at(platform, UUID(session["id"]))
    lags = _lags(seen, joined)
    return Watched(
        seen.connected,
        seen.lost,
        len(joined),
        round(len(seen.times) / viewers, 1),
        spread(lags),
        spread(latencies),
        {_held(each) for each in seen.held} == {len(joined)},
        round(share, 3),
        round(platform.pieces["api"].megabytes(), 1),
        round(seen.cpu_seconds, 2),
        calls,
    )


async def _courier(platform: BenchPlatform, market: Market, session: Any, buyer: Buyer) -> str:
    answer = await market.client.get(
        platform.url("group-buying", f"/api/group-buying/{session['id']}/shipping-options"),
        params={"address_id": str(buyer.address_id), "quantity": 1},
        headers={"Authorization": f"Bearer {buyer.token}"},
    )
    answer.raise_for_status()
    return str(answer.json()["items"][0]["service"])


async def _join(
    platform: BenchPlatform, market: Market, session: Any, buyers: Sequence[Buyer], courier: str, rate: int
) -> list[float]:
    """One unit a buyer, so many a second, whatever the answers take; answers what they took, in seconds."""
    url = platform.url("group-buying", f"/api/group-buying/{session['id']}/join")

    async def one(number: int, buyer: Buyer) -> float:
        await asyncio.sleep(number / rate)
        began = time.perf_counter()
        answer = await market.client.post(
            url,
            json={"quantity": 1, "address_id": str(buyer.address_id), "courier_service": courier},
            headers={"Authorization": f"Bearer {buyer.token}", "Idempotency-Key": str(buyer.user_id)},
        )
        answer.raise_for_status()
        return time.perf_counter() - began

    return await asyncio.gather(*(one(number, buyer) for number, buyer in enumerate(buyers)))


async def _joined_at(platform: BenchPlatform, session_id: UUID) -> list[float]:
    """When each unit was joined, in the order of the joins."""
    owner = await platform.owner()
    try:
        rows = await owner.fetch(
            "select joined_at from group_buying.participants where session_id = $1 order by joined_at", session_id
        )
    finally:
        await owner.close()
    return [row["joined_at"].timestamp() for row in rows]


async def _calls(platform: BenchPlatform) -> int:
    """Transactions that the database has finished so far, single statements included."""
    owner = await platform.owner()
    try:
        # Backends report what they did within a second.
        await asyncio.sleep(1.2)
        return int(
            await owner.fetchval(
                "select xact_commit + xact_rollback from pg_stat_database where datname = current_database()"
            )
        )
    finally:
        await owner.close()


def _held(event: bytes) -> int:
    """The units that a state counts as reserved or paid."""
    state = msgspec.json.decode(event)
    return int(state["held_quantity"]) + int(state["paid_quantity"])


def _lags(seen: Seen, joined: Sequence[float]) -> list[float]:
    """Seconds from the oldest join that an update brings a viewer to its receipt, for every receipt that brings one."""
    units = [_held(event) for event in seen.events]
    known: dict[int, int] = {}
    lags: list[float] = []
    for viewer, event, received in zip(seen.viewers, seen.received, seen.times, strict=True):
        before, now = known.get(viewer, 0), units[event]
        if now > before:
            lags.append(received - joined[before])
            known[viewer] = now
    return lags
