"""From a session's orders to the buyers' doors, in every shape: booked in a batch, labelled, picked up, tracked by news that
come lost, late and doubled, delivered; the goods leave the stock and the books are whole."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

from tests.books import assert_books_whole
from tests.house import House
from tests.market import Market
from tests.shipping import SHIPMENTS, Yard


async def test_the_parcels_of_a_session(house: House) -> None:
    market = await Market.open(house)
    await market.stock(30)
    session = await market.session(target_moq=10)
    buyers = [await market.buyer() for _ in range(4)]
    for number, buyer in enumerate(buyers, 1):
        await buyer.pay(await buyer.join(session, number))
    await market.paid_units(session, 10)
    await market.end(session)
    await market.reaches(session, "orders_created")
    yard = Yard(house, market.admin, market.admin, market.warehouse)

    batch = f"/api/logistics/sessions/{session['id']}/shipments"
    first, second = await asyncio.gather(*(market.admin.post("logistics", batch) for _ in range(2)))
    assert sorted((each["wanted"], each["shipped_before"]) for each in (first, second)) == [(0, 4), (4, 0)]

    async def booked() -> bool:
        page = await market.admin.get("logistics", SHIPMENTS, session_id=session["id"], booking="booked")
        return bool(page["total"] == 4)

    await house.eventually(booked, seconds=30)
    parcels = (await market.admin.get("logistics", SHIPMENTS, session_id=session["id"]))["items"]
    assert len({each["waybill"] for each in parcels}) == 4
    labels = await market.admin.request("GET", "logistics", f"/api/logistics/sessions/{session['id']}/labels")
    assert (labels.status_code, labels.headers["content-type"]) == (200, "application/pdf")
    assert labels.content.count(b"/Type /Page\n") == 4

    now = house.clock.now()
    visits = []
    for courier in sorted({each["courier"] for each in parcels}):
        given = {
            "warehouse_id": str(market.warehouse["id"]),
            "courier": courier,
            "starts_at": now.isoformat(),
            "ends_at": (now + timedelta(hours=4)).isoformat(),
        }
        visits.append(await market.admin.post("logistics", "/api/logistics/pickups", given))
    assert sum(each["parcels"] for each in visits) == 4
    for each in parcels:
        await yard.order_reaches(UUID(each["order_id"]), "ready_for_pickup")

    # The courier comes; one parcel's news double, another's overtake each other, a third's get lost on the way.
    await yard.faults(
        {"provider": "biteship", "operation": "callback.order", "action": "double", "copies": 3},
        {"provider": "biteship", "operation": "callback.order", "action": "reorder", "seconds": 0.4},
    )
    for each in parcels[:3]:
        await yard.advance(each, "picked", "dropping_off", "delivered")
    await yard.faults({"provider": "biteship", "operation": "callback.order", "action": "lose"})
    await yard.advance(parcels[3], "picked", "dropping_off", "delivered")
    for each in parcels[:3]:
        await yard.reaches(each, "delivered")
    assert (await yard.look(parcels[3]))["status"] == "pending"
    house.later(hours=3)
    await yard.reaches(parcels[3], "delivered")

    for each in parcels:
        done = await yard.order_reaches(UUID(each["order_id"]), "delivered")
        assert [step["status"] for step in done["history"]] == [
            "paid", "processing", "ready_for_pickup", "picked_up", "in_transit", "delivered"
        ]  # fmt: skip
        (told,) = await yard.events("order.delivered", UUID(each["order_id"]), "order")
        assert told["product_value"] == done["subtotal"]
    for visit in visits:
        assert (await market.admin.get("logistics", f"/api/logistics/pickups/{visit['id']}"))["status"] == "completed"

    async def sold() -> bool:
        (item,) = (await market.admin.get("warehouse", "/api/warehouse/inventory", product_id=market.product["id"]))[
            "items"
        ]
        return (item["quantity"], item["reserved"]) == (20, 0)

    await house.eventually(sold)

    async def told_of() -> bool:
        inbox = (await buyers[0].person.get("notification", "/api/notifications", limit=50))["items"]
        return {"delivered"} <= {each["type"] for each in inbox}

    await house.eventually(told_of)
    await yard.faults()
    await assert_books_whole(house)
