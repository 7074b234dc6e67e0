"""The worker is killed with SIGKILL after each step of a closing; the session ends as it would have, with whole books."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from patungan.ledger import accounts
from patungan.ledger.posting import balance_of
from tests.books import assert_books_whole
from tests.house import House, Servers, Shape
from tests.market import Market

SOURCE = Path(__file__).parents[2] / "src"


@pytest.fixture(scope="module")
async def workerless(servers: Servers, template: str) -> AsyncIterator[House]:
    """A platform whose worker is a process of its own, started and killed by the test."""
    async with House(servers, template, Shape.SHARED, worker=False) as built:
        yield built


async def _worker(house: House) -> asyncio.subprocess.Process:
    environment = {**os.environ, **house.environment, "PYTHONPATH": str(SOURCE), "LOG_LEVEL": "info"}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "patungan.operations.serve", "worker"),
        env=environment,
        cwd="/",
    )


async def _kill(process: asyncio.subprocess.Process) -> None:
    process.kill()
    await process.wait()


@pytest.mark.slow
async def test_killed_after_every_step_the_closing_ends_as_it_would_have(workerless: House) -> None:
    house = workerless
    worker = await _worker(house)
    owner = await house.owner()
    try:
        market = await Market.open(house)
        await market.stock(100)
        session = await market.session()
        buyers = [await market.buyer() for _ in range(3)]
        joined = [await buyer.join(session, 20) for buyer in buyers]
        for buyer, each in zip(buyers, joined, strict=True):
            await buyer.pay(each)
        await market.paid_units(session, 60)
        await market.end(session)

        async def steps() -> int:
            """How many steps of the closing are on record."""
            count: int = await owner.fetchval(
                "select count(*) from dbos.operation_outputs where workflow_uuid = $1", f"close-{session['id']}"
            )
            return count

        async def status() -> str:
            return str((await market.look(session))["status"])

        kills = 0
        for step in range(1, 40):
            async with asyncio.timeout(40):
                while await steps() < step and await status() != "orders_created":
                    await asyncio.sleep(0.005)
            if await status() == "orders_created":
                break
            await _kill(worker)
            kills += 1
            worker = await _worker(house)
        assert kills >= 5
        await market.reaches(session, "orders_created", seconds=60)
        for buyer in buyers:

            async def credited(wallet: object = buyer) -> bool:
                return await wallet.wallet() == 20 * 10_000  # type: ignore[attr-defined,no-any-return]

            await house.eventually(credited, seconds=30)
            assert len((await buyer.person.get("order", "/api/orders"))["items"]) == 1
        assert await balance_of(house.context("payment").db, accounts.escrow(UUID(session["id"]))) == 0
        await assert_books_whole(house)
    finally:
        await owner.close()
        await _kill(worker)
