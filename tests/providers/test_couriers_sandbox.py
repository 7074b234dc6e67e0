"""The couriers against the sandbox, over HTTP: the same parcel by each of them, from its rates to its door."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import msgspec
import pytest

from patungan.providers.couriers import (
    Biteship,
    BookRequest,
    Consignment,
    Contact,
    Courier,
    Item,
    Jne,
    JneAccount,
    Jnt,
    JntAccount,
    JntPlace,
    Place,
    PlaceNotServed,
    Rate,
    RateRequest,
    ShipmentStatus,
    SiCepat,
)
from patungan.providers.couriers.biteship_callbacks import StatusCallback, parse_callback, verify_callback_secret
from patungan.providers.errors import ProviderOutcomeUnknown, ProviderRefused
from patungan.sandbox.serving import running_sandbox
from patungan.sandbox.settings import SandboxSettings

if TYPE_CHECKING:
    from tests.providers.conftest import FaultyServer, ManualTime

KEY, SECRET = "key-of-the-couriers", "secret-of-the-dashboard"
JAKARTA = Place(city="Kota Administrasi Jakarta Selatan", district="Jagakarsa", postal_code="12620")
BANDUNG = Place(city="Kota Bandung", district="Sukasari", postal_code="40152")
RICE = Item(name="Beras", quantity=2, weight_grams=1200, length_cm=20, width_cm=15, height_cm=10, value=92_500)
ASKED = RateRequest(origin=JAKARTA, destination=BANDUNG, items=(RICE,))
SENDER = Contact(name="Gudang", phone="+6281100001111", address="Jl. Raya No. 1", place=JAKARTA)
RECIPIENT = Contact(name="Sari", phone="+6281234567890", address="Jl. Setiabudi No. 229", place=BANDUNG)


def named(place: Place) -> JntPlace:
    name = "JAKARTA" if place is JAKARTA else "BANDUNG"
    return JntPlace(site=name, area=name, city_code=name[:3], area_code=f"{name[:3]}001")


@dataclass
class Bench:
    """A running sandbox and a client for each courier."""

    biteship: Biteship
    jne: Jne
    jnt: Jnt
    sicepat: SiCepat
    control: httpx.AsyncClient
    receiver: FaultyServer

    async def move(self, waybill: str, status: ShipmentStatus | str) -> None:
        answer = await self.control.post(f"/_sandbox/couriers/shipments/{waybill}/advance", json={"status": status})
        answer.raise_for_status()


@pytest.fixture
async def bench(server: FaultyServer, time: ManualTime) -> AsyncIterator[Bench]:
    settings = SandboxSettings(
        biteship_api_key=KEY,
        jne_api_key=KEY,
        jnt_api_key=KEY,
        sicepat_api_key=KEY,
        logistics_callback_url=server.url,
        logistics_webhook_header="x-patungan-courier",
        logistics_webhook_secret=SECRET,
    )
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(running_sandbox(settings))
        control = await stack.enter_async_context(httpx.AsyncClient(base_url=url, trust_env=False))
        jnt = JntAccount(
            username="USER",
            api_key=KEY,
            order_key=KEY,
            tariff_key=KEY,
            customer="PATUNGAN",
            track_password=KEY,
            order_url=f"{url}/jnt",
            tariff_url=f"{url}/jnt",
            place=named,
        )
        jne = JneAccount(username="USER", api_key=KEY, rates_url=f"{url}/jne", booking_url=f"{url}/jne")
        pacing = time.pacing()
        bench = Bench(
            biteship=Biteship(KEY, pacing, base_url=f"{url}/biteship"),
            jne=Jne(jne, pacing),
            jnt=Jnt(jnt, pacing, now=lambda: datetime(2026, 11, 23, 3, tzinfo=UTC)),
            sicepat=SiCepat(KEY, pacing, base_url=f"{url}/sicepat"),
            control=control,
            receiver=server,
        )
        couriers: list[Courier] = [bench.biteship, bench.jne, bench.jnt, bench.sicepat]
        for courier in couriers:
            stack.push_async_callback(courier.aclose)
        yield bench


def request(courier: str, service: str, reference: str = "SHP-7") -> BookRequest:
    return BookRequest(
        reference=reference, courier=courier, service=service, sender=SENDER, recipient=RECIPIENT, items=(RICE,)
    )


def essence(rates: list[Rate]) -> dict[tuple[str, str], int]:
    return {(rate.courier, rate.service): rate.price for rate in rates}


async def test_each_courier_alone_asks_what_the_aggregator_asks(bench: Bench) -> None:
    together = await bench.biteship.rates(ASKED)
    direct = [rate for courier in (bench.jne, bench.jnt, bench.sicepat) for rate in await courier.rates(ASKED)]

    assert sorted(essence(together)) == [
        ("jne", "oke"),
        ("jne", "reg"),
        ("jne", "yes"),
        ("jnt", "ez"),
        ("sicepat", "best"),
        ("sicepat", "reg"),
    ]
    assert essence(direct) == essence(together)
    assert [rate.price for rate in together] == sorted(rate.price for rate in together)
    # 2.4 kg are charged as 3.
    assert all(rate.price % 3 == 0 for rate in together)
    next_day = next(rate for rate in direct if rate.service == "yes")
    assert (next_day.min_days, next_day.max_days, next_day.name) == (1, 1, "JNE YES")


async def test_the_aggregator_narrows_to_the_couriers_asked_for(bench: Bench) -> None:
    rates = await bench.biteship.rates(msgspec.structs.replace(ASKED, couriers=("jnt",)))
    assert [(rate.courier, rate.service) for rate in rates] == [("jnt", "ez")]
    with pytest.raises(ProviderRefused):
        await bench.biteship.rates(msgspec.structs.replace(ASKED, couriers=("kuda",)))


async def test_a_city_and_the_regency_of_its_name_are_two_places(bench: Bench) -> None:
    asked = [
        msgspec.structs.replace(ASKED, origin=place, destination=place)
        for place in (BANDUNG, Place(city="Kabupaten Bandung", district="Soreang", postal_code="40911"))
    ]
    across = msgspec.structs.replace(ASKED, origin=BANDUNG, destination=asked[1].destination)
    within_city, within_regency, between = [essence(await bench.jne.rates(each)) for each in (*asked, across)]
    assert within_city == within_regency
    assert between[("jne", "reg")] > within_city[("jne", "reg")]
    assert essence(await bench.sicepat.rates(across))[("sicepat", "reg")] > 0


async def test_biteship_from_booking_to_door(bench: Bench) -> None:
    for _ in range(4):
        bench.receiver.answer(200, {})
    price = essence(await bench.biteship.rates(ASKED))[("jne", "reg")]

    booked = await bench.biteship.book(request("jne", "reg"))
    again = await bench.biteship.book(request("jne", "reg"))
    assert again == booked
    assert (booked.price, booked.status, booked.service) == (price, ShipmentStatus.PENDING, "reg")
    parcel = booked.consignment
    assert (parcel.courier, parcel.reference) == ("jne", "SHP-7")

    for status in ("picked", "dropping_off", "delivered"):
        await bench.move(parcel.waybill, status)
    tracking = await bench.biteship.track(parcel)
    assert tracking.status is ShipmentStatus.DELIVERED
    assert [event.status for event in tracking.events] == [
        ShipmentStatus.PENDING,
        ShipmentStatus.PICKED_UP,
        ShipmentStatus.IN_TRANSIT,
        ShipmentStatus.DELIVERED,
    ]
    by_waybill = await bench.biteship.track(Consignment(courier="jne", waybill=parcel.waybill))
    assert by_waybill.events == tracking.events
    assert (await bench.jne.track(parcel)).status is ShipmentStatus.DELIVERED

    async with asyncio.timeout(5):
        while len(bench.receiver.received) < 4:
            await asyncio.sleep(0.01)
    told = [parse_callback(received.body) for received in bench.receiver.received]
    assert all(
        verify_callback_secret(SECRET, received.headers["x-patungan-courier"]) for received in bench.receiver.received
    )
    assert told == [
        StatusCallback(
            order_id=parcel.order_id,
            updated_at=event.at,
            provider_status=status,
            tracking_id=parcel.tracking_id,
            waybill=parcel.waybill,
        )
        for status, event in zip(("confirmed", "picked", "dropping_off", "delivered"), tracking.events, strict=True)
    ]


async def test_biteship_calls_off_what_is_not_picked_up(bench: Bench) -> None:
    for _ in range(4):
        bench.receiver.answer(200, {})
    first = await bench.biteship.book(request("sicepat", "reg"))
    await bench.biteship.cancel(first.consignment, "stok habis")
    assert (await bench.biteship.track(first.consignment)).status is ShipmentStatus.FAILED
    second = await bench.biteship.book(request("sicepat", "reg", "SHP-8"))
    await bench.move(second.consignment.waybill, "picked")
    with pytest.raises(ProviderRefused):
        await bench.biteship.cancel(second.consignment, "stok habis")
    assert (await bench.sicepat.track(second.consignment)).status is ShipmentStatus.PICKED_UP
    async with asyncio.timeout(5):
        while len(bench.receiver.received) < 4:
            await asyncio.sleep(0.01)


async def test_a_booking_whose_answer_is_lost_is_found_by_booking_again(bench: Bench) -> None:
    bench.receiver.answer(200, {})
    rule = {"provider": "biteship", "operation": "create_order", "action": "timeout_after", "times": 1}
    (await bench.control.post("/_sandbox/faults", json=rule)).raise_for_status()
    with pytest.raises(ProviderOutcomeUnknown):
        await bench.biteship.book(request("jne", "reg"))
    booked = await bench.biteship.book(request("jne", "reg"))
    shipments = (await bench.control.get("/_sandbox/couriers/shipments")).json()["shipments"]
    assert [(each["id"], each["waybill"]) for each in shipments] == [
        (booked.consignment.order_id, booked.consignment.waybill)
    ]
    async with asyncio.timeout(5):
        while not bench.receiver.received:
            await asyncio.sleep(0.01)


async def test_jne_from_waybill_to_return(bench: Bench) -> None:
    booked = await bench.jne.book(request("jne", "yes"))
    with pytest.raises(ProviderOutcomeUnknown, match="booked before"):
        await bench.jne.book(request("jne", "yes"))
    assert (await bench.jne.track(booked.consignment)).status is ShipmentStatus.PENDING
    steps = {
        "picked": ShipmentStatus.PICKED_UP,
        "dropping_off": ShipmentStatus.OUT_FOR_DELIVERY,
        "on_hold": ShipmentStatus.IN_TRANSIT,
        "returned": ShipmentStatus.RETURNED,
    }
    for theirs, ours in steps.items():
        await bench.move(booked.consignment.waybill, theirs)
        assert (await bench.jne.track(booked.consignment)).status is ours
    with pytest.raises(ProviderRefused, match="can not be cancelled"):
        await bench.jne.cancel(booked.consignment, "stok habis")
    other = await bench.jne.book(request("jne", "reg", "SHP-8"))
    await bench.jne.cancel(other.consignment, "stok habis")
    assert (await bench.jne.track(other.consignment)).status is ShipmentStatus.FAILED
    with pytest.raises(ProviderRefused, match="Not Found"):
        await bench.jne.track(Consignment(courier="jne", waybill="000"))


async def test_jnt_books_once_tracks_and_cancels(bench: Bench) -> None:
    booked = await bench.jnt.book(request("jnt", "ez"))
    assert await bench.jnt.book(request("jnt", "ez")) == booked
    await bench.move(booked.consignment.waybill, "picked")
    await bench.move(booked.consignment.waybill, "delivered")
    tracking = await bench.jnt.track(booked.consignment)
    assert [event.status for event in tracking.events] == [
        ShipmentStatus.PENDING,
        ShipmentStatus.PICKED_UP,
        ShipmentStatus.DELIVERED,
    ]
    with pytest.raises(ProviderRefused, match="tidak dapat dibatalkan"):
        await bench.jnt.cancel(booked.consignment, "stok habis")
    other = await bench.jnt.book(request("jnt", "ez", "SHP-8"))
    await bench.jnt.cancel(other.consignment, "stok habis di gudang Jakarta Selatan")
    assert (await bench.jnt.track(other.consignment)).status is ShipmentStatus.FAILED


async def test_wrong_keys_and_far_places_are_refused(bench: Bench, time: ManualTime) -> None:
    url = str(bench.control.base_url)
    strangers: list[Courier] = [
        Biteship("wrong", time.pacing(), base_url=f"{url}/biteship"),
        Jne(JneAccount(username="U", api_key="wrong", rates_url=f"{url}/jne"), time.pacing()),
        SiCepat("wrong", time.pacing(), base_url=f"{url}/sicepat"),
    ]
    for stranger in strangers:
        with pytest.raises(ProviderRefused):
            await stranger.rates(ASKED)
        await stranger.aclose()
    nowhere = Place(city="Kota Atlantis", district="Tengah", postal_code="99999")
    for courier in (bench.jne, bench.sicepat):
        with pytest.raises(PlaceNotServed):
            await courier.rates(msgspec.structs.replace(ASKED, destination=nowhere))
