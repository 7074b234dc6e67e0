"""The way of the goods, in every shape: bought of the factory by WhatsApp, arrived in two parts, sold, sent, delivered, reviewed,
and settled with the factory to the rupiah; bought directly of two factories at once, and in a session short of stock."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from patungan.ledger import accounts
from patungan.ledger.posting import balance_of
from tests.books import assert_books_whole
from tests.house import House
from tests.maker import ORDERS, Maker
from tests.market import Buyer, Market
from tests.payday import Payday, clerk, recomputed
from tests.purse import payouts
from tests.shipping import SHIPMENTS, Yard


def whole_stock(quantity: int, reserved: int = 0, incoming: int = 0, waiting: int = 0) -> dict[str, int]:
    """How a stock without damaged goods stands."""
    return {
        "quantity": quantity, "reserved": reserved, "available": quantity - reserved, "damaged": 0,
        "incoming": incoming, "waiting": waiting,
    }  # fmt: skip


async def bought_into_stock(maker: Maker, units: int, unit_cost: int, first: int) -> None:
    """Order goods into stock: the factory confirms by button, and they come in two parts."""
    market = maker.market
    body = {
        "warehouse_id": market.warehouse["id"],
        "product_id": market.product["id"],
        "expected_at": (market.house.clock.now() + timedelta(days=5)).isoformat(),
        "lines": [{"quantity": units, "unit_cost": unit_cost}],
    }
    order = await market.admin.post("warehouse", ORDERS, body)
    await maker.confirm(order)
    await maker.ship(order)
    assert await maker.stock() == whole_stock(0, incoming=units)
    part = await maker.receive(order, first)
    assert part["purchase_order"]["status"] == "shipped"
    assert await maker.stock() == whole_stock(first, incoming=units - first)
    done = await maker.receive(order, units - first)
    assert done["purchase_order"]["status"] == "received"
    assert await maker.stock() == whole_stock(units)
    invoices = await market.admin.get("warehouse", "/api/warehouse/invoices", purchase_order_id=order["id"])
    assert [each["subtotal"] for each in invoices["items"]] == [units * unit_cost]


async def delivered(yard: Yard, parcels: list[Any]) -> None:
    """Have couriers bring parcels, one after the other; what they tell comes by their webhooks alone."""
    for each in parcels:
        await yard.advance(each, "picked", "dropping_off", "delivered")
        await yard.reaches(each, "delivered")
        await yard.order_reaches(UUID(each["order_id"]), "delivered")
        yard.house.later(minutes=1)


async def reviewed(buyer: Buyer, order: Any, stars: int) -> Any:
    """Review the goods of a delivered order and their factory; answers the review of the goods."""
    person, found = buyer.person, list[Any]()

    async def received() -> bool:
        listed = await person.get("review", "/api/reviews/received-items", order_number=order["number"])
        found[:] = listed["items"]
        return bool(found)

    await person.house.eventually(received, seconds=60)
    (item,) = found
    body = {"order_item_id": item["order_item_id"], "rating": stars, "comment": "Sesuai gambar"}
    made = await person.post("review", "/api/reviews/products", body)
    about = {"order_id": order["id"], "factory_id": item["factory_id"], "rating": stars}
    await person.post("review", "/api/reviews/factories", about)
    return made


async def is_rated(market: Market, count: int, average: float) -> None:
    """Check the summaries of a product and of its factory, and wait until the product's page shows the rating."""
    house, product = market.house, market.product
    for path in (f"products/{product['id']}", f"factories/{product['factory_id']}"):
        shown = (await house.request("GET", "review", f"/api/reviews/{path}")).json()
        assert (shown["summary"]["count"], shown["summary"]["average"]) == (count, average)

    async def seen() -> bool:
        page = (await house.request("GET", "product", f"/api/products/{product['slug']}")).json()
        return bool(page["rating"] == average)

    await house.eventually(seen, seconds=60)


async def settled(payday: Payday, sold: int, commission: int, surplus: int, lines: list[tuple[str, int, int]]) -> None:
    """Check the settlement of the day, its statement (kind, units and amount of each line) and its payout."""
    made = await payday.becomes(await payday.settled(), "completed")
    net = sold - commission + surplus
    assert [made[name] for name in ("value", "commission", "net_amount", "payout_amount")] == [
        sold,
        commission,
        net,
        net,
    ]
    statement = await payday.statement(made)
    told = [(each["kind"], each["quantity"], each["amount"]) for each in statement["lines"]]
    assert sorted(told) == sorted(lines)
    assert recomputed(statement) == net == -sum(each["amount"] for each in statement["postings"])
    assert [each["amount"] for each in await payouts(payday.house, made["code"])] == [net]
    assert await payday.balance() == 0


async def test_bought_directly_of_two_factories(house: House) -> None:
    markets = [
        await Market.open(house),
        await Market.open(
            house, base_price=50_000, price_tier_25=50_000, price_tier_50=45_000, price_tier_75=40_000,
            price_tier_100=35_000,
        ),
    ]  # fmt: skip
    makers = [Maker(each) for each in markets]
    await bought_into_stock(makers[0], 24, 60_000, 10)
    await bought_into_stock(makers[1], 12, 30_000, 7)
    paydays = [Payday(house, each.owner, {"id": each.product["factory_id"]}, await clerk(house)) for each in markets]
    for payday, owed in zip(paydays, (24 * 60_000, 12 * 30_000), strict=True):
        await payday.has_lines("surplus")
        assert await payday.balance() == owed

    buyer = await markets[0].buyer()
    wanted = [(markets[0], 3, 100_000), (markets[1], 2, 50_000)]
    for market, quantity, _ in wanted:
        goods = {"product_id": market.product["id"], "quantity": quantity}
        assert (await buyer.person.request("PUT", "order", "/api/orders/cart/items", goods)).status_code == 200
    cart = await buyer.person.get("order", "/api/orders/cart", address_id=buyer.address_id)
    rates = {each["key"]: each["rates"][0] for each in cart["parcels"]}
    keys = [f"factory:{market.product['factory_id']}:{market.warehouse['id']}" for market, _, _ in wanted]
    body = {
        "lines": [{"product_id": m.product["id"], "quantity": n, "unit_price": price} for m, n, price in wanted],
        "address_id": buyer.address_id,
        "couriers": {key: rates[key]["service"] for key in keys},
    }
    made = await buyer.person.post("order", "/api/orders", body)
    shipping = [rates[key]["price"] for key in keys]
    assert [(each["subtotal"], each["shipping_cost"], each["fee"]) for each in made["orders"]] == [
        (300_000, shipping[0], 9_000), (100_000, shipping[1], 3_000),
    ]  # fmt: skip
    assert made["total"] == 412_000 + sum(shipping)
    assert [await maker.stock() for maker in makers] == [whole_stock(24, 3), whole_stock(12, 2)]
    await buyer.pay({"payment": {"id": made["payment_id"]}})
    yard = Yard(house, markets[0].admin, markets[0].admin, markets[0].warehouse)
    ledger = house.context("payment").db
    for each in made["orders"]:
        await yard.order_reaches(UUID(each["id"]), "processing")
        assert await balance_of(ledger, accounts.order_escrow(UUID(each["id"]))) == each["total"]
    assert [await maker.stock() for maker in makers] == [whole_stock(21), whole_stock(10)]

    parcels = [await yard.admin.post("logistics", SHIPMENTS, {"order_id": each["id"]}) for each in made["orders"]]
    assert len({each["waybill"] for each in parcels}) == 2 and all(each["waybill"] for each in parcels)
    for each in parcels:
        label = await yard.admin.request("GET", "logistics", f"{SHIPMENTS}/{each['id']}/label")
        assert (label.status_code, label.content[:5]) == (200, b"%PDF-")
    await delivered(yard, parcels)
    for each, product_value in zip(made["orders"], (300_000, 100_000), strict=True):

        async def released(order: Any = each) -> bool:
            return await balance_of(ledger, accounts.order_escrow(UUID(order["id"]))) == 0

        await house.eventually(released, seconds=60)
        assert await markets[0].entries(each["id"]) == {
            "order_escrow": each["total"], "payable_warehouse": -product_value * 9 // 10,
            "commission_revenue": -product_value // 10, "payable_courier": -each["shipping_cost"],
            "fee_income": -each["fee"],
        }  # fmt: skip
    for market, order, stars in zip(markets, made["orders"], (5, 4), strict=True):
        review = await reviewed(buyer, order, stars)
        path = f"/api/reviews/{review['id']}/answer"
        answer = await market.owner.request("PUT", "review", path, {"answer": "Terima kasih"})
        assert (answer.status_code, answer.json()["answer"]) == (200, "Terima kasih")
        await is_rated(market, 1, float(stars))
    await assert_books_whole(house)

    paydays[0].until_payday()
    await settled(paydays[0], 0, 0, 1_440_000, [("surplus", 24, 1_440_000)])
    await settled(paydays[1], 0, 0, 360_000, [("surplus", 12, 360_000)])
    await assert_books_whole(house)


async def test_a_session_short_of_stock(house: House) -> None:
    market = await Market.open(house)
    maker = Maker(market)
    await market.stock(3)
    session = await market.session(target_moq=10)
    buyers = [await market.buyer() for _ in range(2)]
    joined = [await buyer.join(session, units) for buyer, units in zip(buyers, (6, 4), strict=True)]
    for buyer, each, units in zip(buyers, joined, (6, 4), strict=True):
        assert [each[f"{part}_amount"] for part in ("product", "leg1", "fee")] == [
            units * 100_000, units * 50_000, units * 3_000,
        ]  # fmt: skip
        assert each["total"] == units * 153_000 + each["leg2_amount"]
        await buyer.pay(each)
    await market.paid_units(session, 10)
    ledger, escrow = house.context("payment").db, accounts.escrow(UUID(session["id"]))
    total = sum(each["total"] for each in joined)
    assert await balance_of(ledger, escrow) == total
    await market.end(session)
    await market.reaches(session, "pending_stock", seconds=60)
    assert await maker.stock() == whole_stock(3, 3, incoming=12, waiting=7)

    order = await maker.newest(1)
    assert (order["ordered"], order["lines"][0]["unit_cost"], order["session_id"]) == (12, 70_000, session["id"])
    await maker.confirm(order)
    await maker.ship(order)
    await maker.receive(order, 5)
    assert await maker.stock() == whole_stock(8, 8, incoming=7, waiting=2)
    assert (await market.look(session))["status"] == "pending_stock"
    assert await balance_of(ledger, escrow) == total
    await maker.receive(order, 7)
    done = await market.reaches(session, "orders_created", seconds=60)
    assert (done["current_tier"], await maker.stock()) == (100, whole_stock(15, 10))
    leg2 = sum(each["leg2_amount"] for each in joined)
    entries = await market.entries(session["id"])
    # Of 700,000 the factory made 490,000 new, less 10 %; old stock and leg one are the warehouse's, less its commission.
    assert entries["payable_factory"] == -441_000
    assert entries["payable_warehouse"] == -(500_000 + 210_000 - 21_000)
    assert (entries["commission_revenue"], entries["payable_courier"]) == (-70_000, -leg2)
    assert (entries["fee_income"], await balance_of(ledger, escrow)) == (-30_000, 0)

    async def credited() -> bool:
        return [await buyer.wallet() for buyer in buyers] == [180_000, 120_000]

    await house.eventually(credited, seconds=60)
    orders = [(await buyer.person.get("order", "/api/orders"))["items"][0] for buyer in buyers]
    assert [(each["quantity"], each["unit_price"], each["subtotal"]) for each in orders] == [
        (6, 70_000, 420_000), (4, 70_000, 280_000),
    ]  # fmt: skip

    await market.admin.post("logistics", f"/api/logistics/sessions/{session['id']}/shipments")
    yard = Yard(house, market.admin, market.admin, market.warehouse)
    parcels: list[Any] = []

    async def booked() -> bool:
        page = await market.admin.get("logistics", SHIPMENTS, session_id=session["id"], booking="booked")
        parcels[:] = page["items"]
        return len(parcels) == 2

    await house.eventually(booked, seconds=60)
    labels = await market.admin.request("GET", "logistics", f"/api/logistics/sessions/{session['id']}/labels")
    assert labels.content.count(b"/Type /Page\n") == 2
    await delivered(yard, parcels)

    async def gone() -> bool:
        return await maker.stock() == whole_stock(5)

    await house.eventually(gone, seconds=60)
    await asyncio.gather(
        *(reviewed(buyer, each, stars) for buyer, each, stars in zip(buyers, orders, (5, 4), strict=True))
    )
    await is_rated(market, 2, 4.5)

    payday = Payday(house, market.owner, {"id": market.product["factory_id"]}, await clerk(house))
    await payday.has_lines("order", 2)
    await payday.has_lines("surplus")
    assert await payday.balance() == 441_000 + 5 * 70_000
    await assert_books_whole(house)
    payday.until_payday()
    # The three of old stock went with the first parcel that arrived.
    first = parcels[0]["order_id"] == orders[0]["id"]
    lines = [("order", 3, 189_000), ("order", 4, 252_000)] if first else [("order", 6, 378_000), ("order", 1, 63_000)]
    await settled(payday, 490_000, 49_000, 350_000, [*lines, ("surplus", 5, 350_000)])
    await assert_books_whole(house)
