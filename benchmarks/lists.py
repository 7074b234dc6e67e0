"""Every list of the API on a platform with half a million orders: first page and a page in the middle, as who may read it.

Reference, in the same minute: one row of the orders by its key, with the count that every list shows, by pgbench without HTTP.
"""

from __future__ import annotations

import asyncio
import re
import time
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

import asyncpg
import httpx
import msgspec

from benchmarks.frame.crowd import make_user, token_of
from benchmarks.frame.figures import Spread, ratio, spread
from benchmarks.frame.pgbench import pgbench
from benchmarks.frame.platform import BenchPlatform, bench_platform
from patungan.kernel.identity import Role, Scope
from patungan.kernel.sql import COUNTED_UP_TO
from patungan.operations.progress import Progress
from patungan.operations.seed import large
from patungan.registry import SERVICES

MOST_MS = 100
SEALING_SECONDS = 600
OPEN_TO = re.compile(r"^Open to: (.*)$", re.MULTILINE)


class Options(msgspec.Struct, frozen=True):
    orders: Annotated[int, "orders; everything else in proportion to 500,000"] = 500_000
    times: Annotated[int, "how often each page is read"] = 20


class Page(msgspec.Struct, frozen=True):
    """A page of a list as it was read; ``of_reference`` is its mean by the reference's."""

    service: str
    path: str
    identity: str
    page: int
    total: int | None
    status: int
    latency: Spread
    of_reference: float


class Report(msgspec.Struct, frozen=True):
    """``slow`` are the pages over 100 ms in 5 of 100 readings; ``refused`` those that did not answer 200, with the reason."""

    seed_seconds: float
    reference: Spread
    lists: int
    pages: list[Page]
    slow: list[str]
    refused: list[str]
    holds: dict[str, bool]


async def run(progress: Progress, options: Options) -> Report:
    """Fill a platform, find every list in the services' own OpenAPI, read it as the right person."""
    share = options.orders / 500_000
    sizes = large.Sizes(
        users=max(400, round(200_000 * share)),
        factories=max(10, round(2_000 * share)),
        products=max(50, round(20_000 * share)),
        sessions=max(10, round(5_000 * share)),
        orders=options.orders,
        open_sessions=max(5, round(500 * share)),
    )
    # Answers kept for half a second would hide what a reading costs: each page is read with a limit of its own.
    async with bench_platform(progress) as platform, httpx.AsyncClient(timeout=60) as client:
        filled = _Filled(progress, platform, sizes)
        seconds = await filled.fill()
        with progress.step("sealed what was posted"):
            await filled.sealed()
        with progress.step("measured the reference"):
            outcome = await pgbench(platform, filled.reference_script(), clients=1, seconds=3, prepared=True)
        people = await filled.people()
        pages: list[Page] = []
        refused: list[str] = []
        for entry in SERVICES:
            with progress.step(f"read the lists of {entry.name}"):
                document = (await client.get(platform.url(entry.name, "/openapi.json"))).json()
                for path, route in document["paths"].items():
                    if "get" in route and _is_list(document, path, route["get"]):
                        reader = _Reader(
                            client, platform, entry.name, people, options.times, outcome.latency.mean, sizes.orders
                        )
                        read, problem = await reader.read(path, route["get"])
                        pages += read
                        refused += [problem] if problem else []
    slow = [
        f"{each.service} {each.path} page {each.page}: {each.latency.p95} ms"
        for each in pages
        if each.latency.p95 > MOST_MS
    ]
    return Report(
        round(seconds, 1),
        outcome.latency,
        len({(each.service, each.path) for each in pages}),
        pages,
        slow,
        refused,
        {"every list: 95 % within 100 ms": not slow, "no list failed": not any(" 5" in each for each in refused)},
    )


class _Filled:
    def __init__(self, progress: Progress, platform: BenchPlatform, sizes: large.Sizes) -> None:
        self._progress, self._platform, self._sizes = progress, platform, sizes

    async def fill(self) -> float:
        began = time.monotonic()
        await large.fill(self._platform.database_url, None, self._sizes, self._progress)
        return time.monotonic() - began

    async def sealed(self) -> None:
        """Wait until the worker has sealed the books: a platform after years is not all backlog."""
        owner = await self._platform.owner()
        try:
            async with asyncio.timeout(SEALING_SECONDS):
                while await owner.fetchval("select waiting from ledger.sealing_state()"):
                    await asyncio.sleep(1)
        finally:
            await owner.close()

    def reference_script(self) -> str:
        return (
            f"\\set n random(1, {self._sizes.orders})\n"
            "select * from \"order\".orders where id = ('0199000a-0000-7000-8000-' || lpad(to_hex((:n)::bigint), 12, '0'))::uuid;"
        )

    async def people(self) -> dict[str, str]:
        """A token of each audience: those of whom the seed has something, where it has."""
        _, admin = await make_user(
            self._platform,
            Role.ADMIN,
            Scope.SUPER_ADMIN,
            Scope.FINANCE,
            Scope.WAREHOUSE,
            Scope.PRODUCTS,
            Scope.ORDERS,
            Scope.SUPPORT,
        )
        owner = await self._platform.owner()
        try:
            # Somebody who wrote a review has ordered and received as well; of its factory others spoke too.
            found = await owner.fetchrow(
                """
                select r.user_id, f.owner_id from review.reviews r join factory.factories f on f.id = r.factory_id
                where r.subject = 'product' order by r.created_at desc limit 1
                """
            )
            assert found is not None, "the seed has reviews"
            buyer, maker = found
            seller = await owner.fetchval("select user_id from seller.sellers order by id desc limit 1")
            agent = await owner.fetchval("select user_id from office.staff where role = 'field_coordinator' limit 1")
        finally:
            await owner.close()
        customer = token_of(self._platform, buyer)
        return {
            "public": "",
            "customer": customer,
            "factory owner": token_of(self._platform, maker, Role.FACTORY_OWNER),
            "seller": token_of(self._platform, seller, Role.SELLER),
            "agent": token_of(self._platform, agent, Role.OFFICE_STAFF),
            **dict.fromkeys(("warehouse", "finance", "admin"), admin),
        }


def _is_list(document: dict[str, Any], path: str, operation: dict[str, Any]) -> bool:
    """Whether a route answers a page of things: it takes a page, a cursor or a limit."""
    names = {each["name"] for each in operation.get("parameters", []) if each["in"] == "query"}
    return bool(names & {"page", "limit", "cursor"})


class _Reader:
    def __init__(
        self,
        client: httpx.AsyncClient,
        platform: BenchPlatform,
        service: str,
        people: dict[str, str],
        times: int,
        mean: float,
        orders: int,
    ) -> None:
        self._client, self._platform, self._service = client, platform, service
        self._people, self._times, self._mean, self._orders = people, times, mean, orders

    async def read(self, path: str, operation: dict[str, Any]) -> tuple[list[Page], str]:
        """The first page and one in the middle; a list below a thing is read below one that the database has."""
        asked = {each["name"]: each for each in operation.get("parameters", [])}
        identity = _identity(operation)
        place = await self._placed(path)
        wanted = {name: _value(name) for name, each in asked.items() if each["in"] == "query" and each.get("required")}
        pages: list[Page] = []
        middle = 1
        for number in (1, 0):
            page = number or middle
            if not number and (middle < 2 or "page" not in asked):
                break
            query = {**wanted, **({"page": page} if "page" in asked else {})}
            seen = await self._times_read(place, query, identity, asked)
            if seen[0].status_code != 200:
                return pages, f"{self._service} {path} as {identity}: {seen[0].status_code} {seen[0].text[:120]}"
            body = seen[0].json()
            total = body.get("total") if isinstance(body, dict) else None
            middle = min(50_000, self._length(total or 0) // 40) if number else middle
            latency = spread(each.elapsed.total_seconds() for each in seen[1:])
            pages.append(
                Page(self._service, path, identity, page, total, 200, latency, ratio(latency.mean, self._mean))
            )
        return pages, ""

    def _length(self, total: int) -> int:
        """How long a list is: what is counted to 100,000 only is read as deep as there are orders."""
        return max(total, self._orders) if total == COUNTED_UP_TO else total

    async def _times_read(
        self, place: str, query: dict[str, Any], identity: str, asked: dict[str, Any]
    ) -> list[httpx.Response]:
        seen = []
        token = self._people[identity]
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        for number in range(self._times + 1):
            # A limit of its own: an answer that is kept would hide what a reading costs.
            limited = {**query, "limit": 20 + number % 5} if "limit" in asked and "page" not in query else query
            if "limit" in asked and query.get("page") == 1:
                limited = {**query, "limit": 20 + number % 40}
            seen.append(
                await self._client.get(self._platform.url(self._service, place), params=limited, headers=headers)
            )
            if seen[0].status_code != 200:
                break
        return seen

    async def _placed(self, path: str) -> str:
        owner = await self._platform.owner()
        try:
            for name in re.findall(r"{(\w+)}", path):
                path = path.replace(f"{{{name}}}", quote(str(await _known(owner, name, path))))
        finally:
            await owner.close()
        return path


async def _known(owner: asyncpg.Connection[asyncpg.Record], name: str, path: str) -> UUID | str:
    tables = {
        "session_id": "group_buying.sessions",
        "order_id": '"order".orders',
        "product_id": "product.products",
        "factory_id": "factory.factories",
        "owner_id": "factory.factories",
        "user_id": "auth.users",
        "payment_id": "payment.payments",
        "inventory_id": "warehouse.inventory",
        "warehouse_id": "warehouse.warehouses",
        "office_id": "office.offices",
        "seller_id": "seller.sellers",
    }
    if name == "kind":
        return "gateway_clearing" if path.endswith("{kind}/statement") else "payable_factory"
    if name == "item_id":
        newest = "select i.id from seller.inventory i where seller_id = (select id from seller.sellers order by id desc limit 1)"
        return str(await owner.fetchval(f"{newest} limit 1"))
    if name == "day":
        return str(await owner.fetchval("select day from ledger.daily_totals order by day desc limit 1"))
    table = tables.get(name)
    if table is None:
        return "00000000-0000-7000-8000-000000000000"
    found: UUID = await owner.fetchval(f"select id from {table} order by id desc limit 1")
    return found


def _identity(operation: dict[str, Any]) -> str:
    found = OPEN_TO.search(operation.get("description", ""))
    names = found[1].split(", ") if found else ["admin"]
    return next((name for name in ("public", "customer", "admin", "finance", "warehouse") if name in names), names[0])


def _value(name: str) -> str:
    return {"q": "kemeja", "query": "kemeja", "province": "32", "city": "32.73", "address": "Bandung"}.get(name, "1")
