"""What is shown of sessions: the platform's guarantee as what it is in every answer, lists and filters, figures, sharing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import msgspec
import pytest

from tests.books import assert_books_whole
from tests.house import House
from tests.market import Buyer, Market
from tests.shop import category

BASE = "/api/group-buying"
BOT = UUID("00000000-0000-0000-0000-000000000001")


@pytest.fixture
async def market(one_house: House) -> Market:
    return await Market.open(one_house, "S", "M")


async def guaranteed(market: Market) -> tuple[Any, Buyer]:
    """A session near its end for which one person paid 10 of 100 units, so that the platform guarantees 15."""
    session, buyer = await market.session(hours=1), await market.buyer()
    await buyer.pay(await buyer.join(session, 10, market.variants["S"]))
    await market.paid_units(session, 10)
    await (await market.buyer()).join(session, 4, market.variants["M"])
    market.house.later(minutes=51)

    async def filled() -> bool:
        return bool((await market.look(session))["platform_quantity"])

    await market.house.eventually(filled)
    return session, buyer


async def answer(market: Market, path: str, **params: Any) -> Any:
    response = await market.house.request("GET", "group-buying", path, **params)
    assert response.status_code == 200, response.text
    return response.json()


async def snapshot(market: Market, session: Any) -> Any:
    """The first event of the live stream."""
    url = market.house.url("group-buying", f"{BASE}/{session['id']}/events")
    async with market.house.client.stream("GET", url) as stream:
        async for line in stream.aiter_lines():
            if line.startswith("data:"):
                return msgspec.json.decode(line.removeprefix("data:"))
    raise AssertionError("no snapshot")


async def test_every_answer_tells_people_s_units_and_the_platform_s_apart(market: Market) -> None:
    session, buyer = await guaranteed(market)
    path = f"{BASE}/{session['id']}"
    detail = await answer(market, path)
    by_code = await answer(market, f"{BASE}/code/{session['code']}")
    (listed,) = (await answer(market, BASE, product_id=market.product["id"]))["items"]
    managed = await market.owner.get("group-buying", f"{BASE}/managed/{session['id']}")
    (own,) = (await market.owner.get("group-buying", f"{BASE}/managed", product_id=market.product["id"]))["items"]
    mine = (await buyer.person.get("group-buying", f"{BASE}/mine"))["items"][0]["session"]
    live = await snapshot(market, session)
    for shown in (detail, by_code, listed, managed, own, mine, live):
        assert (shown["paid_quantity"], shown["held_quantity"], shown["platform_quantity"]) == (10, 4, 15)
        assert (shown["participant_count"], shown["progress_percent"], shown["current_tier"]) == (1, 10, 25)
    assert [(each["reached"], each["guaranteed"]) for each in detail["tiers"]] == [(False, True), *[(False, False)] * 3]
    stats = await answer(market, f"{path}/stats")
    assert (stats["paid_quantity"], stats["held_quantity"], stats["platform_quantity"]) == (10, 4, 15)
    assert (stats["participant_count"], stats["buyer_count"], stats["product_amount"]) == (1, 1, 1_000_000)
    assert (stats["units_to_moq"], stats["units_to_next_tier"]) == (90, 40)
    assert [(each["name"], each["paid_quantity"], each["held_quantity"]) for each in stats["variants"]] == [
        ("S", 10, 0),
        ("M", 0, 4),
    ]
    people = await answer(market, f"{path}/participants")
    assert (people["paid_quantity"], people["platform_quantity"], people["total"]) == (10, 15, 1)
    assert [(each["kind"], each["name"], each["quantity"]) for each in people["items"]] == [
        ("platform", "Patungan", 15),
        ("buyer", "S*** W.", 10),
    ]
    words = {each["language"]: each["text"] for each in (await answer(market, f"{path}/share"))["messages"]}
    assert "Sudah 10 buah dibayar pembeli." in words["id"]
    assert "Buyers have paid for 10 so far." in words["en"]
    (step,) = [each for each in detail["history"] if each["transition"] == "guarantee"]
    assert (step["by"], step["reason"]) == ("platform", "the platform guarantees 15 units")


_TRACES = (
    *("select count(*) from group_buying.participants where user_id = $1",),
    *("select count(*) from payment.payments where user_id = $1",),
    *('select count(*) from "order".orders where user_id = $1',),
    *("select count(*) from notification.notifications where user_id = $1",),
)


async def test_the_guarantee_moves_no_money_stock_order_or_message_and_stays_in_the_record(market: Market) -> None:
    house = market.house
    for name in ("S", "M"):
        await market.stock(50, name)
    session, _ = await guaranteed(market)
    await market.end(session)
    done = await market.reaches(session, "orders_created")
    assert (done["paid_quantity"], done["platform_quantity"], done["participant_count"]) == (10, 15, 1)
    owner = await house.owner()
    try:
        assert [await owner.fetchval(query, BOT) for query in _TRACES] == [0, 0, 0, 0]
        record = await owner.fetchrow(
            "select user_id, quantity from group_buying.platform_fills where session_id = $1", UUID(session["id"])
        )
        assert record is not None
        assert tuple(record) == (BOT, 15)
        reserved = await owner.fetchval(
            "select coalesce(sum(quantity), 0)::int from warehouse.reservations where session_id = $1",
            UUID(session["id"]),
        )
        assert reserved == 10
        accounts = await owner.fetchval("select count(*) from ledger.accounts where code like '%' || $1", str(BOT))
        assert accounts == 0
    finally:
        await owner.close()
    assert (await answer(market, f"{BASE}/{session['id']}/stats"))["buyer_count"] == 1
    await assert_books_whole(house)


async def test_a_cancelled_session_still_shows_what_was_guaranteed(market: Market) -> None:
    session, buyer = await guaranteed(market)
    await market.admin.post("group-buying", f"{BASE}/{session['id']}/cancel", {"reason": "mesin rusak"})
    seen = await market.look(session)
    assert (seen["status"], seen["paid_quantity"], seen["platform_quantity"]) == ("cancelled", 10, 15)

    async def paid_back() -> bool:
        mine = (await buyer.person.get("group-buying", f"{BASE}/mine"))["items"][0]
        return bool(mine["status"] == "refunded")

    await market.house.eventually(paid_back)
    stats = await answer(market, f"{BASE}/{session['id']}/stats")
    assert (stats["buyer_count"], stats["paid_amount"], stats["platform_quantity"]) == (0, 0, 15)


async def test_lists_are_filtered_and_sorted(one_house: House) -> None:
    kind = await category(one_house)
    market = await Market.open(one_house, category_id=kind["id"], name="Kain 100% Katun_Halus")
    soon = await market.session(hours=2, base_price=120_000)
    cheap = await market.session(hours=30, base_price=100_000)
    starts_at = (one_house.clock.now() + timedelta(hours=1)).isoformat()
    coming = await market.session(hours=40, starts_at=starts_at, base_price=110_000)
    draft = await market.session(hours=50, draft=True)
    buyer = await market.buyer()
    await buyer.pay(await buyer.join(cheap, 3))
    await market.paid_units(cheap, 3)

    async def listed(**params: Any) -> list[str]:
        found = await answer(market, BASE, **{"product_id": market.product["id"], **params})
        assert found["total"] == len(found["items"])
        names = {soon["id"]: "soon", cheap["id"]: "cheap", coming["id"]: "coming", draft["id"]: "draft"}
        return [names[each["id"]] for each in found["items"]]

    assert await listed() == ["soon", "cheap", "coming"]
    assert await listed(sort="newest") == ["coming", "cheap", "soon"]
    assert await listed(sort="cheapest") == ["cheap", "coming", "soon"]
    assert (await listed(sort="popular"))[0] == "cheap"
    assert (await listed(sort="fullest"))[0] == "cheap"
    assert await listed(open="true") == ["soon", "cheap"]
    assert await listed(ending_within=3) == ["soon"]
    assert await listed(phase="scheduled") == ["coming"]
    assert await listed(phase="forming") == ["soon", "cheap"]
    assert await listed(status="active") == ["soon", "cheap", "coming"]
    assert await listed(status="draft") == []
    assert await listed(factory_id=market.product["factory_id"]) == ["soon", "cheap", "coming"]
    assert await listed(factory_id=str(uuid4())) == []
    assert await listed(product_id=None, category_id=kind["id"]) == ["soon", "cheap", "coming"]
    assert await listed(category_id=[str(uuid4()), kind["id"]]) == ["soon", "cheap", "coming"]
    assert await listed(category_id=str(uuid4())) == []
    assert await listed(q="100% katun_") == ["soon", "cheap", "coming"]
    assert await listed(q="%_%") == []
    assert await listed(q=cheap["code"].lower()) == ["cheap"]
    first = await answer(market, BASE, product_id=market.product["id"], limit=2)
    second = await answer(market, BASE, product_id=market.product["id"], limit=2, page=2)
    assert [first["total"], len(first["items"]), second["items"][0]["id"]] == [3, 2, coming["id"]]
    for bad, field in (
        ({"status": "melting"}, "status"),
        ({"sort": "random"}, "sort"),
        ({"phase": "melting"}, "phase"),
        ({"ending_within": 0}, "ending_within"),
        ({"factory_id": "x"}, "factory_id"),
        ({"limit": 101}, "limit"),
    ):
        response = await one_house.request("GET", "group-buying", BASE, **bad)
        assert (response.status_code, response.json()["code"], response.json()["field"]) == (
            400,
            "invalid_input",
            field,
        )


async def test_a_factory_manages_its_own_and_an_administrator_all(market: Market) -> None:
    session = await market.session()
    other = await Market.open(market.house)
    draft = await other.session(draft=True)

    async def ids(person: Any, **params: Any) -> set[str]:
        found = await person.get("group-buying", f"{BASE}/managed", limit=100, **params)
        return {each["id"] for each in found["items"]}

    assert await ids(market.owner) == {session["id"]}
    assert await ids(other.owner) == {draft["id"]}
    assert await ids(other.owner, factory_id=market.product["factory_id"]) == set()
    assert {session["id"], draft["id"]} <= await ids(market.admin)
    assert await ids(market.admin, factory_id=other.product["factory_id"]) == {draft["id"]}
    stranger = await market.house.person()
    assert (await stranger.request("GET", "group-buying", f"{BASE}/managed")).status_code == 403
    assert (await market.house.request("GET", "group-buying", f"{BASE}/managed")).status_code == 401


async def test_a_session_is_shared_by_a_short_link_in_both_languages(market: Market) -> None:
    session = await market.session()
    shared = await answer(market, f"{BASE}/{session['id']}/share")
    url = f"http://127.0.0.1:8080/s/{session['code']}"
    assert (shared["code"], shared["url"]) == (session["code"], url)
    words = {each["language"]: each for each in shared["messages"]}
    assert words["id"]["text"].startswith("Yuk patungan Kemeja Batik Pria! Bayar Rp 100.000 dulu")
    assert words["en"]["text"].startswith("Buy Batik Shirt together with me! Pay Rp 100.000 first")
    for each in words.values():
        link = urlsplit(each["whatsapp_url"])
        assert (link.scheme, link.netloc) == ("https", "wa.me")
        assert parse_qs(link.query)["text"] == [each["text"]]
        assert each["text"].endswith(url)
        assert "Rp 70.000" in each["text"]
    drawn = await market.house.request("GET", "group-buying", urlsplit(shared["qr_url"]).path)
    assert drawn.headers["content-type"].startswith("image/svg+xml")
    assert drawn.text.startswith("<svg") and "viewBox" in drawn.text
    assert f"<title>{session['code']}</title>" in drawn.text
    await market.admin.post("group-buying", f"{BASE}/{session['id']}/cancel", {"reason": "tidak jadi"})
    over = await answer(market, f"{BASE}/{session['id']}/share")
    assert over["messages"][0]["text"] == f"Patungan Kemeja Batik Pria sudah ditutup. Lihat hasilnya: {url}"
    missing = await market.house.request("GET", "group-buying", f"{BASE}/{uuid4()}/share")
    assert (missing.status_code, missing.json()["code"]) == (404, "session_not_found")
