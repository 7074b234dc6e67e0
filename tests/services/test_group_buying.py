"""Group buying through its public API: joins under concurrency, bad input, and what strangers may see and do."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from patungan.kernel.identity import Caller, Role
from tests.books import assert_books_whole
from tests.house import House
from tests.market import Market


@pytest.fixture
async def market(one_house: House) -> Market:
    return await Market.open(one_house, "S", "M", "L", "XL")


async def _bundled(market: Market) -> None:
    shares = [
        {"variant_id": market.variants[name], "units_per_bundle": units, "max_excess_units": excess}
        for name, units, excess in (("S", 2, 20), ("M", 5, 50), ("L", 4, 40), ("XL", 1, 30))
    ]
    path = f"/api/warehouse/bundles/{market.product['id']}"
    assert (await market.owner.request("PUT", "warehouse", path, {"variants": shares})).status_code == 200


async def test_five_hundred_parallel_joins_take_exactly_what_is_there(market: Market) -> None:
    """Flow test 5 of DOMAIN.md 9: twenty units of a tolerance-locked variant, never one more."""
    await _bundled(market)
    session = await market.session()
    assert [each["available"] for each in session["variants"]] == [20, 50, 40, 10]
    buyers = [await market.buyer() for _ in range(20)]
    await buyers[0].join(session, 1, market.variants["XL"])
    service = (
        await buyers[0].person.get(
            "group-buying", f"/api/group-buying/{session['id']}/shipping-options", address_id=buyers[0].address_id
        )
    )["items"][0]["service"]
    before = (await market.look(session))["variants"][0]["available"]
    answers = await asyncio.gather(
        *(
            buyer.join_response(session, 1, market.variants["S"], courier_service=service)
            for buyer in buyers
            for _ in range(25)
        )
    )
    codes = [answer.status_code for answer in answers]
    assert codes.count(201) == before == 20
    assert {answer.json()["code"] for answer in answers if answer.status_code != 201} <= {
        "quantity_refused",
        "too_many_holds",
    }
    seen = await market.look(session)
    assert (seen["held_quantity"], seen["variants"][0]["available"]) == (21, 0)
    assert seen["variants"][0]["waits_for"] != []


async def test_a_double_click_joins_once(market: Market) -> None:
    session, buyer = await market.session(), await market.buyer()
    answers = await asyncio.gather(
        *(buyer.join_response(session, 3, market.variants["S"], key="one-click") for _ in range(6))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["participant_id"] for answer in answers}) == 1
    assert (await market.look(session))["held_quantity"] == 3
    other = await buyer.join_response(session, 4, market.variants["S"], key="one-click")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


async def test_every_bad_join_has_its_own_code_and_changes_nothing(market: Market) -> None:
    house, session, buyer = market.house, await market.session(), await market.buyer()
    stranger = await market.buyer()
    foreign = await Market.open(house, "S")
    size = market.variants["S"]
    later = await market.session(
        starts_at=(house.clock.now() + timedelta(hours=1)).isoformat(), product_id=market.product["id"]
    )

    async def refused(response: httpx.Response, status: int, code: str) -> None:
        assert (response.status_code, response.json()["code"]) == (status, code), response.text

    await refused(await buyer.join_response(session, 0, size), 400, "invalid_input")
    await refused(await buyer.join_response(session, -5, size), 400, "invalid_input")
    await refused(await buyer.join_response(session, 10**15, size, courier_service="x"), 400, "invalid_input")
    await refused(await buyer.join_response(session, 1), 400, "variant_required")
    await refused(await buyer.join_response(session, 1, foreign.variants["S"]), 404, "variant_not_found")
    await refused(await buyer.join_response(session, 1, size, address_id=stranger.address_id), 404, "address_not_found")
    await refused(await buyer.join_response(session, 1, size, courier_service="pigeon"), 400, "courier_service_unknown")
    await refused(await buyer.join_response(session, 1, size, unit_price=1), 400, "invalid_input")
    await refused(await buyer.join_response(later, 1, size), 409, "session_not_started")
    path = f"/api/group-buying/{uuid4()}/join"
    body = {"quantity": 1, "address_id": buyer.address_id, "courier_service": "x"}
    await refused(await buyer.person.request("POST", "group-buying", path, body), 404, "session_not_found")
    path = f"/api/group-buying/{session['id']}/join"
    headers = {"Authorization": f"Bearer {house.token(buyer.person.caller)}"}
    unkeyed = await house.request("POST", "group-buying", path, body, headers=headers)
    await refused(unkeyed, 400, "idempotency_key_required")
    await refused(await house.request("POST", "group-buying", path, body), 401, "unauthenticated")
    forged = {"Authorization": "Bearer " + house.token(buyer.person.caller)[:-4] + "AAAA"}
    await refused(await house.request("POST", "group-buying", path, body, headers=forged), 401, "unauthenticated")
    seen = await market.look(session)
    assert (seen["held_quantity"], seen["paid_quantity"]) == (0, 0)
    assert (await buyer.person.get("payment", "/api/payments"))["total"] == 0


async def test_no_join_after_the_end_and_no_more_than_three_holds(market: Market) -> None:
    session, buyer = await market.session(), await market.buyer()
    for _ in range(3):
        await buyer.join(session, 1, market.variants["S"])
    full = await buyer.join_response(session, 1, market.variants["S"])
    assert (full.status_code, full.json()["code"]) == (409, "too_many_holds")
    await market.end(session)
    late = await (await market.buyer()).join_response(session, 1, market.variants["S"])
    assert (late.status_code, late.json()["code"]) == (409, "session_ended")
    await market.reaches(session, "failed")


async def test_leaving_gives_the_units_back_and_a_paid_place_stays(market: Market) -> None:
    session, buyer = await market.session(), await market.buyer()
    unpaid, paid = (
        await buyer.join(session, 5, market.variants["S"]),
        await buyer.join(session, 7, market.variants["M"]),
    )
    await buyer.pay(paid)
    await market.paid_units(session, 7)
    base = f"/api/group-buying/{session['id']}/participants"
    stranger = await market.buyer()
    theirs = await stranger.person.request("DELETE", "group-buying", f"{base}/{unpaid['participant_id']}")
    assert theirs.json()["code"] == "participant_not_found"
    kept = await buyer.person.request("DELETE", "group-buying", f"{base}/{paid['participant_id']}")
    assert (kept.status_code, kept.json()["code"]) == (409, "already_paid")
    for _ in range(2):
        left = await buyer.person.request("DELETE", "group-buying", f"{base}/{unpaid['participant_id']}")
        assert left.status_code == 204

    async def given_back() -> bool:
        return bool((await market.look(session))["held_quantity"] == 0)

    await market.house.eventually(given_back)
    await assert_books_whole(market.house)


async def test_sessions_are_opened_by_their_factory_on_sound_terms(market: Market) -> None:
    house, buyer = market.house, await market.house.person()
    terms: dict[str, Any] = {
        "product_id": market.product["id"],
        "warehouse_id": market.warehouse["id"],
        "target_moq": 10,
        "base_price": 100,
        "price_tier_25": 90,
        "price_tier_50": 80,
        "price_tier_75": 70,
        "price_tier_100": 60,
        "ends_at": (house.clock.now() + timedelta(hours=1)).isoformat(),
    }

    async def opened(person: Any, **other: Any) -> tuple[int, str]:
        response = await person.request("POST", "group-buying", "/api/group-buying", {**terms, **other})
        return response.status_code, response.json().get("code", "")

    assert await opened(buyer) == (403, "forbidden")
    stranger = await house.person(Role.FACTORY_OWNER)
    assert await opened(stranger) == (403, "forbidden")
    owner = market.owner
    assert await opened(owner, price_tier_50=95) == (400, "tiers_out_of_order")
    assert await opened(owner, target_moq=1) == (400, "invalid_input")
    assert await opened(owner, ends_at=(house.clock.now() - timedelta(hours=1)).isoformat()) == (400, "invalid_input")
    assert await opened(owner, product_id=str(uuid4())) == (404, "product_not_found")
    assert await opened(owner, warehouse_id=str(uuid4())) == (404, "warehouse_not_found")
    expired = house.token(Caller(owner.id, Role.FACTORY_OWNER))
    house.later(minutes=31)
    response = await house.request(
        "POST", "group-buying", "/api/group-buying", terms, headers={"Authorization": f"Bearer {expired}"}
    )
    assert (response.status_code, response.json()["code"]) == (401, "token_expired")


async def test_the_cron_routes_are_for_service_tokens(market: Market) -> None:
    house = market.house
    for job in ("process-near-expiration", "process-expired"):
        path = f"/api/group-buying/{job}"
        assert (await house.request("POST", "group-buying", path)).status_code == 401
        assert (await market.admin.request("POST", "group-buying", path)).status_code == 401
        headers = {"Authorization": f"Bearer {house.service_token('group-buying')}"}
        answers = await asyncio.gather(
            *(house.request("POST", "group-buying", path, headers=headers) for _ in range(5))
        )
        assert {answer.status_code for answer in answers} == {200}


async def test_near_its_end_the_platform_s_guarantee_is_shown_and_makes_room_for_people(market: Market) -> None:
    house = market.house
    session, buyer = await market.session(hours=1), await market.buyer()
    await buyer.pay(await buyer.join(session, 10, market.variants["S"]))
    await market.paid_units(session, 10)
    house.later(minutes=51)

    async def guaranteed(units: int) -> bool:
        return bool((await market.look(session))["platform_quantity"] == units)

    await house.eventually(lambda: guaranteed(15))
    await buyer.pay(await buyer.join(session, 6, market.variants["M"]))
    await house.eventually(lambda: guaranteed(9))
    figures = await house.request("GET", "group-buying", f"/api/group-buying/{session['id']}/stats")
    assert (figures.json()["paid_quantity"], figures.json()["platform_quantity"]) == (16, 9)


async def test_watchers_see_a_snapshot_and_then_the_change(market: Market) -> None:
    session, buyer = await market.session(), await market.buyer()
    url = market.house.url("group-buying", f"/api/group-buying/{session['id']}/events")
    async with market.house.client.stream("GET", url) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.aiter_lines()
        assert await anext(lines) == "event: progress"
        assert '"held_quantity":0' in await anext(lines)
        await buyer.join(session, 4, market.variants["S"])
        async with asyncio.timeout(5):
            async for line in lines:
                if line.startswith("data:") and '"held_quantity":4' in line:
                    break
