"""Rates for products over the public API: own addresses and postal codes, variants, and where parcels start."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from patungan.contracts import logistics as contract
from patungan.kernel.money import Rupiah
from tests.house import House, Person
from tests.shop import published_product, selling_factory

JAKARTA, BANDUNG = "10310", "40132"


@dataclass
class Shop:
    """A product on sale, 250 g and 20 x 15 x 5 cm a unit, whose variant XL weighs 1,200 g."""

    house: House
    owner: Person
    factory: dict[str, Any]
    product: dict[str, Any]

    @property
    def heavy(self) -> str:
        return str(next(each["id"] for each in self.product["variants"] if each["weight_grams"] == 1200))


@pytest.fixture(scope="module")
async def shop(one_house: House) -> AsyncIterator[Shop]:
    owner, factory = await selling_factory(one_house)
    product = await published_product(
        one_house,
        owner,
        factory["id"],
        variants=[{"name": "M"}, {"name": "XL", "weight_grams": 1200}],
        length_cm=20,
        width_cm=15,
        height_cm=5,
    )
    yield Shop(one_house, owner, factory, product)


async def ask(person: Person, shop: Shop, status: int = 200, **body: Any) -> Any:
    given = {"product_id": shop.product["id"], "quantity": 1, "origin_postal_code": JAKARTA, **body}
    wanted = {name: value for name, value in given.items() if value is not None}
    response = await person.request("POST", "logistics", "/api/logistics/rates", wanted)
    assert response.status_code == status, response.text
    return response.json()


async def directly(shop: Shop, origin: str, destination: str, grams: int, height: int) -> list[dict[str, Any]]:
    """What the contract quotes for a parcel, as the public API would show it."""
    quoted = await shop.house.context("order").call(
        contract.quote_rates,
        contract.QuoteRates(
            origin_postal_code=origin,
            destination_postal_code=destination,
            weight_grams=grams,
            length_cm=20,
            width_cm=15,
            height_cm=height,
            value=Rupiah(1),
        ),
    )
    return [{name: getattr(rate, name) for name in rate.__struct_fields__} for rate in quoted.rates]


async def test_a_buyer_sees_what_a_parcel_costs_to_a_postal_code(shop: Shop) -> None:
    buyer = await shop.house.person()
    answer = await ask(buyer, shop, postal_code=BANDUNG)
    assert answer["chargeable_kilograms"] == 1
    assert answer["items"] == await directly(shop, JAKARTA, BANDUNG, 250, 5)
    assert [(item["service"], item["estimated"]) for item in answer["items"]] == [
        ("jne:oke", False),
        ("sicepat:reg", False),
    ]
    assert set(answer["items"][0]) == {"service", "courier", "name", "price", "min_days", "max_days", "estimated"}


async def test_units_are_stacked_and_a_variant_has_its_own_weight(shop: Shop) -> None:
    buyer = await shop.house.person()
    # 9 units: 2,250 g against 20 x 15 x 45 cm / 6000 = 2.25 kg.
    nine = await ask(buyer, shop, postal_code=BANDUNG, quantity=9)
    assert nine["chargeable_kilograms"] == 3
    assert nine["items"] == await directly(shop, JAKARTA, BANDUNG, 2250, 45)
    heavy = await ask(buyer, shop, postal_code=BANDUNG, quantity=9, variant_id=shop.heavy)
    assert heavy["chargeable_kilograms"] == 11
    assert heavy["items"] == await directly(shop, JAKARTA, BANDUNG, 10_800, 45)


async def test_an_address_serves_its_owner_alone(shop: Shop) -> None:
    buyer, other = await shop.house.person(), await shop.house.person()
    kept = await buyer.post(
        "address",
        "/api/addresses",
        {
            "label": "Rumah",
            "recipient": "Sari Wijaya",
            "phone": "081234567890",
            "province": "Jawa Barat",
            "city": "Kota Bandung",
            "district": "Coblong",
            "postal_code": BANDUNG,
            "line": "Jl. Dago No. 12",
        },
    )
    by_address = await ask(buyer, shop, address_id=kept["id"])
    assert by_address == await ask(buyer, shop, postal_code=BANDUNG)
    assert (await ask(other, shop, 404, address_id=kept["id"]))["code"] == "address_not_found"


async def test_parcels_start_at_the_factorys_warehouse_unless_told_otherwise(shop: Shop) -> None:
    admin, buyer = await shop.house.admin(), await shop.house.person()
    nowhere = await ask(buyer, shop, 400, postal_code=BANDUNG, origin_postal_code=None)
    assert (nowhere["code"], nowhere["field"]) == ("invalid_input", "origin_postal_code")

    async def open_warehouse(code: str, city: str, province: str, postal_code: str) -> str:
        given = {"code": code, "name": code, "city": city, "province": province, "postal_code": postal_code}
        return str((await admin.post("warehouse", "/api/warehouse/warehouses", given))["id"])

    await open_warehouse("WH-A", "Kota Surabaya", "Jawa Timur", "60271")
    own = await open_warehouse("WH-B", "Kota Bandung", "Jawa Barat", BANDUNG)
    from_first = await ask(buyer, shop, postal_code=JAKARTA, origin_postal_code=None)
    assert from_first["items"] == await directly(shop, "60271", JAKARTA, 250, 5)
    path = f"/api/factories/{shop.factory['id']}"
    changed = await shop.owner.request("PATCH", "factory", path, {"default_warehouse_id": own})
    assert changed.status_code == 200, changed.text
    from_own = await ask(buyer, shop, postal_code=JAKARTA, origin_postal_code=None)
    assert from_own["items"] == await directly(shop, BANDUNG, JAKARTA, 250, 5)
    assert from_own != from_first


async def test_what_cannot_be_quoted_is_refused_by_field(shop: Shop) -> None:
    buyer = await shop.house.person()
    refused: list[tuple[dict[str, Any], int, str, str]] = [
        ({"postal_code": "00000"}, 400, "postal_code_unknown", "postal_code"),
        ({"postal_code": BANDUNG, "origin_postal_code": "00000"}, 400, "postal_code_unknown", "origin_postal_code"),
        ({"postal_code": "4013"}, 400, "invalid_input", "postal_code"),
        ({}, 400, "invalid_input", "address_id"),
        ({"postal_code": BANDUNG, "address_id": str(uuid4())}, 400, "invalid_input", "address_id"),
        ({"postal_code": BANDUNG, "quantity": 0}, 400, "invalid_input", "quantity"),
        ({"postal_code": BANDUNG, "quantity": 10_001}, 400, "invalid_input", "quantity"),
        ({"postal_code": BANDUNG, "product_id": str(uuid4())}, 404, "product_not_found", "product_id"),
        ({"postal_code": BANDUNG, "variant_id": str(uuid4())}, 404, "variant_not_found", "variant_id"),
        ({"address_id": str(uuid4())}, 404, "address_not_found", ""),
    ]
    for body, status, code, field in refused:
        problem = await ask(buyer, shop, status, **body)
        assert (problem["code"], problem.get("field") or "") == (code, field), body
    unknown = await ask(buyer, shop, 400, postal_code=BANDUNG, price=1)
    assert unknown["code"] == "invalid_input"
    nobody = await shop.house.request("POST", "logistics", "/api/logistics/rates", {})
    assert nobody.status_code == 401


async def test_a_product_that_is_not_on_sale_has_no_rates(shop: Shop) -> None:
    buyer = await shop.house.person()
    hidden = await published_product(shop.house, shop.owner, shop.factory["id"])
    path = f"/api/products/id/{hidden['id']}"
    response = await shop.owner.request("DELETE", "product", path)
    assert response.status_code == 204, response.text
    problem = await ask(buyer, shop, 404, product_id=hidden["id"], postal_code=BANDUNG)
    assert problem["code"] == "product_not_found"


async def test_the_service_area_decides_who_delivers(shop: Shop) -> None:
    house, buyer, admin = shop.house, await shop.house.person(), await shop.house.admin()
    area, kupang = "/api/addresses/service-area", "85111"
    services = [each["service"] for each in (await ask(buyer, shop, postal_code=kupang))["items"]]
    couriers = {each.split(":")[0] for each in services}
    assert services and couriers

    async def rule(courier: str, *, served: bool) -> None:
        body = {"region_code": "53.71", "courier": courier, "served": served, "reason": "Laut sedang berombak"}
        answer = await admin.request("PUT", "address", area, body)
        assert answer.status_code == 200, answer.text
        house.later(seconds=20)

    async def offered() -> set[str]:
        return {each["service"].split(":")[0] for each in (await ask(buyer, shop, postal_code=kupang))["items"]}

    refused = services[0].split(":")[0]
    await rule(refused, served=False)
    assert refused not in await offered()
    elsewhere = (await ask(buyer, shop, postal_code=BANDUNG))["items"]
    assert elsewhere and elsewhere == (await ask(buyer, shop, postal_code=BANDUNG))["items"]
    await rule("", served=False)
    problem = await ask(buyer, shop, 409, postal_code=kupang)
    assert (problem["code"], problem["field"]) == ("outside_service_area", "postal_code")
    assert await directly(shop, JAKARTA, kupang, 250, 5) == []
    for courier in ("", refused):
        path = f"{area}?region_code=53.71&courier={courier}"
        assert (await admin.request("DELETE", "address", path)).status_code == 204
    # What was known is gone by for a moment, then asked anew.
    assert (await ask(buyer, shop, 409, postal_code=kupang))["code"] == "outside_service_area"
    house.later(seconds=20)
    assert await offered() == couriers
