"""The last second of a session: hundreds of joins race for its last units over two api processes, one of which is killed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

import httpx
import pytest

from patungan.operations.ports import free_port
from tests.books import assert_books_whole
from tests.house import House, Servers, Shape
from tests.market import Buyer, Market

UNITS = 100
BUYERS = 180


class Replica:
    """A group-buying process of its own, beside those of the house."""

    def __init__(self, house: House) -> None:
        self.house, self.port = house, free_port()

    async def __aenter__(self) -> Self:
        environment = {
            **os.environ,
            **self.house.environment,
            "PORT": str(self.port),
            "LOG_LEVEL": "error",
            "PYTHONPATH": str(Path(__file__).parents[2] / "src"),
        }
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "patungan.operations.serve", "api", "--service", "group-buying"),
            env=environment,
        )
        await self.house.eventually(self._ready, seconds=60)
        return self

    async def _ready(self) -> bool:
        assert self.process.returncode is None, "the replica did not start"
        with contextlib.suppress(httpx.TransportError):
            return (await self.house.client.get(self.url("/ready"))).status_code == 200
        return False

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def kill(self) -> None:
        """End it at once, with whatever it was in the middle of."""
        self.process.send_signal(signal.SIGKILL)

    async def __aexit__(self, *_: object) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


@pytest.fixture
async def house(servers: Servers, template: str) -> AsyncIterator[House]:
    # Its clock is the machine's, as the replicas' is.
    async with House(servers, template, Shape.SHARED) as built:
        yield built


async def _session_of_units(market: Market, units: int) -> Any:
    """A session of which one variant can be joined for just so many units."""
    shares = [{"variant_id": market.variants[n], "units_per_bundle": 1, "max_excess_units": units} for n in ("S", "M")]
    path = f"/api/warehouse/bundles/{market.product['id']}"
    assert (await market.owner.request("PUT", "warehouse", path, {"variants": shares})).status_code == 200
    return await market.session(target_moq=40)


async def _ends_in(house: House, session: Any, seconds: float) -> datetime:
    """Bring the session's end near, however long the machine took until here; answers it."""
    ends_at = house.clock.now() + timedelta(seconds=seconds)
    owner = await house.owner()
    try:
        await owner.execute("update group_buying.sessions set ends_at = $2 where id = $1", session["id"], ends_at)
    finally:
        await owner.close()
    return ends_at


async def _join(buyer: Buyer, session: Any, variant: str, service: str, replicas: list[Replica], place: int) -> Any:
    """Join at one replica, and again at the other under the same key where the first breaks off; as a browser would."""
    house = buyer.person.house
    body = {"quantity": 1, "variant_id": variant, "address_id": buyer.address_id, "courier_service": service}
    headers = {"Authorization": f"Bearer {house.token(buyer.person.caller)}", "Idempotency-Key": f"crowd-{place}"}
    path = f"/api/group-buying/{session['id']}/join"
    order = replicas if place % 2 else replicas[::-1]
    for replica in [*order, *order]:
        with contextlib.suppress(httpx.TransportError):
            answer = await house.client.post(replica.url(path), json=body, headers=headers)
            if answer.status_code != 503:
                return answer
    raise AssertionError("no replica answered")


async def test_the_last_units_go_out_exactly_once_around_the_end_with_a_replica_killed(house: House) -> None:
    market = await Market.open(house, "S", "M")
    buyers = [await market.buyer() for _ in range(BUYERS)]
    session = await _session_of_units(market, UNITS)
    # After the session took its snapshot: the goods are there at the close, and change nothing about the units.
    await market.stock(UNITS, "S")
    options = await buyers[0].person.get(
        "group-buying", f"/api/group-buying/{session['id']}/shipping-options", address_id=buyers[0].address_id
    )
    service, variant = options["items"][0]["service"], market.variants["S"]

    async with Replica(house) as doomed, Replica(house) as steady:
        replicas = [doomed, steady]

        async def crowd(first: int, count: int, lasts: float) -> list[Any]:
            async def one(place: int) -> Any:
                await asyncio.sleep(lasts * (place - first) / count)
                return await _join(buyers[place % BUYERS], session, variant, service, replicas, place)

            return await asyncio.gather(*(one(place) for place in range(first, first + count)))

        # Some join in good time and pay; the rest come in the last seconds, and some after them.
        early = await crowd(0, 40, 0.5)
        assert {each.status_code for each in early} == {201}
        payers = [(buyers[place], joined.json()) for place, joined in enumerate(early[:30])]
        await asyncio.gather(*(buyer.pay(joined) for buyer, joined in payers))
        ends_at = await _ends_in(house, session, 8)

        async def until(seconds: float) -> None:
            await asyncio.sleep(max(0.0, (ends_at - house.clock.now()).total_seconds() - seconds))

        await until(5)
        rush = asyncio.create_task(crowd(40, 300, 4.8))
        await until(3)
        doomed.kill()
        await until(0.3)
        stragglers = asyncio.create_task(crowd(340, 60, 1.0))
        answers = [*early, *await rush, *await stragglers]
        closed = await market.reaches(session, "orders_created", seconds=60)

    accepted = {each.json()["participant_id"]: each.json() for each in answers if each.status_code == 201}
    refused = Counter(each.json()["code"] for each in answers if each.status_code != 201)
    assert set(refused) <= {"quantity_refused", "too_many_holds", "session_ended", "session_not_open"}, refused
    rows = await house.context("group-buying").db.fetch(
        "select id, status, joined_at from participants where session_id = $1", session["id"]
    )
    assert len(rows) == UNITS == len(accepted), (len(rows), len(accepted), refused)
    assert {str(row["id"]) for row in rows} == set(accepted)
    assert all(row["joined_at"] < ends_at for row in rows)
    assert Counter(row["status"] for row in rows) == {"settled": 30, "released": 70}
    payments = await house.context("payment").db.fetch(
        "select participant_id, status from payments where session_id = $1", session["id"]
    )
    assert {str(row["participant_id"]) for row in payments} == set(accepted)
    assert Counter(row["status"] for row in payments) == {"paid": 30, "expired": 70}
    assert (closed["paid_quantity"], closed["held_quantity"], closed["current_tier"]) == (30, 0, 75)
    await assert_books_whole(house)
