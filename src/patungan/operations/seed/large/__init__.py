"""A platform as it looks after years, in minutes: rows written straight into the services' tables, by the database's owner.

Nothing of it goes through the services, so no rule is tried and no event is told. What it writes obeys the same rules: the
audit is whole afterwards, for which the sandbox's books are told of the payments too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx
import msgspec

from patungan.kernel.database import Database, owner_url
from patungan.operations.layout import OperationError
from patungan.operations.progress import Progress
from patungan.operations.seed.large import words
from patungan.services.address.atlas import DISTRICT, atlas
from patungan.services.product.operations.indexing import index

STEPS = Path(__file__).parent
PLACES = 500
INDEXED_AT_ONCE = 1_000
TOLD_AT_ONCE = 20_000
BUYERS_OF_AN_OPEN_SESSION = 10


class Sizes(msgspec.Struct, frozen=True):
    """How much there is to be. Ended sessions share the orders evenly; each open session has ten buyers besides."""

    users: int = 200_000
    factories: int = 2_000
    products: int = 20_000
    sessions: int = 5_000
    orders: int = 500_000
    open_sessions: int = 500


async def fill(database_url: str, xendit: tuple[str, str] | None, sizes: Sizes, progress: Progress) -> None:
    """Write everything; ``xendit`` is the sandbox's address and secret key. Raises OperationError where it was done before."""
    seeder = _Seeder(owner_url(database_url), sizes, progress)
    await seeder.prepare()
    await seeder.run("factories, products and stock", "1_catalogue")
    await asyncio.gather(_index(database_url, sizes, progress), seeder.rest())
    if xendit is not None:
        await seeder.tell(*xendit)
    await seeder.finish()


class _Seeder:
    def __init__(self, url: str, sizes: Sizes, progress: Progress) -> None:
        self._url, self._sizes, self._progress = url, sizes, progress

    async def _connect(self) -> asyncpg.Connection[asyncpg.Record]:
        # Triggers and foreign keys are left out: every row is right by the way in which it is made, and the audit looks.
        room = {"jit": "off", "timezone": "UTC", "work_mem": "128MB", "synchronous_commit": "off"}
        return await asyncpg.connect(
            self._url, server_settings={**room, "session_replication_role": "replica"}, command_timeout=900
        )

    async def prepare(self) -> None:
        """Words, places and sizes; raises OperationError where there is a large seed already."""
        connection = await self._connect()
        try:
            if await connection.fetchval("select exists (select 1 from product.products where sku = 'RAMAI-1')"):
                raise OperationError("the large seed is there already; start afresh with ./patungan up --reset")
            await connection.execute("drop schema if exists seed_large cascade")
            await connection.execute(_step("0_tools"))
            await connection.copy_records_to_table("words", schema_name="seed_large", records=words.rows())
            await connection.copy_records_to_table("places", schema_name="seed_large", records=_places())
            sizes = (*msgspec.structs.astuple(self._sizes), datetime.now(UTC))
            columns = (*Sizes.__struct_fields__, "now")
            await connection.copy_records_to_table("sizes", schema_name="seed_large", columns=columns, records=[sizes])
        finally:
            await connection.close()

    async def run(self, label: str, *steps: str) -> None:
        """Carry out steps, each in a transaction of its own."""
        connection = await self._connect()
        try:
            with self._progress.step(label):
                for step in steps:
                    for number, statement in enumerate(statements := _step(step).split(";\n")):
                        if statement.strip():
                            self._progress.detail(label, f"{step} {number + 1} of {len(statements)}")
                            await connection.execute(statement)
        finally:
            await connection.close()

    async def rest(self) -> None:
        """People and the plan of the orders; then, at the same time, what each service keeps of them."""
        people = asyncio.create_task(self.run(f"{self._sizes.users:,} people with addresses and wallets", "3_people"))
        await self.run("plan of the orders", "2_plan")
        money = asyncio.create_task(
            self.run("payments, the books, settlements and closed days", "5_payments", "7_books", "11_closing")
        )
        await people
        await self.run(f"sessions and {self._sizes.orders:,} orders", "4_sessions", "6_orders")
        await asyncio.gather(
            money, self.run("parcels, reviews, offices and stores", "8_supply", "9_parcels", "10_news")
        )

    async def tell(self, url: str, key: str) -> None:
        """Have the sandbox's books show the payments, as the provider's would."""
        label = "the provider's books"
        connection = await self._connect()
        with self._progress.step(label):
            rows = await connection.fetch("select n, code, total from seed_large.orders order by n")
            await connection.close()
            async with httpx.AsyncClient(auth=(key, ""), timeout=120, trust_env=False) as client:
                for start in range(0, len(rows), TOLD_AT_ONCE):
                    part = rows[start : start + TOLD_AT_ONCE]
                    body = [
                        {"invoice_id": f"seed-invoice-{n}", "external_id": code, "amount": total}
                        for n, code, total in part
                    ]
                    answer = await client.post(f"{url}/_sandbox/books", content=msgspec.json.encode(body))
                    answer.raise_for_status()
                    self._progress.detail(label, f"{start + len(part):,} of {len(rows):,}")

    async def finish(self) -> None:
        """Take the tools away, and leave the tables as an idle hour of autovacuum would."""
        connection = await self._connect()
        try:
            with self._progress.step("statistics and visibility of the tables"):
                await connection.execute("drop schema seed_large cascade")
                # Lists are read in indexes alone, which needs to know of each page that all of it is visible.
                await connection.execute("vacuum (analyze)")
        finally:
            await connection.close()


async def _index(database_url: str, sizes: Sizes, progress: Progress) -> None:
    label = "search over the products"
    database = Database(database_url, "product", max_size=1)
    await database.open()
    try:
        with progress.step(label):
            ids = [
                row[0] for row in await database.fetch("select id from products where sku like 'RAMAI-%' order by id")
            ]
            for start in range(0, len(ids), INDEXED_AT_ONCE):
                async with database.transaction() as tx:
                    await index(tx, ids[start : start + INDEXED_AT_ONCE])
                progress.detail(label, f"{min(start + INDEXED_AT_ONCE, len(ids)):,} of {len(ids):,}")
    finally:
        await database.close()


def _step(name: str) -> str:
    return (STEPS / f"{name}.sql").read_text()


def _places() -> Iterator[tuple[int, str, str, str, str, str, str]]:
    """Districts from all over the country, each with a village."""
    places = atlas()
    districts = [place for place in range(len(places)) if places.levels[place] == DISTRICT]
    for number, district in enumerate(districts[:: len(districts) // PLACES][:PLACES]):
        village = district + 1
        _, city, province = places.upwards(district)
        name, code = places.name, places.code(district)
        yield number, name(province), name(city), name(district), code, name(village), places.postal_code(village)


def minutes_since(began: float) -> str:
    """How long it took, as people say it."""
    seconds = round(time.monotonic() - began)
    return f"{seconds // 60} min {seconds % 60} s"
