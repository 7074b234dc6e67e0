"""Address through its public API: a person's own addresses, the default among them, and places that exist."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from patungan.contracts import address as contract
from tests.house import House


def address_input(**other: Any) -> dict[str, Any]:
    return {
        "label": "Rumah",
        "recipient": "Sari Wijaya",
        "phone": "0812-3456-7890",
        "province": "Jawa Barat",
        "city": "Kota Bandung",
        "district": "Coblong",
        "postal_code": "40132",
        "line": "Jl. Dago No. 12",
        **other,
    }


async def test_an_address_is_kept_in_its_official_spelling(one_house: House) -> None:
    person = await one_house.person()
    kept = await person.post(
        "address",
        "/api/addresses",
        address_input(
            province="DKI Jakarta", city="jakarta pusat", district="MENTENG", postal_code="10310", notes="Pagar hijau"
        ),
    )
    assert UUID(kept.pop("id"))
    assert kept == {
        "label": "Rumah",
        "recipient": "Sari Wijaya",
        "phone": "+6281234567890",
        "province": "Daerah Khusus Ibukota Jakarta",
        "city": "Kota Administrasi Jakarta Pusat",
        "district": "Menteng",
        "district_code": "31.71.06",
        "postal_code": "10310",
        "line": "Jl. Dago No. 12",
        "notes": "Pagar hijau",
        "is_default": True,
        "village": "",
        "landmark": "",
        "latitude": None,
        "longitude": None,
    }


async def test_there_is_one_default_and_it_moves_to_the_oldest(one_house: House) -> None:
    person = await one_house.person()
    nothing = await person.request("GET", "address", "/api/addresses/default")
    assert (nothing.status_code, nothing.json()["code"]) == (404, "address_not_found")
    first, second, third = [
        await person.post("address", "/api/addresses", address_input(label=label, is_default=label == "c"))
        for label in ("a", "b", "c")
    ]
    listed = await person.get("address", "/api/addresses")
    assert [(each["label"], each["is_default"]) for each in listed["items"]] == [
        ("c", True),
        ("b", False),
        ("a", False),
    ]
    assert (listed["page"], listed["limit"], listed["total"]) == (1, 20, 3)
    chosen = await person.post("address", f"/api/addresses/{second['id']}/default")
    assert chosen == {**second, "is_default": True}
    assert await person.get("address", "/api/addresses/default") == chosen
    gone = await person.request("DELETE", "address", f"/api/addresses/{second['id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert await person.get("address", "/api/addresses/default") == first
    assert (await person.request("DELETE", "address", f"/api/addresses/{third['id']}")).status_code == 204
    only = await person.request("DELETE", "address", f"/api/addresses/{first['id']}")
    assert (only.status_code, only.json()["code"]) == (409, "only_address")
    assert (await person.get("address", "/api/addresses"))["items"] == [first]


async def test_a_change_keeps_what_it_does_not_name(one_house: House) -> None:
    person = await one_house.person()
    kept = await person.post("address", "/api/addresses", address_input())
    path = f"/api/addresses/{kept['id']}"
    moved = (
        await person.request(
            "PATCH", "address", path, {"city": "Kab. Bandung", "district": "Cileunyi", "postal_code": "40622"}
        )
    ).json()
    assert moved == {
        **kept,
        "city": "Kabupaten Bandung",
        "district": "Cileunyi",
        "district_code": "32.04.05",
        "postal_code": "40622",
    }
    half = await person.request("PATCH", "address", path, {"city": "Kota Bogor"})
    assert (half.status_code, half.json()["code"], half.json()["field"]) == (400, "invalid_input", "district")
    assert await person.get("address", path) == moved
    renamed = (await person.request("PATCH", "address", path, {"label": "Kantor", "phone": "+62 811 2233 4455"})).json()
    assert renamed == {**moved, "label": "Kantor", "phone": "+6281122334455"}


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"postal_code": "40111"}, "postal_code_unknown", "postal_code"),
        ({"postal_code": "99999"}, "postal_code_unknown", "postal_code"),
        ({"province": "Atlantis"}, "invalid_input", "province"),
        ({"province": "Jawa Tengah"}, "invalid_input", "city"),
        ({"city": "Kota Atlantis"}, "invalid_input", "city"),
        ({"city": "Kabupaten Bandung"}, "invalid_input", "district"),
        ({"district": "Menteng"}, "invalid_input", "district"),
        ({"phone": "021 1234 5678"}, "phone_invalid", "phone"),
        ({"phone": "0812345"}, "invalid_input", "phone"),
        ({"postal_code": "4013"}, "invalid_input", "postal_code"),
        ({"postal_code": 40132}, "invalid_input", "postal_code"),
        ({"label": ""}, "invalid_input", "label"),
        ({"label": "x" * 51}, "invalid_input", "label"),
        ({"recipient": "  "}, "invalid_input", "recipient"),
        ({"line": "Jl."}, "invalid_input", "line"),
        ({"notes": "x" * 201}, "invalid_input", "notes"),
        ({"is_default": "yes"}, "invalid_input", "is_default"),
    ],
)
async def test_bad_input_is_refused_by_field(
    one_house: House, change: dict[str, object], code: str, field: str
) -> None:
    person = await one_house.person()
    answer = await person.request("POST", "address", "/api/addresses", address_input(**change))
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, code, field)
    assert (await person.get("address", "/api/addresses"))["total"] == 0


async def test_nobody_decides_whose_an_address_is(one_house: House) -> None:
    person = await one_house.person()
    answer = await person.request("POST", "address", "/api/addresses", address_input(user_id=str(uuid4())))
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")


async def test_anothers_address_does_not_exist(one_house: House) -> None:
    person, stranger, admin = await one_house.person(), await one_house.person(), await one_house.admin()
    kept = await person.post("address", "/api/addresses", address_input())
    path = f"/api/addresses/{kept['id']}"
    for other in (stranger, admin):
        for method, place, body in [
            ("GET", path, None),
            ("PATCH", path, {"label": "Curian"}),
            ("POST", f"{path}/default", None),
            ("DELETE", path, None),
        ]:
            answer = await other.request(method, "address", place, body)
            assert (answer.status_code, answer.json()["code"]) == (404, "address_not_found"), (method, place)
        assert (await other.get("address", "/api/addresses"))["items"] == []
    assert await person.get("address", path) == kept


async def test_addresses_need_somebody_signed_in(one_house: House) -> None:
    path = f"/api/addresses/{uuid4()}"
    for method, place in [
        ("GET", "/api/addresses"),
        ("POST", "/api/addresses"),
        ("GET", "/api/addresses/default"),
        ("GET", path),
        ("PATCH", path),
        ("POST", f"{path}/default"),
        ("DELETE", path),
    ]:
        answer = await one_house.request(method, "address", place)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), (method, place)


async def test_failing_to_choose_a_default_leaves_the_old_one(one_house: House) -> None:
    person = await one_house.person()
    kept = await person.post("address", "/api/addresses", address_input())
    assert (await person.request("POST", "address", f"/api/addresses/{uuid4()}/default")).status_code == 404
    assert await person.get("address", "/api/addresses/default") == kept


async def test_twenty_addresses_and_one_default_whatever_comes_at_once(one_house: House) -> None:
    person = await one_house.person()
    answers = await asyncio.gather(
        *(person.request("POST", "address", "/api/addresses", address_input(is_default=True)) for _ in range(24))
    )
    assert sorted(answer.status_code for answer in answers) == [201] * 20 + [409] * 4
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"conflict"}
    listed = await person.get("address", "/api/addresses", limit=100)
    assert (listed["total"], sum(each["is_default"] for each in listed["items"])) == (20, 1)
    await asyncio.gather(
        *(person.request("POST", "address", f"/api/addresses/{each['id']}/default") for each in listed["items"])
    )
    removed = await asyncio.gather(
        *(person.request("DELETE", "address", f"/api/addresses/{each['id']}") for each in listed["items"])
    )
    assert sorted(answer.status_code for answer in removed) == [204] * 19 + [409]
    left = await person.get("address", "/api/addresses")
    assert (left["total"], left["items"][0]["is_default"]) == (1, True)


async def test_the_contract_answers_the_owner_only(one_house: House) -> None:
    person, stranger = await one_house.person(), await one_house.person()
    kept = await person.post("address", "/api/addresses", address_input(notes="Titip satpam"))
    ctx = one_house.context("group-buying")
    address_id = UUID(kept["id"])
    snapshot = await ctx.call(contract.get_address, contract.GetAddress(user_id=person.id, address_id=address_id))
    assert snapshot == contract.Address(
        id=address_id,
        label="Rumah",
        recipient="Sari Wijaya",
        phone="+6281234567890",
        province="Jawa Barat",
        city="Kota Bandung",
        district="Coblong",
        postal_code="40132",
        line="Jl. Dago No. 12",
        notes="Titip satpam",
    )
    with pytest.raises(contract.AddressNotFound):
        await ctx.call(contract.get_address, contract.GetAddress(user_id=stranger.id, address_id=address_id))


async def test_regions_step_by_step(one_house: House) -> None:
    answer = await one_house.request("GET", "address", "/api/regions/provinces")
    assert answer.headers["cache-control"] == "max-age=86400, public"
    assert len(answer.json()["items"]) == 38
    assert {"code": "32", "name": "Jawa Barat"} in answer.json()["items"]
    cities = (await one_house.request("GET", "address", "/api/regions/cities", province="32")).json()["items"]
    assert len(cities) == 27
    assert {"code": "32.73", "name": "Kota Bandung"} in cities
    districts = (await one_house.request("GET", "address", "/api/regions/districts", city="32.73")).json()["items"]
    assert len(districts) == 30
    assert districts[18] == {
        "code": "32.73.02",
        "name": "Coblong",
        "postal_codes": ["40131", "40132", "40133", "40134", "40135"],
    }


async def test_villages_of_a_district(one_house: House) -> None:
    answer = await one_house.request("GET", "address", "/api/regions/villages", district="32.73.02")
    assert answer.json()["items"][1] == {"code": "32.73.02.1004", "name": "Dago", "postal_code": "40135"}
    assert len(answer.json()["items"]) == 6


async def test_searching_regions_while_typing(one_house: House) -> None:
    found = (await one_house.request("GET", "address", "/api/regions/search", q="bandung cob")).json()["items"]
    assert found == [
        {
            "level": "district",
            "code": "32.73.02",
            "village": "",
            "district_code": "32.73.02",
            "district": "Coblong",
            "city_code": "32.73",
            "city": "Kota Bandung",
            "province_code": "32",
            "province": "Jawa Barat",
            "postal_codes": ["40131", "40132", "40133", "40134", "40135"],
        }
    ]
    by_code = (await one_house.request("GET", "address", "/api/regions/search", q="40132")).json()["items"]
    assert [(each["level"], each["village"], each["postal_codes"]) for each in by_code] == [
        ("village", "Lebak Gede", ["40132"]),
        ("village", "Lebak Siliwangi", ["40132"]),
    ]
    many = (await one_house.request("GET", "address", "/api/regions/search", q="jawa", limit=3)).json()["items"]
    assert [each["province"] for each in many] == ["Jawa Barat", "Jawa Tengah", "Jawa Timur"]
    assert (await one_house.request("GET", "address", "/api/regions/search", q="?!")).json()["items"] == []


async def test_a_village_a_landmark_and_a_point(one_house: House) -> None:
    person = await one_house.person()
    kept = await person.post(
        "address",
        "/api/addresses",
        address_input(
            village="dago", postal_code="40135", landmark="Depan masjid", latitude=-6.8748, longitude=107.6171
        ),
    )
    assert [kept[name] for name in ("village", "landmark", "latitude", "longitude")] == [
        "Dago",
        "Depan masjid",
        -6.8748,
        107.6171,
    ]
    path = f"/api/addresses/{kept['id']}"
    snapshot = await one_house.context("logistics").call(
        contract.get_address, contract.GetAddress(user_id=person.id, address_id=UUID(kept["id"]))
    )
    assert (snapshot.village, snapshot.landmark, snapshot.latitude) == ("Dago", "Depan masjid", -6.8748)
    for body, field in [
        (address_input(village="Menteng"), "village"),
        (address_input(latitude=-6.9), "latitude"),
        (address_input(latitude=51.5, longitude=0.1), "latitude"),
        (address_input(latitude=91, longitude=0), "latitude"),
        (address_input(landmark="x" * 201), "landmark"),
    ]:
        refused = await person.request("POST", "address", "/api/addresses", body)
        assert (refused.status_code, refused.json()["field"]) == (400, field)
    moved = (await person.request("PATCH", "address", path, {"district": "Cidadap", "postal_code": "40141"})).json()
    assert [moved[name] for name in ("village", "landmark", "latitude", "longitude")] == [
        "",
        "Depan masjid",
        None,
        None,
    ]
    half = await person.request("PATCH", "address", path, {"latitude": -6.9})
    assert (half.status_code, half.json()["field"]) == (400, "latitude")


def between(start: str, end: str) -> dict[str, Any]:
    return {"from": start, "to": end}


async def test_how_far_places_are_apart(one_house: House) -> None:
    async def kilometres(start: str, end: str) -> dict[str, Any]:
        answer = await one_house.request("GET", "address", "/api/regions/distance", **between(start, end))
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    assert await kilometres("10110", "40132") == {
        "kilometres": 120.8,
        "from_city": "Kota Administrasi Jakarta Pusat",
        "to_city": "Kota Bandung",
    }
    assert (await kilometres("32.73", "32.73.02"))["kilometres"] == 0
    assert (await kilometres("-6.2,106.8", "31"))["to_city"] == "Daerah Khusus Ibukota Jakarta"
    for start, end in [("99", "31"), ("00000", "31"), ("51.5,0.1", "31"), ("nowhere", "31")]:
        answer = await one_house.request("GET", "address", "/api/regions/distance", **between(start, end))
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input"), start


async def test_without_a_key_the_city_stands_for_an_address(one_house: House) -> None:
    person = await one_house.person()
    found = await person.get("address", "/api/regions/geocode", address="Jl. Dago 12", postal_code="40135")
    assert found == {
        "latitude": -6.917,
        "longitude": 107.619,
        "formatted": "Kota Bandung, Jawa Barat",
        "precision": "city",
        "source": "city_centre",
        "reason": "no_key",
        "city_code": "32.73",
        "city": "Kota Bandung",
        "province": "Jawa Barat",
        "postal_code": "40135",
    }
    by_words = await person.get("address", "/api/regions/geocode", address="Jl. Mawar 1, Gubeng, Surabaya")
    assert (by_words["city"], by_words["reason"]) == ("Kota Surabaya", "no_key")
    there = await person.get("address", "/api/regions/reverse-geocode", latitude=-7.26, longitude=112.75)
    assert (there["city"], there["source"]) == ("Kota Surabaya", "city_centre")
    asked: list[tuple[str, dict[str, Any]]] = [
        ("geocode", {"address": "zzzzqqq"}),
        ("geocode", {"address": "Jl. Dago", "city": "99.99"}),
        ("geocode", {"address": "Jl. Dago", "postal_code": "00000"}),
        ("reverse-geocode", {"latitude": 51.5, "longitude": 0.1}),
    ]
    for path, params in asked:
        refused = await person.request("GET", "address", f"/api/regions/{path}", **params)
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_input"), path
    assert (await one_house.request("GET", "address", "/api/regions/geocode", address="Dago")).status_code == 401


async def test_where_we_deliver(one_house: House) -> None:
    admin, person = await one_house.admin(), await one_house.person()
    rule = {"region_code": "96", "served": False, "reason": "no courier goes there yet"}
    kept = (await admin.request("PUT", "address", "/api/addresses/service-area", rule)).json()
    assert {name: kept[name] for name in ("region_code", "courier", "served", "set_by")} == {
        "region_code": "96",
        "courier": "",
        "served": False,
        "set_by": str(admin.id),
    }
    sorong = address_input(
        province="Papua Barat Daya", city="Kota Sorong", district="Sorong Timur", postal_code="98418"
    )
    districts = (await one_house.request("GET", "address", "/api/regions/districts", city="96.71")).json()["items"]
    sorong |= {"district": districts[0]["name"], "postal_code": districts[0]["postal_codes"][0]}
    refused = await person.request("POST", "address", "/api/addresses", sorong)
    assert (refused.status_code, refused.json()["code"]) == (409, "outside_service_area")
    told = (await one_house.request("GET", "address", "/api/regions/coverage", region="96.71")).json()
    assert told == {"region_code": "96.71", "served": False, "refused_couriers": []}
    await admin.request(
        "PUT", "address", "/api/addresses/service-area", {**rule, "region_code": "96.71", "served": True}
    )
    home = await person.post("address", "/api/addresses", sorong)
    await admin.request("PUT", "address", "/api/addresses/service-area", {**rule, "region_code": "96.71"})
    answer = await one_house.context("group-buying").call(
        contract.get_addresses,
        contract.GetAddresses(wanted=[contract.GetAddress(user_id=person.id, address_id=UUID(home["id"]))]),
    )
    assert answer.outside == [True]
    bad = await admin.request("PUT", "address", "/api/addresses/service-area", {**rule, "region_code": "99"})
    assert (bad.status_code, bad.json()["field"]) == (400, "region_code")
    for code in ("96", "96.71"):
        path = f"/api/addresses/service-area?region_code={code}"
        assert (await admin.request("DELETE", "address", path)).status_code == 204
        assert (await admin.request("DELETE", "address", path)).status_code == 404
    assert (await admin.get("address", "/api/addresses/service-area"))["items"] == []
    for method, path, body in [
        ("GET", "/api/addresses/service-area", None),
        ("PUT", "/api/addresses/service-area", rule),
        ("DELETE", "/api/addresses/service-area", None),
        ("GET", "/api/addresses/all", None),
        ("GET", "/api/addresses/analytics", None),
        ("GET", "/api/addresses/validation-errors", None),
    ]:
        assert (await person.request(method, "address", path, body)).status_code == 403
        assert (await one_house.request(method, "address", path, body)).status_code == 401


async def test_what_administrators_see(one_house: House) -> None:
    admin, person = await one_house.admin(), await one_house.person()
    home = await person.post("address", "/api/addresses", address_input())
    await person.request("POST", "address", "/api/addresses", address_input(postal_code="99999"))
    seen = await admin.get("address", "/api/addresses/all", user_id=str(person.id))
    assert (seen["total"], seen["items"][0]["id"], seen["items"][0]["user_id"]) == (1, home["id"], str(person.id))
    assert (await admin.get("address", "/api/addresses/all", region="32.73", limit=1))["total"] >= 1
    spread = await admin.get("address", "/api/addresses/analytics", province="32")
    assert next(each["name"] for each in spread["regions"] if each["code"] == "32.73") == "Kota Bandung"
    assert spread["totals"]["addresses"] >= spread["totals"]["people"] >= 1
    refusals = await admin.get("address", "/api/addresses/validation-errors")
    fields = {(each["field"], each["code"]) for each in refusals["items"]}
    assert ("postal_code", "postal_code_unknown") in fields


@pytest.mark.parametrize(
    ("path", "params", "status", "code"),
    [
        ("cities", {"province": "99"}, 404, "not_found"),
        ("districts", {"city": "32.99"}, 404, "not_found"),
        ("cities", {"province": "Jawa"}, 400, "invalid_input"),
        ("cities", {}, 400, "invalid_input"),
        ("districts", {"city": "32"}, 400, "invalid_input"),
        ("villages", {"district": "32.73.99"}, 404, "not_found"),
        ("villages", {"district": "32.73"}, 400, "invalid_input"),
        ("coverage", {"region": "99"}, 404, "not_found"),
        ("search", {"q": "a"}, 400, "invalid_input"),
        ("search", {"q": "bandung", "limit": 51}, 400, "invalid_input"),
        ("nowhere", {}, 404, "not_found"),
    ],
)
async def test_bad_questions_about_regions(
    one_house: House, path: str, params: dict[str, Any], status: int, code: str
) -> None:
    answer = await one_house.request("GET", "address", f"/api/regions/{path}", **params)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
