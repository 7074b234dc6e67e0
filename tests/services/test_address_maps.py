"""Geocoding by the map provider: kept answers, the daily quota, and what is said where it does not answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from patungan.kernel.identity import Role
from tests.alone import Alone, alone
from tests.house import Servers

KEY = "maps-key-of-the-tests"
HOME = {"address": "Jl. Dago No. 12, Coblong", "postal_code": "40135"}


@pytest.fixture(scope="module")
async def address(servers: Servers, template: str) -> AsyncIterator[Alone]:
    settings = {"GOOGLE_MAPS_API_KEY": KEY, "GOOGLE_MAPS_DAILY_QUOTA": "6"}
    async with alone(
        "address", servers, template, settings, {"google_maps_api_key": KEY}, {"GOOGLE_MAPS_API_URL": "/maps"}
    ) as running:
        yield running


async def ask(running: Alone, path: str, /, **params: Any) -> dict[str, Any]:
    headers = running.signed_in(Role.CUSTOMER)
    answer = await running.client.get(f"{running.url}/api/regions/{path}", params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def asked_today(address: Alone) -> int:
    headers = address.signed_in(Role.ADMIN)
    answer = await address.client.get(f"{address.url}/api/addresses/analytics", headers=headers)
    return int(answer.json()["geocodings_today"])


async def test_geocoding_from_first_question_to_used_up_quota(address: Alone) -> None:
    found = await ask(address, "geocode", **HOME)
    assert (found["source"], found["reason"], found["precision"]) == ("map", "", "rooftop")
    assert (found["city_code"], found["city"], found["province"]) == ("32.73", "Kota Bandung", "Jawa Barat")
    again = await ask(address, "geocode", address="  jl dago no 12 COBLONG ", postal_code="40135")
    assert again == found
    assert await asked_today(address) == 1
    there = await ask(address, "reverse-geocode", latitude=-6.91746, longitude=107.61912)
    assert (there["source"], there["latitude"], there["longitude"]) == ("map", -6.91746, 107.61912)
    near = await ask(address, "reverse-geocode", latitude=-6.91747, longitude=107.61911)
    assert near == there
    assert await asked_today(address) == 2
    await address.faults({"provider": "maps", "action": "fail", "status": 503, "times": 1})
    assert (await ask(address, "geocode", address="Jl. Riau 1, Bandung"))["source"] == "map"
    assert await address.asked() == [2]
    await address.faults({"provider": "maps", "action": "fail", "status": 500})
    silent = await ask(address, "geocode", address="Jl. Merdeka 2, Bandung")
    assert (silent["source"], silent["reason"], silent["city"]) == ("city_centre", "unavailable", "Kota Bandung")
    await address.faults()
    unknown = await ask(address, "geocode", address="Zzqqx", city="32.73")
    assert (unknown["source"], unknown["reason"]) == ("city_centre", "not_found")
    assert (await ask(address, "geocode", address="Zzqqx", city="32.73")) == unknown
    assert await asked_today(address) == 5
    await ask(address, "geocode", address="Jl. Asia Afrika 1, Bandung")
    over = await ask(address, "geocode", address="Jl. Braga 1, Bandung")
    assert (over["source"], over["reason"]) == ("city_centre", "quota_used_up")
    assert (await ask(address, "geocode", **HOME)) == found
    address.later(days=1)
    assert (await ask(address, "geocode", address="Jl. Braga 1, Bandung"))["source"] == "map"
    address.later(days=31)
    await ask(address, "geocode", **HOME)
    assert await asked_today(address) == 1


async def test_no_address_is_kept_in_words(address: Alone) -> None:
    owner = await address.owner()
    try:
        rows = await owner.fetch("select query, answer::text from address.geocodes")
    finally:
        await owner.close()
    assert rows
    assert all(len(row["query"]) == 32 and "Dago" not in (row["answer"] or "") for row in rows)
