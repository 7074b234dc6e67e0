"""Surplus and a seller's stock bought together in one payment: delivered, paid out, one refunded in part."""

from __future__ import annotations

import io

from PIL import Image

from patungan.ledger import accounts
from patungan.ledger.posting import balance_of
from tests.bazaar import Bazaar, photo
from tests.books import assert_books_whole
from tests.house import House


async def test_two_senders_one_payment(house: House) -> None:
    bazaar = await Bazaar.open(house)
    buyer = await bazaar.market.buyer()
    made = await bazaar.buy(buyer, bazaar.line(3), bazaar.line(2, own=True))
    first, second = made["orders"]
    assert second["number"] == f"{first['number']}-F2"
    assert [(each["source"], each["subtotal"], each["fee"]) for each in made["orders"]] == [
        ("warehouse", 300_000, 9_000),
        ("seller", 240_000, 7_200),
    ]
    assert made["total"] == 556_200 + first["shipping_cost"] + second["shipping_cost"]
    assert (await buyer.person.get("order", "/api/orders/cart"))["items"] == []
    assert await bazaar.stocks() == ((20, 3), (20, 2))
    await bazaar.pay(buyer, made)
    for each in made["orders"]:
        await bazaar.reaches(each, "processing")
    assert await bazaar.stocks() == ((17, 0), (18, 0))
    assert [await bazaar.held(each) for each in made["orders"]] == [first["total"], second["total"]]
    assert (await bazaar.stall.owner.get("order", "/api/orders/seller"))["items"][0]["number"] == second["number"]

    for each in made["orders"]:
        await bazaar.deliver(each)
        await bazaar.is_held(each, 0)
    db = house.context("payment").db
    assert await balance_of(db, accounts.payable_seller(bazaar.stall.id)) == 216_000
    entries = await bazaar.market.entries(first["id"])
    assert entries == {
        "order_escrow": first["total"], "payable_warehouse": -270_000, "commission_revenue": -30_000,
        "payable_courier": -first["shipping_cost"], "fee_income": -9_000,
    }  # fmt: skip
    (delivered,) = await bazaar.events("order.delivered", second)
    assert (delivered["seller_id"], delivered["source"], delivered["product_value"]) == (
        str(bazaar.stall.id), "seller", 240_000,
    )  # fmt: skip

    picture = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(picture, "JPEG")
    sent = await photo(buyer.person, picture.getvalue())
    assert sent.status_code == 201, sent.text
    body = {"reason": "damaged", "description": "Satu potong sobek di lengan", "photo_ids": [sent.json()["id"]],
            "wanted": 60_000}  # fmt: skip
    complaint = await buyer.person.post("order", f"/api/orders/{second['id']}/complaints", body)
    path = f"/api/orders/complaints/{complaint['id']}/decision"
    decided = await bazaar.admin.post("order", path, {"accept": True, "note": "Terlihat di foto"})
    assert (decided["status"], decided["refund"]) == ("accepted", 60_000)

    async def refunded() -> bool:
        return bool((await bazaar.look(second))["refunded"] == 60_000)

    await house.eventually(refunded, seconds=40)
    assert (await bazaar.look(second))["status"] == "delivered"
    assert [each["outcome"] for each in await bazaar.events("order.complaint_closed", second)] == ["accepted"]
    assert len(await bazaar.events("order.complaint_opened", second)) == 1
    await assert_books_whole(house)


async def test_unpaid_it_lapses_and_paid_it_is_cancelled(house: House) -> None:
    bazaar = await Bazaar.open(house)
    buyer = await bazaar.market.buyer()
    unpaid = await bazaar.buy(buyer, bazaar.line(3), bazaar.line(2, own=True))
    paid = await bazaar.bought(buyer, bazaar.line(1), bazaar.line(1, own=True), method="BANK_TRANSFER")
    assert await bazaar.stocks() == ((19, 3), (19, 2))
    for each in paid["orders"]:
        await buyer.person.post("order", f"/api/orders/{each['id']}/cancel", {"reason": "berubah pikiran"})
        await bazaar.reaches(each, "refunded")
    await bazaar.stocks_become((20, 3), (20, 2))
    assert await buyer.wallet() == paid["total"]
    house.later(hours=24, minutes=1)
    for each in unpaid["orders"]:
        await bazaar.reaches(each, "cancelled")
    await bazaar.stocks_become((20, 0), (20, 0))
    await assert_books_whole(house)
