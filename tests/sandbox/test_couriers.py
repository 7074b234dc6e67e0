"""Rates, bookings and tracks of the couriers, each in its own form."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

from patungan.sandbox.couriers import areas, tariff
from patungan.sandbox.couriers.areas import Area
from patungan.sandbox.couriers.biteship.rates import Item
from patungan.sandbox.settings import DEVELOPMENT_KEY

from .conftest import Receiver, RunningSandbox, StartSandbox

KEY = DEVELOPMENT_KEY
JAKARTA, BANDUNG, SURABAYA, JAYAPURA = 10110, 40152, 60221, 99111


@pytest.fixture
async def sandbox(start_sandbox: StartSandbox, receiver: Receiver) -> RunningSandbox:
    running: RunningSandbox = await start_sandbox(
        biteship_api_key=KEY,
        jne_api_key=KEY,
        jnt_api_key=KEY,
        sicepat_api_key=KEY,
        logistics_callback_url=f"{receiver.url}/logistics",
        logistics_webhook_secret="logistics-secret",
    )
    return running


def item(**changes: Any) -> dict[str, Any]:
    return {"name": "Kopi", "value": 50_000, "quantity": 2, "weight": 700, "length": 10, "width": 10, "height": 10} | (
        changes
    )


async def biteship(sandbox: RunningSandbox, method: str, path: str, body: Any = None, key: str = KEY) -> Any:
    return await sandbox.http.request(method, f"/biteship/v1{path}", json=body, headers={"authorization": key})


async def rates(sandbox: RunningSandbox, destination: int, **changes: Any) -> Any:
    body = {
        "origin_postal_code": JAKARTA,
        "destination_postal_code": destination,
        "couriers": "jne,jnt,sicepat",
        "items": [item()],
    }
    return await biteship(sandbox, "POST", "/rates/couriers", body | changes)


def order(**changes: Any) -> dict[str, Any]:
    return {
        "origin_contact_name": "Gudang",
        "origin_contact_phone": "+6281100000001",
        "origin_address": "Jl. Merdeka 1",
        "origin_postal_code": JAKARTA,
        "destination_contact_name": "Sari",
        "destination_contact_phone": "+6281234567890",
        "destination_address": "Jl. Dago 2",
        "destination_postal_code": BANDUNG,
        "courier_company": "jne",
        "courier_type": "reg",
        "delivery_type": "now",
        "reference_id": "SHP-1",
        "items": [item()],
    } | changes


def test_weight_or_volume_counts_whichever_is_more() -> None:
    light = Item(name="Bantal", value=1, quantity=2, weight=300, length=40, width=40, height=20)
    assert tariff.chargeable_kg([light]) == 11
    heavy = Item(name="Beras", value=1, quantity=2, weight=2_500, length=10, width=10, height=10)
    assert tariff.chargeable_kg([heavy]) == 5
    bulky = Item(name="Beras", value=1, quantity=2, weight=2_500, length=20, width=20, height=20)
    assert tariff.chargeable_kg([bulky, light]) == 14
    assert tariff.chargeable_kg([Item(name="Kartu", value=1, quantity=1, weight=1)]) == 1
    assert tariff.whole_kg("1.01") == 2
    with pytest.raises(ValueError, match="nan is not a weight"):
        tariff.whole_kg("nan")


def test_places_are_found_by_code_and_name_and_lie_apart_alike() -> None:
    jakarta, bandung = (areas.by_postal_code(code) for code in (JAKARTA, BANDUNG))
    assert jakarta == Area(city_code="31.71", district_code="31.71.01", postal_code="10110")
    assert jakarta is not None
    assert bandung is not None
    assert (bandung.city, bandung.courier_name) == ("Kota Bandung", "BANDUNG")
    assert areas.distance_km(jakarta, bandung) == areas.distance_km(bandung, jakarta) == 118
    assert areas.distance_km(jakarta, jakarta) == 15
    assert areas.by_courier_code("BDO10000") == Area(city_code="32.73")
    assert areas.by_courier_code("CGK") == areas.by_courier_code("CGK10000") == areas.by_name("Jakarta")
    assert areas.by_postal_code(99_999) is None
    assert areas.by_courier_code("XXX10000") is None
    codes = [area.courier_code for area in (*areas.cities(), *areas.districts())]
    assert len(codes) == len(set(codes)) == 514 + 7_285
    kalideres = areas.by_name("kalideres")
    assert kalideres is not None
    assert areas.by_courier_code(kalideres.courier_code) == kalideres


async def test_biteship_prices_by_distance_and_weight(refusing_sandbox: RunningSandbox) -> None:
    near = (await rates(refusing_sandbox, BANDUNG)).json()
    assert (near["success"], near["object"], near["code"]) == (True, "courier_pricing", 20001003)
    assert near["destination"]["administrative_division_level_2_name"] == "Kota Bandung"
    shown = [(p["courier_code"], p["courier_service_code"], p["price"], p["duration"]) for p in near["pricing"]]
    assert shown == [
        ("jne", "reg", 21_000, "1 - 2 days"),
        ("jne", "oke", 18_000, "2 - 4 days"),
        ("jne", "yes", 38_000, "1 days"),
        ("jnt", "ez", 21_000, "1 - 2 days"),
        ("sicepat", "reg", 20_000, "1 - 2 days"),
        ("sicepat", "best", 34_000, "1 days"),
    ]
    far = (await rates(refusing_sandbox, JAYAPURA)).json()["pricing"]
    assert [(p["courier_service_code"], p["price"], p["duration"]) for p in far][:2] == [
        ("reg", 168_000, "4 - 7 days"),
        ("oke", 142_000, "5 - 9 days"),
    ]
    assert "yes" not in [p["courier_service_code"] for p in far]
    heavy = (await rates(refusing_sandbox, BANDUNG, items=[item(weight=10_000)], couriers="jne")).json()["pricing"]
    assert [(p["courier_service_code"], p["price"]) for p in heavy][-1] == ("jtr", 90_000)
    insured = (await rates(refusing_sandbox, BANDUNG, courier_insurance=100_000, couriers="jnt")).json()["pricing"][0]
    assert (insured["shipping_fee"], insured["insurance_fee"], insured["price"]) == (21_000, 200, 21_200)


async def test_instant_couriers_need_coordinates(refusing_sandbox: RunningSandbox) -> None:
    assert (await rates(refusing_sandbox, BANDUNG, couriers="gojek,grab")).json()["pricing"] == []
    points = {
        "origin_latitude": -6.2,
        "origin_longitude": 106.8,
        "destination_latitude": -6.2,
        "destination_longitude": 106.85,
    }
    found = (await rates(refusing_sandbox, JAKARTA, couriers="gojek,grab", **points)).json()["pricing"]
    assert [(p["company"], p["price"], p["duration"]) for p in found] == [
        ("gojek", 27_000, "1 - 3 hours"),
        ("grab", 27_000, "1 - 3 hours"),
    ]


@pytest.mark.parametrize(
    "changes",
    [{"destination_postal_code": 99_999}, {"couriers": "pigeon"}, {"items": []}, {"origin_postal_code": None}],
)
async def test_biteship_refuses_bad_rates(refusing_sandbox: RunningSandbox, changes: dict[str, Any]) -> None:
    answer = await rates(refusing_sandbox, **{"destination": BANDUNG} | changes)
    assert (answer.status_code, answer.json()["success"], answer.json()["code"]) == (400, False, 40001001)


async def test_biteship_asks_for_its_key(refusing_sandbox: RunningSandbox) -> None:
    answer = await biteship(refusing_sandbox, "GET", "/couriers", key="wrong")
    assert (answer.status_code, answer.json()) == (
        401,
        {"success": False, "error": "Authorization failed", "code": 40101001},
    )
    listed = await biteship(refusing_sandbox, "GET", "/couriers", key=f"Bearer {KEY}")
    assert {each["courier_code"] for each in listed.json()["couriers"]} == set(tariff.COURIER_NAMES)


async def test_a_biteship_order_travels_and_tells_it(sandbox: RunningSandbox, receiver: Receiver) -> None:
    booked = (await biteship(sandbox, "POST", "/orders", order())).json()
    assert (booked["success"], booked["object"], booked["status"], booked["price"]) == (
        True,
        "order",
        "confirmed",
        21_000,
    )
    assert (booked["courier"]["company"], booked["courier"]["type"]) == ("jne", "reg")
    assert (await biteship(sandbox, "GET", f"/orders/{booked['id']}")).json()["reference_id"] == "SHP-1"
    for _ in range(5):
        await sandbox.http.post(f"/_sandbox/couriers/shipments/{booked['id']}/advance")
    callbacks = await receiver.wait(6)
    way = ["confirmed", "allocated", "picking_up", "picked", "dropping_off", "delivered"]
    assert [each.json["status"] for each in callbacks] == way
    assert {each.headers["x-biteship-signature"] for each in callbacks} == {"logistics-secret"}
    last = callbacks[-1].json
    assert (last["event"], last["order_id"], last["courier_waybill_id"], last["order_price"]) == (
        "order.status",
        booked["id"],
        booked["courier"]["waybill_id"],
        21_000,
    )
    tracked = (await biteship(sandbox, "GET", f"/trackings/{booked['courier']['tracking_id']}")).json()
    assert ([step["status"] for step in tracked["history"]], tracked["status"]) == (way, "delivered")
    assert (tracked["messsage"], tracked["order_id"]) == ("Successfully get tracking info", booked["id"])
    public = await biteship(sandbox, "GET", f"/trackings/{booked['courier']['waybill_id']}/couriers/jne")
    assert public.json()["history"] == tracked["history"]
    stuck = await sandbox.http.post(f"/_sandbox/couriers/shipments/{booked['id']}/advance")
    assert stuck.status_code == 400


async def test_a_used_reference_names_the_earlier_order(sandbox: RunningSandbox) -> None:
    first = (await biteship(sandbox, "POST", "/orders", order())).json()
    again = await biteship(sandbox, "POST", "/orders", order())
    assert (again.status_code, again.json()["code"]) == (400, 40002060)
    assert again.json()["details"] == {
        "order_id": first["id"],
        "waybill_id": first["courier"]["waybill_id"],
        "reference_id": "SHP-1",
    }


async def test_an_order_is_cancelled_until_it_is_picked_up(sandbox: RunningSandbox) -> None:
    booked = (await biteship(sandbox, "POST", "/orders", order())).json()["id"]
    body = {"cancellation_reason_code": "others", "cancellation_reason": "Salah alamat"}
    gone = await biteship(sandbox, "POST", f"/orders/{booked}/cancel", body)
    assert (gone.status_code, gone.json()["status"]) == (200, "cancelled")
    other = (await biteship(sandbox, "POST", "/orders", order(reference_id="SHP-2"))).json()["id"]
    await sandbox.http.post(f"/_sandbox/couriers/shipments/{other}/advance", json={"status": "picked"})
    late = await biteship(sandbox, "POST", f"/orders/{other}/cancel", body)
    assert (late.status_code, late.json()["success"]) == (400, False)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"courier_company": None}, 40002001),
        ({"courier_company": "pigeon"}, 40002002),
        ({"courier_type": None}, 40002004),
        ({"delivery_type": None}, 40002005),
        ({"delivery_type": "soon"}, 40002006),
        ({"destination_postal_code": None}, 40002010),
        ({"origin_postal_code": None}, 40002011),
        ({"delivery_type": "scheduled", "delivery_date": "2020-01-01", "delivery_time": "10:00"}, 40002013),
        ({"origin_contact_name": None}, 40002014),
        ({"destination_address": ""}, 40002019),
        ({"destination_postal_code": 99_999}, 40002020),
    ],
)
async def test_biteship_refuses_bad_orders(
    refusing_sandbox: RunningSandbox, changes: dict[str, Any], code: int
) -> None:
    answer = await biteship(refusing_sandbox, "POST", "/orders", order(**changes))
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert (await refusing_sandbox.http.get("/_sandbox/couriers/shipments")).json()["shipments"] == []


async def test_biteship_finds_areas(refusing_sandbox: RunningSandbox) -> None:
    (found,) = (await biteship(refusing_sandbox, "GET", "/maps/areas?countries=ID&input=40152&type=single")).json()[
        "areas"
    ]
    assert (found["id"], found["postal_code"]) == ("IDNP32IDNC3273IDND327301IDZ40152", 40_152)
    named = (await biteship(refusing_sandbox, "GET", "/maps/areas?countries=ID&input=kalideres")).json()["areas"]
    assert named[0]["administrative_division_level_3_name"] == "Kalideres"
    by_area = await rates(refusing_sandbox, BANDUNG, destination_postal_code=None, destination_area_id=found["id"])
    assert by_area.json()["pricing"] == (await rates(refusing_sandbox, BANDUNG)).json()["pricing"]


async def jne(sandbox: RunningSandbox, path: str, **form: str) -> Any:
    return (await sandbox.http.post(f"/jne{path}", data={"username": "PATUNGAN", "api_key": KEY} | form)).json()


async def test_jne_prices(refusing_sandbox: RunningSandbox) -> None:
    prices = (
        await jne(refusing_sandbox, "/tracing/api/pricedev", **{"from": "CGK10000", "thru": "BDO10000", "weight": "2"})
    )["price"]
    assert prices[0] == {
        "origin_name": "JAKARTA PUSAT",
        "destination_name": "BANDUNG",
        "service_display": "REG",
        "service_code": "REG23",
        "goods_type": "Document/Paket",
        "currency": "IDR",
        "price": "21000",
        "etd_from": "1",
        "etd_thru": "2",
        "times": "D",
    }
    unknown = await jne(refusing_sandbox, "/tracing/api/pricedev", **{"from": "CGK10000", "thru": "XXX", "weight": "2"})
    assert unknown == {"error": "Price Not Found.", "status": False}
    weightless = await jne(refusing_sandbox, "/tracing/api/pricedev", **{"from": "CGK", "thru": "BDO", "weight": "0"})
    assert weightless == {"error": "Weight is not valid.", "status": False}
    assert (await jne(refusing_sandbox, "/insert/getorigin", api_key="wrong"))["status"] is False


async def test_jne_books_traces_and_cancels(sandbox: RunningSandbox) -> None:
    origins = (await jne(sandbox, "/insert/getorigin"))["detail"]
    destinations = (await jne(sandbox, "/insert/getdestination"))["detail"]
    assert origins[0] == {"City_Name": "JAKARTA", "City_Code": "CGK10000"}
    codes = {row["City_Name"]: row["City_Code"] for row in destinations}
    form = {
        "OLSHOP_ORDERID": "SHP-1",
        "OLSHOP_ORIG": "CGK10000",
        "OLSHOP_DEST": codes["COBLONG,BANDUNG"],
        "OLSHOP_SERVICE": "REG",
        "OLSHOP_WEIGHT": "2",
        "OLSHOP_RECEIVER_NAME": "SARI",
        "OLSHOP_RECEIVER_CITY": "BANDUNG",
    }
    (booked,) = (await jne(sandbox, "/tracing/api/generatecnote", **form))["detail"]
    assert (booked["status"], len(booked["cnote_no"])) == ("sukses", 16)
    (again,) = (await jne(sandbox, "/tracing/api/generatecnote", **form))["detail"]
    assert (again["status"], again["cnote_no"]) == ("Error", "")
    for status in ("picked", "dropping_off", "delivered"):
        path = f"/_sandbox/couriers/shipments/{booked['cnote_no']}/advance"
        assert (await sandbox.http.post(path, json={"status": status})).json()["price"] == 21_000
    trace = await jne(sandbox, f"/tracing/api/list/v1/cnote/{booked['cnote_no']}")
    assert (trace["cnote"]["pod_status"], trace["cnote"]["shippingcost"]) == ("DELIVERED", 21_000)
    assert [step["desc"] for step in trace["history"]] == [
        "SHIPMENT ORDER CREATED [BANDUNG]",
        "SHIPMENT RECEIVED BY JNE COUNTER OFFICER AT [BANDUNG]",
        "WITH DELIVERY COURIER [BANDUNG]",
        "DELIVERED TO [SARI]",
    ]
    missing = await jne(sandbox, "/tracing/api/list/v1/cnote/123")
    assert missing == {"error": "Cnote No. Not Found.", "status": False}
    late = await jne(sandbox, "/tracing/api/cancelcnote", cnote_no=booked["cnote_no"])
    assert late["status"] is False
    (other,) = (await jne(sandbox, "/tracing/api/generatecnote", **form | {"OLSHOP_ORDERID": "SHP-2"}))["detail"]
    assert (await jne(sandbox, "/tracing/api/cancelcnote", cnote_no=other["cnote_no"]))["status"] is True


def signed(document: Any, data_field: str, sign_field: str, key: str = KEY) -> dict[str, str]:
    data = json.dumps(document)
    digest = hashlib.md5((data + key).encode()).hexdigest()
    return {data_field: data, sign_field: base64.b64encode(digest.encode()).decode()}


async def jnt_order(sandbox: RunningSandbox, act: str, key: str = KEY, **detail: str) -> Any:
    form = signed({"detail": [{"username": "P", "api_key": KEY} | detail]}, "data_param", "data_sign", key)
    answer = (await sandbox.http.post(f"/jnt/jts-idn-ecommerce-api/api/order/{act}", data=form)).json()
    return answer["detail"][0] if answer["success"] else answer["desc"]


async def test_jnt_prices_when_signed(refusing_sandbox: RunningSandbox) -> None:
    asked = {"weight": "2", "sendSiteCode": "JAKARTA", "destAreaCode": "COBLONG", "cusName": "P", "productType": "EZ"}
    path = "/jnt/jandt_track/inquiry.action"
    found = (await refusing_sandbox.http.post(path, data=signed(asked, "data", "sign"))).json()
    assert found["is_success"] == "true"
    assert json.loads(found["content"]) == [{"cost": "21000", "name": "EZ", "productType": "EZ"}]
    for bad in (
        signed(asked, "data", "sign", "wrong"),
        signed(asked | {"destAreaCode": "ATLANTIS"}, "data", "sign"),
        signed(asked | {"weight": "x"}, "data", "sign"),
    ):
        assert (await refusing_sandbox.http.post(path, data=bad)).json()["is_success"] == "false"


async def test_jnt_books_once_tracks_and_cancels(sandbox: RunningSandbox) -> None:
    detail = {"orderid": "SHP-1", "weight": "2", "receiver_name": "Sari", "destination_code": "BDO"}
    booked = await jnt_order(sandbox, "create", **detail)
    assert (booked["status"], booked["awb_no"][:2]) == ("Sukses", "JP")
    again = await jnt_order(sandbox, "create", **detail)
    assert (again["status"], again["existing_awbno"]) == ("Error", booked["awb_no"])
    assert await jnt_order(sandbox, "create", key="wrong", **detail) == "Signature tidak valid"
    await sandbox.http.post(f"/_sandbox/couriers/shipments/{booked['awb_no']}/advance", json={"status": "delivered"})
    path = "/jnt/jandt_track/track/trackAction!tracking.action"
    body = {"awb": booked["awb_no"], "eccompanyid": "P"}
    tracked = (await sandbox.http.post(path, json=body, auth=("P", KEY))).json()
    assert [(step["status_code"], step["status"]) for step in tracked["history"]] == [
        ("0", "Pesanan dibuat"),
        ("200", "Paket telah diterima oleh [Sari]"),
    ]
    assert (await sandbox.http.post(path, json=body, auth=("P", "wrong"))).json()["error_id"] == "400"
    assert (await sandbox.http.post(path, json={"awb": "x"}, auth=("P", KEY))).json()["error_id"] == "404"
    late = await jnt_order(sandbox, "cancel", orderid="SHP-1", remark="Salah")
    assert (late["status"], late["reason"]) == ("Error", "Pesanan tidak dapat dibatalkan")
    await jnt_order(sandbox, "create", **detail | {"orderid": "SHP-2"})
    assert (await jnt_order(sandbox, "cancel", orderid="SHP-2", remark="Salah"))["status"] == "Sukses"


async def test_sicepat_prices_and_traces(sandbox: RunningSandbox) -> None:
    async def ask(path: str, key: str = KEY, **query: str) -> Any:
        answer = await sandbox.http.get(f"/sicepat/customer{path}", params=query, headers={"api-key": key})
        return answer.json()["sicepat"]

    origins = (await ask("/origin"))["results"]
    assert {"origin_code": "CGK", "origin_name": "Jakarta"} in origins
    assert {"origin_code": "BDO", "origin_name": "Bandung"} in origins
    coblong = next(row for row in (await ask("/destination"))["results"] if row["subdistrict"] == "Coblong")
    assert (coblong["city"], coblong["province"]) == ("Bandung", "Jawa Barat")
    prices = (await ask("/tariff", origin="CGK", destination=coblong["destination_code"], weight="2"))["results"]
    assert [(row["service"], row["tariff"], row["etd"]) for row in prices] == [
        ("REG", 20_000, "1 - 2 hari"),
        ("BEST", 34_000, "1 - 1 hari"),
    ]
    assert (await ask("/tariff", origin="CGK", destination="X", weight="2"))["status"]["code"] == 400
    assert (await ask("/origin", key="wrong"))["status"] == {"code": 400, "description": "Invalid API Key"}
    booked = (await biteship(sandbox, "POST", "/orders", order(courier_company="sicepat"))).json()
    traced = (await ask("/waybill", waybill=booked["courier"]["waybill_id"]))["result"]
    assert (traced["last_status"]["status"], traced["receiver_name"]) == ("PICKREQ", "Sari")
    assert (await ask("/waybill", waybill="x"))["status"]["description"] == "Waybill not found"


async def test_parcels_travel_by_themselves_when_told_so(start_sandbox: StartSandbox, receiver: Receiver) -> None:
    moving: RunningSandbox = await start_sandbox(
        biteship_api_key=KEY, courier_step_delay=60.0, logistics_callback_url=f"{receiver.url}/logistics"
    )
    await biteship(moving, "POST", "/orders", order())
    moving.clock.advance(61)
    assert [each.json["status"] for each in await receiver.wait(2)] == ["confirmed", "allocated"]
