"""The warehouse's desk: batches, labels, pick-ups, couriers as data, leg one, reports."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from patungan.contracts import logistics as contract
from patungan.kernel.money import Rupiah
from patungan.services.logistics.operations import labels
from patungan.services.logistics.queries import shipments as shipment_queries
from tests.depot import ORDERS, Depot, new_session
from tests.house import House
from tests.shipping import SHIPMENTS, Yard

PICKUPS, COURIERS, BULK = "/api/logistics/pickups", "/api/logistics/couriers", "/api/logistics/bulk-shipments"


@pytest.fixture(scope="module")
async def opened(one_house: House) -> Yard:
    return await Yard.open(one_house)


@pytest.fixture
async def yard(opened: Yard) -> AsyncIterator[Yard]:
    yield opened
    await opened.faults()
    opened.house.later(minutes=1)


async def test_a_session_is_booked_in_a_batch_though_the_courier_stumbles(yard: Yard) -> None:
    sari, session_id = await yard.house.person(), uuid4()
    made = await yard.orders(sari, 12, session_id=session_id)
    await yard.house.context("order").db.execute(
        "update orders set status = 'refunded' where id = $1", made[0].order_id
    )
    rule = {
        "provider": "biteship",
        "operation": "create_order",
        "action": "timeout_after",
        "probability": 0.4,
        "seed": 7,
    }
    await yard.faults(rule)
    path = f"/api/logistics/sessions/{session_id}/shipments"
    first = await yard.worker.post("logistics", path, key="batch")
    assert first == {"wanted": 11, "shipped_before": 0, "not_shippable": 1}
    assert await yard.worker.post("logistics", path, key="batch") == first
    assert (await yard.worker.post("logistics", path))["shipped_before"] == 11
    assert (await sari.request("POST", "logistics", path)).status_code == 403

    async def booked() -> bool:
        yard.house.later(seconds=20)
        page = await yard.worker.get("logistics", SHIPMENTS, session_id=str(session_id), booking="booked")
        return bool(page["total"] == 11)

    await yard.house.eventually(booked, seconds=60)
    parcels = (await yard.worker.get("logistics", SHIPMENTS, session_id=str(session_id), limit=100))["items"]
    listed = (await yard.house.client.get(f"{yard.house.sandbox_url}/_sandbox/couriers/shipments?limit=1000")).json()
    references = [each["reference"] for each in listed["shipments"]]
    assert all(references.count(each["reference"]) == 1 for each in parcels)
    assert len({each["waybill"] for each in parcels}) == 11


async def test_an_unknown_session_has_no_batch_and_no_labels(yard: Yard) -> None:
    path = f"/api/logistics/sessions/{uuid4()}"
    assert await yard.worker.post("logistics", f"{path}/shipments") == {
        "wanted": 0, "shipped_before": 0, "not_shippable": 0
    }  # fmt: skip
    answer = await yard.worker.request("GET", "logistics", f"{path}/labels")
    assert (answer.status_code, answer.json()["code"]) == (404, "shipment_not_found")
    bare = await yard.house.client.post(
        yard.house.url("logistics", f"{path}/shipments"),
        headers={"Authorization": f"Bearer {yard.house.token(yard.worker.caller)}"},
    )
    assert bare.json()["code"] == "idempotency_key_required"


def printed(pdf: bytes) -> str:
    """What the pages of a PDF of ours say, as their drawing commands hold it."""
    streams = re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    return "".join(
        zlib.decompress(base64.a85decode(b"<~" + each.strip(), adobe=True)).decode("cp1252") for each in streams
    )


async def test_a_label_is_a_page_of_a6_with_what_belongs_on_it(yard: Yard) -> None:
    booked = await yard.book(await yard.one(await yard.house.person()))
    answer = await yard.worker.request("GET", "logistics", f"{SHIPMENTS}/{booked['id']}/label")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert booked["waybill"] in answer.headers["content-disposition"]
    assert answer.content.startswith(b"%PDF-")
    assert b"/MediaBox [ 0 0 297.6378 419.5276 ]" in answer.content
    row = await shipment_queries.find_shipment(yard.house.context("logistics").db, UUID(booked["id"]))
    assert row is not None
    assert labels.draw([row]) == answer.content
    text = printed(answer.content)
    for wanted in ("Sari Wijaya +6281234567890", "Jl. Dago 1", "40132", booked["waybill"], f"Pesanan {booked['order_number']}",
                   "Gudang Menteng", "0.50 kg, ditagih 1 kg", "COD: TIDAK", "2 x Kemeja Batik Pria"):  # fmt: skip
        assert wanted in text


async def test_a_pickup_gathers_what_waits_and_hands_it_over(yard: Yard) -> None:
    sari, now = await yard.house.person(), yard.house.clock.now()
    orders = [await yard.one(sari) for _ in range(3)]
    parcels = [await yard.book(each, service="sicepat:reg") for each in orders]
    wish = {
        "warehouse_id": yard.warehouse["id"],
        "courier": "sicepat",
        "starts_at": now.isoformat(),
        "ends_at": (now + timedelta(hours=3)).isoformat(),
    }
    visit = await yard.worker.post("logistics", PICKUPS, wish, key="visit")
    assert (visit["status"], visit["parcels"], visit["code"][:3]) == ("scheduled", 3, "PT-")
    assert await yard.worker.post("logistics", PICKUPS, wish, key="visit") == visit
    none = await yard.worker.request("POST", "logistics", PICKUPS, wish)
    assert (none.status_code, none.json()["code"]) == (409, "pickup_refused")
    path = f"{PICKUPS}/{visit['id']}/status"
    refused = await yard.worker.request("POST", "logistics", path, {"status": "completed"})
    assert (refused.status_code, refused.json()["code"]) == (409, "pickup_refused")
    await yard.worker.post("logistics", path, {"status": "in_progress"})
    done = await yard.worker.post("logistics", path, {"status": "completed"})
    assert done["status"] == "completed"
    for parcel, order_id in zip(parcels, orders, strict=True):
        assert (await yard.look(parcel))["status"] == "picked_up"
        await yard.order_reaches(order_id, "picked_up")
    again = await yard.worker.request("POST", "logistics", path, {"status": "cancelled"})
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"courier": "pos"}, 404, "courier_unknown"),
        ({"warehouse_id": str(uuid4())}, 404, "warehouse_not_found"),
        ({"ends_at": "2020-01-01T00:00:00Z"}, 400, "invalid_input"),
        ({"starts_at": "2026-11-25T10:00:00"}, 400, "invalid_input"),
    ],
)
async def test_a_bad_pickup(yard: Yard, change: dict[str, Any], status: int, code: str) -> None:
    now = yard.house.clock.now()
    wish = {"warehouse_id": yard.warehouse["id"], "courier": "jne", "starts_at": now.isoformat(),
            "ends_at": (now + timedelta(hours=3)).isoformat()}  # fmt: skip
    answer = await yard.worker.request("POST", "logistics", PICKUPS, {**wish, **change})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_cancelled_pickup_leaves_its_parcels_for_another(yard: Yard) -> None:
    booked = await yard.book(await yard.one(await yard.house.person()), service="jne:yes")
    now = yard.house.clock.now()
    wish = {"warehouse_id": yard.warehouse["id"], "courier": "jne", "starts_at": now.isoformat(),
            "ends_at": (now + timedelta(hours=3)).isoformat()}  # fmt: skip
    visit = await yard.worker.post("logistics", PICKUPS, wish)
    assert (await yard.look(booked))["pickup_id"] == visit["id"]
    await yard.worker.post("logistics", f"{PICKUPS}/{visit['id']}/status", {"status": "cancelled"})
    assert (await yard.look(booked))["pickup_id"] is None
    assert (await yard.worker.post("logistics", PICKUPS, wish))["parcels"] == visit["parcels"]


async def test_a_courier_that_is_switched_off_is_neither_offered_nor_booked(yard: Yard) -> None:
    ctx = yard.house.context("order")
    asked = contract.QuoteRates(
        origin_postal_code="10310", destination_postal_code="40132", weight_grams=500,
        length_cm=10, width_cm=10, height_cm=10, value=Rupiah(1),
    )  # fmt: skip
    before = {each.courier for each in (await ctx.call(contract.quote_rates, asked)).rates}
    assert before == {"jne", "sicepat"}
    body = {"is_active": False}
    for nobody in (yard.worker, await yard.house.person()):
        assert (await nobody.request("PATCH", "logistics", f"{COURIERS}/jne", body)).status_code == 403
    answer = await yard.admin.request("PATCH", "logistics", f"{COURIERS}/jne", body, key="off")
    assert (answer.status_code, answer.json()["is_active"]) == (200, False)
    try:
        assert "jne" not in {each.courier for each in (await ctx.call(contract.quote_rates, asked)).rates}
        order_id = await yard.one(await yard.house.person())
        refused = await yard.worker.request(
            "POST", "logistics", SHIPMENTS, {"order_id": str(order_id), "service": "jne:reg"}
        )
        assert refused.json()["code"] == "courier_service_unknown"
    finally:
        await yard.admin.request("PATCH", "logistics", f"{COURIERS}/jne", {"is_active": True})
    assert {each.courier for each in (await ctx.call(contract.quote_rates, asked)).rates} == before


async def test_couriers_are_added_and_changed_by_administrators(yard: Yard) -> None:
    body = {"code": "anteraja", "name": "AnterAja", "services": [{"service": "reg", "name": "Reguler", "max_days": 3}]}
    added = await yard.admin.post("logistics", COURIERS, body, key="add")
    assert await yard.admin.post("logistics", COURIERS, body, key="add") == added
    taken = await yard.admin.request("POST", "logistics", COURIERS, body)
    assert (taken.status_code, taken.json()["code"]) == (409, "courier_taken")
    change = {"services": [{"service": "reg", "name": "Reguler", "max_days": 4, "is_active": False}]}
    changed = (await yard.admin.request("PATCH", "logistics", f"{COURIERS}/anteraja", change)).json()
    assert changed["services"] == [{"service": "reg", "name": "Reguler", "max_days": 4, "is_active": False}]
    unknown = await yard.admin.request("PATCH", "logistics", f"{COURIERS}/pos", {})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "courier_unknown")
    assert "anteraja" in [each["code"] for each in (await yard.worker.get("logistics", COURIERS))["items"]]
    bad = await yard.admin.request("POST", "logistics", COURIERS, {"code": "X Y", "name": "X"})
    assert bad.status_code == 400


async def test_leg_one_follows_its_purchase_order_and_its_cost_is_recorded(yard: Yard) -> None:
    depot = await Depot.open(yard.house, "M")
    await depot.fulfil(new_session(), M=24)
    (order,) = await depot.orders()
    await yard.faults({"provider": "biteship", "operation": "rates", "action": "fail"})

    async def bulk() -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await depot.owner.get("logistics", BULK))["items"]
        return items

    async def reaches(status: str) -> dict[str, Any]:
        async def there() -> bool:
            return [each["status"] for each in await bulk()] == [status]

        await yard.house.eventually(there)
        return (await bulk())[0]

    for po_status, status in (("confirmed", "pending"), ("in_production", "pending"), ("shipped", "in_transit")):
        await depot.owner.post("warehouse", f"{ORDERS}/{order['id']}/status", {"status": po_status})
        leg = await reaches(status)
        if po_status == "confirmed":
            # While no courier has a price it counts as what the settings say.
            assert (leg["cost"], leg["cost_is_estimated"], leg["purchase_order_code"]) == (50_000, True, order["code"])
            await yard.faults()
            yard.house.later(minutes=11)

    # 24 units of 250 g are a carton of 6 kg, from the factory to the warehouse.
    rates = await depot.owner.post(
        "logistics", "/api/logistics/rates",
        {
            "product_id": depot.product_id, "variant_id": depot.variants["M"], "quantity": 24,
            "origin_postal_code": "51127", "postal_code": depot.market.warehouse["postal_code"],
        },
    )  # fmt: skip
    price = rates["items"][0]["price"]
    assert (rates["chargeable_kilograms"], price > 50_000) == (6, True)

    async def priced() -> bool:
        return bool((await bulk())[0]["cost"] == price)

    await yard.house.eventually(priced, seconds=30)
    path = f"{BULK}/{leg['id']}"
    named = await depot.owner.request("PATCH", "logistics", path, {"carrier": "Truk Jaya", "waybill": "TJ-1"})
    assert (named.json()["carrier"], named.json()["cost"], named.json()["cost_is_estimated"]) == (
        "Truk Jaya",
        price,
        True,
    )
    refused = await depot.owner.request("PATCH", "logistics", path, {"cost": 1})
    assert (refused.status_code, refused.json()["code"]) == (409, "shipment_refused")
    paid = (await yard.worker.request("PATCH", "logistics", path, {"cost": 350_000})).json()
    assert (paid["cost"], paid["cost_is_estimated"]) == (350_000, False)
    stranger = await yard.house.person()
    assert (await stranger.request("PATCH", "logistics", path, {"carrier": "Saya"})).status_code == 403
    await depot.admin.post(
        "warehouse",
        f"{ORDERS}/{order['id']}/receipts",
        {"lines": [{"variant_id": depot.variants["M"], "received": 24}]},
    )
    assert (await reaches("delivered"))["ended_at"] is not None


async def test_late_parcels_and_how_couriers_do(yard: Yard) -> None:
    sari, since = await yard.house.person(), yard.house.clock.now()
    yard.house.later(minutes=1)
    prompt = await yard.book(await yard.one(sari), service="jnt:ez")
    late = await yard.book(await yard.one(sari), service="jnt:ez")
    await yard.do(prompt, "proof", {"receiver_name": "Budi"})
    yard.house.later(days=5)
    shown = await yard.worker.get("logistics", "/api/logistics/reports/delayed", limit=100)
    mine = {each["id"]: each["days_late"] for each in shown["items"]}
    assert prompt["id"] not in mine
    # EZ takes three days, and one more is allowed.
    assert mine[late["id"]] in (1, 2)
    report = await yard.admin.get("logistics", "/api/logistics/reports/couriers", since=since.isoformat())
    (jnt,) = [each for each in report["items"] if each["courier"] == "jnt"]
    assert (jnt["booked"], jnt["delivered"], jnt["on_time"], jnt["under_way"]) == (2, 1, 1, 1)
    assert jnt["on_time_basis_points"] == 10_000
    for bad in ({"since": "2026-01-01T00:00:00"}, {"since": "2020-01-01T00:00:00Z"}, {"until": "2019-01-01T00:00:00Z",
                "since": "2019-02-01T00:00:00Z"}):  # fmt: skip
        answer = await yard.admin.request("GET", "logistics", "/api/logistics/reports/couriers", **bad)
        assert answer.status_code == 400
    empty = await yard.admin.get("logistics", "/api/logistics/reports/couriers", until="2020-01-01T00:00:00Z")
    assert empty["items"] == []


async def test_a_waybill_by_contract_is_written_down(yard: Yard) -> None:
    order_id = await yard.one(await yard.house.person(), courier_service="pos:reg")
    refused = await yard.book(order_id)
    assert refused["booking"] == "refused"
    code, entered = await yard.do(refused, "waybill", {"waybill": "P2026112500001"}, key="w")
    assert (code, entered["booking"], entered["status"], entered["is_live"]) == (200, "booked", "pending", True)
    assert (await yard.do(refused, "waybill", {"waybill": "P2026112500001"}, key="w"))[0] == 200
    assert (await yard.do(refused, "waybill", {"waybill": "P2026112500009"}, key="w"))[1][
        "code"
    ] == "idempotency_key_reused"
    assert (await yard.do(refused, "waybill", {"waybill": "P2026112500009"}))[1]["code"] == "shipment_refused"
    await yard.order_reaches(order_id, "ready_for_pickup")
    other = await yard.book(await yard.one(await yard.house.person(), courier_service="pos:reg"))
    code, answer = await yard.do(other, "waybill", {"waybill": "P2026112500001"})
    assert (code, answer["field"]) == (400, "waybill")
