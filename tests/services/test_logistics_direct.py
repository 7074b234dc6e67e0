"""Parcels by the couriers' own keys: JNE and J&T book over their interfaces, SiCepat by contract; all three are tracked by what
they push and by asking."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from patungan.sandbox.settings import DEVELOPMENT_KEY
from tests.house import House, Servers, Shape
from tests.shipping import Yard

J_AND_T_PLACES = """city,district,city_code,area_code
Kota Jakarta Pusat,Menteng,JKT,JKT001
Kota Bandung,Coblong,BDO,BDO001
"""
PUSHES = {"provider": "*", "operation": "callback.tracking", "action": "lose"}


@pytest.fixture(scope="module")
async def yard(servers: Servers, template: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Yard]:
    places: Path = tmp_path_factory.mktemp("jnt") / "places.csv"
    places.write_text(J_AND_T_PLACES, encoding="utf-8")
    settings = {
        "BITESHIP_API_KEY": "",
        **{name: DEVELOPMENT_KEY for name in ("JNE_API_KEY", "JNT_API_KEY", "SICEPAT_API_KEY")},
        "JNE_USERNAME": "PATUNGAN",
        "JNE_API_URL": "{sandbox}/jne",
        "JNT_CUSTOMER": "PATUNGAN",
        "JNT_API_URL": "{sandbox}/jnt",
        "JNT_PLACES": str(places),
        "SICEPAT_API_URL": "{sandbox}/sicepat",
    }
    async with House(servers, template, Shape.SHARED, settings=settings) as house:
        yield await Yard.open(house)


@pytest.fixture(autouse=True)
async def fair_weather(yard: Yard) -> AsyncIterator[None]:
    yield
    await yard.faults()


@pytest.mark.parametrize(("service", "courier"), [("jne:reg", "jne"), ("jnt:ez", "jnt")])
async def test_a_parcel_booked_directly_is_followed_by_what_its_courier_pushes(
    yard: Yard, service: str, courier: str
) -> None:
    order_id = await yard.one(await yard.house.person(), courier_service=service)
    booked = await yard.book(order_id)
    assert (booked["booking"], booked["provider"], booked["courier"]) == ("booked", courier, courier)
    # Sooner than a courier is asked by us for the first time.
    yard.house.later(seconds=20)
    await yard.advance(booked, "picked")
    await yard.order_reaches(order_id, "picked_up")
    yard.house.later(seconds=20)
    await yard.advance(booked, "dropping_off", "delivered")
    arrived = await yard.reaches(booked, "delivered")
    assert {each["source"] for each in arrived["events"]} == {"platform", "webhook"}
    await yard.order_reaches(order_id, "delivered")


@pytest.mark.parametrize("service", ["jne:reg", "jnt:ez"])
async def test_couriers_that_push_nothing_are_asked(yard: Yard, service: str) -> None:
    order_id = await yard.one(await yard.house.person(), courier_service=service)
    booked = await yard.book(order_id)
    await yard.faults(PUSHES)
    await yard.advance(booked, "picked", "dropping_off", "delivered")
    yard.house.later(minutes=40)
    arrived = await yard.reaches(booked, "delivered")
    assert [each["source"] for each in arrived["events"] if each["status"] == "delivered"] == ["tracking"]
    await yard.order_reaches(order_id, "delivered")


async def test_sicepat_is_booked_by_contract_and_tracked(yard: Yard) -> None:
    order_id = await yard.one(await yard.house.person(), courier_service="sicepat:reg")
    wanted = await yard.book(order_id)
    assert (wanted["booking"], wanted["booking_problem"]) == ("refused", "waybills are taken out by contract")
    answer = await yard.house.client.post(
        f"{yard.house.sandbox_url}/_sandbox/couriers/shipments",
        json={"courier": "sicepat", "service": "reg", "receiver_name": "Sari"},
    )
    code, booked = await yard.do(wanted, "waybill", {"waybill": answer.json()["waybill"]})
    assert (code, booked["booking"], booked["provider"]) == (200, "booked", "sicepat")
    await yard.faults(PUSHES)
    await yard.advance(booked, "picked", "dropping_off")
    yard.house.later(minutes=40)
    await yard.reaches(booked, "out_for_delivery")
    await yard.faults()
    await yard.advance(booked, "delivered")
    await yard.reaches(booked, "delivered")
    await yard.order_reaches(order_id, "delivered")


async def test_a_repeated_reference_that_jne_does_not_name_becomes_a_case(yard: Yard) -> None:
    order_id = await yard.one(await yard.house.person(), courier_service="jne:reg")
    await yard.faults({"provider": "jne", "operation": "create_waybill", "action": "timeout_after", "times": 1})
    wanted = await yard.book(order_id)
    assert wanted["booking"] == "wanted"

    async def has_case() -> bool:
        yard.house.later(hours=1, minutes=1)
        cases = (await yard.worker.get("logistics", "/api/logistics/cases", is_open=True, limit=100))["items"]
        return wanted["id"] in [each["shipment_id"] for each in cases]

    await yard.house.eventually(has_case, seconds=60)
    listed = (await yard.house.client.get(f"{yard.house.sandbox_url}/_sandbox/couriers/shipments?limit=1000")).json()
    (taken,) = [each for each in listed["shipments"] if each["reference"] == wanted["reference"]]
    code, booked = await yard.do(wanted, "waybill", {"waybill": taken["waybill"]})
    assert (code, booked["booking"]) == (200, "booked")
    cases = (await yard.worker.get("logistics", "/api/logistics/cases", is_open=True, limit=100))["items"]
    assert wanted["id"] not in [each["shipment_id"] for each in cases]


async def test_a_push_without_its_signature_changes_nothing(yard: Yard) -> None:
    booked = await yard.book(await yard.one(await yard.house.person(), courier_service="jne:reg"))
    raw = msgspec.json.encode({"waybill": booked["waybill"], "text": "DELIVERED TO [Sari]", "at": "25-11-2026 10:00"})

    async def push(courier: str, body: bytes, secret: str | None) -> tuple[int, Any]:
        headers = {}
        if secret is not None:
            headers["x-callback-signature"] = hmac.new(secret.encode(), body, "sha256").hexdigest()
        url = yard.house.url("logistics", f"/api/webhooks/logistics/{courier}")
        answer = await yard.house.client.post(url, content=body, headers=headers)
        return answer.status_code, answer.json()

    right = yard.house.environment["LOGISTICS_WEBHOOK_HMAC_SECRET"]
    for secret in (None, "wrong"):
        code, answer = await push("jne", raw, secret)
        assert (code, answer["code"]) == (401, "logistics_webhook_refused")
    assert (await push("pos", raw, right))[0] == 404
    assert await push("jnt", raw, right) == (200, {"outcome": "unknown"})
    for bad in (b"{}", b"[", msgspec.json.encode({"waybill": "X", "text": "DELIVERED", "at": "kemarin"})):
        code, answer = await push("jne", bad, right)
        assert (code, answer["code"]) == (400, "invalid_input")
    assert (await yard.look(booked))["status"] == "pending"
    assert await push("jne", raw, right) == (200, {"outcome": "moved"})
    assert await push("jne", raw, right) == (200, {"outcome": "unchanged"})
