"""JNE, J&T Express and SiCepat by their own keys, byte by byte, behind the one interface."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from patungan.providers.couriers import (
    Booking,
    Consignment,
    Courier,
    Jne,
    JneAccount,
    Jnt,
    JntAccount,
    JntPlace,
    NotOffered,
    Place,
    PlaceNotServed,
    Rate,
    RateRequest,
    ShipmentStatus,
    SiCepat,
)
from patungan.providers.errors import (
    ProviderOutcomeUnknown,
    ProviderRefused,
    ProviderUnavailable,
)
from patungan.providers.http import Pacing
from tests.providers.parcels import ASKED, JAKARTA, RECIPIENT, RICE, WAYBILL, booking_request

if TYPE_CHECKING:
    from tests.providers.conftest import FaultyServer

# ---- JNE


@pytest.fixture
def jne(server: FaultyServer, pacing: Pacing) -> Jne:
    account = JneAccount(
        username="TESTAPI",
        api_key="key",
        branch="CGK000",
        customer="10950700",
        rates_url=f"{server.url}/jne",
        booking_url=f"{server.url}/jne-booking",
    )
    return Jne(account, pacing)


def jne_places(server: FaultyServer) -> None:
    server.answer(200, {"detail": [{"City_Name": "JAKARTA", "City_Code": "CGK10000"}]})
    server.answer(
        200,
        {
            "detail": [
                {"City_Name": " SUKASARI , BANDUNG", "City_Code": "BDO10012"},
                {"City_Name": "BANDUNG", "City_Code": "BDO10000"},
                {"City_Name": "LUBUKSIKAPING,KAB,PASAMAN", "City_Code": "PDG20501"},
            ]
        },
    )


async def test_jne_rates(server: FaultyServer, jne: Courier) -> None:
    jne_places(server)
    prices = [
        {
            "service_display": "YES",
            "service_code": "YES23",
            "price": "34000",
            "etd_from": "1",
            "etd_thru": "1",
            "times": "D",
        },
        {
            "service_display": "REG",
            "service_code": "REG23",
            "price": "17000",
            "etd_from": "2",
            "etd_thru": "3",
            "times": "D",
        },
        {
            "service_display": "JTR",
            "service_code": "JTR18",
            "price": "60000",
            "etd_from": None,
            "etd_thru": None,
            "times": None,
        },
    ]
    server.answer(200, {"price": prices})

    assert await jne.rates(ASKED) == [
        Rate(courier="jne", service="reg", name="JNE REG", price=17_000, min_days=2, max_days=3),
        Rate(courier="jne", service="yes", name="JNE YES", price=34_000, min_days=1, max_days=1),
        Rate(courier="jne", service="jtr", name="JNE JTR", price=60_000, min_days=None, max_days=None),
    ]
    assert [request.path for request in server.received] == [
        "/jne/insert/getorigin",
        "/jne/insert/getdestination",
        "/jne/tracing/api/pricedev",
    ]
    assert server.received[2].form == {
        "username": "TESTAPI",
        "api_key": "key",
        "from": "CGK10000",
        "thru": "BDO10012",
        "weight": "3",
    }


async def test_jne_says_no_with_200(server: FaultyServer, jne: Courier) -> None:
    jne_places(server)
    server.answer(200, {"error": "Price Not Found.", "status": False})
    with pytest.raises(ProviderRefused) as caught:
        await jne.rates(ASKED)
    assert (caught.value.status, caught.value.reason) == (200, "Price Not Found.")


async def test_jne_knows_a_district_of_a_regency(server: FaultyServer, jne: Courier) -> None:
    jne_places(server)
    server.answer(200, {"price": []})
    pasaman = Place(city="Kabupaten Pasaman", district="Lubuk Sikaping", postal_code="26311")
    assert await jne.rates(RateRequest(origin=JAKARTA, destination=pasaman, items=(RICE,))) == []
    assert server.received[2].form["thru"] == "PDG20501"


async def test_jne_does_not_go_everywhere(server: FaultyServer, jne: Courier) -> None:
    jne_places(server)
    with pytest.raises(PlaceNotServed):
        await jne.rates(
            RateRequest(
                origin=JAKARTA,
                destination=Place(city="Kota Ambon", district="Sirimau", postal_code="97127"),
                items=(RICE,),
            )
        )


async def test_jne_books_a_waybill(server: FaultyServer, jne: Courier) -> None:
    jne_places(server)
    server.answer(200, {"detail": [{"status": "sukses", "cnote_no": "0100000000017"}]})

    assert await jne.book(booking_request("jne", "yes")) == Booking(
        consignment=Consignment(courier="jne", reference="SHP-7", waybill="0100000000017"),
        service="yes",
        status=ShipmentStatus.PENDING,
    )
    request = server.received[2]
    assert request.path == "/jne-booking/tracing/api/generatecnote"
    form = request.form
    assert {
        name: form[f"OLSHOP_{name}"] for name in ("BRANCH", "CUST", "ORDERID", "SERVICE", "ORIG", "DEST", "WEIGHT")
    } == {
        "BRANCH": "CGK000",
        "CUST": "10950700",
        "ORDERID": "SHP-7",
        "SERVICE": "YES",
        "ORIG": "CGK10000",
        "DEST": "BDO10012",
        "WEIGHT": "3",
    }
    assert (form["OLSHOP_GOODSVALUE"], form["OLSHOP_INS_FLAG"], form["OLSHOP_COD_FLAG"]) == ("185000", "N", "N")
    assert (form["OLSHOP_SHIPPER_ADDR1"], form["OLSHOP_SHIPPER_ADDR2"]) == ("Jl. Raya No. 1", "")
    lines = [form[f"OLSHOP_RECEIVER_ADDR{number}"] for number in (1, 2, 3)]
    assert " ".join(lines) == RECIPIENT.address


async def test_jne_refused_and_doubtful_bookings(server: FaultyServer, jne: Courier) -> None:
    jne_places(server)
    server.answer(200, {"detail": [{"status": "Error", "reason": "OLSHOP_SERVICE is not valid"}]})
    with pytest.raises(ProviderRefused, match="OLSHOP_SERVICE is not valid"):
        await jne.book(booking_request("jne", "reg"))
    server.answer(200, {"detail": [{"status": "Error", "reason": "Duplicate Order"}]})
    with pytest.raises(ProviderOutcomeUnknown, match="booked before"):
        await jne.book(booking_request("jne", "reg"))
    server.answer(200, {"detail": [{"status": "sukses"}]})
    with pytest.raises(ProviderOutcomeUnknown, match="without a waybill"):
        await jne.book(booking_request("jne", "reg"))


async def test_jne_tracks(server: FaultyServer, jne: Courier) -> None:
    history = [
        {"date": "23-11-2026 10:00", "desc": "SHIPMENT RECEIVED BY JNE COUNTER OFFICER AT [JAKARTA]", "code": "RC1"},
        {"date": "24-11-2026 09:00", "desc": "WITH DELIVERY COURIER [BANDUNG]", "code": "IP3"},
    ]
    server.answer(200, {"cnote": {"cnote_no": "1", "pod_status": "ON PROCESS"}, "detail": [], "history": history})
    tracking = await jne.track(WAYBILL)
    assert tracking.status is ShipmentStatus.OUT_FOR_DELIVERY
    assert [(event.at, event.status) for event in tracking.events] == [
        (datetime(2026, 11, 23, 3, tzinfo=UTC), ShipmentStatus.PICKED_UP),
        (datetime(2026, 11, 24, 2, tzinfo=UTC), ShipmentStatus.OUT_FOR_DELIVERY),
    ]
    assert server.received[0].path == "/jne/tracing/api/list/v1/cnote/JNE-1"

    server.answer(200, {"cnote": {"pod_status": "DELIVERED"}, "history": []})
    assert (await jne.track(WAYBILL)).status is ShipmentStatus.DELIVERED
    server.answer(200, {"error": "Cnote No. Not Found.", "status": False})
    with pytest.raises(ProviderRefused, match="Not Found"):
        await jne.track(WAYBILL)
    server.answer(200, {"cnote": {}, "history": [{"date": "kemarin", "desc": "x"}]})
    with pytest.raises(ProviderUnavailable):
        await jne.track(WAYBILL)


async def test_jne_cancels(server: FaultyServer, jne: Courier) -> None:
    server.answer(200, {"status": "success"})
    await jne.cancel(WAYBILL, "stok habis")
    assert server.received[0].form == {"username": "TESTAPI", "api_key": "key", "cnote_no": "JNE-1"}
    server.answer(200, {"status": False, "error": "Already picked up"})
    with pytest.raises(ProviderRefused, match="Already picked up"):
        await jne.cancel(WAYBILL, "stok habis")


# ---- J&T


def coded(place: Place) -> JntPlace:
    return JntPlace(site="JAKARTA", area="SUKASARI", city_code="BDO", area_code="BDO012")


@pytest.fixture
def account(server: FaultyServer) -> JntAccount:
    return JntAccount(
        username="USER",
        api_key="API",
        order_key="order-key",
        tariff_key="tariff-key",
        customer="PATUNGAN",
        track_password="track",
        order_url=f"{server.url}/jnt",
        tariff_url=f"{server.url}/jnt",
        place=coded,
    )


@pytest.fixture
def jnt(account: JntAccount, pacing: Pacing) -> Jnt:
    return Jnt(account, pacing, now=lambda: datetime(2026, 11, 23, 3, tzinfo=UTC))


def signature(data: str, key: str) -> str:
    return base64.b64encode(hashlib.md5((data + key).encode()).hexdigest().encode()).decode()


async def test_jnt_rates_from_text_or_list(server: FaultyServer, jnt: Courier) -> None:
    rate = Rate(courier="jnt", service="ez", name="J&T EZ", price=10_000, min_days=2, max_days=3)
    prices = [{"cost": "10000", "name": "EZ", "productType": "EZ"}]
    server.answer(200, {"is_success": "true", "message": "", "content": json.dumps(prices)})
    assert await jnt.rates(ASKED) == [rate]
    server.answer(200, {"is_success": "true", "content": prices})
    assert await jnt.rates(ASKED) == [rate]
    server.answer(200, {"is_success": "false", "message": "Area tidak ada"})
    with pytest.raises(ProviderRefused, match="Area tidak ada"):
        await jnt.rates(ASKED)
    server.answer(200, {"is_success": "true", "content": "no list"})
    with pytest.raises(ProviderUnavailable):
        await jnt.rates(ASKED)

    request = server.received[0]
    assert request.path == "/jnt/jandt_track/inquiry.action"
    assert json.loads(request.form["data"]) == {
        "weight": "3",
        "sendSiteCode": "JAKARTA",
        "destAreaCode": "SUKASARI",
        "cusName": "PATUNGAN",
        "productType": "EZ",
    }
    assert request.form["sign"] == signature(request.form["data"], "tariff-key")


async def test_jnt_books(server: FaultyServer, jnt: Courier) -> None:
    server.answer(
        200,
        {
            "success": True,
            "desc": "Request berhasil",
            "detail": [{"awb_no": "JO0027364832", "orderid": "SHP-7", "etd": "2-4", "status": "Sukses"}],
        },
    )
    booked = await jnt.book(booking_request("jnt", "ez"))
    assert booked.consignment == Consignment(courier="jnt", reference="SHP-7", waybill="JO0027364832")

    request = server.received[0]
    assert request.path == "/jnt/jts-idn-ecommerce-api/api/order/create"
    assert request.form["data_sign"] == signature(request.form["data_param"], "order-key")
    (detail,) = json.loads(request.form["data_param"])["detail"]
    assert {
        name: detail[name] for name in ("orderid", "orderdate", "origin_code", "receiver_area", "weight", "expresstype")
    } == {
        "orderid": "SHP-7",
        "orderdate": "2026-11-23 10:00:00",
        "origin_code": "BDO",
        "receiver_area": "BDO012",
        "weight": "3",
        "expresstype": "1",
    }


async def test_jnt_says_no_with_success(server: FaultyServer, jnt: Courier) -> None:
    def refused(**line: str) -> None:
        server.answer(200, {"success": True, "desc": "Request berhasil", "detail": [{"status": "Error", **line}]})

    refused(reason="Kecamatan Penerima Error")
    with pytest.raises(ProviderRefused, match="Kecamatan Penerima Error"):
        await jnt.book(booking_request("jnt", "ez"))
    refused(reason="Orderid tidak boleh sama")
    with pytest.raises(ProviderOutcomeUnknown, match="booked before"):
        await jnt.book(booking_request("jnt", "ez"))
    refused(reason="Orderid tidak boleh sama", existing_awbno="JO1")
    assert (await jnt.book(booking_request("jnt", "ez"))).consignment.waybill == "JO1"


async def test_jnt_needs_codes_for_orders(account: JntAccount, pacing: Pacing) -> None:
    by_name = JntAccount(
        username="USER",
        api_key="API",
        order_key="k",
        tariff_key="k",
        customer="C",
        track_password="p",
        order_url=account.order_url,
        tariff_url=account.tariff_url,
    )
    assert by_name.place(JAKARTA) == JntPlace(site="JAKARTA SELATAN", area="JAGAKARSA")
    with pytest.raises(PlaceNotServed):
        await Jnt(by_name, pacing, now=lambda: datetime(2026, 11, 23, tzinfo=UTC)).book(booking_request("jnt", "ez"))


async def test_jnt_tracks_and_cancels(server: FaultyServer, jnt: Courier) -> None:
    history = [
        {"date_time": "2026-11-24 20:00:58", "status_code": 200, "status": "Paket telah diterima"},
        {"date_time": "2026-11-23 20:00:58", "status_code": 101, "status": "Manifes"},
    ]
    server.answer(200, {"awb": "JO1", "history": history})
    tracking = await jnt.track(Consignment(courier="jnt", waybill="JO1"))
    assert tracking.status is ShipmentStatus.DELIVERED
    assert [event.status for event in tracking.events] == [ShipmentStatus.PICKED_UP, ShipmentStatus.DELIVERED]
    request = server.received[0]
    assert request.path == "/jnt/jandt_track/track/trackAction!tracking.action"
    assert request.headers["authorization"] == "Basic UEFUVU5HQU46dHJhY2s="
    assert request.json == {"awb": "JO1", "eccompanyid": "PATUNGAN"}

    server.answer(200, {"error_id": "1", "error_message": "AWB tidak ditemukan"})
    with pytest.raises(ProviderRefused, match="AWB tidak ditemukan"):
        await jnt.track(Consignment(courier="jnt", waybill="JO1"))

    server.answer(200, {"success": True, "detail": [{"status": "Sukses", "orderid": "SHP-7"}]})
    await jnt.cancel(Consignment(courier="jnt", reference="SHP-7"), "x" * 40)
    (detail,) = json.loads(server.received[2].form["data_param"])["detail"]
    assert detail == {"username": "USER", "api_key": "API", "orderid": "SHP-7", "remark": "x" * 30}


# ---- SiCepat


@pytest.fixture
def sicepat(server: FaultyServer, pacing: Pacing) -> SiCepat:
    return SiCepat("key", pacing, base_url=f"{server.url}/sicepat")


def said(results: object = None, code: int = 200, **more: object) -> dict[str, object]:
    return {"sicepat": {"status": {"code": code, "description": "OK"}, "results": results, **more}}


def sicepat_places(server: FaultyServer) -> None:
    server.answer(200, said([{"origin_code": "CGK", "origin_name": "Jakarta"}]))
    server.answer(
        200,
        said(
            [
                {
                    "destination_code": "BDO10012",
                    "subdistrict": "Sukasari",
                    "city": "Kota Bandung",
                    "province": "Jawa Barat",
                }
            ]
        ),
    )


async def test_sicepat_rates(server: FaultyServer, sicepat: Courier) -> None:
    sicepat_places(server)
    prices = [
        {"service": "BEST", "description": "Besok Sampai Tujuan", "tariff": 20000},
        {"service": "REG", "description": "Reguler", "tariff": 12000, "etd": "1 - 2 hari"},
        {"service": "GOKIL", "description": "Cargo", "tariff": 40000},
    ]
    server.answer(200, said(prices))

    assert await sicepat.rates(ASKED) == [
        Rate(courier="sicepat", service="reg", name="SiCepat Reguler", price=12_000, min_days=1, max_days=2),
        Rate(
            courier="sicepat", service="best", name="SiCepat Besok Sampai Tujuan", price=20_000, min_days=1, max_days=1
        ),
        Rate(courier="sicepat", service="gokil", name="SiCepat Cargo", price=40_000, min_days=None, max_days=None),
    ]
    assert server.received[2].query == {"origin": "CGK", "destination": "BDO10012", "weight": "3"}
    assert server.received[2].headers["api-key"] == "key"


async def test_sicepat_tracks(server: FaultyServer, sicepat: Courier) -> None:
    last = {"date_time": "2026-11-24 12:00", "status": "DELIVERED", "city": "Bandung", "receiver_name": "Sari"}
    history = [{"date_time": "2026-11-23 10:00", "status": "PICK", "city": "Jakarta"}, last]
    server.answer(200, said(result={"waybill_number": "1", "last_status": last, "track_history": history}))
    tracking = await sicepat.track(Consignment(courier="sicepat", waybill="1"))
    assert tracking.status is ShipmentStatus.DELIVERED
    assert [(event.at, event.text) for event in tracking.events] == [
        (datetime(2026, 11, 23, 3, tzinfo=UTC), "PICK Jakarta"),
        (datetime(2026, 11, 24, 5, tzinfo=UTC), "DELIVERED Bandung"),
    ]
    for status in (200, 404):
        server.answer(status, {"sicepat": {"status": {"code": 404, "description": "Waybill not found"}}})
        with pytest.raises(ProviderRefused) as caught:
            await sicepat.track(Consignment(courier="sicepat", waybill="1"))
        assert (caught.value.status, caught.value.code, caught.value.reason) == (404, "404", "Waybill not found")


async def test_sicepat_offers_no_booking(sicepat: Courier) -> None:
    with pytest.raises(NotOffered):
        await sicepat.book(booking_request("sicepat", "reg"))
    with pytest.raises(NotOffered):
        await sicepat.cancel(Consignment(courier="sicepat", waybill="1"), "x")
