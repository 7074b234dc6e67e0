"""Direct purchase: cart, checkout, cancelling, refunds; by everybody, with every bad input, and never oversold."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from patungan.kernel.identity import Role, Scope
from tests.bazaar import OWN, SURPLUS, Bazaar
from tests.depot import refused
from tests.house import House
from tests.purse import fill

NOWHERE = "0e7a1f7c-2b56-4a7e-9d43-5b1d0c9a6e21"
"""An id that nothing has; fixed, since two test processes must name their tests alike."""


@pytest.fixture(scope="module")
async def bazaar(one_house: House) -> Bazaar:
    return await Bazaar.open(one_house, 200, 200)


async def test_offers_of_a_product_for_everybody(bazaar: Bazaar) -> None:
    answer = await bazaar.house.request("GET", "order", "/api/orders/offers", product_id=bazaar.product["id"])
    surplus, own = answer.json()["items"]
    assert (surplus["seller_id"], surplus["unit_price"]) == (None, SURPLUS)
    assert (own["seller_id"], own["unit_price"], own["city"]) == (str(bazaar.stall.id), OWN, "Kota Bandung")
    unknown = await bazaar.house.request("GET", "order", "/api/orders/offers", product_id=str(uuid4()))
    assert refused(unknown)[:2] == (404, "product_not_found")


async def test_a_cart_is_its_owners(bazaar: Bazaar) -> None:
    sari, budi = await bazaar.market.buyer(), await bazaar.market.buyer()
    await bazaar.couriers(sari, bazaar.line(2), bazaar.line(1, own=True))
    cart = await sari.person.get("order", "/api/orders/cart")
    assert (cart["subtotal"], [each["quantity"] for each in cart["items"]], cart["parcels"]) == (320_000, [2, 1], [])
    item = cart["items"][0]["id"]
    path = f"/api/orders/cart/items/{item}"
    assert refused(await budi.person.request("PATCH", "order", path, {"quantity": 1}))[:2] == (
        404,
        "cart_item_not_found",
    )
    assert refused(await budi.person.request("DELETE", "order", path))[:2] == (404, "cart_item_not_found")
    too_many = await sari.person.request("PATCH", "order", path, {"quantity": 9_999})
    assert (refused(too_many)[:2], too_many.json()["data"]["available"] <= 200) == ((409, "not_enough_stock"), True)
    assert (await sari.person.request("PATCH", "order", path, {"quantity": 5})).json()["quantity"] == 5
    assert (await sari.person.request("DELETE", "order", path)).status_code == 204
    assert len((await sari.person.get("order", "/api/orders/cart"))["items"]) == 1
    assert (await sari.person.request("DELETE", "order", "/api/orders/cart")).status_code == 204
    assert (await sari.person.get("order", "/api/orders/cart"))["items"] == []
    assert (await bazaar.house.request("GET", "order", "/api/orders/cart")).status_code == 401
    nothing = await sari.person.request(
        "PUT", "order", "/api/orders/cart/items", {"product_id": str(uuid4()), "quantity": 1}
    )
    assert refused(nothing)[:2] == (409, "not_on_offer")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"unit_price": SURPLUS - 1}, "price_changed"),
        ({"quantity": 9_999}, "not_enough_stock"),
        ({"quantity": 0}, "invalid_input"),
        ({"unit_price": 0}, "invalid_input"),
        ({"product_id": NOWHERE}, "not_on_offer"),
        ({"variant_id": NOWHERE}, "not_on_offer"),
        ({"seller_id": NOWHERE}, "not_on_offer"),
        ({"discount": 1}, "invalid_input"),
    ],
    ids=str,
)
async def test_a_checkout_that_is_not_as_it_was_seen_changes_nothing(
    bazaar: Bazaar, change: dict[str, Any], code: str
) -> None:
    buyer, before = await bazaar.market.buyer(), await bazaar.stocks()
    couriers = {bazaar.key(): "jne:reg"}
    answer = await bazaar.ask(buyer, {**bazaar.line(1), **change}, couriers=couriers)
    assert answer.json()["code"] == code
    assert answer.status_code in (400, 409)
    assert await bazaar.stocks() == before
    assert (await buyer.person.get("order", "/api/orders"))["total"] == 0


async def test_addresses_couriers_and_wallets_are_checked(bazaar: Bazaar) -> None:
    buyer, other = await bazaar.market.buyer(), await bazaar.market.buyer()
    line = bazaar.line(1)
    couriers = await bazaar.couriers(buyer, line)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"couriers": {bazaar.key(): "jne:none"}}, "courier_service_unknown"),
        ({"couriers": {"factory:x": "jne:reg"}}, "invalid_input"),
        ({"couriers": {}}, "invalid_input"),
        ({"couriers": couriers, "wallet_amount": 10_000_000}, "invalid_input"),
        ({"couriers": couriers, "wallet_amount": 50_000}, "insufficient_balance"),
    ]
    for other_input, code in cases:
        answer = await bazaar.ask(buyer, line, **other_input)
        assert answer.json()["code"] == code, answer.text
    buyer.address_id, own = other.address_id, buyer.address_id
    assert (await bazaar.ask(buyer, line, couriers=couriers)).json()["code"] == "address_not_found"
    buyer.address_id = own
    assert (await bazaar.ask(buyer, line, line, couriers=couriers)).json()["code"] == "invalid_input"
    orders = await buyer.person.get("order", "/api/orders")
    assert [each["status"] for each in orders["items"]] == ["cancelled"]
    assert (await bazaar.house.request("POST", "order", "/api/orders", {})).status_code == 401


async def test_the_same_checkout_five_times_at_once(bazaar: Bazaar) -> None:
    buyer = await bazaar.market.buyer()
    lines = (bazaar.line(1), bazaar.line(1, own=True))
    couriers = await bazaar.couriers(buyer, *lines)
    answers = await asyncio.gather(*(bazaar.ask(buyer, *lines, couriers=couriers, key="once") for _ in range(5)))
    assert {each.status_code for each in answers} == {201}
    assert len({each.json()["id"] for each in answers}) == 1
    assert (await buyer.person.get("order", "/api/orders"))["total"] == 2
    other = await bazaar.ask(buyer, bazaar.line(2), couriers=couriers, key="once")
    assert refused(other)[:2] == (409, "idempotency_key_reused")
    made = answers[0].json()
    path = f"/api/orders/checkouts/{made['id']}"
    assert (await buyer.person.get("order", path))["payment_id"] == made["payment_id"]
    assert refused(await (await bazaar.house.person()).request("GET", "order", path))[:2] == (404, "checkout_not_found")
    await buyer.person.post("order", f"/api/orders/{made['orders'][0]['id']}/cancel", {"reason": "salah pilih"})
    assert {each["status"] for each in (await buyer.person.get("order", "/api/orders"))["items"]} == {"cancelled"}


async def test_paid_out_of_the_wallet_at_once(bazaar: Bazaar) -> None:
    buyer = await bazaar.market.buyer()
    await fill(bazaar.house, buyer.person, 1_000_000)
    line = bazaar.line(1)
    couriers = await bazaar.couriers(buyer, line)
    rate = (await buyer.person.get("order", "/api/orders/cart", address_id=buyer.address_id))["parcels"][0]["rates"][0]
    total = 103_000 + rate["price"]
    answer = await bazaar.ask(buyer, line, couriers=couriers, wallet_amount=total)
    assert answer.status_code == 201, answer.text
    (order,) = answer.json()["orders"]
    await bazaar.reaches(order, "processing")
    assert await buyer.wallet() == 1_000_000 - total


async def test_who_sees_and_moves_a_sellers_order(bazaar: Bazaar) -> None:
    buyer = await bazaar.market.buyer()
    made = await bazaar.bought(buyer, bazaar.line(1, own=True))
    (order,) = made["orders"]
    path = f"/api/orders/{order['id']}"
    stranger, other_seller = await bazaar.house.person(), await bazaar.house.person(Role.SELLER)
    move = {"status": "ready_for_pickup"}
    assert refused(await stranger.request("GET", "order", path))[0] == 404
    assert refused(await other_seller.request("POST", "order", f"{path}/status", move))[:2] == (404, "order_not_found")
    assert refused(await bazaar.market.owner.request("POST", "order", f"{path}/status", move))[0] == 404
    assert (await bazaar.market.owner.get("order", "/api/orders/factory"))["total"] == 0
    seller = bazaar.stall.owner
    assert (await seller.request("POST", "order", f"{path}/status", {"status": "delivered"})).status_code == 403
    await seller.post("order", f"{path}/status", move)
    late = await buyer.person.request("POST", "order", f"{path}/cancel", {"reason": "terlambat"})
    assert refused(late)[:2] == (409, "order_cancel_refused")
    shown = await seller.get("order", "/api/orders/seller", status="ready_for_pickup")
    assert shown["items"][0]["address"]["recipient"] == "Sari Wijaya"
    assert (await seller.get("order", "/api/orders/seller/stats"))["total"] >= 1
    invoice = await buyer.person.request("GET", "order", f"{path}/invoice.pdf")
    assert (invoice.status_code, invoice.content[:5]) == (200, b"%PDF-")
    assert refused(await stranger.request("GET", "order", f"{path}/invoice.pdf"))[0] == 404
    parcel = await bazaar.admin.request("POST", "logistics", "/api/logistics/shipments", {"order_id": order["id"]})
    assert parcel.status_code == 201, parcel.text


async def test_finance_refunds_and_reports(bazaar: Bazaar) -> None:
    buyer = await bazaar.market.buyer()
    made = await bazaar.bought(buyer, bazaar.line(2))
    (order,) = made["orders"]
    path = f"/api/orders/{order['id']}/refunds"
    body = {"reason": "customer_request", "note": "Sesuai janji", "amount": 50_000}
    for who in (buyer.person, await bazaar.house.person(Role.ADMIN), bazaar.stall.owner):
        assert (await who.request("POST", "order", path, body)).status_code == 403
    finance = await bazaar.house.person(Role.OFFICE_STAFF, Scope.FINANCE)
    too_much = await finance.request("POST", "order", path, {**body, "amount": order["total"] + 1})
    assert refused(too_much)[:2] == (409, "refund_not_possible")
    first = await finance.post("order", path, body, key="refund")
    assert await finance.post("order", path, body, key="refund") == first

    async def back() -> bool:
        return bool((await bazaar.look(order))["refunded"] == 50_000)

    await bazaar.house.eventually(back, seconds=40)
    await bazaar.deliver(order)
    await bazaar.is_held(order, 0)
    entries = await bazaar.market.entries(order["id"])
    assert (entries["payable_warehouse"], entries["commission_revenue"]) == (-135_000, -15_000)
    report = await bazaar.admin.get("order", "/api/orders/all/daily-report")
    assert report["figures"]["delivered"] >= 1
    day = report["day"]
    figures = await bazaar.admin.get("order", "/api/orders/all/figures", first=day, last=day)
    assert next(each for each in figures["sources"] if each["source"] == "warehouse")["refunded"] == 50_000
    sheet = await bazaar.admin.request("GET", "order", "/api/orders/all/export.csv", first=day, last=day)
    assert sheet.text.splitlines()[0].startswith("number,source,status")
    assert order["number"] in sheet.text
    wrong = await bazaar.admin.request("GET", "order", "/api/orders/all/export.csv", first=day, last="2020-01-01")
    assert refused(wrong) == (400, "invalid_input", "last")
    assert (await buyer.person.request("GET", "order", "/api/orders/all/daily-report")).status_code == 403
    own = await bazaar.stall.owner.get("order", "/api/orders/seller/figures", first=day, last=day)
    assert all(each["source"] == "seller" for each in own["sources"])
