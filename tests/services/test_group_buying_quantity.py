"""Changing the quantity of a reservation before it is paid: exact amounts, races, and a place that is never lost."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest

from patungan.contracts import address as addresses
from patungan.kernel.idempotency import input_hash
from patungan.kernel.money import Rupiah
from patungan.services.group_buying.operations.desk import Desks, JoinRequest
from patungan.services.group_buying.rules import JoinWish
from tests.books import assert_books_whole
from tests.house import House
from tests.market import Buyer, Market


@pytest.fixture
async def market(one_house: House) -> Market:
    return await Market.open(one_house, "S", "M")


async def _bundled(market: Market, tolerance: int = 9) -> None:
    shares = [
        {"variant_id": market.variants[name], "units_per_bundle": 3, "max_excess_units": tolerance} for name in "SM"
    ]
    path = f"/api/warehouse/bundles/{market.product['id']}"
    assert (await market.owner.request("PUT", "warehouse", path, {"variants": shares})).status_code == 200


async def _change(
    buyer: Buyer, joined: Any, quantity: int, *, key: str | None = None, person: Any = None
) -> httpx.Response:
    path = f"/api/group-buying/{joined['session_id']}/participants/{joined['participant_id']}"
    who = person or buyer.person
    response: httpx.Response = await who.request("PATCH", "group-buying", path, {"quantity": quantity}, key=key)
    return response


async def _amounts(market: Market, session: Any) -> tuple[int, int]:
    seen = await market.look(session)
    return seen["held_quantity"], seen["paid_quantity"]


async def test_more_and_fewer_units_cost_what_they_cost(market: Market) -> None:
    session, buyer = await market.session(), await market.buyer()
    joined = await buyer.join(session, 2, market.variants["S"])
    more = await _change(buyer, joined, 10)
    assert more.status_code == 200, more.text
    changed = more.json()
    # DOMAIN.md 6.2: 10 units at 100,000 with leg one at 5,000 each, and 3 % of the product price.
    amounts = {name: changed[name] for name in ("quantity", "product_amount", "leg1_amount", "fee_amount")}
    assert amounts == {"quantity": 10, "product_amount": 1_000_000, "leg1_amount": 50_000, "fee_amount": 30_000}
    assert changed["total"] == 1_080_000 + changed["leg2_amount"] == changed["payment"]["total"]
    assert changed["participant_id"] != joined["participant_id"]
    assert await _amounts(market, session) == (10, 0)
    fewer = (await _change(buyer, changed, 1)).json()
    assert (fewer["quantity"], await _amounts(market, session)) == (1, (1, 0))
    await buyer.pay(fewer)
    await market.paid_units(session, 1)
    assert await _amounts(market, session) == (0, 1)
    statuses = {
        each["payment_code"]: each["status"]
        for each in (await buyer.person.get("group-buying", "/api/group-buying/mine"))["items"]
    }
    assert statuses[joined["payment"]["code"]] == statuses[changed["payment"]["code"]] == "released"
    assert statuses[fewer["payment"]["code"]] == "paid"
    await assert_books_whole(market.house)


async def test_a_repeated_change_is_answered_as_the_first(market: Market) -> None:
    session, buyer = await market.session(), await market.buyer()
    joined = await buyer.join(session, 2, market.variants["S"])
    answers = await asyncio.gather(*(_change(buyer, joined, 5, key="once") for _ in range(4)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["participant_id"] for answer in answers}) == 1
    other = await _change(buyer, joined, 6, key="once")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert await _amounts(market, session) == (5, 0)


async def test_what_is_not_to_be_had_leaves_the_reservation_and_its_payment_alone(market: Market) -> None:
    await _bundled(market)
    session, buyer = await market.session(), await market.buyer()
    joined = await buyer.join(session, 9, market.variants["S"])
    refused = await _change(buyer, joined, 10)
    assert (refused.status_code, refused.json()["code"]) == (409, "quantity_refused")
    assert refused.json()["data"]["available"] == 9
    assert await _amounts(market, session) == (9, 0)
    await buyer.pay(joined)
    await market.paid_units(session, 9)


async def test_units_taken_by_others_meanwhile_leave_the_old_quantity(market: Market) -> None:
    """The desk refuses what was still free when the change began: the place goes on under a payment of its own."""
    await _bundled(market)
    session, buyer = await market.session(), await market.buyer()
    joined = await buyer.join(session, 4, market.variants["S"])
    goes_to = await market.house.context("group-buying").call(
        addresses.get_address,
        addresses.GetAddress(user_id=buyer.id, address_id=buyer.address_id),  # type: ignore[arg-type]
    )
    context = market.house.context("group-buying")
    own = await context.db.fetchrow(
        "select id, variant_id, session_id from participants where id = $1", joined["participant_id"]
    )
    desks: Desks = context.local["desks"]

    def request(key: str) -> JoinRequest:
        wish = JoinWish(buyer.id, own["variant_id"], 10)
        return JoinRequest(wish, Rupiah(9_000), "jne:reg", goes_to, key, input_hash(wish), replaces=own["id"])

    for _ in range(2):
        with pytest.raises(Exception, match="cannot be joined") as refusal:
            await desks.submit(own["session_id"], request("late"))
        assert getattr(refusal.value, "code", "") == "quantity_refused"
    assert await _amounts(market, session) == (4, 0)
    rows = await context.db.fetch(
        "select status, quantity, leg2_amount from participants where user_id = $1 order by joined_at, id", buyer.id
    )
    assert [(row["status"], row["quantity"], row["leg2_amount"]) for row in rows] == [
        ("released", 4, joined["leg2_amount"]),
        ("held", 4, joined["leg2_amount"]),
    ]


async def test_a_change_against_a_payment_is_one_or_the_other(market: Market) -> None:
    session = await market.session()
    buyers = [await market.buyer() for _ in range(4)]
    joined = [await buyer.join(session, 1, market.variants["S"]) for buyer in buyers]
    invoices = [await buyer.open_invoice(each) for buyer, each in zip(buyers, joined, strict=True)]
    answers = await asyncio.gather(
        *(_change(buyer, each, 3) for buyer, each in zip(buyers, joined, strict=True)),
        *(buyer.pay_invoice(each, "EWALLET", "OVO") for buyer, each in zip(buyers, invoices, strict=True)),
        return_exceptions=True,
    )
    changed = [each for each in answers[:4] if isinstance(each, httpx.Response)]
    assert {each.status_code for each in changed} <= {200, 409}
    assert {each.json()["code"] for each in changed if each.status_code == 409} <= {"already_paid"}
    paid = sum(1 for each in changed if each.status_code == 409)

    async def settled() -> bool:
        return await _amounts(market, session) == (3 * (4 - paid), paid)

    await market.house.eventually(settled)
    await assert_books_whole(market.house)


async def test_strangers_the_paid_and_the_lapsed_are_refused(market: Market) -> None:
    session, buyer, stranger = await market.session(), await market.buyer(), await market.buyer()
    joined = await buyer.join(session, 1, market.variants["S"])
    cases: list[tuple[httpx.Response, int, str]] = [
        (await _change(buyer, joined, 2, person=stranger.person), 404, "participant_not_found"),
        (await _change(buyer, {**joined, "participant_id": str(uuid4())}, 2), 404, "participant_not_found"),
        (await _change(buyer, {**joined, "session_id": str(uuid4())}, 2), 404, "session_not_found"),
        (await _change(buyer, joined, 0), 400, "invalid_input"),
        (await _change(buyer, joined, -1), 400, "invalid_input"),
    ]
    await buyer.pay(joined)
    await market.paid_units(session, 1)
    cases.append((await _change(buyer, joined, 2), 409, "already_paid"))
    left = await buyer.join(session, 1, market.variants["S"])
    path = f"/api/group-buying/{session['id']}/participants/{left['participant_id']}"
    assert (await buyer.person.request("DELETE", "group-buying", path)).status_code == 204

    async def gone() -> bool:
        return bool((await buyer.participation(left))["status"] == "released")

    await market.house.eventually(gone)
    cases.append((await _change(buyer, left, 2), 409, "reservation_lapsed"))
    for response, status, code in cases:
        assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert await _amounts(market, session) == (0, 1)
