"""The main path from the first join to the orders, with the figures of DOMAIN.md 6.2, in every shape."""

from __future__ import annotations

from uuid import UUID

from patungan.ledger import accounts
from patungan.ledger.posting import balance_of
from tests.books import assert_books_whole
from tests.house import House
from tests.market import Market


async def test_a_session_from_the_first_join_to_the_orders(house: House) -> None:
    market = await Market.open(house, "M", "L")
    await market.stock(60, "M")
    await market.stock(60, "L")
    session = await market.session()
    a, b, idle = await market.buyer(), await market.buyer(), await market.buyer()

    joined_a = await a.join(session, 40, market.variants["M"])
    joined_b = await b.join(session, 38, market.variants["L"])
    await idle.join(session, 5, market.variants["M"])
    for joined, quantity, leg1, fee in ((joined_a, 40, 200_000, 120_000), (joined_b, 38, 190_000, 114_000)):
        assert joined["product_amount"] == quantity * 100_000
        assert (joined["leg1_amount"], joined["fee_amount"]) == (leg1, fee)
        assert joined["total"] == joined["product_amount"] + leg1 + joined["leg2_amount"] + fee

    await a.pay(joined_a, "EWALLET", "OVO")
    await b.pay(joined_b, "BANK_TRANSFER", "BCA", callbacks=2)
    await market.paid_units(session, 78)
    seen = await market.look(session)
    assert (seen["current_tier"], seen["current_price"], seen["held_quantity"]) == (75, 80_000, 5)
    total = joined_a["total"] + joined_b["total"]
    ledger = house.context("payment").db
    assert await balance_of(ledger, accounts.escrow(UUID(session["id"]))) == total

    await market.end(session)
    done = await market.reaches(session, "orders_created")
    assert (done["current_tier"], done["held_quantity"], done["platform_quantity"]) == (75, 0, 0)
    assert await balance_of(ledger, accounts.escrow(UUID(session["id"]))) == 0

    async def credited() -> bool:
        return (await a.wallet(), await b.wallet()) == (800_000, 760_000)

    await house.eventually(credited)
    assert await balance_of(ledger, accounts.cashback_payable(UUID(session["id"]))) == 0
    for buyer, joined, quantity in ((a, joined_a, 40), (b, joined_b, 38)):
        (order,) = (await buyer.person.get("order", "/api/orders"))["items"]
        assert (order["quantity"], order["unit_price"], order["subtotal"]) == (quantity, 80_000, quantity * 80_000)
        assert order["total"] + quantity * 20_000 == joined["total"]
        own = await buyer.participation(joined)
        assert (own["status"], own["cashback"], own["order_number"]) == ("settled", quantity * 20_000, order["number"])
    assert (await idle.person.get("order", "/api/orders"))["items"] == []

    async def renewed() -> bool:
        children = await house.request(
            "GET", "group-buying", "/api/group-buying", product_id=market.product["id"], status="forming"
        )
        return [(each["base_price"], each["paid_quantity"]) for each in children.json()["items"]] == [(100_000, 0)]

    await house.eventually(renewed)
    await assert_books_whole(house)


async def test_a_session_that_waits_for_its_goods(house: House) -> None:
    market = await Market.open(house)
    session = await market.session(target_moq=10)
    buyer = await market.buyer()
    joined = await buyer.join(session, 12)
    await buyer.pay(joined)
    await market.paid_units(session, 12)
    assert (await market.look(session))["status"] == "moq_reached"
    await market.end(session)
    waiting = await market.reaches(session, "pending_stock")
    (order,) = (await market.owner.get("warehouse", "/api/warehouse/purchase-orders", session_id=session["id"]))[
        "items"
    ]
    assert order["code"] == waiting["purchase_order_code"]
    for status in ("confirmed", "in_production", "shipped"):
        await market.owner.post("warehouse", f"/api/warehouse/purchase-orders/{order['id']}/status", {"status": status})
    await market.admin.post(
        "warehouse", f"/api/warehouse/purchase-orders/{order['id']}/receipts", {"lines": [{"received": 12}]}
    )
    done = await market.reaches(session, "orders_created")
    assert done["current_tier"] == 100

    async def credited() -> bool:
        return await buyer.wallet() == 12 * 30_000

    await house.eventually(credited)
    ledger = house.context("payment").db
    factory = UUID(session["factory"]["id"])
    assert await balance_of(ledger, accounts.payable_factory(factory)) == 12 * 70_000 * 9 // 10
    await assert_books_whole(house)


async def test_a_session_without_buyers_fails(house: House) -> None:
    market = await Market.open(house)
    session = await market.session()
    unpaid = await (await market.buyer()).join(session, 3)
    await market.end(session)
    failed = await market.reaches(session, "failed")
    assert (failed["paid_quantity"], failed["held_quantity"], failed["platform_quantity"]) == (0, 0, 0)
    assert unpaid["total"] > 300_000
    await assert_books_whole(house)


async def test_a_small_session_is_filled_by_the_platform_in_the_open(house: House) -> None:
    market = await Market.open(house)
    await market.stock(50)
    session = await market.session(price_tier_25=95_000, price_tier_50=90_000)
    buyer = await market.buyer()
    await buyer.pay(await buyer.join(session, 10))
    await market.paid_units(session, 10)
    await market.end(session)
    done = await market.reaches(session, "orders_created")
    assert (done["paid_quantity"], done["platform_quantity"], done["current_tier"]) == (10, 15, 25)
    shown = (await house.request("GET", "group-buying", f"/api/group-buying/{session['id']}/participants")).json()
    assert [(each["kind"], each["quantity"]) for each in shown["items"]] == [("platform", 15), ("buyer", 10)]
    assert shown["total"] == 1

    async def credited() -> bool:
        return await buyer.wallet() == 10 * 5_000

    await house.eventually(credited)
    await assert_books_whole(house)


async def test_a_cancelled_session_pays_everybody_back(house: House) -> None:
    market = await Market.open(house)
    session = await market.session()
    by_wallet, by_card = await market.buyer(), await market.buyer()
    first, second = await by_wallet.join(session, 4), await by_card.join(session, 6)
    await by_wallet.pay(first, "BANK_TRANSFER", "BCA")
    await by_card.pay(second, "EWALLET", "DANA")
    await market.paid_units(session, 10)
    path = f"/api/group-buying/{session['id']}/cancel"
    refused = await market.owner.request("POST", "group-buying", path, {"reason": "tidak jadi"})
    assert (refused.status_code, refused.json()["code"]) == (409, "session_has_buyers")
    await market.admin.post("group-buying", path, {"reason": "pabrik kebanjiran"})
    assert (await market.look(session))["status"] == "cancelled"

    async def paid_back() -> bool:
        payments = [
            (await buyer.person.get("payment", f"/api/payments/{joined['payment']['id']}"))["status"]
            for buyer, joined in ((by_wallet, first), (by_card, second))
        ]
        return payments == ["refunded", "refunded"] and await by_wallet.wallet() == first["total"]

    await house.eventually(paid_back)
    assert await by_card.wallet() == 0
    ledger = house.context("payment").db
    assert await balance_of(ledger, accounts.escrow(UUID(session["id"]))) == 0
    assert (await by_card.participation(second))["status"] == "refunded"
    await assert_books_whole(house)
