"""Offices through the public API: staff, factories brought in and visited, pickups until the purchase order is shipped."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from patungan.contracts import office as contract
from patungan.contracts import warehouse
from patungan.kernel.identity import Role
from patungan.kernel.money import Rupiah
from tests.house import House, Person
from tests.market import Market
from tests.people import OFFICE, jpeg, office_with, send


async def _looked_after(house: House, admin: Person, office: Any, factory_id: Any) -> None:
    await admin.request("PUT", "factory", f"/api/factories/{factory_id}/office", {"office_id": office["id"]})

    async def known() -> bool:
        page = await admin.get("office", f"/api/offices/{office['id']}/factories")
        return str(factory_id) in {each["factory_id"] for each in page["items"]}

    await house.eventually(known, seconds=30)


async def _purchase_order(market: Market) -> Any:
    request = warehouse.FulfilDemand(
        session_id=uuid4(),
        session_code="GB-20261125-ABCDE",
        product_id=UUID(market.product["id"]),
        product_name="Kemeja",
        factory_id=UUID(market.product["factory_id"]),
        warehouse_id=UUID(market.warehouse["id"]),
        lines=[warehouse.DemandLine(variant_id=None, quantity=12, unit_cost=Rupiah(50_000))],
        needed_by=market.house.clock.now() + timedelta(days=7),
    )
    await market.house.context("group-buying").call(warehouse.fulfil_demand, request)
    path = "/api/warehouse/purchase-orders"
    return (await market.admin.get("warehouse", path, session_id=str(request.session_id)))["items"][0]


async def test_a_pickup_ships_its_purchase_order(one_house: House) -> None:
    market = await Market.open(one_house)
    admin = market.admin
    office, people = await office_with(one_house, admin, "office_manager", "logistics_staff")
    (manager, _), (agent, staff) = people
    _elsewhere, others = await office_with(one_house, admin, "office_manager", city="Kota Solo")
    order = await _purchase_order(market)
    body = {"purchase_order_id": order["id"], "scheduled_for": "2026-12-01", "staff_id": staff["id"]}
    early = await manager.request("POST", "office", "/api/pickup-tasks", body)
    assert early.json()["code"] == "factory_not_looked_after"
    await _looked_after(one_house, admin, office, market.product["factory_id"])
    unconfirmed = await manager.request("POST", "office", "/api/pickup-tasks", body)
    assert unconfirmed.json()["code"] == "purchase_order_status_refused"
    status = f"/api/warehouse/purchase-orders/{order['id']}/status"
    await market.owner.post("warehouse", status, {"status": "confirmed"})
    assert (await agent.request("POST", "office", "/api/pickup-tasks", body)).status_code == 403
    made = await asyncio.gather(*(manager.request("POST", "office", "/api/pickup-tasks", body) for _ in range(3)))
    assert sorted(each.status_code for each in made) == [201, 409, 409], [each.text for each in made]
    pickup = next(each.json() for each in made if each.status_code == 201)
    path = f"/api/pickup-tasks/{pickup['pickup']['id']}"
    assert (await others[0][0].request("GET", "office", path)).json()["code"] == "pickup_not_found"
    photo = (await send(agent, "POST", "office", "/api/offices/photos", jpeg())).json()["name"]
    done = {"photo": photo, "signature": photo}
    for what in ("completion", "failure"):
        given = done if what == "completion" else {"reason": "tutup"}
        refused = await agent.request("POST", "office", f"{path}/{what}", given)
        assert refused.json()["code"] == "pickup_status_refused"
    await agent.post("office", f"{path}/start")
    too_many = await agent.request("PUT", "office", f"{path}/items/1", {"quantity": 13})
    assert too_many.json()["code"] == "item_refused"
    await agent.request("PUT", "office", f"{path}/items/1", {"quantity": 11})
    missing = await agent.request("POST", "office", f"{path}/completion", done)
    assert missing.json()["code"] == "items_not_verified"
    counted = await agent.request("PUT", "office", f"{path}/items/1", {"quantity": 12})
    assert counted.json()["items"][0]["is_verified"] is True
    ends = await asyncio.gather(*(agent.request("POST", "office", f"{path}/completion", done) for _ in range(3)))
    assert sorted(each.status_code for each in ends) == [200, 409, 409]

    async def shipped() -> bool:
        found = await admin.get("warehouse", f"/api/warehouse/purchase-orders/{order['id']}")
        return bool(found["status"] == "shipped")

    await one_house.eventually(shipped, seconds=30)
    opinion = {"overall": 4, "punctuality": 5, "professionalism": 5, "communication": 3}
    reviews = await asyncio.gather(
        *(market.owner.request("POST", "office", f"{path}/review", opinion) for _ in range(2))
    )
    assert sorted(each.status_code for each in reviews) == [201, 409]
    figures = await manager.get("office", f"/api/offices/{office['id']}/figures")
    assert (figures["figures"]["pickups_completed"], figures["figures"]["factories"], figures["rating"]) == (1, 1, 4.0)
    asked = contract.GetShares(factory_ids=[UUID(market.product["factory_id"]), uuid4()])
    (share,) = (await one_house.context("factory").call(contract.get_shares, asked)).shares
    assert (str(share.office_id), share.commission_percent) == (office["id"], 10)


async def test_agents_bring_in_and_verify_factories(one_house: House) -> None:
    admin, owner = await one_house.admin(), await one_house.person()
    _office, ((agent, _staff),) = await office_with(one_house, admin, "field_coordinator")
    given = {
        "owner_phone": owner.phone,
        "name": "Pabrik Dibawa Agen",
        "nib": "7712345678901",
        "line": "Jl. Raya 1",
        "district": "Batang",
        "city": "Kab. Batang",
        "province": "Jawa Tengah",
        "postal_code": "51211",
    }
    first = await agent.post("office", "/api/offices/registrations", given, key="bring-1")
    assert await agent.post("office", "/api/offices/registrations", given, key="bring-1") == first
    assert first["owner_id"] == str(owner.id)
    body = {"factory_id": first["id"], "type": "factory_visit", "latitude": -6.9, "longitude": 109.7}
    body["checklist"] = [{"item": "Mesin jahit", "passed": True}, {"item": "Gudang", "passed": False}]

    async def visited() -> bool:
        return (await agent.request("POST", "office", "/api/interactions", body)).status_code == 201

    await one_house.eventually(visited, seconds=30)
    seen = await admin.get("office", "/api/interactions", factory_id=first["id"], verifications=True)
    assert (seen["total"], seen["items"][0]["passed"]) == (1, False)
    half = await agent.request("POST", "office", "/api/interactions", {**body, "longitude": None})
    assert (half.status_code, half.json()["field"]) == (400, "latitude")


async def test_who_may_do_what(one_house: House) -> None:
    admin, customer = await one_house.admin(), await one_house.person()
    office, ((manager, staff),) = await office_with(one_house, admin, "office_manager", city="Kota Tegal")
    found = (await one_house.request("GET", "office", "/api/offices", city="kota tegal")).json()
    assert office["id"] in {each["id"] for each in found["items"]}
    path = f"/api/offices/{office['id']}"
    for method, place, body in [
        ("POST", "/api/offices", OFFICE),
        ("PATCH", path, {"commission_percent": 50}),
        ("POST", f"{path}/status", {"status": "inactive", "reason": "saingan"}),
        ("GET", "/api/offices/all", None),
    ]:
        for person in (manager, customer):
            assert (await person.request(method, "office", place, body)).status_code == 403, place
    idle = await one_house.person(Role.OFFICE_STAFF)
    assert (await idle.request("GET", "office", "/api/offices/staff/me")).json()["code"] == "staff_not_found"
    assert (await idle.request("GET", "office", path)).json()["code"] == "office_not_found"
    twice = {"phone": manager.phone, "role": "admin_staff"}
    assert (await admin.request("POST", "office", f"{path}/staff", twice)).json()["code"] in ("staff_exists",)
    resigned = await admin.request("PATCH", "office", f"{path}/staff/{staff['id']}", {"status": "resigned"})
    assert resigned.json()["is_available"] is False
    back = await admin.request("PATCH", "office", f"{path}/staff/{staff['id']}", {"status": "active"})
    assert back.json()["code"] == "staff_status_refused"
    closed = await admin.post("office", f"{path}/status", {"status": "inactive", "reason": "pindah kota"})
    assert closed["manager_id"] is None
    again = await admin.request("POST", "office", f"{path}/status", {"status": "inactive", "reason": "lagi"})
    assert again.json()["code"] == "office_status_refused"
