"""Orders moved many at once, cancelled, counted, and following their parcels."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from patungan.contracts import order, warehouse
from patungan.contracts.warehouse import ConsumeDemand, ConsumedOrder
from patungan.kernel.errors import InvalidInput
from tests.depot import Depot, new_session
from tests.house import House, Person
from tests.shipping import BANDUNG, Yard
from tests.shop import registered_factory


@pytest.fixture(scope="module")
async def yard(one_house: House) -> Yard:
    return await Yard.open(one_house)


async def move_many(person: Person, ids: list[UUID], status: str, *, key: str | None = None, note: str = "") -> Any:
    body = {"order_ids": [str(each) for each in ids], "status": status, "note": note}
    answer = await person.request("POST", "order", "/api/orders/all/status", body, key=key)
    return answer.status_code, answer.json()


async def test_many_orders_are_moved_as_far_as_each_allows(yard: Yard) -> None:
    sari = await yard.house.person()
    ids = [each.order_id for each in await yard.orders(sari, 5)]
    await move_many(yard.worker, ids[:1], "processing")
    code, reply = await move_many(yard.worker, [*ids, uuid4()], "processing", key="many")
    assert (code, reply["moved"]) == (200, 4)
    assert [(each["order_id"], each["status"]) for each in reply["refused"]] == [(str(ids[0]), "processing")]
    assert await move_many(yard.worker, [*ids, uuid4()], "processing", key="other-ids") != (code, reply)
    repeated = await move_many(yard.worker, ids, "processing", key="again")
    assert await move_many(yard.worker, ids, "processing", key="again") == repeated
    assert (await move_many(yard.worker, ids, "ready_for_pickup", key="again"))[1]["code"] == "idempotency_key_reused"
    assert (await move_many(sari, ids, "processing"))[0] == 403
    assert (await move_many(yard.worker, ids, "failed"))[1]["field"] == "note"
    assert (await move_many(yard.worker, [], "processing"))[0] == 400
    stats = await sari.get("order", "/api/orders/stats")
    assert (stats["total"], stats["by_status"]["processing"]) == (5, 5)


async def test_the_same_move_with_the_same_key_is_made_once(yard: Yard) -> None:
    order_id = await yard.one(await yard.house.person())
    body = {"status": "processing", "note": "ya"}
    path = f"/api/orders/{order_id}/status"
    answers = await asyncio.gather(*(yard.worker.request("POST", "order", path, body, key="one") for _ in range(5)))
    assert [each.status_code for each in answers] == [200] * 5
    assert len((await yard.order(order_id))["history"]) == 2
    bare = await yard.house.client.post(
        yard.house.url("order", path),
        json=body,
        headers={"Authorization": f"Bearer {yard.house.token(yard.worker.caller)}"},
    )
    assert bare.json()["code"] == "idempotency_key_required"


async def test_a_paid_order_of_a_session_is_not_cancelled(yard: Yard) -> None:
    sari, budi = await yard.house.person(), await yard.house.person()
    order_id = await yard.one(sari)
    path, body = f"/api/orders/{order_id}/cancel", {"reason": "berubah pikiran"}
    for person in (sari, yard.admin):
        refused = await person.request("POST", "order", path, body)
        assert (refused.status_code, refused.json()["code"]) == (409, "order_cancel_refused")
    assert (await budi.request("POST", "order", path, body)).json()["code"] == "order_not_found"
    assert (await yard.house.request("POST", "order", path, body)).status_code == 401
    assert (await sari.request("POST", "order", path, {"reason": " "})).status_code == 400
    assert (await yard.order(order_id))["status"] == "paid"
    rows = await yard.house.context("order").db.fetch(
        "select actor from order_history where order_id = $1 and refused order by id", order_id
    )
    assert [each[0] for each in rows] == ["buyer", "admin"]


async def test_an_unpaid_order_is_cancelled_by_its_buyer(yard: Yard) -> None:
    sari = await yard.house.person()
    order_id = await yard.one(sari)
    await yard.house.context("order").db.execute(
        "update orders set status = 'pending_payment', paid_at = null where id = $1", order_id
    )
    path, body = f"/api/orders/{order_id}/cancel", {"reason": "berubah pikiran"}
    done = await sari.post("order", path, body, key="c")
    assert (done["status"], done["history"][-1]["by"]) == ("cancelled", "buyer")
    assert (await sari.post("order", path, body, key="c"))["status"] == "cancelled"
    assert (await sari.request("POST", "order", path, body)).status_code == 409
    assert [each["status"] for each in await yard.events("order.status_changed", order_id, "order")] == ["cancelled"]


async def test_figures_of_a_factory_and_of_all(yard: Yard) -> None:
    owner, session_id = await yard.house.person(), uuid4()
    factory = await registered_factory(owner)
    await yard.orders(await yard.house.person(), 2, session_id=session_id, factory_id=UUID(factory["id"]))
    assert (await owner.get("order", "/api/orders/factory/stats"))["by_status"]["paid"] == 2
    all_of_it = await yard.worker.get("order", "/api/orders/all/stats", session_id=str(session_id))
    assert (all_of_it["total"], all_of_it["by_status"]["delivered"]) == (2, 0)
    stranger = await yard.house.person()
    for path in ("/api/orders/factory/stats", "/api/orders/all/stats"):
        assert (await stranger.request("GET", "order", path)).status_code == 403


async def test_parcels_of_a_session_are_handed_out_page_by_page(yard: Yard) -> None:
    session_id = uuid4()
    made = sorted(each.order_id for each in await yard.orders(await yard.house.person(), 5, session_id=session_id))
    ctx, found, after = yard.house.context("logistics"), list[UUID](), None
    while True:
        asked = order.GetParcels(order_ids=[], session_id=session_id, after=after, limit=2)
        page = (await ctx.call(order.get_parcels, asked)).parcels
        found += [each.order_id for each in page]
        if len(page) < 2:
            break
        after = page[-1].order_id
    assert found == made
    (one,) = (await ctx.call(order.get_parcels, order.GetParcels(order_ids=[made[0]]))).parcels
    assert (one.warehouse_id, one.address, one.courier_service) == (UUID(yard.warehouse["id"]), BANDUNG, "jne:reg")
    (item,) = one.items
    assert (item.name, item.quantity, item.weight_grams) == ("Kemeja Batik Pria, L, Biru", 2, 250)
    assert (item.length_cm, item.width_cm, item.height_cm) == (20, 15, 5)


def consumed(variant: str | None, quantity: int, order_id: UUID | None = None) -> ConsumedOrder:
    return ConsumedOrder(order_id=order_id or uuid4(), variant_id=UUID(variant) if variant else None, quantity=quantity)


async def test_goods_that_left_are_booked_as_sold_once(one_house: House) -> None:
    depot = await Depot.open(one_house, "M", "L", M=20, L=20)
    session_id = new_session()
    await depot.fulfil(session_id, M=6, L=4)
    lines = [consumed(depot.variants["M"], 2), consumed(depot.variants["M"], 1), consumed(depot.variants["L"], 4)]
    request = ConsumeDemand(session_id=session_id, orders=lines)
    ctx = one_house.context("order")
    await asyncio.gather(*(ctx.call(warehouse.consume_demand, request) for _ in range(6)))
    shelf = await depot.shelf()
    assert {name: (each["quantity"], each["reserved"]) for name, each in shelf.items()} == {"M": (17, 3), "L": (16, 0)}
    rows = await one_house.context("warehouse").db.fetch(
        "select units, quantity_change, reserved_change from stock_movements where session_id = $1 and type = 'sale'"
        " order by units",
        session_id,
    )
    assert [tuple(each) for each in rows] == [(3, -3, -3), (4, -4, -4)]
    await depot.whole()


async def test_more_than_is_held_is_not_booked(one_house: House) -> None:
    depot = await Depot.open(one_house, "M", M=20)
    session_id, ctx = new_session(), one_house.context("order")
    await depot.fulfil(session_id, M=3)
    with pytest.raises(warehouse.InsufficientStock):
        await ctx.call(
            warehouse.consume_demand, ConsumeDemand(session_id=session_id, orders=[consumed(depot.variants["M"], 4)])
        )
    with pytest.raises(warehouse.DemandUnknown):
        await ctx.call(
            warehouse.consume_demand, ConsumeDemand(session_id=uuid4(), orders=[consumed(depot.variants["M"], 1)])
        )
    with pytest.raises(InvalidInput):
        await ctx.call(
            warehouse.consume_demand, ConsumeDemand(session_id=session_id, orders=[consumed(depot.variants["M"], 0)])
        )
    assert (await depot.shelf())["M"]["quantity"] == 20
    await depot.whole()
