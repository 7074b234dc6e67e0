"""Live progress: one reading for a crowd of viewers, the newest state for each, and a bound where Valkey fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from patungan.services.group_buying.operations import fan
from patungan.services.group_buying.operations.fan import Topic, Viewer
from patungan.services.group_buying.operations.progress import CHANNEL, Watchers, announce_after_commit
from tests.house import House
from tests.market import Market

SCOPE: Any = {"type": "http"}


@pytest.fixture(scope="module")
async def market(one_house: House) -> AsyncIterator[Market]:
    yield await Market.open(one_house, "S", "M")


async def _change(market: Market, session: Any, held: int) -> None:
    """Set how many units are reserved, and announce it as every transaction does."""
    ctx = market.house.context("group-buying")
    async with ctx.db.transaction() as tx:
        await tx.execute("update sessions set held_quantity = $2 where id = $1", UUID(session["id"]), held)
        announce_after_commit(ctx, tx, UUID(session["id"]))


class _Stream:
    """A stream as a browser reads it."""

    def __init__(self, market: Market, session: Any) -> None:
        self.url = market.house.url("group-buying", f"/api/group-buying/{session['id']}/events")
        self.market = market
        self.states: list[dict[str, Any]] = []
        self.ids: list[int] = []
        self.headers: dict[str, str] = {}
        self.task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async with self.market.house.client.stream("GET", self.url) as stream:
            self.headers = dict(stream.headers)
            async for line in stream.aiter_lines():
                if line.startswith("data: "):
                    self.states.append(msgspec.json.decode(line[6:]))
                elif line.startswith("id: "):
                    self.ids.append(int(line[4:]))

    async def sees(self, held: int) -> None:
        async def there() -> bool:
            return bool(self.states) and self.states[-1]["held_quantity"] == held

        await self.market.house.eventually(there)

    async def close(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


async def test_every_viewer_gets_the_snapshot_and_the_last_of_many_changes(market: Market) -> None:
    session = await market.session()
    streams = [_Stream(market, session) for _ in range(20)]
    try:
        for each in streams:
            await each.sees(0)
        began = asyncio.get_running_loop().time()
        for held in range(1, 201):
            await _change(market, session, held)
        for each in streams:
            await each.sees(200)
        seconds = asyncio.get_running_loop().time() - began
        for each in streams:
            assert each.ids == sorted(set(each.ids))
            # The snapshot, and at most five a second from then on.
            assert len(each.states) <= 2 + seconds / fan.PAUSE
            assert each.headers["content-type"].startswith("text/event-stream")
            assert (each.headers["cache-control"], each.headers["x-accel-buffering"]) == ("no-store", "no")
    finally:
        for each in streams:
            await each.close()


async def test_a_crowd_of_viewers_costs_one_reading_and_one_subscription(market: Market) -> None:
    session = await market.session()
    ctx = market.house.context("group-buying")
    watchers: Watchers = ctx.local["watchers"]
    session_id = UUID(session["id"])
    topics = await asyncio.gather(*(watchers.topic(session_id) for _ in range(300)))
    assert len({id(each) for each in topics}) == 1
    assert await watchers.topic(session_id) is topics[0]

    async def subscribed() -> bool:
        return bool((await ctx.valkey.pubsub_numsub(f"{CHANNEL}{session_id}"))[0][1] == 1)

    await market.house.eventually(subscribed)


async def test_there_is_nothing_to_watch_of_a_session_that_is_not_there(market: Market) -> None:
    path = f"/api/group-buying/{uuid4()}/events"
    answers = await asyncio.gather(*(market.house.request("GET", "group-buying", path) for _ in range(5)))
    assert [(each.status_code, each.json()["code"]) for each in answers] == [(404, "session_not_found")] * 5


async def test_a_lost_announcement_delays_a_viewer_and_no_more(market: Market) -> None:
    session = await market.session()
    stream = _Stream(market, session)
    try:
        await stream.sees(0)
        ctx = market.house.context("group-buying")
        async with ctx.db.transaction() as tx:
            await tx.execute("update sessions set held_quantity = 7 where id = $1", UUID(session["id"]))
        await stream.sees(7)
    finally:
        await stream.close()


async def test_a_viewer_who_reads_slowly_gets_the_newest_state_alone() -> None:
    topic = Topic()
    topic.update(1, b"one")
    sent: list[bytes] = []
    through, going = asyncio.Event(), asyncio.Event()

    async def send(message: Any) -> None:
        if message.get("body"):
            sent.append(message["body"])
            going.set()
            await through.wait()

    async def receive() -> Any:
        await asyncio.Event().wait()

    viewing = asyncio.create_task(Viewer(topic)(SCOPE, receive, send))
    await going.wait()
    for version in range(2, 50):
        topic.update(version, b"state %d" % version)
        await asyncio.sleep(0.01)
    await asyncio.sleep(2 * fan.PAUSE)
    assert sent == [b"one"]
    through.set()
    await asyncio.sleep(0.05)
    assert sent == [b"one", b"state 49"]
    topic.end()
    await asyncio.wait_for(viewing, 5)
    assert not topic.viewers


async def test_states_that_overtake_each_other_are_shown_in_order() -> None:
    topic = Topic()
    topic.update(5, b"five")
    topic.update(4, b"four")
    assert (topic.version, topic.event) == (5, b"five")
    await asyncio.sleep(0.01)
    assert topic.shown == 5
    topic.update(7, b"seven")
    topic.update(6, b"six")
    assert topic.shown == 5
    await asyncio.sleep(2 * fan.PAUSE)
    assert (topic.shown, topic.event) == (7, b"seven")


async def test_an_idle_stream_says_that_it_is_alive_and_a_viewer_who_left_is_forgotten() -> None:
    topic = Topic()
    topic.update(1, b"one")
    sent: list[bytes] = []
    left = asyncio.Event()

    async def send(message: Any) -> None:
        sent.append(message.get("body"))

    async def receive() -> Any:
        await left.wait()
        return {"type": "http.disconnect"}

    viewing = asyncio.create_task(Viewer(topic)(SCOPE, receive, send))
    await asyncio.sleep(0.01)
    topic.beat()
    await asyncio.sleep(0.01)
    assert sent == [None, b"one", fan.HEARTBEAT]
    assert len(topic.viewers) == 1
    left.set()
    await asyncio.wait_for(viewing, 5)
    assert not topic.viewers


async def test_every_change_of_a_session_has_a_version_of_its_own(market: Market) -> None:
    session = await market.session()
    ctx = market.house.context("group-buying")
    before = await ctx.db.fetchrow("select version from sessions where id = $1", UUID(session["id"]))
    await asyncio.gather(*(_change(market, session, held) for held in range(10)))
    after = await ctx.db.fetchrow("select version from sessions where id = $1", UUID(session["id"]))
    assert after["version"] == before["version"] + 10
