"""The couriers' words, times, durations and places in our terms."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from patungan.providers.couriers.courier import Place
from patungan.providers.couriers.places import CodeBook, CodedPlace, plain_city, plain_district
from patungan.providers.couriers.status import (
    ShipmentStatus,
    biteship_status,
    jnt_status,
    sicepat_status,
    status_from_words,
)
from patungan.providers.couriers.times import days, moment
from patungan.providers.errors import ProviderUnavailable

if TYPE_CHECKING:
    from tests.providers.conftest import ManualTime


def test_biteships_states() -> None:
    states = {
        ShipmentStatus.PENDING: ["confirmed", "scheduled", "allocated", "picking_up"],
        ShipmentStatus.PICKED_UP: ["picked"],
        ShipmentStatus.IN_TRANSIT: ["dropping_off", "on_transit", "on_hold", "something_new"],
        ShipmentStatus.OUT_FOR_DELIVERY: ["delivering"],
        ShipmentStatus.DELIVERED: ["delivered", "DELIVERED"],
        ShipmentStatus.FAILED: ["cancelled", "rejected", "courier_not_found", "disposed", "return_in_transit"],
        ShipmentStatus.RETURNED: ["returned"],
    }
    for ours, theirs in states.items():
        assert {biteship_status(status) for status in theirs} == {ours}


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("SHIPMENT RECEIVED BY JNE COUNTER OFFICER AT [JAKARTA]", ShipmentStatus.PICKED_UP),
        ("RECEIVED AT SORTING CENTER [JAKARTA]", ShipmentStatus.IN_TRANSIT),
        ("RECEIVED AT WAREHOUSE [BANDUNG]", ShipmentStatus.IN_TRANSIT),
        ("WITH DELIVERY COURIER [BANDUNG]", ShipmentStatus.OUT_FOR_DELIVERY),
        ("DELIVERED TO [SARI | 25-11-2026 13:46 | BANDUNG ]", ShipmentStatus.DELIVERED),
        ("UNDELIVERED, RECEIVER NOT AT HOME", ShipmentStatus.FAILED),
        ("SHIPMENT RETURNED TO SHIPPER", ShipmentStatus.RETURNED),
        ("PAKET DITERIMA OLEH [SARI - (YBS) YANG BERSANGKUTAN]", ShipmentStatus.DELIVERED),
        ("Paket telah diterima oleh Drop Point Bandung", ShipmentStatus.IN_TRANSIT),
    ],
)
def test_lines_of_a_history(text: str, status: ShipmentStatus) -> None:
    assert status_from_words(text) is status


def test_codes_come_before_words() -> None:
    assert jnt_status("200", "Paket telah diterima") is ShipmentStatus.DELIVERED
    assert jnt_status("100", "Paket akan dikirimkan ke BANDUNG") is ShipmentStatus.IN_TRANSIT
    assert jnt_status("162", "Pesanan dibatalkan") is ShipmentStatus.FAILED
    assert sicepat_status("ANT", "PAKET DIBAWA [SIGESIT]") is ShipmentStatus.OUT_FOR_DELIVERY
    assert sicepat_status("RETURN PROSES", "") is ShipmentStatus.RETURNED


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-23T10:00:00+07:00", (3, 0)),
        ("2026-11-23T03:00:00.000Z", (3, 0)),
        ("2026-11-23 10:00:00", (3, 0)),
        ("2026-11-23 10:00", (3, 0)),
        ("23-11-2026 10:00", (3, 0)),
        ("23-11-2026 10:00:00", (3, 0)),
        ("23 NOV 2026  10:00", (3, 0)),
    ],
)
def test_moments_are_western_indonesian_unless_they_say_so(text: str, utc: tuple[int, int]) -> None:
    assert moment(text) == datetime(2026, 11, 23, *utc, tzinfo=UTC)


def test_a_moment_in_no_form_is_an_error() -> None:
    with pytest.raises(ValueError, match="not known"):
        moment("kemarin")


@pytest.mark.parametrize(
    ("text", "hours", "least_and_most"),
    [
        ("2 - 3 days", False, (2, 3)),
        ("1 days", False, (1, 1)),
        ("2", False, (2, 2)),
        ("6 - 8 hours", True, (0, 0)),
        ("24", True, (1, 1)),
        ("", False, (None, None)),
        ("No Data", False, (None, None)),
    ],
)
def test_durations_in_days(text: str, hours: bool, least_and_most: tuple[int | None, int | None]) -> None:
    assert days(text, hours=hours) == least_and_most


def test_a_name_is_compared_without_marks_and_a_regency_is_no_city() -> None:
    assert plain_district("Kec. Kulon Progo") == plain_district("KULONPROGO") == "KULONPROGO"
    assert plain_city("Kota Administrasi Jakarta Selatan") == plain_city("jakarta selatan") == "JAKARTASELATAN"
    assert plain_city("Kabupaten Bandung") == plain_city("KAB. BANDUNG") != plain_city("Kota Bandung")
    assert plain_city("Kotabaru") == "KOTABARU"


async def test_a_city_and_a_regency_of_one_name_keep_apart(time: ManualTime) -> None:
    async def load() -> list[CodedPlace]:
        return [
            CodedPlace(code="BDO10000", city="BANDUNG"),
            CodedPlace(code="BDO20000", city="KAB. BANDUNG"),
            CodedPlace(code="CGK10000", city="JAKARTA"),
            CodedPlace(code="JOG20000", city="KULON PROGO"),
            CodedPlace(code="BDO20100", city="Kab. Garut"),
        ]

    book = CodeBook(load, time.clock)
    wanted = {
        "Kota Bandung": "BDO10000",
        "Bandung": "BDO10000",
        "Kabupaten Bandung": "BDO20000",
        "Kabupaten Kulon Progo": "JOG20000",
        "Garut": "BDO20100",
        "Kota Garut": None,
        "Jakarta Selatan": "CGK10000",
    }
    assert {city: await book.find(place(city, "Pusat")) for city in wanted} == wanted


def place(city: str, district: str) -> Place:
    return Place(city=city, district=district, postal_code="12620")


async def test_a_code_book_finds_the_district_then_the_city(time: ManualTime) -> None:
    loads = 0

    async def load() -> list[CodedPlace]:
        nonlocal loads
        loads += 1
        await asyncio.sleep(0)
        return [
            CodedPlace(code="CGK10000", city="JAKARTA"),
            CodedPlace(code="BDO10000", city="BANDUNG"),
            CodedPlace(code="BDO10012", city="BANDUNG", district="SUKASARI"),
        ]

    book = CodeBook(load, time.clock)
    found = await asyncio.gather(
        book.find(place("Kota Bandung", "Sukasari")),
        book.find(place("Kota Bandung", "Coblong")),
        book.find(place("Kota Jakarta Selatan", "Jagakarsa")),
        book.find(place("Kota Ambon", "Sirimau")),
    )
    assert list(found) == ["BDO10012", "BDO10000", "CGK10000", None]
    assert loads == 1
    time.now += 86_400.0
    await book.find(place("Kota Bandung", "Sukasari"))
    assert loads == 2


async def test_a_code_book_keeps_its_old_list_when_the_new_one_fails(time: ManualTime) -> None:
    fails = True

    async def load() -> list[CodedPlace]:
        if fails:
            raise ProviderUnavailable("jne", "list origins", "down")
        return [CodedPlace(code="BDO10000", city="BANDUNG")]

    book = CodeBook(load, time.clock)
    with pytest.raises(ProviderUnavailable):
        await book.find(place("Bandung", "x"))
    fails = False
    assert await book.find(place("Bandung", "x")) == "BDO10000"
    fails = True
    time.now += 90_000.0
    assert await book.find(place("Bandung", "x")) == "BDO10000"
