"""A purchase order's whole life: answered over WhatsApp, reminded, late, short, over-delivered, invoiced."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from patungan.kernel.identity import Role, Scope
from patungan.services.warehouse.rules import Arrival, OverDelivery, Waiting, cut_waiting, split_arrival
from tests.depot import ORDERS, Depot, new_session, refused
from tests.house import House
from tests.shop import selling_factory

INVOICES = "/api/warehouse/invoices"


async def ordered(house: House, units: int = 24) -> tuple[Depot, UUID, Any]:
    depot = await Depot.open(house, "M")
    session_id = new_session()
    reply = await depot.fulfil(session_id, M=units)
    return depot, session_id, await depot.order(reply.purchase_order_code)


async def messages(depot: Depot) -> list[dict[str, Any]]:
    response = await depot.house.client.get(
        f"{depot.house.sandbox_url}/_sandbox/messages", params={"phone": depot.owner.phone, "channel": "whatsapp"}
    )
    return [each for each in response.json()["messages"] if each["replies"]]


async def press(depot: Depot, button: int) -> None:
    """The factory presses a button of its newest message."""

    async def there() -> bool:
        return bool(await messages(depot))

    await depot.house.eventually(there, seconds=40)
    newest = (await messages(depot))[0]
    path = f"{depot.house.sandbox_url}/_sandbox/messages/{newest['id']}/press"
    assert (await depot.house.client.post(path, json={"button": button})).status_code == 200


async def becomes(depot: Depot, order: Any, **values: Any) -> Any:
    async def there() -> bool:
        found = await depot.order(order["code"])
        return all(found[name] == value for name, value in values.items())

    await depot.house.eventually(there, seconds=40)
    return await depot.order(order["code"])


async def attention(depot: Depot) -> list[tuple[str, str]]:
    return [(each["kind"], each["detail"]) for each in await depot.events("po.attention")]


async def test_a_factory_confirms_by_button(one_house: House) -> None:
    depot, _session, order = await ordered(one_house)
    await press(depot, 0)
    await becomes(depot, order, status="confirmed")
    detail = await depot.admin.get("warehouse", f"{ORDERS}/{order['id']}")
    assert detail["history"][-1]["note"] == "Confirmed over WhatsApp"
    assert detail["history"][-1]["actor"] is None
    await press(depot, 1)
    one_house.later(days=2)
    assert (await becomes(depot, order, status="confirmed"))["rejected_at"] is None


async def test_a_rejection_has_a_reason_and_calls_people(one_house: House) -> None:
    depot, _session, order = await ordered(one_house)
    await press(depot, 1)

    async def asked() -> bool:
        response = await one_house.client.get(
            f"{one_house.sandbox_url}/_sandbox/messages", params={"phone": depot.owner.phone}
        )
        return "alasan penolakan" in str(response.json()["messages"][0]["text"])

    await one_house.eventually(asked, seconds=40)
    written = {"phone": depot.owner.phone, "text": "Kain habis"}
    await one_house.client.post(f"{one_house.sandbox_url}/_sandbox/whatsapp/inbound", json=written)
    found = await becomes(depot, order, rejection_reason="Kain habis")
    assert (found["status"], await attention(depot)) == ("pending", [("rejected", "Kain habis")])
    listed = await depot.admin.get("warehouse", ORDERS, product_id=depot.product_id, rejected="true")
    assert listed["total"] == 1

    async def told() -> bool:
        inbox = (await depot.admin.get("notification", "/api/notifications", limit=50))["items"]
        return any("Kain habis" in each["message"] for each in inbox)

    await one_house.eventually(told, seconds=40)
    again = await depot.admin.post("warehouse", f"{ORDERS}/{order['id']}/reminders")
    assert (again["rejected_at"], again["reminders"]) == (None, 1)
    confirmed = await depot.owner.post("warehouse", f"{ORDERS}/{order['id']}/status", {"status": "confirmed"})
    assert confirmed["status"] == "confirmed"


async def test_who_does_not_answer_is_reminded_then_people_are_called_and_late_goods_too(one_house: House) -> None:
    depot, _session, order = await ordered(one_house)

    async def notified() -> bool:
        return (await depot.order(order["code"]))["notified_at"] is not None

    await one_house.eventually(notified, seconds=40)
    for reminders in (1, 2, 3):
        one_house.later(days=1, minutes=1)
        await becomes(depot, order, reminders=reminders)
    one_house.later(days=1, minutes=1)

    async def called() -> bool:
        return [kind for kind, _detail in await attention(depot)] == ["unanswered"]

    await one_house.eventually(called, seconds=40)
    moved = (one_house.clock.now() + timedelta(days=9)).isoformat()
    path = f"{ORDERS}/{order['id']}"
    changed = await depot.owner.request("PATCH", "warehouse", path, {"expected_at": moved, "reason": "mesin rusak"})
    assert changed.status_code == 200, changed.text
    past = await depot.owner.request(
        "PATCH", "warehouse", path, {"expected_at": "2020-01-01T00:00:00Z", "reason": "mesin rusak"}
    )
    assert refused(past)[:2] == (400, "invalid_input")
    one_house.later(days=16, hours=1)

    async def late() -> bool:
        return [kind for kind, _detail in await attention(depot)] == ["unanswered", "late"]

    await one_house.eventually(late, seconds=40)
    assert (await depot.admin.get("warehouse", ORDERS, product_id=depot.product_id, late="true"))["total"] == 1


async def receive(depot: Depot, order: Any, units: tuple[int, int], decision: str | None = None) -> Any:
    lines = [{"variant_id": depot.variants["M"], "received": units[0], "damaged": units[1]}]
    body = {"lines": lines, **({"over_delivery": decision} if decision else {})}
    return await depot.admin.request("POST", "warehouse", f"{ORDERS}/{order['id']}/receipts", body)


async def test_more_than_was_ordered_is_taken_or_sent_back_by_decision(one_house: House) -> None:
    for decision, stock, surplus, sent_back in (("accept", 30, 6, 1), ("send_back", 24, 0, 7)):
        depot, _session, order = await ordered(one_house)
        await depot.ship(order)
        assert refused(await receive(depot, order, (30, 1)))[:2] == (409, "receipt_exceeds_order")
        answer = await receive(depot, order, (30, 1), decision)
        assert answer.status_code == 201, answer.text
        (line,) = answer.json()["purchase_order"]["lines"]
        assert (line["received"], line["damaged"], line["surplus"], line["sent_back"]) == (24, 0, surplus, sent_back)
        assert await depot.numbers("quantity") == {"M": stock}
        await depot.whole()


async def test_an_order_that_came_short_is_closed_and_ordered_again_or_cancelled(one_house: House) -> None:
    depot, session_id, order = await ordered(one_house)
    path = f"{ORDERS}/{order['id']}/close"
    body = {"missing": "reorder", "reason": "pabrik kehabisan"}
    early = await depot.admin.request("POST", "warehouse", path, body)
    assert refused(early)[:2] == (409, "purchase_order_status_refused")
    await depot.ship(order)
    await receive(depot, order, (11, 2))
    closed = await depot.admin.post("warehouse", path, body)
    assert (closed["purchase_order"]["status"], closed["purchase_order"]["lines"][0]["short"]) == ("received", 11)
    further = await depot.order(closed["further_code"])
    assert (depot.ordered(further), further["follows"]) == ({"M": 24}, order["id"])
    await depot.ship(further)
    await receive(depot, further, (3, 0))
    body = {"missing": "cancel", "reason": "pabrik tutup"}
    ended = await depot.admin.post("warehouse", f"{ORDERS}/{further['id']}/close", body)
    assert ended["further_code"] is None
    (cancelled,) = await depot.events("stock.cancelled")
    assert (cancelled["session_id"], cancelled["lines"]) == (
        str(session_id),
        [{"variant_id": depot.variants["M"], "units": 10}],
    )
    assert await depot.events("stock.received") == []
    await depot.whole()
    await depot.release(session_id)
    assert await depot.numbers("available") == {"M": 14}
    assert [each["surplus"][0]["units"] for each in await depot.events("po.closed")] == [14]
    await depot.whole()


async def test_a_received_order_is_invoiced_with_tax(one_house: House) -> None:
    depot, _session, order = await ordered(one_house)
    await depot.ship(order)
    await receive(depot, order, (23, 1))
    finance = await one_house.person(Role.OFFICE_STAFF, Scope.FINANCE)
    (invoice,) = (await finance.get("warehouse", INVOICES, purchase_order_id=order["id"]))["items"]
    assert (invoice["subtotal"], invoice["tax"], invoice["total"]) == (1_840_000, 202_400, 2_042_400)
    assert invoice["status"] == "pending"
    path = f"{INVOICES}/{invoice['id']}"
    paper = await depot.owner.request("GET", "warehouse", f"{path}/pdf")
    assert (paper.headers["content-type"], paper.content[:5]) == ("application/pdf", b"%PDF-")
    stranger, _factory = await selling_factory(one_house)
    for where in (path, f"{path}/pdf"):
        assert refused(await stranger.request("GET", "warehouse", where))[:2] == (404, "invoice_not_found")
    again = f"{ORDERS}/{order['id']}/invoices"
    assert refused(await depot.admin.request("POST", "warehouse", again))[:2] == (409, "nothing_to_invoice")
    forbidden = await depot.owner.request("POST", "warehouse", f"{path}/payment", {"reference": "BCA 1"})
    assert forbidden.status_code == 403
    void = await finance.request("POST", "warehouse", f"{path}/cancel", {"reason": "salah harga"})
    assert void.json()["status"] == "cancelled"
    second = await depot.admin.post("warehouse", again)
    key = str(uuid4())
    paths = f"{INVOICES}/{second['id']}/payment"
    paid = [await finance.request("POST", "warehouse", paths, {"reference": "BCA 1"}, key=key) for _ in range(2)]
    assert [each.json()["status"] for each in paid] == ["paid", "paid"]
    late = await finance.request("POST", "warehouse", f"{INVOICES}/{second['id']}/cancel", {"reason": "salah"})
    assert refused(late)[:2] == (409, "invoice_status_refused")


async def test_staff_order_into_stock(one_house: House) -> None:
    depot = await Depot.open(one_house, "M")
    line = {"variant_id": depot.variants["M"], "quantity": 50, "unit_cost": 70_000}
    due = (one_house.clock.now() + timedelta(days=5)).isoformat()
    body = {"warehouse_id": depot.warehouse_id, "product_id": depot.product_id, "expected_at": due, "lines": [line]}
    made = await depot.admin.post("warehouse", ORDERS, body)
    assert (made["session_id"], depot.ordered(made)) == (None, {"M": 50})
    assert await depot.numbers("incoming") == {"M": 50}
    for change, expected in (
        ({"lines": [line, line]}, (400, "invalid_input")),
        ({"expected_at": "2020-01-01T00:00:00Z"}, (400, "invalid_input")),
        ({"lines": [{**line, "variant_id": str(uuid4())}]}, (404, "variant_not_found")),
        ({"warehouse_id": str(uuid4())}, (404, "warehouse_not_found")),
    ):
        answer = await depot.admin.request("POST", "warehouse", ORDERS, {**body, **change})
        assert refused(answer)[:2] == expected
    assert (await depot.owner.request("POST", "warehouse", ORDERS, body)).status_code == 403


@given(st.integers(0, 50), st.integers(0, 60), st.integers(0, 60), st.sampled_from(OverDelivery))
def test_an_arrival_is_split_without_losing_a_unit(
    to_come: int, received: int, damaged: int, decision: OverDelivery
) -> None:
    split = split_arrival(to_come, Arrival(None, received, damaged), decision)
    assert split.received + split.damaged + split.surplus + split.sent_back == received + damaged
    assert split.received + split.damaged <= to_come
    assert split.received == min(received, to_come)
    assert split.surplus == (max(0, received - to_come) if decision is OverDelivery.ACCEPT else 0)


def test_the_last_to_ask_go_without() -> None:
    first, second = UUID(int=1), UUID(int=2)
    waiting = [Waiting(first, None, 5), Waiting(second, None, 4)]
    assert cut_waiting({None: 6}, waiting) == [Waiting(second, None, 4), Waiting(first, None, 2)]
    assert cut_waiting({}, waiting) == []
