"""Browsing: product list, session list and session page, as API answers and as storefront pages.

Reference: a prepared answer of the same size from the same server program in the same minute, without framework or work.
"""

from __future__ import annotations

from typing import Annotated, Any

import httpx
import msgspec

from benchmarks.frame.figures import Spread, ratio
from benchmarks.frame.floor import floor
from benchmarks.frame.load import Outcome, Plan, drive, request_bytes
from benchmarks.frame.market import Market, copy_products, copy_sessions
from benchmarks.frame.platform import BenchPlatform, bench_platform
from patungan.operations.progress import Progress


class Options(msgspec.Struct, frozen=True):
    connections: Annotated[int, "readers at a time"] = 16
    seconds: Annotated[float, "time of each measurement"] = 3.0
    products: Annotated[int, "products on sale"] = 1000
    sessions: Annotated[int, "sessions open"] = 200


class Measured(msgspec.Struct, frozen=True):
    """One kind of page, read in one way. ``of_reference`` is its rate divided by the reference's."""

    bytes: int
    rate: float
    of_reference: float
    latency: Spread
    statuses: dict[int, int]
    load_cpu_seconds: float


class Report(msgspec.Struct, frozen=True):
    reference: str
    pages: dict[str, dict[str, Measured]]
    holds: dict[str, bool]


async def run(progress: Progress, options: Options) -> Report:
    """Read each page straight from its process and through the gateway, then the prepared answer of its size."""
    async with bench_platform(progress, gateway=True) as platform, httpx.AsyncClient(timeout=30) as client:
        with progress.step(f"put {options.products} products on sale, opened {options.sessions} sessions"):
            market = await Market.open(platform, client)
            await copy_products(platform, market.product["id"], options.products - 1)
            session = await market.session()
            await copy_sessions(platform, session["id"], options.sessions - 1)
        pages: dict[str, dict[str, Measured]] = {}
        for name, (service, path) in _pages(session).items():
            with progress.step(f"read the {name}"):
                pages[name] = await _measure(platform, client, options, service, path)
    failed = [name for name, ways in pages.items() for measured in ways.values() if set(measured.statuses) - {200}]
    return Report(
        "a prepared answer of the same size from a bare process of the same server",
        pages,
        {"every request answered 200": not failed},
    )


def _pages(session: Any) -> dict[str, tuple[str, str]]:
    return {
        "product list": ("product", "/api/products?limit=20"),
        "session list": ("group-buying", "/api/group-buying?open=true&limit=20"),
        "session": ("group-buying", f"/api/group-buying/{session['id']}"),
        "storefront home page": ("web", "/"),
        "storefront session page": ("web", f"/sessions/{session['code']}"),
    }


async def _measure(
    platform: BenchPlatform, client: httpx.AsyncClient, options: Options, service: str, path: str
) -> dict[str, Measured]:
    first = await client.get(platform.url(service, path))
    first.raise_for_status()
    size = len(first.content)
    straight = await _load(options, platform.port(service), path)
    through = await _load(options, platform.gateway_port, path)
    async with floor(size) as port:
        reference = await _load(options, port, "/")

    def told(outcome: Outcome) -> Measured:
        share = ratio(outcome.rate, reference.rate)
        return Measured(
            size,
            round(outcome.rate, 1),
            share,
            outcome.spread,
            outcome.statuses,
            round(outcome.cpu_seconds, 2),
        )

    return {"straight": told(straight), "through the gateway": told(through), "reference": told(reference)}


async def _load(options: Options, port: int, path: str) -> Outcome:
    request = request_bytes("GET", path)
    plan = Plan(port, [[request]] * options.connections, seconds=options.seconds, warm_up=0.5)
    return await drive(plan)
