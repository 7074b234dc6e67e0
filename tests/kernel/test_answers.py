"""Kept answers: one reading for a crowd, dropped by what changes them, and never older than they may be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, ClassVar
from uuid import UUID

import msgspec
import pytest

from patungan.kernel import answers
from patungan.kernel.answers import Answers
from patungan.services.group_buying.operations.progress import announce_after_commit
from tests.conftest import throw_away_servers
from tests.house import House, Shape
from tests.market import Market


@pytest.fixture(scope="module")
async def market(one_house: House) -> AsyncIterator[Market]:
    yield await Market.open(one_house)


@pytest.fixture
def kept_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers that do not grow old: only what drops them is seen."""
    monkeypatch.setattr(answers, "KEPT_SECONDS", 600.0)


def _kept(house: House, service: str) -> Answers:
    found: Answers = house.context(service).local["answers"]
    return found


async def _set_held(house: House, session: Any, held: int, *, announced: bool) -> None:
    ctx = house.context("group-buying")
    async with ctx.db.transaction() as tx:
        await tx.execute("update sessions set held_quantity = $2 where id = $1", UUID(session["id"]), held)
        if announced:
            announce_after_commit(ctx, tx, UUID(session["id"]))


async def _held(house: House, path: str) -> int:
    return int((await house.request("GET", "group-buying", path)).json()["held_quantity"])


@pytest.mark.usefixtures("kept_long")
async def test_a_change_drops_the_pages_of_its_session_and_the_lists_alone(market: Market) -> None:
    house = market.house
    one, other = await market.session(), await market.session()
    pages = [f"/api/group-buying/{one['id']}", f"/api/group-buying/code/{one['code']}"]
    untouched = f"/api/group-buying/{other['id']}"
    listed = f"/api/group-buying?product_id={market.product['id']}"
    for path in (*pages, untouched):
        assert await _held(house, path) == 0
    for _ in range(2):
        await _set_held(house, other, 3, announced=False)
        items = (await house.request("GET", "group-buying", listed)).json()["items"]
        await _set_held(house, other, 4, announced=False)
        # The list is kept too, for what nobody announced is not in it.
        assert {each["id"]: each["held_quantity"] for each in items} == {one["id"]: 0, other["id"]: 3}
    await _set_held(house, one, 5, announced=True)
    # At once after the commit, without a wait.
    assert [await _held(house, path) for path in pages] == [5, 5]
    assert await _held(house, untouched) == 0
    items = (await house.request("GET", "group-buying", listed)).json()["items"]
    assert {each["id"]: each["held_quantity"] for each in items} == {one["id"]: 5, other["id"]: 4}


async def test_a_change_that_nobody_announces_is_seen_within_a_second(market: Market) -> None:
    session = await market.session()
    path = f"/api/group-buying/{session['id']}"
    assert await _held(market.house, path) == 0
    await _set_held(market.house, session, 9, announced=False)
    await asyncio.sleep(2 * answers.KEPT_SECONDS)
    assert await _held(market.house, path) == 9


@pytest.mark.usefixtures("kept_long")
async def test_a_write_is_read_at_once_by_its_writer(market: Market) -> None:
    house = market.house
    path = f"/api/products/{market.product['slug']}"
    before = (await house.request("GET", "product", path)).json()
    changed = await market.owner.request(
        "PATCH", "product", f"/api/products/id/{market.product['id']}", {"description": "Katun"}
    )
    assert changed.status_code == 200, changed.text
    after = (await house.request("GET", "product", path)).json()
    assert (before["description"], after["description"]) == ("", "Katun")


@pytest.mark.usefixtures("kept_long")
async def test_a_refused_write_drops_nothing(market: Market) -> None:
    house = market.house
    session = await market.session()
    path = f"/api/group-buying/{session['id']}"
    assert await _held(house, path) == 0
    await _set_held(house, session, 2, announced=False)
    assert (await house.request("POST", "group-buying", f"{path}/cancel", {"reason": "no"})).status_code == 401
    assert await _held(house, path) == 0


@pytest.mark.usefixtures("kept_long")
async def test_another_process_is_told(market: Market) -> None:
    house = market.house
    session = await market.session()
    path = f"/api/group-buying/{session['id']}"
    assert await _held(house, path) == 0
    await _set_held(house, session, 4, announced=False)
    word = msgspec.json.encode({"sender": "another process", "tags": [session["id"]]})
    await house.context("group-buying").valkey.publish("answers:group-buying", word)

    async def seen() -> bool:
        return await _held(house, path) == 4

    await house.eventually(seen)


async def test_a_reader_who_has_the_page_is_told_so(market: Market) -> None:
    session = await market.session()
    path = f"/api/group-buying/{session['id']}"
    first = await market.house.request("GET", "group-buying", path)
    assert first.headers["cache-control"] == "no-cache"
    tag = first.headers["etag"]
    for held in (tag, f"W/{tag}", f'"other", {tag}'):
        again = await market.house.request("GET", "group-buying", path, headers={"If-None-Match": held})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    other = await market.house.request("GET", "group-buying", path, headers={"If-None-Match": '"other"'})
    assert (other.status_code, other.content) == (200, first.content)
    await _set_held(market.house, session, 1, announced=True)
    changed = await market.house.request("GET", "group-buying", path, headers={"If-None-Match": tag})
    assert (changed.status_code, changed.json()["held_quantity"]) == (200, 1)


@pytest.mark.usefixtures("kept_long")
async def test_answers_that_are_not_everybodys_are_not_kept(market: Market) -> None:
    house = market.house
    _kept(house, "group-buying").drop()
    buyer = await market.buyer()
    await buyer.person.get("group-buying", "/api/group-buying/mine")
    assert (await house.request("GET", "group-buying", "/api/group-buying/mine")).status_code == 401
    assert (await house.request("GET", "group-buying", "/api/group-buying/code/GB-NONE")).status_code == 404
    assert not _kept(house, "group-buying")._entries


class _App:
    """An app that counts its readings, each of which waits to be let through."""

    def __init__(self) -> None:
        self.readings = 0
        self.through = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.readings += 1
        body = b'{"id":"a","reading":%d}' % self.readings
        scope["route_handler"] = _Handler
        scope["path_template"] = "/a"
        await self.through.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})


class _Handler:
    opt: ClassVar = {"kept": answers.Kept.PAGE}
    paths: ClassVar = {"/a"}
    http_methods: ClassVar = {"GET"}


async def _read(kept: Answers, app: _App) -> bytes:
    bodies: list[bytes] = []

    async def send(message: Any) -> None:
        bodies.append(message.get("body", b""))

    scope: Any = {"type": "http", "method": "GET", "path": "/a", "query_string": b"", "headers": []}
    assert kept.may_keep(scope)
    await kept.serve(app, scope, None, send)  # type: ignore[arg-type]
    return b"".join(bodies)


async def test_a_crowd_is_one_reading_and_a_reading_spoiled_by_a_change_is_not_kept(one_house: House) -> None:
    kept = Answers("test", one_house.context("group-buying").local["signals"], [_Handler])
    app = _App()
    crowd = [asyncio.create_task(_read(kept, app)) for _ in range(50)]
    await asyncio.sleep(0.01)
    kept.drop(["a"])
    late = [asyncio.create_task(_read(kept, app)) for _ in range(50)]
    await asyncio.sleep(0.01)
    app.through.set()
    assert set(await asyncio.gather(*crowd)) == {b'{"id":"a","reading":1}'}
    # Who came after the change was not handed the reading from before it.
    assert set(await asyncio.gather(*late)) == {b'{"id":"a","reading":2}'}
    assert await _read(kept, app) == b'{"id":"a","reading":2}'
    kept.drop(["b"])
    assert await _read(kept, app) == b'{"id":"a","reading":2}'
    kept.drop(["a"])
    assert await _read(kept, app) == b'{"id":"a","reading":3}'


async def test_what_is_kept_has_a_bound(one_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MOST_ENTRIES", 3)
    kept = Answers("test", one_house.context("group-buying").local["signals"], [_Handler])
    for number in range(10):
        entry = answers.Entry(asyncio.get_running_loop().time(), b"x" * 10, b"", [], "", None)
        kept._keep((f"/{number}", b""), entry)
    assert [path for path, _ in kept._entries] == ["/7", "/8", "/9"]
    assert kept._bytes == 30


@pytest.mark.slow
async def test_pages_and_streams_go_on_while_valkey_is_away_and_after_it_is_back(template: str) -> None:
    from patungan.operations.migrate import migrate

    with throw_away_servers() as (servers, _postgres, valkey):
        await servers.create_database(template)
        await migrate(servers.url(template), servers.role_secret)
        async with House(servers, template, Shape.SERIALISED) as house:
            market = await Market.open(house)
            session = await market.session()
            path = f"/api/group-buying/{session['id']}"
            states: list[str] = []

            async def watch() -> None:
                async with house.client.stream("GET", house.url("group-buying", f"{path}/events")) as stream:
                    async for line in stream.aiter_lines():
                        if line.startswith("data: "):
                            states.append(line)

            watching = asyncio.create_task(watch())
            try:
                for held, away in ((1, False), (2, True), (3, True), (4, False)):
                    if away and held == 2:
                        valkey.kill()
                    elif held == 4:
                        valkey.start()
                    await _set_held(house, session, held, announced=True)
                    assert await _held(house, path) == held

                    async def seen(wanted: str = f'"held_quantity":{held}') -> bool:
                        return bool(states) and wanted in states[-1]

                    await house.eventually(seen)
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
