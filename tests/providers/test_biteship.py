"""Biteship, byte by byte: rates, orders, trackings and its callbacks."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from patungan.providers.couriers import (
    Biteship,
    Booking,
    Consignment,
    Courier,
    Place,
    PlaceNotServed,
    Rate,
    RateRequest,
    ShipmentStatus,
)
from patungan.providers.couriers.biteship_callbacks import (
    PriceCallback,
    StatusCallback,
    WaybillCallback,
    parse_callback,
    verify_callback_secret,
)
from patungan.providers.errors import (
    ProviderOutcomeUnknown,
    ProviderRefused,
    UnreadableCallback,
)
from patungan.providers.http import Pacing
from tests.providers.parcels import ASKED, BANDUNG, RICE, WAYBILL, booking_request

if TYPE_CHECKING:
    from tests.providers.conftest import FaultyServer


@pytest.fixture
def biteship(server: FaultyServer, pacing: Pacing) -> Biteship:
    return Biteship("biteship_test.key", pacing, base_url=f"{server.url}/biteship")


def price(code: str, service: str, amount: int, span: str, unit: str = "days") -> dict[str, object]:
    return {
        "courier_code": code,
        "courier_service_code": service,
        "courier_name": code.upper(),
        "courier_service_name": "Reguler",
        "price": amount,
        "duration": f"{span} {unit}",
        "shipment_duration_range": span,
        "shipment_duration_unit": unit,
    }


ORDER = {
    "success": True,
    "id": "ord1",
    "status": "confirmed",
    "reference_id": "SHP-7",
    "price": 17000,
    "courier": {"company": "jne", "type": "reg", "tracking_id": "trk1", "waybill_id": None, "driver_name": "Joko"},
}
BOOKED = Booking(
    consignment=Consignment(courier="jne", reference="SHP-7", order_id="ord1", tracking_id="trk1"),
    service="reg",
    status=ShipmentStatus.PENDING,
    price=17_000,
)


async def test_biteship_rates(server: FaultyServer, biteship: Courier) -> None:
    prices = [
        price("jne", "YES", 30000, "1"),
        price("grab", "instant", 45000, "1 - 3", "hours"),
        price("jnt", "ez", 17000, "2 - 3"),
    ]
    server.answer(200, {"success": True, "object": "courier_pricing", "code": 20001003, "pricing": prices})

    assert await biteship.rates(ASKED) == [
        Rate(courier="jnt", service="ez", name="JNT Reguler", price=17_000, min_days=2, max_days=3),
        Rate(courier="jne", service="yes", name="JNE Reguler", price=30_000, min_days=1, max_days=1),
        Rate(courier="grab", service="instant", name="GRAB Reguler", price=45_000, min_days=0, max_days=0),
    ]
    (request,) = server.received
    assert (request.method, request.path) == ("POST", "/biteship/v1/rates/couriers")
    assert request.headers["authorization"] == "biteship_test.key"
    assert request.json == {
        "origin_postal_code": 12620,
        "destination_postal_code": 40152,
        "couriers": "jne,jnt,sicepat",
        "items": [
            {
                "name": "Beras",
                "category": "others",
                "value": 92500,
                "quantity": 2,
                "weight": 1200,
                "length": 20,
                "width": 15,
                "height": 10,
            }
        ],
    }


async def test_biteship_needs_a_postal_code(biteship: Courier) -> None:
    nowhere = Place(city="Bandung", district="Sukasari", postal_code="")
    with pytest.raises(PlaceNotServed):
        await biteship.rates(RateRequest(origin=nowhere, destination=BANDUNG, items=(RICE,)))


async def test_biteship_books_and_gives_the_earlier_order_for_a_known_reference(
    server: FaultyServer, biteship: Courier
) -> None:
    server.answer(200, ORDER)
    assert await biteship.book(booking_request("jne", "reg")) == BOOKED

    duplicate = {"success": False, "error": "reference_id exists", "code": 40002060, "details": {"order_id": "ord1"}}
    server.answer(400, duplicate)
    server.answer(200, ORDER)
    assert await biteship.book(booking_request("jne", "reg")) == BOOKED

    order = json.loads(server.received[0].body)
    assert (order["courier_company"], order["courier_type"], order["reference_id"]) == ("jne", "reg", "SHP-7")
    assert (order["origin_contact_phone"], order["destination_postal_code"]) == ("+6281100001111", 40152)
    assert [(request.method, request.path) for request in server.received] == [
        ("POST", "/biteship/v1/orders"),
        ("POST", "/biteship/v1/orders"),
        ("GET", "/biteship/v1/orders/ord1"),
    ]


async def test_biteship_a_lost_or_empty_answer_to_a_booking_is_unknown(server: FaultyServer, biteship: Courier) -> None:
    server.drop()
    with pytest.raises(ProviderOutcomeUnknown):
        await biteship.book(booking_request("jne", "reg"))
    server.answer(200, {"success": True})
    with pytest.raises(ProviderOutcomeUnknown):
        await biteship.book(booking_request("jne", "reg"))
    assert len(server.received) == 2


async def test_biteship_refusals_under_either_status(server: FaultyServer, biteship: Courier) -> None:
    for status in (400, 200):
        server.answer(status, {"success": False, "error": "No rates", "code": 40001001})
        with pytest.raises(ProviderRefused) as caught:
            await biteship.rates(ASKED)
        assert (caught.value.status, caught.value.code, caught.value.reason) == (status, "40001001", "No rates")


async def test_biteship_tracks_its_own_order_or_a_waybill(server: FaultyServer, biteship: Courier) -> None:
    trace = {
        "success": True,
        "messsage": "Successfully get tracking info",
        "id": "trk1",
        "waybill_id": "JNE-1",
        "order_id": "ord1",
        "status": "dropping_off",
        "history": [
            {"note": "To receiver", "status": "dropping_off", "updated_at": "2026-11-23T12:00:00+07:00"},
            {"note": "Confirmed", "status": "confirmed", "updated_at": "2026-11-23T10:00:00+07:00"},
        ],
    }
    server.answer(200, trace)
    server.answer(200, trace)
    tracking = await biteship.track(Consignment(courier="jne", tracking_id="trk1"))
    await biteship.track(WAYBILL)

    assert tracking.status is ShipmentStatus.IN_TRANSIT
    assert (tracking.consignment.waybill, tracking.consignment.order_id) == ("JNE-1", "ord1")
    assert [(event.at, event.status, event.text) for event in tracking.events] == [
        (datetime(2026, 11, 23, 3, tzinfo=UTC), ShipmentStatus.PENDING, "Confirmed"),
        (datetime(2026, 11, 23, 5, tzinfo=UTC), ShipmentStatus.IN_TRANSIT, "To receiver"),
    ]
    assert [request.path for request in server.received] == [
        "/biteship/v1/trackings/trk1",
        "/biteship/v1/trackings/JNE-1/couriers/jne",
    ]


async def test_biteship_cancels_by_order(server: FaultyServer, biteship: Courier) -> None:
    server.answer(200, {"success": True, "status": "cancelled"})
    await biteship.cancel(BOOKED.consignment, "stok habis")
    assert server.received[0].path == "/biteship/v1/orders/ord1/cancel"
    assert server.received[0].json == {"cancellation_reason_code": "others", "cancellation_reason": "stok habis"}


def test_biteship_callbacks() -> None:
    assert verify_callback_secret("secret", "secret")
    assert not verify_callback_secret("", "")
    status = parse_callback(
        b'{"event":"order.status","order_id":"ord1","status":"picked","courier_tracking_id":"trk1",'
        b'"courier_waybill_id":"JNE-1","courier_driver_phone":"0812","order_price":17000}'
    )
    assert status == StatusCallback(order_id="ord1", provider_status="picked", tracking_id="trk1", waybill="JNE-1")
    assert isinstance(status, StatusCallback)
    assert (status.status, status.dedupe_key) == (ShipmentStatus.PICKED_UP, "biteship:ord1:picked")
    assert parse_callback(b'{"event":"order.price","order_id":"ord1","price":18000}') == PriceCallback(
        order_id="ord1", price=18_000
    )
    assert parse_callback(
        b'{"event":"order.waybill_id","order_id":"ord1","courier_waybill_id":"W"}'
    ) == WaybillCallback(order_id="ord1", waybill="W")
    assert [parse_callback(body) for body in (b"", b"{}", b'{"event":"order.new"}')] == [None, None, None]
    for body in (b"[]", b"{", b'{"event":"order.price","order_id":"ord1"}'):
        with pytest.raises(UnreadableCallback):
            parse_callback(body)
