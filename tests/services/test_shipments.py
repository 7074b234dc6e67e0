"""Shipments: booked once, followed by webhook and by asking, called off, changed, proven, lost, sent again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from patungan.kernel.identity import Role
from tests.house import House
from tests.shipping import SHIPMENTS, Yard

CREATE = {"provider": "biteship", "operation": "create_order"}
TRACK = {"provider": "biteship", "operation": "track"}


@pytest.fixture(scope="module")
async def opened(one_house: House) -> Yard:
    return await Yard.open(one_house)


@pytest.fixture
async def yard(opened: Yard) -> AsyncIterator[Yard]:
    yield opened
    await opened.faults()
    # A circuit that a fault opened closes again.
    opened.house.later(minutes=1)


async def test_a_parcel_is_booked_and_its_order_is_ready(yard: Yard) -> None:
    sari = await yard.house.person()
    order_id = await yard.one(sari)
    booked = await yard.book(order_id)
    assert (booked["booking"], booked["status"], booked["provider"]) == ("booked", "pending", "biteship")
    assert (booked["courier"], booked["service"], booked["recipient"]["recipient"]) == ("jne", "reg", "Sari Wijaya")
    # Two units of 250 g and 20 x 15 x 5 cm: half a kilogram, and 3,000 cm3 of volume.
    assert (booked["weight_grams"], booked["chargeable_kilograms"], booked["value"]) == (500, 1, 160_000)
    assert booked["waybill"].startswith("5")
    assert booked["cost"] > 0
    ready = await yard.order_reaches(order_id, "ready_for_pickup")
    assert [each["status"] for each in ready["history"]] == ["paid", "processing", "ready_for_pickup"]
    (created,) = await yard.events("shipment.created", order_id)
    assert (created["waybill"], created["again"], created["user_id"]) == (booked["waybill"], False, str(sari.id))
    own = await sari.get("logistics", f"/api/logistics/orders/{order_id}/shipment")
    assert (own["waybill"], own["recipient"]["line"]) == (booked["waybill"], "Jl. Dago 1")


async def test_an_order_has_one_live_parcel_however_often_it_is_asked(yard: Yard) -> None:
    order_id = await yard.one(await yard.house.person())
    body = {"order_id": str(order_id)}
    answers = await asyncio.gather(*(yard.worker.request("POST", "logistics", SHIPMENTS, body) for _ in range(8)))
    assert sorted(each.status_code for each in answers) == [201] + [409] * 7
    assert {each.json()["code"] for each in answers if each.status_code == 409} == {"shipment_exists"}
    other = await yard.one(await yard.house.person())
    same = [
        await yard.worker.request("POST", "logistics", SHIPMENTS, {"order_id": str(other)}, key="same")
        for _ in range(2)
    ]
    assert [each.status_code for each in same] == [201, 201]
    assert same[0].json()["id"] == same[1].json()["id"]
    reused = await yard.worker.request("POST", "logistics", SHIPMENTS, {"order_id": str(uuid4())}, key="same")
    assert (reused.status_code, reused.json()["code"]) == (404, "order_not_found")
    reused = await yard.worker.request("POST", "logistics", SHIPMENTS, body, key="same")
    assert (reused.status_code, reused.json()["code"]) == (409, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalid_input"),
        ({"order_id": "x"}, 400, "invalid_input"),
        ({"order_id": str(uuid4())}, 404, "order_not_found"),
        ({"order_id": str(uuid4()), "service": "jne"}, 400, "invalid_input"),
        ({"order_id": str(uuid4()), "cost": 1}, 400, "invalid_input"),
    ],
)
async def test_a_bad_wish_books_nothing(yard: Yard, body: dict[str, Any], status: int, code: str) -> None:
    before = (await yard.worker.get("logistics", SHIPMENTS))["total"]
    answer = await yard.worker.request("POST", "logistics", SHIPMENTS, body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await yard.worker.get("logistics", SHIPMENTS))["total"] == before


async def test_what_cannot_be_shipped_is_not(yard: Yard) -> None:
    order_id = await yard.one(await yard.house.person())
    answer = await yard.worker.request(
        "POST", "logistics", SHIPMENTS, {"order_id": str(order_id), "service": "jne:kilat"}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "courier_service_unknown")
    await yard.house.context("order").db.execute("update orders set status = 'refunded' where id = $1", order_id)
    answer = await yard.worker.request("POST", "logistics", SHIPMENTS, {"order_id": str(order_id)})
    assert (answer.status_code, answer.json()["code"]) == (409, "order_not_shippable")


async def test_webhooks_take_parcel_and_order_to_the_door(yard: Yard) -> None:
    sari = await yard.house.person()
    order_id = await yard.one(sari)
    booked = await yard.book(order_id)
    await yard.advance(booked, "picked")
    await yard.order_reaches(order_id, "picked_up")
    yard.house.later(hours=5)
    await yard.advance(booked, "dropping_off")
    await yard.order_reaches(order_id, "in_transit")
    yard.house.later(hours=20)
    await yard.advance(booked, "delivered")
    arrived = await yard.reaches(booked, "delivered")
    done = await yard.order_reaches(order_id, "delivered")
    assert [(each["status"], each["by"]) for each in done["history"]][1:] == [
        (status, "courier") for status in ("processing", "ready_for_pickup", "picked_up", "in_transit", "delivered")
    ]
    (told,) = await yard.events("order.delivered", order_id, "order")
    assert (told["product_value"], told["items"][0]["quantity"], told["user_id"]) == (160_000, 2, str(sari.id))
    assert told["delivered_at"][:19] == arrived["delivered_at"][:19]
    assert [each["status"] for each in await yard.events("shipment.status_changed", order_id)] == [
        "picked_up", "in_transit", "delivered"
    ]  # fmt: skip


async def test_news_out_of_order_and_doubled_never_take_a_parcel_back(yard: Yard) -> None:
    order_id = await yard.one(await yard.house.person())
    booked = await yard.book(order_id)
    number, now = await yard.provider_order(booked), yard.house.clock.now()

    def body(status: str, minutes: int) -> dict[str, Any]:
        at = (now + timedelta(minutes=minutes)).isoformat()
        return {"event": "order.status", "order_id": number, "status": status, "updated_at": at}

    yard.house.later(minutes=10)
    told = [
        body("delivered", 5),
        body("picked", 1),
        body("dropping_off", 3),
        body("delivered", 5),
        body("cancelled", 4),
    ]
    outcomes = [(await yard.callback(each)) for each in told]
    assert [code for code, _ in outcomes] == [200] * 5
    assert [answer["outcome"] for _, answer in outcomes] == ["moved", *["unchanged"] * 4]
    arrived = await yard.look(booked)
    assert arrived["status"] == "delivered"
    assert [each["status"] for each in arrived["events"] if each["status"] != "pending"] == [
        "picked_up",
        "in_transit",
        "failed",
        "delivered",
    ]
    assert await yard.events("shipment.status_changed", order_id) != []
    assert len(await yard.events("shipment.status_changed", order_id)) == 1
    done = await yard.order_reaches(order_id, "delivered")
    assert len({each["status"] for each in done["history"]}) == len(done["history"]) == 6


async def test_the_same_news_ten_times_at_once_moves_once(yard: Yard) -> None:
    order_id = await yard.one(await yard.house.person())
    booked = await yard.book(order_id)
    at = yard.house.clock.now().isoformat()
    body = {
        "event": "order.status",
        "order_id": await yard.provider_order(booked),
        "status": "picked",
        "updated_at": at,
    }
    answers = await asyncio.gather(*(yard.callback(body) for _ in range(10)))
    assert sorted(answer["outcome"] for _, answer in answers) == ["moved", *["unchanged"] * 9]
    assert len(await yard.events("shipment.status_changed", order_id)) == 1


async def test_a_webhook_without_a_time_has_the_courier_asked(yard: Yard) -> None:
    booked = await yard.book(await yard.one(await yard.house.person()))
    await yard.faults({"provider": "biteship", "operation": "callback.*", "action": "lose"})
    await yard.advance(booked, "picked", "dropping_off")
    number = await yard.provider_order(booked)
    answer = await yard.callback({"event": "order.status", "order_id": number, "status": "picked"})
    assert answer == (200, {"outcome": "looked_up"})
    found = (await yard.reaches(booked, "in_transit"))["events"]
    assert [each["source"] for each in found if each["status"] == "in_transit"] == ["tracking"]


async def test_lost_webhooks_are_made_up_for_by_asking(yard: Yard) -> None:
    order_id = await yard.one(await yard.house.person())
    booked = await yard.book(order_id)
    await yard.faults({"provider": "biteship", "operation": "callback.*", "action": "lose"})
    await yard.advance(booked, "picked", "dropping_off", "delivered")
    yard.house.later(hours=3)
    await yard.reaches(booked, "delivered")
    await yard.order_reaches(order_id, "delivered")


async def test_prices_and_numbers_that_change_later(yard: Yard) -> None:
    booked = await yard.book(await yard.one(await yard.house.person()))
    number = await yard.provider_order(booked)
    assert await yard.callback({"event": "order.price", "order_id": number, "price": 21_000}) == (
        200,
        {"outcome": "moved"},
    )
    body = {"event": "order.waybill_id", "order_id": number, "courier_waybill_id": f"X{number[:12]}".upper()}
    assert await yard.callback(body) == (200, {"outcome": "moved"})
    assert await yard.callback(body) == (200, {"outcome": "unchanged"})
    now = await yard.look(booked)
    assert (now["cost"], now["waybill"]) == (21_000, body["courier_waybill_id"])


async def test_a_webhook_without_proof_changes_nothing(yard: Yard) -> None:
    booked = await yard.book(await yard.one(await yard.house.person()))
    at = yard.house.clock.now().isoformat()
    body = {
        "event": "order.status",
        "order_id": await yard.provider_order(booked),
        "status": "delivered",
        "updated_at": at,
    }
    for secret in (None, "wrong", "x" * 48):
        code, answer = await yard.callback(body, secret=secret)
        assert (code, answer["code"]) == (401, "logistics_webhook_refused")
    assert (await yard.look(booked))["status"] == "pending"
    assert await yard.callback(b"") == (200, {"outcome": "unchanged"})
    code, answer = await yard.callback(b"{nonsense")
    assert (code, answer["code"]) == (400, "invalid_input")
    assert await yard.callback({"event": "order.unheard", "order_id": "x"}) == (200, {"outcome": "unchanged"})
    unknown = {"event": "order.status", "order_id": "unknown", "status": "picked", "updated_at": at}
    assert await yard.callback(unknown) == (200, {"outcome": "unknown"})


async def test_an_answer_that_was_lost_books_no_second_parcel(yard: Yard) -> None:
    order_id = await yard.one(await yard.house.person())
    await yard.faults({**CREATE, "action": "timeout_after", "times": 1})
    wanted = await yard.book(order_id)
    assert (wanted["booking"], wanted["waybill"]) == ("wanted", "")
    assert wanted["booking_problem"] != ""
    label = await yard.worker.request("GET", "logistics", f"{SHIPMENTS}/{wanted['id']}/label")
    assert (label.status_code, label.json()["code"]) == (409, "shipment_refused")
    code, refused = await yard.do(wanted, "cancel", {"reason": "tidak jadi"})
    assert (code, refused["code"]) == (409, "shipment_refused")
    yard.house.later(seconds=40)

    async def booked() -> bool:
        return bool((await yard.look(wanted))["booking"] == "booked")

    await yard.house.eventually(booked)
    listed = (await yard.house.client.get(f"{yard.house.sandbox_url}/_sandbox/couriers/shipments?limit=1000")).json()
    assert [each["waybill"] for each in listed["shipments"] if each["reference"] == wanted["reference"]] == [
        (await yard.look(wanted))["waybill"]
    ]
    assert len(await yard.events("shipment.created", order_id)) == 1


async def test_a_courier_that_refuses_leaves_a_case_and_the_order_free(yard: Yard) -> None:
    order_id = await yard.one(await yard.house.person())
    await yard.faults({**CREATE, "action": "fail", "status": 400, "error_code": "40002002", "times": 1})
    refused = await yard.book(order_id)
    assert (refused["booking"], refused["is_live"], refused["reason"]) == ("refused", False, "refused")
    shown = await yard.worker.get("logistics", "/api/logistics/cases", is_open=True, kind="refused")
    assert refused["id"] in [each["shipment_id"] for each in shown["items"]]
    again = await yard.book(order_id, service="jne:yes")
    assert (again["booking"], again["service"]) == ("booked", "yes")


async def test_a_parcel_sold_at_the_flat_rate_gets_the_cheapest_courier(yard: Yard) -> None:
    booked = await yard.book(await yard.one(await yard.house.person(), courier_service="flat:reg"))
    assert (booked["booking"], booked["courier"], booked["service"]) == ("booked", "jne", "oke")


async def test_a_parcel_is_called_off_before_it_is_picked_up_only(yard: Yard) -> None:
    order_id = await yard.one(await yard.house.person())
    booked = await yard.book(order_id)
    code, answer = await yard.do(booked, "cancel", {"reason": "alamat salah"})
    assert (code, answer["status"], answer["reason"], answer["is_live"]) == (200, "failed", "cancelled", False)
    assert (await yard.do(booked, "cancel", {"reason": "alamat salah"}))[0] == 200
    assert (await yard.order_reaches(order_id, "ready_for_pickup"))["status"] == "ready_for_pickup"
    open_cases = await yard.worker.get("logistics", "/api/logistics/cases", is_open=True, limit=100)
    assert booked["id"] not in [each["shipment_id"] for each in open_cases["items"]]
    second = await yard.book(order_id)
    await yard.advance(second, "picked")
    await yard.reaches(second, "picked_up")
    code, answer = await yard.do(second, "cancel", {"reason": "terlambat"})
    assert (code, answer["code"]) == (409, "shipment_refused")


async def test_a_lost_answer_to_calling_off_is_asked_again_safely(yard: Yard) -> None:
    booked = await yard.book(await yard.one(await yard.house.person()))
    await yard.faults({"provider": "biteship", "operation": "cancel_order", "action": "timeout_after", "times": 1})
    code, answer = await yard.do(booked, "cancel", {"reason": "alamat salah"})
    assert (code, answer["code"]) == (503, "courier_silent")
    code, answer = await yard.do(booked, "cancel", {"reason": "alamat salah"})
    assert (code, answer["booking"], answer["is_live"]) == (200, "cancelled", False)


async def test_another_courier_takes_over(yard: Yard) -> None:
    order_id = await yard.one(await yard.house.person())
    booked = await yard.book(order_id)
    body = {"service": "sicepat:reg", "reason": "JNE penuh"}
    code, changed = await yard.do(booked, "courier", body, key="k1")
    assert (code, changed["courier"], changed["follows"], changed["booking"]) == (
        200,
        "sicepat",
        booked["id"],
        "booked",
    )
    assert (await yard.do(booked, "courier", body, key="k1"))[1]["id"] == changed["id"]
    code, answer = await yard.do(booked, "courier", body)
    assert (code, answer["code"]) == (409, "shipment_exists")
    own = await yard.admin.get("logistics", f"/api/logistics/orders/{order_id}/shipment")
    assert own["waybill"] == changed["waybill"]


async def test_proof_of_delivery(yard: Yard) -> None:
    sari = await yard.house.person()
    order_id = await yard.one(sari)
    booked = await yard.book(order_id)
    await yard.advance(booked, "picked", "dropping_off")
    await yard.reaches(booked, "in_transit")
    body = {"receiver_name": "Budi (adik)", "photo_url": "https://cdn.example.id/pod/1.jpg"}
    code, proven = await yard.do(booked, "proof", body)
    assert (code, proven["status"], proven["proof"]["receiver_name"]) == (200, "delivered", "Budi (adik)")
    await yard.order_reaches(order_id, "delivered")
    own = await sari.get("logistics", f"/api/logistics/orders/{order_id}/shipment")
    assert own["proof"]["photo_url"] == body["photo_url"]
    for bad in ({}, {"receiver_name": "B"}, {"receiver_name": "Budi", "photo_url": "javascript:x"}):
        code, answer = await yard.do(booked, "proof", bad)
        assert (code, answer["code"]) == (400, "invalid_input")
    future = {"receiver_name": "Budi", "at": (yard.house.clock.now() + timedelta(hours=1)).isoformat()}
    assert (await yard.do(booked, "proof", future))[1]["field"] == "at"


async def test_a_failed_parcel_goes_on_or_comes_back_and_is_sent_again(yard: Yard) -> None:
    order_id = await yard.one(await yard.house.person())
    booked = await yard.book(order_id)
    await yard.advance(booked, "picked", "dropping_off")
    await yard.order_reaches(order_id, "in_transit")
    yard.house.later(hours=1)
    await yard.advance(booked, "return_in_transit")
    await yard.order_reaches(order_id, "failed")
    (case,) = [each for each in await open_cases(yard) if each["shipment_id"] == booked["id"]]
    assert case["kind"] == "failed"
    yard.house.later(hours=1)
    await yard.advance(booked, "returned")
    await yard.reaches(booked, "returned")
    (same,) = [each for each in await open_cases(yard) if each["shipment_id"] == booked["id"]]
    assert (same["id"], same["kind"]) == (case["id"], "returned")

    path, body = f"/api/logistics/cases/{case['id']}/resolution", {"resolution": "reshipped", "note": "alamat benar"}
    assert (await yard.worker.request("POST", "logistics", path, body)).status_code == 403
    resolved = await yard.admin.post("logistics", path, body, key="again")
    assert (resolved["case"]["status"], resolved["case"]["resolution"]) == ("resolved", "reshipped")
    assert (await yard.admin.post("logistics", path, body, key="again")) == resolved
    refused = await yard.admin.request("POST", "logistics", path, body)
    assert (refused.status_code, refused.json()["code"]) == (409, "shipment_case_closed")
    await yard.order_reaches(order_id, "ready_for_pickup")
    second = await yard.look({"id": resolved["shipment_id"]})
    assert (second["follows"], second["booking"], second["is_live"]) == (booked["id"], "booked", True)
    assert (await yard.events("shipment.created", order_id))[-1]["again"] is True
    # What the first courier still tells of its parcel is of no concern to the order any more.
    assert (await yard.look(booked))["is_live"] is False
    await yard.advance(second, "picked", "dropping_off", "delivered")
    await yard.order_reaches(order_id, "delivered")


async def open_cases(yard: Yard) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await yard.worker.get("logistics", "/api/logistics/cases", is_open=True, limit=100))[
        "items"
    ]
    return found


async def test_a_failed_parcel_that_goes_on_closes_its_case(yard: Yard) -> None:
    order_id = await yard.one(await yard.house.person())
    booked = await yard.book(order_id)
    for status in ("picked_up", "in_transit", "failed"):
        assert (await yard.do(booked, "status", {"status": status, "note": "telepon kurir"}))[0] == 200
    await yard.order_reaches(order_id, "failed")
    yard.house.later(minutes=5)
    assert (await yard.do(booked, "status", {"status": "in_transit", "note": "dikirim lagi"}))[0] == 200
    assert booked["id"] not in [each["shipment_id"] for each in await open_cases(yard)]
    await yard.do(booked, "status", {"status": "delivered", "note": "sampai"})
    await yard.reaches(booked, "delivered")


async def test_a_lost_parcel(yard: Yard) -> None:
    order_id = await yard.one(await yard.house.person())
    booked = await yard.book(order_id)
    await yard.advance(booked, "picked", "dropping_off")
    await yard.order_reaches(order_id, "in_transit")
    yard.house.later(days=10)
    code, lost = await yard.do(booked, "loss", {"reason": "hilang di gudang kurir"})
    assert (code, lost["status"], lost["reason"]) == (200, "failed", "lost")
    (case,) = [each for each in await open_cases(yard) if each["shipment_id"] == booked["id"]]
    assert case["kind"] == "lost"
    await yard.order_reaches(order_id, "failed")
    path = f"/api/logistics/cases/{case['id']}/resolution"
    closed = await yard.admin.post("logistics", path, {"resolution": "closed", "note": "diganti uang"})
    assert (closed["case"]["resolution"], closed["shipment_id"]) == ("closed", None)
    other = await yard.book(await yard.one(await yard.house.person()))
    await yard.do(other, "proof", {"receiver_name": "Budi"})
    code, answer = await yard.do(other, "loss", {"reason": "hilang"})
    assert (code, answer["code"]) == (409, "shipment_refused")


async def test_moves_by_hand_that_there_are_not(yard: Yard) -> None:
    booked = await yard.book(await yard.one(await yard.house.person()))
    await yard.do(booked, "status", {"status": "in_transit", "note": "telepon kurir"})
    code, answer = await yard.do(booked, "status", {"status": "picked_up", "note": "mundur"})
    assert (code, answer["code"], answer["field"]) == (409, "shipment_refused", "status")
    assert answer["data"]["allowed"] == ["out_for_delivery", "delivered", "failed", "returned"]
    for bad in ({"status": "lost", "note": "abc"}, {"status": "failed"}, {"status": "failed", "note": ""}):
        assert (await yard.do(booked, "status", bad))[0] == 400
    assert (await yard.look(booked))["status"] == "in_transit"


async def test_each_sees_what_is_theirs(yard: Yard) -> None:
    house = yard.house
    sari, budi, owner = await house.person(), await house.person(), await house.person(Role.FACTORY_OWNER)
    order_id = await yard.one(sari)
    booked = await yard.book(order_id)
    own = f"/api/logistics/orders/{order_id}/shipment"
    assert (await sari.request("GET", "logistics", own)).status_code == 200
    assert (await budi.request("GET", "logistics", own)).json()["code"] == "shipment_not_found"
    assert (await house.request("GET", "logistics", own)).status_code == 401
    for path in (SHIPMENTS, f"{SHIPMENTS}/{booked['id']}", f"{SHIPMENTS}/{booked['id']}/label", "/api/logistics/cases"):
        assert (await sari.request("GET", "logistics", path)).status_code == 403
        assert (await owner.request("GET", "logistics", path)).status_code == 403
        assert (await house.request("GET", "logistics", path)).status_code == 401
        assert (await yard.worker.request("GET", "logistics", path)).status_code == 200
    for what in ("cancel", "courier", "waybill", "status", "proof", "loss"):
        assert (await yard.do(booked, what, {}, by=sari))[0] == 403
        assert (await yard.do(booked, what, {}, by=yard.worker))[0] == 400
        assert (await yard.do({"id": uuid4()}, what, _right(what)))[0] == 404
    assert (await owner.get("logistics", "/api/logistics/factory/shipments"))["total"] == 0
    assert (await sari.request("GET", "logistics", "/api/logistics/factory/shipments")).status_code == 403
    assert (await yard.worker.request("GET", "logistics", "/api/logistics/reports/couriers")).status_code == 403
    assert (await yard.worker.request("GET", "logistics", f"{SHIPMENTS}/{uuid4()}")).status_code == 404


def _right(what: str) -> dict[str, str]:
    return {
        "cancel": {"reason": "salah"},
        "loss": {"reason": "hilang"},
        "courier": {"service": "jne:yes", "reason": "salah"},
        "waybill": {"waybill": "000123456789"},
        "status": {"status": "failed", "note": "salah"},
        "proof": {"receiver_name": "Budi"},
    }[what]


async def test_anybody_with_a_number_sees_where_a_parcel_is_and_not_whose(yard: Yard) -> None:
    booked = await yard.book(await yard.one(await yard.house.person()))
    path = f"/api/logistics/tracking/{booked['waybill']}"
    shown = (await yard.house.request("GET", "logistics", path)).json()
    assert (shown["status"], shown["recipient"], shown["city"]) == ("pending", "S*** W***", "Kota Bandung")
    assert [each["status"] for each in shown["steps"]] == ["pending"]
    text = str(shown)
    for secret in ("Sari", "Wijaya", "Dago", "+62812", booked["order_id"]):
        assert secret not in text
    unknown = await yard.house.request("GET", "logistics", "/api/logistics/tracking/5000000000000000")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "shipment_not_found")


async def test_the_database_keeps_the_news_as_they_were(yard: Yard) -> None:
    booked = await yard.book(await yard.one(await yard.house.person()))
    ctx = yard.house.context("logistics")
    with pytest.raises(asyncpg.RestrictViolationError):
        await ctx.db.execute("delete from shipment_events where shipment_id = $1", UUID(booked["id"]))
