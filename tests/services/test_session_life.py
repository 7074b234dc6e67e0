"""A session's life through the API: drafts, starts, changes, ends, renewal; each step recorded, each illegal one refused."""

from __future__ import annotations

import asyncio
import itertools
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from patungan.kernel.identity import Role
from patungan.kernel.time import JAKARTA
from tests.house import House, Person
from tests.market import Market

BASE = "/api/group-buying"


@pytest.fixture
async def market(one_house: House) -> Market:
    return await Market.open(one_house)


def refused(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def steps(session: Any) -> list[tuple[str, str | None, str, str]]:
    return [(each["transition"], each["from_status"], each["to_status"], each["by"]) for each in session["history"]]


async def managed(person: Person, session: Any) -> Any:
    return await person.get("group-buying", f"{BASE}/managed/{session['id']}")


async def test_a_draft_is_seen_by_its_factory_alone_until_it_is_published(market: Market) -> None:
    house, owner = market.house, market.owner
    draft = await market.session(draft=True)
    assert (draft["status"], draft["phase"]) == ("draft", "draft")
    path = f"{BASE}/{draft['id']}"
    stranger, rival = await house.person(), await house.person(Role.FACTORY_OWNER)
    public = ("", "/participants", "/stats", "/share", "/qr.svg", "/events")
    for way in (*(f"{path}{each}" for each in public), f"{BASE}/code/{draft['code']}"):
        assert refused(await house.request("GET", "group-buying", way)) == (404, "session_not_found"), way
        assert refused(await owner.request("GET", "group-buying", way)) == (404, "session_not_found"), way
    listed = await house.request("GET", "group-buying", BASE, product_id=market.product["id"])
    assert listed.json()["total"] == 0
    buyer = await market.buyer()
    join = await buyer.join_response(draft, 1, courier_service="jne_reg")
    assert refused(join) == (404, "session_not_found")
    for person, answer in ((stranger, (403, "forbidden")), (rival, (404, "session_not_found"))):
        assert refused(await person.request("GET", "group-buying", f"{BASE}/managed/{draft['id']}")) == answer
        assert refused(await person.request("POST", "group-buying", f"{path}/publication")) == answer
    assert (await rival.get("group-buying", f"{BASE}/managed"))["total"] == 0
    assert (await managed(owner, draft))["code"] == draft["code"]
    assert (await managed(market.admin, draft))["code"] == draft["code"]
    mine = await owner.get("group-buying", f"{BASE}/managed", status="draft")
    assert [each["id"] for each in mine["items"]] == [draft["id"]]

    answers = await asyncio.gather(
        *(owner.request("POST", "group-buying", f"{path}/publication", key="one") for _ in range(3))
    )
    assert {answer.status_code for answer in answers} == {200}
    shown = await market.look(draft)
    assert (shown["status"], shown["phase"]) == ("forming", "forming")
    assert steps(shown) == [("draw_up", None, "draft", "factory"), ("publish", "draft", "forming", "factory")]
    again = await owner.request("POST", "group-buying", f"{path}/publication")
    assert refused(again) == (409, "session_status_refused")
    assert (await buyer.join(draft, 2))["quantity"] == 2


async def test_publishing_takes_stock_and_bundles_as_they_are_then(one_house: House) -> None:
    market = await Market.open(one_house, "S", "M")
    draft = await market.session(draft=True)
    assert [each["available"] for each in (await managed(market.owner, draft))["variants"]] == [None, None]
    shares = [
        {"variant_id": market.variants[name], "units_per_bundle": 2, "max_excess_units": 4} for name in ("S", "M")
    ]
    path = f"/api/warehouse/bundles/{market.product['id']}"
    assert (await market.owner.request("PUT", "warehouse", path, {"variants": shares})).status_code == 200
    await market.owner.post("group-buying", f"{BASE}/{draft['id']}/publication")
    shown = await market.look(draft)
    assert shown["bundle_gated"] is True
    assert [each["available"] for each in shown["variants"]] == [4, 4]
    await (await market.buyer()).join(draft, 4, market.variants["S"])
    locked, free = (await market.look(draft))["variants"]
    assert (locked["available"], free["available"]) == (0, 8)
    assert locked["waits_for"] == [{"variant_id": market.variants["M"], "name": "M", "units": 2}]
    one = await one_house.request(
        "GET", "group-buying", f"{BASE}/{draft['id']}/variant-availability/{market.variants['S']}"
    )
    assert one.json() == locked


async def test_a_draft_whose_end_has_come_is_not_published_until_it_is_changed(market: Market) -> None:
    house, owner = market.house, market.owner
    draft = await market.session(draft=True, hours=1)
    house.later(hours=2)
    path = f"{BASE}/{draft['id']}"
    late = await owner.request("POST", "group-buying", f"{path}/publication")
    assert (*refused(late), late.json()["field"]) == (400, "invalid_input", "ends_at")
    ends_at = (house.clock.now() + timedelta(hours=5)).isoformat()
    changed = await owner.request("PATCH", "group-buying", path, {"ends_at": ends_at, "target_moq": 40})
    assert (changed.status_code, changed.json()["status"], changed.json()["target_moq"]) == (200, "draft", 40)
    published = await owner.post("group-buying", f"{path}/publication")
    assert datetime.fromisoformat(published["starts_at"]) > house.clock.now() - timedelta(minutes=1)
    assert [each["reason"] for each in published["history"]] == [
        "drawn up",
        "changed: ends_at, target_moq",
        "published",
    ]


async def test_a_scheduled_session_starts_by_the_clock_and_its_start_is_recorded(market: Market) -> None:
    house, buyer = market.house, await market.buyer()
    starts_at = house.clock.now() + timedelta(hours=2)
    session = await market.session(starts_at=starts_at.isoformat())
    assert (session["status"], session["phase"]) == ("forming", "scheduled")
    assert refused(await buyer.join_response(session, 1)) == (409, "session_not_started")
    early = await market.admin.request("POST", "group-buying", f"{BASE}/{session['id']}/end")
    assert refused(early) == (409, "session_status_refused")
    listed = await house.request("GET", "group-buying", BASE, product_id=market.product["id"], phase="scheduled")
    assert [each["id"] for each in listed.json()["items"]] == [session["id"]]
    house.later(hours=2)
    assert (await market.look(session))["phase"] == "forming"
    await buyer.join(session, 1)

    async def recorded() -> bool:
        return steps(await market.look(session))[-1] == ("start", "forming", "forming", "platform")

    await house.eventually(recorded)
    assert datetime.fromisoformat((await market.look(session))["history"][-1]["at"]) == starts_at


async def test_terms_change_and_sessions_go_only_before_the_first_join(market: Market) -> None:
    owner, house = market.owner, market.house
    session = await market.session()
    path = f"{BASE}/{session['id']}"
    changed = await owner.request("PATCH", "group-buying", path, {"price_tier_100": 65_000})
    assert changed.json()["price_tier_100"] == 65_000
    for bad, code in (
        ({"price_tier_50": 200_000}, "tiers_out_of_order"),
        ({"target_moq": 1}, "invalid_input"),
        ({"ends_at": (house.clock.now() - timedelta(days=1)).isoformat()}, "invalid_input"),
        ({"starts_at": (house.clock.now() + timedelta(hours=1)).isoformat()}, "invalid_input"),
        ({"ends_at": "2030-01-01T00:00:00"}, "invalid_input"),
        ({"paid_quantity": 5}, "invalid_input"),
    ):
        assert refused(await owner.request("PATCH", "group-buying", path, bad)) == (400, code)
    buyer = await market.buyer()
    for person, answer in ((buyer.person, 403), (await house.person(Role.FACTORY_OWNER), 404)):
        assert (await person.request("PATCH", "group-buying", path, {"target_moq": 50})).status_code == answer
        assert (await person.request("DELETE", "group-buying", path)).status_code == answer
    await buyer.join(session, 1)
    change = await owner.request("PATCH", "group-buying", path, {"target_moq": 50})
    assert refused(change) == (409, "session_has_buyers")
    assert refused(await owner.request("DELETE", "group-buying", path)) == (409, "session_has_buyers")
    seen = await market.look(session)
    assert (seen["target_moq"], seen["price_tier_100"]) == (100, 65_000)


async def test_a_deleted_session_leaves_its_record_and_frees_its_product(market: Market) -> None:
    house, owner = market.house, market.owner
    session = await market.session()
    product = f"/api/products/id/{market.product['id']}"

    prices = itertools.count(110_000)

    async def price_changes(code: str | None) -> bool:
        # A price of its own each time: what changes nothing is refused by nothing.
        answer = await owner.request("PATCH", "product", product, {"base_price": next(prices)})
        return bool(answer.json().get("code") == code)

    await house.eventually(lambda: price_changes("product_in_session"))
    path = f"{BASE}/{session['id']}"
    assert (await owner.request("DELETE", "group-buying", path)).status_code == 204
    assert refused(await owner.request("DELETE", "group-buying", path)) == (404, "session_not_found")
    assert refused(await house.request("GET", "group-buying", path)) == (404, "session_not_found")
    await house.eventually(lambda: price_changes(None))
    history = f"{BASE}/managed/{session['id']}/history"
    assert refused(await owner.request("GET", "group-buying", history)) == (404, "session_not_found")
    kept = (await market.admin.get("group-buying", history))["items"]
    assert [(each["transition"], each["by"], each["user_id"]) for each in kept] == [
        ("open", "factory", str(owner.id)),
        ("delete", "factory", str(owner.id)),
    ]
    nowhere = await market.admin.request("GET", "group-buying", f"{BASE}/managed/{uuid4()}/history")
    assert refused(nowhere) == (404, "session_not_found")


async def test_opening_twice_with_one_key_opens_once(market: Market) -> None:
    body = {
        "product_id": market.product["id"],
        "warehouse_id": market.warehouse["id"],
        "target_moq": 10,
        **{f"price_tier_{tier}": 100 - tier // 5 for tier in (25, 50, 75, 100)},
        "base_price": 100,
        "ends_at": (market.house.clock.now() + timedelta(hours=1)).isoformat(),
    }
    answers = await asyncio.gather(
        *(market.owner.request("POST", "group-buying", BASE, body, key="open-once") for _ in range(4))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    other = await market.owner.request("POST", "group-buying", BASE, {**body, "target_moq": 11}, key="open-once")
    assert refused(other) == (409, "idempotency_key_reused")
    headers = {"Authorization": f"Bearer {market.house.token(market.owner.caller)}"}
    unkeyed = await market.house.request("POST", "group-buying", BASE, body, headers=headers)
    assert refused(unkeyed) == (400, "idempotency_key_required")


async def test_a_limit_per_buyer_is_a_term_like_the_others(market: Market) -> None:
    session = await market.session(max_units_per_buyer=5)
    path = f"{BASE}/{session['id']}"
    lifted = await market.owner.request("PATCH", "group-buying", path, {"max_units_per_buyer": None})
    assert lifted.json()["max_units_per_buyer"] is None
    narrowed = await market.owner.request("PATCH", "group-buying", path, {"max_units_per_buyer": 3})
    assert (narrowed.json()["max_units_per_buyer"], narrowed.json()["target_moq"]) == (3, 100)
    for bad in ({"max_units_per_buyer": 0}, {"target_moq": None}):
        assert refused(await market.owner.request("PATCH", "group-buying", path, bad)) == (400, "invalid_input")
    buyer = await market.buyer()
    await buyer.join(session, 2)
    assert refused(await buyer.join_response(session, 2)) == (409, "buyer_limit_reached")
    await buyer.join(session, 1)


async def test_a_variant_that_would_cost_nothing_at_the_last_tier_is_refused(one_house: House) -> None:
    market = await Market.open(one_house, "S")
    path = f"/api/products/id/{market.product['id']}/variants"
    sku = f"KCL-{uuid4().hex[:8].upper()}"
    small = {"name": "Kecil", "sku": sku, "weight_grams": 100, "price_adjustment": -60_000}
    await market.owner.post("product", path, small)
    body = {"ends_at": (one_house.clock.now() + timedelta(hours=1)).isoformat(), "target_moq": 10}
    terms = {"product_id": market.product["id"], "warehouse_id": market.warehouse["id"], "base_price": 100_000}
    tiers = {"price_tier_25": 100_000, "price_tier_50": 90_000, "price_tier_75": 80_000, "price_tier_100": 60_000}
    answer = await market.owner.request("POST", "group-buying", BASE, {**body, **terms, **tiers})
    assert (*refused(answer), answer.json()["field"]) == (400, "invalid_input", "price_tier_100")
    assert (await market.session(price_tier_100=60_001))["status"] == "forming"


async def test_ending_early_is_for_administrators_and_once(market: Market) -> None:
    house = market.house
    session, buyer = await market.session(), await market.buyer()
    path = f"{BASE}/{session['id']}/end"
    for person in (market.owner, buyer.person, await house.person(Role.OFFICE_STAFF)):
        assert refused(await person.request("POST", "group-buying", path)) == (403, "forbidden")
    answers = await asyncio.gather(*(market.admin.request("POST", "group-buying", path, key="end") for _ in range(4)))
    assert {answer.status_code for answer in answers} == {202}
    done = await market.reaches(session, "failed")
    assert [each[0] for each in steps(done)].count("end_early") == 1
    assert ("end_early", "forming", "forming", "admin") in steps(done)
    assert [each for each in steps(done) if each[0] in ("claim", "fail")] == [
        ("claim", "forming", "forming", "platform"),
        ("fail", "forming", "failed", "platform"),
    ]
    again = await market.admin.request("POST", "group-buying", path)
    assert refused(again) == (409, "session_status_refused")
    missing = await market.admin.request("POST", "group-buying", f"{BASE}/{uuid4()}/end")
    assert refused(missing) == (404, "session_not_found")


async def test_a_cancelled_session_keeps_the_reason_and_who_gave_it(market: Market) -> None:
    house = market.house
    session = await market.session()
    path = f"{BASE}/{session['id']}/cancel"
    rival = await house.person(Role.FACTORY_OWNER)
    assert refused(await rival.request("POST", "group-buying", path, {"reason": "iseng"})) == (404, "session_not_found")
    short = await market.owner.request("POST", "group-buying", path, {"reason": "x"})
    assert refused(short) == (400, "invalid_input")
    answers = await asyncio.gather(
        *(market.owner.request("POST", "group-buying", path, {"reason": "kain habis"}) for _ in range(3))
    )
    assert {answer.status_code for answer in answers} == {202}
    seen = await market.look(session)
    assert steps(seen)[1:] == [("cancel", "forming", "cancelled", "factory")]
    assert seen["history"][-1]["reason"] == "kain habis"
    history = (await market.owner.get("group-buying", f"{BASE}/managed/{session['id']}/history"))["items"]
    assert history[-1]["user_id"] == str(market.owner.id)
    draft = await market.session(draft=True)
    answer = await market.owner.request(
        "POST", "group-buying", f"{BASE}/{draft['id']}/cancel", {"reason": "tidak jadi"}
    )
    assert refused(answer) == (409, "session_status_refused")
    assert (await market.owner.request("DELETE", "group-buying", f"{BASE}/{draft['id']}")).status_code == 204


async def test_production_is_told_in_order_while_the_goods_are_awaited(market: Market) -> None:
    session, buyer = await market.session(target_moq=10), await market.buyer()
    path = f"{BASE}/{session['id']}/production"
    early = await market.owner.request("POST", "group-buying", path, {"state": "started"})
    assert refused(early) == (409, "session_status_refused")
    await buyer.pay(await buyer.join(session, 12))
    await market.paid_units(session, 12)
    await market.end(session)
    await market.reaches(session, "pending_stock")
    completed = await market.owner.request("POST", "group-buying", path, {"state": "completed"})
    assert refused(completed) == (409, "session_status_refused")
    for state in ("started", "completed"):
        answer = await market.owner.post("group-buying", path, {"state": state}, key=f"{state}-1")
        assert answer["production_state"] == state
        again = await market.owner.post("group-buying", path, {"state": state}, key=f"{state}-1")
        assert again["production_state"] == state
        twice = await market.owner.request("POST", "group-buying", path, {"state": state})
        assert refused(twice) == (409, "session_status_refused")
    rival = await market.house.person(Role.FACTORY_OWNER)
    assert refused(await rival.request("POST", "group-buying", path, {"state": "started"})) == (
        404,
        "session_not_found",
    )
    names = [each[0] for each in steps(await market.look(session))]
    assert names == [
        "open",
        "reach_moq",
        "end_early",
        "claim",
        "await_stock",
        "start_production",
        "complete_production",
    ]


async def _children(market: Market) -> list[Any]:
    found = await market.house.request("GET", "group-buying", BASE, product_id=market.product["id"], sort="newest")
    return [each for each in found.json()["items"] if each["phase"] == "scheduled"]


async def test_the_next_day_s_session_opens_once_from_midnight_to_midnight(market: Market) -> None:
    house = market.house
    session = await market.session(hours=1)
    await market.end(session)
    await market.reaches(session, "failed")

    async def renewed() -> bool:
        return len(await _children(market)) == 1

    await house.eventually(renewed)
    (child,) = await _children(market)
    starts, ends = (datetime.fromisoformat(child[name]).astimezone(JAKARTA) for name in ("starts_at", "ends_at"))
    assert (starts.hour, starts.minute, ends - starts) == (0, 0, timedelta(hours=24))
    assert child["base_price"] == session["base_price"]
    seen = await market.look(child)
    assert seen["parent_session_id"] == session["id"]
    assert steps(seen) == [("open", None, "forming", "platform")]
    assert seen["history"][0]["reason"] == f"renews {session['code']}"
    parent = await market.look(session)
    assert steps(parent)[-1] == ("renew", "failed", "failed", "platform")
    assert parent["history"][-1]["reason"] == f"renewed as {child['code']}"
    headers = {"Authorization": f"Bearer {house.service_token('group-buying')}"}
    for _ in range(3):
        await house.request("POST", "group-buying", f"{BASE}/process-expired", headers=headers)
    assert len(await _children(market)) == 1


async def test_a_product_that_does_not_renew_ends_with_its_session(one_house: House) -> None:
    market = await Market.open(one_house, renews=False)
    session = await market.session(hours=1)
    await market.end(session)
    await market.reaches(session, "failed")
    later = await market.session(hours=1)
    await market.end(later)
    await market.reaches(later, "failed")
    assert await _children(market) == []
    assert steps(await market.look(session))[-1][0] == "fail"
