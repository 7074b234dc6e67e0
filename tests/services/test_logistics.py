"""Logistics against the sandbox's couriers: offers, what is cached, who is asked, and what happens when nobody answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from valkey.asyncio import Valkey
from valkey.exceptions import ConnectionError as ValkeyConnectionError

from patungan.contracts import logistics as contract
from patungan.kernel.errors import InvalidInput
from patungan.kernel.money import Rupiah
from patungan.services.logistics.operations import rates as use_case
from tests.alone import Alone, alone
from tests.house import Servers

RATES = {"provider": "biteship", "operation": "rates"}
COUNTING = {**RATES, "action": "delay", "probability": 0}
JAKARTA, BANDUNG = "10310", "40132"


@pytest.fixture(scope="module")
async def service(servers: Servers, template: str) -> AsyncIterator[Alone]:
    async with alone(
        "logistics",
        servers,
        template,
        {"BITESHIP_API_KEY": "biteship-tests"},
        {"biteship_api_key": "biteship-tests"},
        {"BITESHIP_API_URL": "/biteship"},
    ) as started:
        yield started


@pytest.fixture
async def direct(servers: Servers, template: str) -> AsyncIterator[Alone]:
    """Logistics with each courier's own key and none of Biteship."""
    keys = {"JNE_API_KEY": "jne-tests", "JNT_API_KEY": "jnt-tests", "SICEPAT_API_KEY": "sicepat-tests"}
    async with alone(
        "logistics",
        servers,
        template,
        {**keys, "JNE_USERNAME": "PATUNGAN", "JNT_CUSTOMER": "PATUNGAN"},
        {name.lower(): value for name, value in keys.items()},
        {"JNE_API_URL": "/jne", "JNT_API_URL": "/jnt", "SICEPAT_API_URL": "/sicepat"},
    ) as started:
        yield started


@pytest.fixture(autouse=True)
async def fair_weather(service: Alone) -> AsyncIterator[None]:
    """Each test begins without faults, with a closed circuit and nothing cached."""
    await forget(service)
    yield
    await service.faults()
    service.later(minutes=1)
    await forget(service)
    await quote(service, JAKARTA, BANDUNG)


async def forget(service: Alone) -> None:
    """Empty both caches."""
    await service.context.valkey.flushdb()
    service.context.local["rates"].forget()


async def asked_in_the_end(service: Alone, times: int) -> None:
    """Wait until the courier was asked that often."""
    async with asyncio.timeout(10):
        while await service.asked() != [times]:
            await asyncio.sleep(0.02)


def parcel(origin: str, destination: str, **other: Any) -> contract.QuoteRates:
    return contract.QuoteRates(
        **{
            "origin_postal_code": origin,
            "destination_postal_code": destination,
            "weight_grams": 500,
            "length_cm": 10,
            "width_cm": 10,
            "height_cm": 10,
            "value": Rupiah(100_000),
            **other,
        }
    )


async def quote(service: Alone, origin: str, destination: str, **other: Any) -> list[contract.Rate]:
    return (await service.context.call(contract.quote_rates, parcel(origin, destination, **other))).rates


FLAT = [("flat:reg", 20_000, 3, 7, True)]


def shown(rates: list[contract.Rate]) -> list[tuple[str, int, int, int, bool]]:
    return [(rate.service, rate.price, rate.min_days, rate.max_days, rate.estimated) for rate in rates]


async def test_the_cheapest_of_each_class_is_offered(service: Alone) -> None:
    rates = await quote(service, JAKARTA, BANDUNG)
    assert [rate.price for rate in rates] == sorted(rate.price for rate in rates)
    # Jakarta to Bandung counts 118 km in the sandbox: 10,360 rupiah a kilogram, SiCepat's share 95, JNE OKE's 85.
    assert shown(rates) == [("jne:oke", 9_000, 2, 4, False), ("sicepat:reg", 10_000, 1, 2, False)]
    heavier = await quote(service, JAKARTA, BANDUNG, weight_grams=2001)
    assert {rate.service: rate.price for rate in heavier}["sicepat:reg"] > rates[1].price


async def test_a_bulky_parcel_is_charged_by_its_volume(service: Alone) -> None:
    light = await quote(service, JAKARTA, BANDUNG, weight_grams=100, length_cm=30, width_cm=40, height_cm=25)
    heavy = await quote(service, JAKARTA, BANDUNG, weight_grams=5000, length_cm=30, width_cm=40, height_cm=20)
    assert light == heavy


async def test_equal_parcels_are_asked_for_once_an_hour(service: Alone) -> None:
    await service.faults(COUNTING)
    first = await quote(service, JAKARTA, BANDUNG)
    for other in ({"weight_grams": 999}, {"length_cm": 12}, {"value": Rupiah(5)}, {}):
        assert await quote(service, JAKARTA, BANDUNG, **other) == first
    assert await service.asked() == [1]
    await quote(service, BANDUNG, JAKARTA)
    await quote(service, JAKARTA, BANDUNG, weight_grams=1001)
    await quote(service, JAKARTA, BANDUNG, length_cm=60)
    assert await service.asked() == [4]
    service.later(minutes=59)
    await quote(service, JAKARTA, BANDUNG)
    assert await service.asked() == [4]
    # Old offers are answered at once while new ones are asked for; much older ones are not.
    service.later(minutes=1)
    assert await quote(service, JAKARTA, BANDUNG) == first
    await asked_in_the_end(service, 5)
    service.later(hours=2, minutes=1)
    assert await quote(service, JAKARTA, BANDUNG) == first
    assert await service.asked() == [6]


async def test_a_crowd_of_joins_costs_neither_courier_nor_valkey_anything(service: Alone) -> None:
    first = await quote(service, JAKARTA, BANDUNG)
    await service.faults(COUNTING)
    before = (await service.context.valkey.info("stats"))["total_commands_processed"]
    answers = await asyncio.gather(*(quote(service, JAKARTA, BANDUNG) for _ in range(500)))
    assert all(answer == first for answer in answers)
    assert await service.asked() == [0]
    after = (await service.context.valkey.info("stats"))["total_commands_processed"]
    assert after - before <= 20


async def test_another_process_takes_what_is_shared(service: Alone) -> None:
    first = await quote(service, JAKARTA, BANDUNG)
    await service.faults(COUNTING)
    service.context.local["rates"].forget()
    assert await quote(service, JAKARTA, BANDUNG) == first
    assert await service.asked() == [0]


async def test_a_crowd_while_couriers_are_away_asks_them_once(service: Alone) -> None:
    await service.faults({**RATES, "action": "fail", "status": 401})
    for _ in range(3):
        answers = await asyncio.gather(*(quote(service, JAKARTA, BANDUNG) for _ in range(50)))
        assert all(shown(answer) == FLAT for answer in answers)
    assert await service.asked() == [1]
    service.later(seconds=16)
    assert shown(await quote(service, JAKARTA, BANDUNG)) == FLAT
    assert await service.asked() == [2]


async def test_old_offers_stand_in_for_couriers_that_are_away_all_day(service: Alone) -> None:
    first = await quote(service, JAKARTA, BANDUNG)
    await service.faults({**RATES, "action": "fail", "status": 401})
    service.later(hours=20)
    assert await quote(service, JAKARTA, BANDUNG) == first
    service.later(hours=6)
    assert shown(await quote(service, JAKARTA, BANDUNG)) == FLAT


async def test_the_least_wanted_offers_are_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(use_case, "MOST_KEPT", 2)
    book, kept = use_case.RateBook(), use_case.Kept(datetime(2026, 11, 25, tzinfo=UTC), [])
    book.keep("a", kept)
    book.keep("b", kept)
    assert book.find("a") is kept
    book.keep("c", kept)
    assert [book.find(key) for key in "abc"] == [kept, None, kept]


async def test_a_crowd_asks_the_courier_once(service: Alone) -> None:
    await service.faults({**RATES, "action": "delay", "seconds": 0.3})
    answers = await asyncio.gather(*(quote(service, JAKARTA, BANDUNG) for _ in range(50)))
    assert await service.asked() == [1]
    assert all(answer == answers[0] for answer in answers)
    assert not answers[0][0].estimated


async def test_who_gives_up_waiting_does_not_take_the_answer_from_others(service: Alone) -> None:
    await service.faults({**RATES, "action": "delay", "seconds": 0.4})
    impatient = asyncio.create_task(quote(service, JAKARTA, BANDUNG))
    await asyncio.sleep(0.1)
    patient = asyncio.create_task(quote(service, JAKARTA, BANDUNG))
    await asyncio.sleep(0.05)
    impatient.cancel()
    assert not (await patient)[0].estimated
    assert await service.asked() == [1]
    with pytest.raises(asyncio.CancelledError):
        await impatient


@pytest.mark.parametrize(
    "fault",
    [
        {**RATES, "action": "fail", "status": 500},
        {**RATES, "action": "fail", "status": 401, "error_code": "40101001"},
        {**RATES, "action": "timeout_before"},
    ],
    ids=["broken", "key refused", "gateway"],
)
async def test_while_no_courier_answers_the_flat_rate_is_asked_and_not_kept(
    service: Alone, fault: dict[str, Any]
) -> None:
    await service.faults(fault)
    assert shown(await quote(service, JAKARTA, BANDUNG)) == FLAT
    heavier = await quote(service, JAKARTA, BANDUNG, weight_grams=2001)
    assert shown(heavier) == [("flat:reg", 60_000, 3, 7, True)]
    await service.faults()
    service.later(minutes=1)
    assert not (await quote(service, JAKARTA, BANDUNG))[0].estimated


async def test_a_silent_courier_costs_no_more_than_its_callers_patience(service: Alone) -> None:
    await service.faults({**RATES, "action": "delay", "seconds": 20})
    began = asyncio.get_running_loop().time()
    assert shown(await quote(service, JAKARTA, BANDUNG)) == FLAT
    assert asyncio.get_running_loop().time() - began < contract.quote_rates.timeout


async def test_a_courier_that_keeps_failing_is_left_alone(service: Alone) -> None:
    await service.faults({**RATES, "action": "fail", "status": 503})
    for number in range(6):
        assert (await quote(service, JAKARTA, BANDUNG, weight_grams=1000 * (number + 1)))[0].estimated
    assert await service.asked() == [5]
    began = asyncio.get_running_loop().time()
    assert shown(await quote(service, JAKARTA, BANDUNG)) == FLAT
    assert asyncio.get_running_loop().time() - began < 0.3
    assert await service.asked() == [5]


async def test_what_was_asked_before_is_answered_while_couriers_are_away(service: Alone) -> None:
    first = await quote(service, JAKARTA, BANDUNG)
    await service.faults({**RATES, "action": "fail", "status": 500})
    assert await quote(service, JAKARTA, BANDUNG) == first


async def test_without_the_cache_prices_are_asked_for(service: Alone, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object, **__: object) -> None:
        raise ValkeyConnectionError("away")

    monkeypatch.setattr(Valkey, "get", away)
    monkeypatch.setattr(Valkey, "set", away)
    await service.faults(COUNTING)
    first = await quote(service, JAKARTA, BANDUNG)
    assert await quote(service, JAKARTA, BANDUNG) == first
    assert not first[0].estimated
    assert await service.asked() == [1]
    service.context.local["rates"].forget()
    assert await quote(service, JAKARTA, BANDUNG) == first
    assert await service.asked() == [2]


async def test_what_lies_spoilt_in_the_cache_is_asked_for_again(service: Alone) -> None:
    first = await quote(service, JAKARTA, BANDUNG)
    (key,) = await service.context.valkey.keys("logistics:rates:*")
    await service.context.valkey.set(key, b'{"until": 5}')
    service.context.local["rates"].forget()
    assert await quote(service, JAKARTA, BANDUNG) == first


async def test_what_is_no_parcel_is_refused(service: Alone) -> None:
    await service.faults(COUNTING)
    for field, value in [
        ("origin_postal_code", "1031"),
        ("destination_postal_code", "4013a"),
        ("destination_postal_code", "४०१३२"),
        ("weight_grams", 0),
        ("length_cm", -1),
        ("width_cm", 0),
        ("height_cm", 0),
    ]:
        with pytest.raises(InvalidInput) as refused:
            await quote(service, JAKARTA, BANDUNG, **{field: value})
        assert refused.value.field == field
    assert await service.asked() == [0]


async def test_couriers_by_their_own_keys_are_asked_together(direct: Alone) -> None:
    rates = await quote(direct, JAKARTA, BANDUNG)
    assert not any(rate.estimated for rate in rates)
    couriers = {rate.courier for rate in rates}
    assert couriers <= {"jne", "jnt", "sicepat"}
    # The same tariff stands behind Biteship and the couriers' own interfaces.
    assert {rate.service: rate.price for rate in rates}["sicepat:reg"] == 10_000

    others = [{"provider": name, "operation": "*", "action": "fail", "status": 500} for name in ("jne", "sicepat")]
    await direct.faults(*others)
    assert (await quote(direct, JAKARTA, BANDUNG)) == rates
    await forget(direct)
    alone_left = await quote(direct, JAKARTA, BANDUNG)
    assert {rate.courier for rate in alone_left} == {"jnt"}
    # What is missing is asked for again after a minute, not an hour.
    await direct.faults()
    direct.later(hours=3)
    assert await quote(direct, JAKARTA, BANDUNG) == rates


async def test_without_any_key_the_flat_rate_is_all_there_is(servers: Servers, template: str) -> None:
    settings = {"FLAT_RATE_PER_KG": "15000", "JNE_API_KEY": "jne-tests", "JNT_API_KEY": "jnt-tests"}
    async with alone("logistics", servers, template, settings, {}, {}) as started:
        await started.context.valkey.flushdb()
        # JNE without its user and J&T without its address are left out.
        assert started.context.local["couriers"] == ()
        rates = await quote(started, JAKARTA, BANDUNG, weight_grams=1500)
        assert shown(rates) == [("flat:reg", 30_000, 3, 7, True)]
