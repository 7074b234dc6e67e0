"""A session whose goods are not all there, in every shape: the purchase order goes out by WhatsApp, the factory confirms by
button, the goods come in two parts with damage and once more for what was spoilt, the session closes, surplus is sold at once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from patungan.contracts import warehouse
from tests.books import assert_books_whole
from tests.house import House
from tests.maker import Maker
from tests.market import Market


async def test_a_session_short_of_stock(house: House) -> None:
    market = await Market.open(house)
    factory = Maker(market)
    await market.stock(3)
    session = await market.session(target_moq=10)
    buyers = [await market.buyer() for _ in range(2)]
    for buyer, units in zip(buyers, (6, 4), strict=True):
        await buyer.pay(await buyer.join(session, units))
    await market.paid_units(session, 10)
    await market.end(session)
    await market.reaches(session, "pending_stock", seconds=60)

    order = await factory.newest(1)
    assert (order["ordered"], order["session_id"]) == (12, session["id"])
    await factory.confirm(order)
    await factory.ship(order)
    assert (await factory.receive(order, 5, 1))["further_code"] is None
    assert (await market.look(session))["status"] == "pending_stock"
    await assert_books_whole(house)
    # Seven were missing and six came sound: one is ordered again, rounded up to the wholesale unit.
    assert (await factory.receive(order, 1, 5))["further_code"] is not None
    further = await factory.newest(2)
    assert (further["ordered"], further["follows"]) == (12, order["id"])
    await factory.confirm(further)
    await factory.ship(further)
    await factory.receive(further, 12)
    await market.reaches(session, "orders_created", seconds=60)
    assert await factory.stock() == {
        "quantity": 21, "reserved": 10, "available": 11, "damaged": 6, "incoming": 0, "waiting": 0
    }  # fmt: skip
    invoices = (await market.admin.get("warehouse", "/api/warehouse/invoices", purchase_order_id=further["id"]))[
        "items"
    ]
    assert [(each["subtotal"], each["tax"]) for each in invoices] == [
        (12 * further["lines"][0]["unit_cost"], (12 * further["lines"][0]["unit_cost"] * 11 + 50) // 100)
    ]

    line = warehouse.StockLine(
        warehouse_id=UUID(market.warehouse["id"]), product_id=UUID(market.product["id"]), variant_id=None, quantity=6
    )
    wanted = [
        warehouse.StockOrder(order_id=uuid4(), lines=[line], expires_at=house.clock.now() + timedelta(hours=24))
        for _ in range(2)
    ]
    reply = await house.context("order").call(warehouse.reserve_stock, warehouse.ReserveStock(orders=wanted))
    assert [each.status for each in reply.orders] == ["held", "short"]
    await house.context("order").call(warehouse.consume_stock, warehouse.ConsumeStock(order_ids=[wanted[0].order_id]))
    await assert_books_whole(house)
