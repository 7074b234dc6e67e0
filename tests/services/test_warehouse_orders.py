"""Meeting a session's demand: reservations, purchase orders with their whole life, arrivals, and giving stock back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from patungan.contracts import factory
from patungan.contracts import warehouse as contract
from patungan.kernel.errors import InvalidInput, Problem
from tests.depot import NO_VARIANT, ORDERS, Depot, new_session, refused
from tests.house import House
from tests.shop import selling_factory

CASE_4 = {"S": 20, "M": 38, "L": 25, "XL": 5}


async def _case_4(house: House) -> tuple[Depot, UUID, Any]:
    """Case 4 of DOMAIN.md 5, with the order that it leads to."""
    depot = await Depot.open(house, "S", "M", "L", "XL", M=10, XL=2)
    await depot.bundle(S=2, M=5, L=4, XL=1)
    session_id = new_session()
    reply = await depot.fulfil(session_id, **CASE_4)
    assert (reply.has_stock, reply.bundles) == (False, 10)
    assert depot.split(reply) == {"S": (0, 20), "M": (10, 28), "L": (0, 25), "XL": (2, 3)}
    return depot, session_id, await depot.order(reply.purchase_order_code)


async def _messages(depot: Depot) -> list[str]:
    response = await depot.house.client.get(
        f"{depot.house.sandbox_url}/_sandbox/messages", params={"phone": depot.owner.phone, "channel": "whatsapp"}
    )
    return [str(each["text"]) for each in response.json()["messages"]]


async def test_stock_at_hand_is_reserved_and_nothing_is_ordered(one_house: House) -> None:
    depot = await Depot.open(one_house, "M", "L", M=40, L=25)
    session_id = new_session()
    reply = await depot.fulfil(session_id, M=40, L=10)
    assert (reply.has_stock, reply.bundles, reply.purchase_order_code) == (True, 0, None)
    assert depot.split(reply) == {"M": (40, 0), "L": (10, 0)}
    assert await depot.numbers("available") == {"M": 0, "L": 15}
    assert await depot.orders() == []
    (event,) = await depot.events("stock.reserved")
    assert event == {"session_id": str(session_id), "product_id": depot.product_id, "units": 50}
    assert [each["available"] for each in await depot.events("stock.low")] == [0]
    reserved = [each for each in await depot.movements() if each["type"] == "reserved"]
    assert {(each["units"], each["session_id"], each["actor"]) for each in reserved} == {
        (40, str(session_id), None),
        (10, str(session_id), None),
    }
    await depot.whole()


async def test_case_4_becomes_one_order_of_120(one_house: House) -> None:
    depot, session_id, order = await _case_4(one_house)
    assert depot.ordered(order) == {"S": 20, "M": 50, "L": 40, "XL": 10}
    assert (order["ordered"], order["bundles"], order["status"]) == (120, 10, "pending")
    day = (one_house.clock.now() + timedelta(hours=7)).strftime("%Y%m%d")
    assert order["code"].startswith(f"PO-{day}-") and len(order["code"]) == 17
    assert [line["unit_cost"] for line in order["lines"]] == [80_000] * 4
    assert await depot.numbers("available") == {"S": 0, "M": 0, "L": 0, "XL": 0}
    assert await depot.numbers("incoming") == {"S": 20, "M": 50, "L": 40, "XL": 10}
    assert await depot.numbers("waiting") == {"S": 20, "M": 28, "L": 25, "XL": 3}
    (short,) = await depot.events("stock.short")
    assert short == {
        "session_id": str(session_id),
        "product_id": depot.product_id,
        "units": 76,
        "purchase_order_code": order["code"],
    }
    (made,) = await depot.events("po.status_changed")
    assert (made["status"], made["code"], made["session_id"]) == ("pending", order["code"], str(session_id))
    await depot.whole()


async def test_the_factory_hears_of_its_order(one_house: House) -> None:
    depot, _session_id, order = await _case_4(one_house)

    async def arrived() -> bool:
        return len(await _messages(depot)) == 1

    await one_house.eventually(arrived)
    (text,) = await _messages(depot)
    assert order["code"] in text
    assert "Kemeja Batik Pria: S 20, M 50, L 40, XL 10 (120 unit)" in text

    async def noted() -> bool:
        return (await depot.order(order["code"]))["notified_at"] is not None

    await one_house.eventually(noted)


async def test_the_same_session_again_gets_the_first_answer(one_house: House) -> None:
    depot, session_id, order = await _case_4(one_house)
    again = await depot.fulfil(session_id, **CASE_4)
    assert again.purchase_order_code == order["code"]
    changed = await depot.fulfil(session_id, S=1)
    assert changed == again
    assert len(await depot.orders()) == 1
    assert len(await depot.events("stock.short")) == 1
    await depot.ship(order)
    await depot.receive(order, S=20, M=50, L=40, XL=10)
    assert await depot.fulfil(session_id, **CASE_4) == again


async def test_without_bundles_the_wholesale_unit_rounds_up(one_house: House) -> None:
    depot = await Depot.open(one_house, "M", "L", L=5)
    reply = await depot.fulfil(new_session(), M=25, L=6)
    assert (reply.bundles, depot.split(reply)) == (0, {"M": (0, 25), "L": (5, 1)})
    assert depot.ordered(await depot.order(reply.purchase_order_code)) == {"M": 36, "L": 12}


async def test_a_bundle_variant_that_nobody_bought_has_a_cost_too(one_house: House) -> None:
    depot = await Depot.open(one_house, "S", "M")
    await depot.bundle(S=2, M=5)
    reply = await depot.fulfil(new_session(), S=3)
    (order,) = await depot.orders()
    assert (reply.bundles, depot.ordered(order)) == (2, {"S": 4, "M": 10})
    assert [line["unit_cost"] for line in order["lines"]] == [80_000, 80_000]


async def test_a_product_without_variants(one_house: House) -> None:
    depot = await Depot.open(one_house)
    reply = await depot.send(depot.demand(new_session(), {NO_VARIANT: 7}))
    (order,) = await depot.orders()
    assert depot.ordered(order) == {NO_VARIANT: 12}
    await depot.ship(order)
    answer = await depot.receive(order, **{NO_VARIANT: 12})
    assert answer.json()["purchase_order"]["status"] == "received"
    assert await depot.numbers("available") == {NO_VARIANT: 5}
    assert reply.purchase_order_code == order["code"]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"warehouse_id": UUID(int=1)}, contract.WarehouseNotFound),
        ({"factory_id": UUID(int=1)}, factory.FactoryNotFound),
        ({"lines": []}, InvalidInput),
    ],
)
async def test_demands_that_are_refused(one_house: House, change: dict[str, Any], error: type[Problem]) -> None:
    depot = await Depot.open(one_house, "M", M=10)
    with pytest.raises(error):
        await depot.send(depot.demand(new_session(), {"M": 5}, **change))
    for quantity in (0, -1):
        with pytest.raises(InvalidInput):
            await depot.fulfil(new_session(), M=quantity)
    with pytest.raises(InvalidInput):
        await depot.send(depot.demand(new_session(), {}, lines=[depot.line("M", 1), depot.line("M", 2)]))
    assert await depot.numbers("available") == {"M": 10}
    assert await depot.orders() == []


async def test_case_4_with_damaged_goods_leads_to_a_second_order(one_house: House) -> None:
    """Flow 8 of DOMAIN.md 9: 120 ordered, 100 come of which 5 are damaged, then 20; 5 short, three bundles again."""
    depot, session_id, order = await _case_4(one_house)
    await depot.ship(order)
    first = (await depot.receive(order, S=(15, 5), M=40, L=40)).json()
    assert (first["purchase_order"]["status"], first["further_code"]) == ("shipped", None)
    assert depot.ordered(first["purchase_order"], "to_come") == {"S": 0, "M": 10, "L": 0, "XL": 10}
    assert await depot.numbers("quantity") == {"S": 15, "M": 50, "L": 40, "XL": 2}
    assert await depot.numbers("waiting") == {"S": 5, "M": 0, "L": 0, "XL": 3}
    assert await depot.events("stock.received") == []
    await depot.whole()

    second = (await depot.receive(order, M=10, XL=10)).json()
    assert (second["purchase_order"]["status"], second["purchase_order"]["damaged"]) == ("received", 5)
    assert await depot.events("stock.received") == []
    further = await depot.order(second["further_code"])
    assert (further["follows"], further["session_id"], further["bundles"]) == (order["id"], str(session_id), 3)
    assert depot.ordered(further) == {"S": 6, "M": 15, "L": 12, "XL": 3}

    async def told() -> bool:
        return any(further["code"] in text for text in await _messages(depot))

    await one_house.eventually(told)
    await depot.ship(further)
    last = (await depot.receive(further, S=6, M=15, L=12, XL=3)).json()
    assert (last["purchase_order"]["status"], last["further_code"]) == ("received", None)
    assert await depot.events("stock.received") == [{"session_id": str(session_id), "product_id": depot.product_id}]
    assert await depot.numbers("available") == {"S": 1, "M": 37, "L": 27, "XL": 10}
    statuses = [each["status"] for each in await depot.events("po.status_changed")]
    life = ["pending", "confirmed", "in_production", "shipped", "received"]
    assert sorted(statuses) == sorted(life * 2)
    await depot.whole()


async def test_damage_to_surplus_goods_needs_no_second_order(one_house: House) -> None:
    depot, session_id, order = await _case_4(one_house)
    await depot.ship(order)
    answer = (await depot.receive(order, S=20, M=(45, 5), L=40, XL=10)).json()
    assert (answer["purchase_order"]["status"], answer["further_code"]) == ("received", None)
    assert [each["session_id"] for each in await depot.events("stock.received")] == [str(session_id)]
    damaged = [each for each in await depot.movements() if each["type"] == "damaged"]
    assert [(each["units"], each["quantity_change"], each["actor"]) for each in damaged] == [
        (5, 0, str(depot.admin.id))
    ]
    await depot.whole()


async def test_everything_damaged_is_ordered_again_and_again(one_house: House) -> None:
    depot = await Depot.open(one_house, "M")
    session_id = new_session()
    await depot.fulfil(session_id, M=12)
    for _ in range(2):
        order = (await depot.orders())[-1]
        await depot.ship(order)
        assert (await depot.receive(order, M=(0, 12))).json()["further_code"] is not None
    third = (await depot.orders())[-1]
    await depot.ship(third)
    assert (await depot.receive(third, M=12)).json()["further_code"] is None
    assert len(await depot.orders()) == 3
    assert [each["session_id"] for each in await depot.events("stock.received")] == [str(session_id)]


async def test_receipts_that_are_refused(one_house: House) -> None:
    depot, _session_id, order = await _case_4(one_house)
    early = await depot.receive(order, S=1)
    assert refused(early)[:2] == (409, "purchase_order_status_refused")
    await depot.ship(order)
    excess: list[dict[str, int | tuple[int, int]]] = [{"S": 21}, {"S": (19, 2)}, {"M": 50, "XL": (1, 10)}]
    for units in excess:
        answer = await depot.receive(order, **units)
        assert refused(answer) == (409, "receipt_exceeds_order", "lines"), units
    path = f"{ORDERS}/{order['id']}/receipts"
    s = {"variant_id": depot.variants["S"], "received": 1}
    bodies: list[tuple[Any, tuple[int, str]]] = [
        ({"lines": []}, (400, "invalid_input")),
        ({"lines": [s, s]}, (400, "invalid_input")),
        ({"lines": [{**s, "received": 0}]}, (400, "invalid_input")),
        ({"lines": [{**s, "received": -1}]}, (400, "invalid_input")),
        ({"lines": [{**s, "damaged": -1}]}, (400, "invalid_input")),
        ({"lines": [{**s, "unit_cost": 1}]}, (400, "invalid_input")),
        ({"lines": [{**s, "variant_id": str(uuid4())}]}, (409, "receipt_exceeds_order")),
        ({"lines": [{"received": 1}]}, (409, "receipt_exceeds_order")),
    ]
    for body, expected in bodies:
        assert refused(await depot.admin.request("POST", "warehouse", path, body))[:2] == expected, body
    unknown = await depot.admin.request("POST", "warehouse", f"{ORDERS}/{uuid4()}/receipts", {"lines": [s]})
    assert refused(unknown)[:2] == (404, "purchase_order_not_found")
    headers = {"Authorization": f"Bearer {one_house.token(depot.admin.caller)}"}
    keyless = await one_house.request("POST", "warehouse", path, {"lines": [s]}, headers=headers)
    assert refused(keyless)[:2] == (400, "idempotency_key_required")
    assert await depot.numbers("quantity") == {"S": 0, "M": 10, "L": 0, "XL": 2}
    assert (await depot.order(order["code"]))["received"] == 0
    everything = await depot.receive(order, S=20, M=50, L=40, XL=10)
    assert everything.status_code == 201
    late = await depot.receive(order, S=1)
    assert refused(late)[:2] == (409, "purchase_order_status_refused")
    await depot.whole()


async def test_the_database_itself_keeps_an_order_in_bounds(one_house: House) -> None:
    _depot, session_id, order = await _case_4(one_house)
    connection = await one_house.owner()
    try:
        await connection.execute("set search_path = warehouse")
        for change in ("received = ordered, damaged = 1", "damaged = ordered + 1", "received = -1", "ordered = 0"):
            with pytest.raises(asyncpg.CheckViolationError):
                await connection.execute(
                    f"update purchase_order_lines set {change} where purchase_order_id = $1", UUID(order["id"])
                )
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute("update reservations set held = quantity + 1 where session_id = $1", session_id)
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute("update purchase_orders set status = 'lost' where id = $1", UUID(order["id"]))
    finally:
        await connection.close()


async def test_an_arrival_is_booked_once_for_its_key(one_house: House) -> None:
    depot, _session_id, order = await _case_4(one_house)
    await depot.ship(order)
    key = str(uuid4())
    answers = [await depot.book(order, {"S": 20}, key) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert refused(await depot.book(order, {"S": 19}, key))[:2] == (409, "idempotency_key_reused")
    assert (await depot.numbers("quantity"))["S"] == 20
    await depot.whole()


async def test_an_order_goes_step_by_step(one_house: House) -> None:
    depot, _session_id, order = await _case_4(one_house)
    path = f"{ORDERS}/{order['id']}/status"
    for status in ("in_production", "shipped"):
        skipped = await depot.owner.request("POST", "warehouse", path, {"status": status})
        assert refused(skipped) == (409, "purchase_order_status_refused", "status")
    for status in ("received", "cancelled", "pending", "lost"):
        wrong = await depot.owner.request("POST", "warehouse", path, {"status": status})
        assert refused(wrong)[:2] == (400, "invalid_input")
    assert (await depot.order(order["code"]))["status"] == "pending"
    confirmed = await depot.owner.post("warehouse", path, {"status": "confirmed", "note": "siap"})
    assert confirmed["status"] == "confirmed"
    twice = await depot.owner.request("POST", "warehouse", path, {"status": "confirmed"})
    assert refused(twice)[:2] == (409, "purchase_order_status_refused")
    detail = await depot.owner.get("warehouse", f"{ORDERS}/{order['id']}")
    assert [(each["action"], each["actor"], each["note"]) for each in detail["history"]] == [
        ("purchase_order.pending", None, "Ordered for a session"),
        ("purchase_order.confirmed", str(depot.owner.id), "siap"),
    ]


async def test_an_owner_sees_and_moves_the_own_orders_only(one_house: House) -> None:
    depot, session_id, order = await _case_4(one_house)
    other, _factory = await selling_factory(one_house)
    assert (await other.get("warehouse", ORDERS))["total"] == 0
    path = f"{ORDERS}/{order['id']}"
    for method, where, body in (("GET", path, None), ("POST", f"{path}/status", {"status": "confirmed"})):
        answer = await other.request(method, "warehouse", where, body)
        assert refused(answer)[:2] == (404, "purchase_order_not_found")
    mine = await depot.owner.get("warehouse", ORDERS, session_id=str(session_id))
    assert [each["code"] for each in mine["items"]] == [order["code"]]
    for status, total in (("pending", 1), ("shipped", 0)):
        assert (await depot.owner.get("warehouse", ORDERS, status=status))["total"] == total
    assert (await depot.order(order["code"]))["status"] == "pending"


async def test_an_order_that_sessions_wait_for_is_not_cancelled(one_house: House) -> None:
    depot, session_id, order = await _case_4(one_house)
    path = f"{ORDERS}/{order['id']}/cancel"
    waited_for = await depot.admin.request("POST", "warehouse", path, {"reason": "pabrik tutup"})
    assert refused(waited_for)[:2] == (409, "purchase_order_status_refused")
    assert (await depot.order(order["code"]))["status"] == "pending"
    await depot.release(session_id)
    cancelled = await depot.admin.post("warehouse", path, {"reason": "pabrik tutup"})
    assert cancelled["status"] == "cancelled"
    assert (await depot.numbers("incoming"))["S"] == 0
    again = await depot.admin.request("POST", "warehouse", path, {"reason": "pabrik tutup"})
    assert refused(again)[:2] == (409, "purchase_order_status_refused")
    moved = await depot.owner.request("POST", "warehouse", f"{ORDERS}/{order['id']}/status", {"status": "confirmed"})
    assert refused(moved)[:2] == (409, "purchase_order_status_refused")
    statuses = [each["status"] for each in await depot.events("po.status_changed")]
    assert statuses == ["pending", "cancelled"]


async def test_arriving_goods_go_to_the_oldest_session_first(one_house: House) -> None:
    depot = await Depot.open(one_house, "M", M=4)
    older, younger = new_session(), new_session()
    await depot.fulfil(older, M=10)
    await depot.fulfil(younger, M=10)
    first, second = await depot.orders()
    assert (depot.ordered(first), depot.ordered(second)) == ({"M": 12}, {"M": 12})
    await depot.ship(second)
    await depot.receive(second, M=7)
    assert [each["session_id"] for each in await depot.events("stock.received")] == [str(older)]
    assert await depot.numbers("waiting") == {"M": 9}
    await depot.receive(second, M=(4, 1))
    await depot.ship(first)
    await depot.receive(first, M=(3, 9))
    assert await depot.numbers("waiting") == {"M": 2}
    (_first, _second, further) = await depot.orders()
    assert (depot.ordered(further), further["session_id"]) == ({"M": 12}, str(younger))
    await depot.whole()


async def test_what_an_open_order_brings_is_not_ordered_again(one_house: House) -> None:
    depot = await Depot.open(one_house, "M")
    await depot.fulfil(new_session(), M=12)
    await depot.fulfil(new_session(), M=5)
    first, _second = await depot.orders()
    await depot.ship(first)
    answer = (await depot.receive(first, M=(7, 5))).json()
    assert answer["further_code"] is None
    assert await depot.numbers("waiting") == {"M": 10}
    assert await depot.numbers("incoming") == {"M": 12}


async def test_a_correction_feeds_those_who_wait(one_house: House) -> None:
    depot = await Depot.open(one_house, "M")
    session_id = new_session()
    await depot.fulfil(session_id, M=6)
    await depot.adjust("add", 4, "M")
    assert await depot.events("stock.received") == []
    answer = await depot.adjust("add", 4, "M")
    assert (answer.json()["reserved"], answer.json()["available"]) == (6, 2)
    assert [each["session_id"] for each in await depot.events("stock.received")] == [str(session_id)]
    reserved_only = await depot.adjust("set", 5, "M")
    assert refused(reserved_only) == (409, "insufficient_stock", "quantity")
    await depot.whole()


async def test_a_release_gives_back_and_feeds_others(one_house: House) -> None:
    depot = await Depot.open(one_house, "M", M=20)
    given_up, waiting = new_session(), new_session()
    await depot.fulfil(given_up, M=20)
    await depot.fulfil(waiting, M=15)
    for _ in range(2):
        await depot.release(given_up, "pabrik kebanjiran")
    assert [each["session_id"] for each in await depot.events("stock.received")] == [str(waiting)]
    assert await depot.numbers("available") == {"M": 5}
    released = [each for each in await depot.movements() if each["type"] == "released"]
    assert [(each["units"], each["reserved_change"], each["session_id"]) for each in released] == [
        (20, -20, str(given_up))
    ]
    assert "pabrik kebanjiran" in released[0]["reason"]
    await depot.whole()


async def test_a_released_session_waits_no_longer(one_house: House) -> None:
    depot = await Depot.open(one_house, "M", M=3)
    given_up = new_session()
    await depot.fulfil(given_up, M=10)
    (order,) = await depot.orders()
    await depot.release(given_up)
    assert await depot.numbers("waiting") == {"M": 0}
    assert await depot.numbers("available") == {"M": 3}
    await depot.ship(order)
    answer = (await depot.receive(order, M=(6, 6))).json()
    assert (answer["purchase_order"]["status"], answer["further_code"]) == ("received", None)
    assert await depot.numbers("available") == {"M": 9}
    assert await depot.events("stock.received") == []
    with pytest.raises(contract.DemandReleased):
        await depot.fulfil(given_up, M=10)
    await depot.whole()


async def test_a_demand_after_its_release_is_late(one_house: House) -> None:
    depot = await Depot.open(one_house, "M", M=10)
    session_id = new_session()
    await depot.release(session_id)
    with pytest.raises(contract.DemandReleased):
        await depot.fulfil(session_id, M=5)
    assert await depot.numbers("available") == {"M": 10}
    assert await depot.orders() == []
