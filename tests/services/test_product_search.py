"""Finding products: words, misspellings, filters, orders, pages; and the tree of categories."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from tests.house import House, Person
from tests.shop import category, product_input, published_product, selling_factory


@dataclass(frozen=True)
class Shop:
    owner: Person
    factory: dict[str, Any]
    clothes: dict[str, Any]
    shirts: dict[str, Any]
    drinks: dict[str, Any]


@pytest.fixture(scope="module")
async def shop(one_house: House) -> AsyncIterator[Shop]:
    """Five products in three categories, shirts below clothes, made an hour apart."""
    owner, factory = await selling_factory(one_house)
    clothes = await category(one_house, slug="busana", name="Busana", name_en="Clothes", display_order=1)
    shirts = await category(one_house, slug="kemeja", name="Kemeja", name_en="Shirts", parent_id=clothes["id"])
    drinks = await category(one_house, slug="minuman", name="Minuman", name_en="Drinks", display_order=2)
    for kind, name, name_en, price, description in [
        (shirts, "Kemeja Batik Parang", "Parang Batik Shirt", 125_000, "Katun primisima warna indigo"),
        (clothes, "Sarung Tenun Goyor", "Goyor Woven Sarong", 90_000, "Tenun tangan dari Tegal"),
        (drinks, "Kopi Arabika Gayo", "Gayo Arabica Coffee", 75_000, "Dipetik di Aceh Tengah"),
        (drinks, "Teh Melati", "Jasmine Tea", 25_000, "Cocok dengan kue; bukan kopi"),
        (shirts, "Kemeja Linen Polos", "Plain Linen Shirt", 150_000, "Linen 100% dari Bandung"),
    ]:
        await published_product(
            one_house,
            owner,
            factory["id"],
            category_id=kind["id"],
            name=name,
            name_en=name_en,
            description=description,
            base_price=price,
            price_tier_25=price,
            price_tier_50=price,
            price_tier_75=price,
            price_tier_100=price,
        )
        one_house.later(hours=1)
    given = product_input(factory["id"], drinks["id"], name="Kopi Rahasia")
    await owner.post("product", "/api/products", given)
    yield Shop(owner, factory, clothes, shirts, drinks)


async def names(house: House, **params: Any) -> list[str]:
    answer = await house.request("GET", "product", "/api/products", **params)
    assert answer.status_code == 200, answer.text
    return [each["name"] for each in answer.json()["items"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("kopi", ["Kopi Arabika Gayo", "Teh Melati"]),
        ("KOPI gayo", ["Kopi Arabika Gayo"]),
        ("coff", ["Kopi Arabika Gayo"]),
        ("shirt linen", ["Kemeja Linen Polos"]),
        ("primisima", ["Kemeja Batik Parang"]),
        ("bandung", ["Kemeja Linen Polos"]),
        ("kemja", ["Kemeja Linen Polos", "Kemeja Batik Parang"]),
        ("kemeja btik", ["Kemeja Batik Parang"]),
        ("arabka", ["Kopi Arabika Gayo"]),
        ("jasmin tee", ["Teh Melati"]),
        ("xyzzy", []),
        ("rahasia", []),
        ("'); drop table products; --", []),
    ],
)
async def test_words_begin_or_resemble_words(one_house: House, shop: Shop, query: str, expected: list[str]) -> None:
    assert (await names(one_house, q=query))[: len(expected) or None] == expected


async def test_a_sku_is_found(one_house: House, shop: Shop) -> None:
    (item,) = (await one_house.request("GET", "product", "/api/products", q="teh melati")).json()["items"]
    assert await names(one_house, q=item["sku"].lower()) == ["Teh Melati"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (None, ["Kemeja Linen Polos", "Teh Melati", "Kopi Arabika Gayo", "Sarung Tenun Goyor", "Kemeja Batik Parang"]),
        (
            "newest",
            ["Kemeja Linen Polos", "Teh Melati", "Kopi Arabika Gayo", "Sarung Tenun Goyor", "Kemeja Batik Parang"],
        ),
        (
            "price",
            ["Teh Melati", "Kopi Arabika Gayo", "Sarung Tenun Goyor", "Kemeja Batik Parang", "Kemeja Linen Polos"],
        ),
        (
            "-price",
            ["Kemeja Linen Polos", "Kemeja Batik Parang", "Sarung Tenun Goyor", "Kopi Arabika Gayo", "Teh Melati"],
        ),
        (
            "name",
            ["Kemeja Batik Parang", "Kemeja Linen Polos", "Kopi Arabika Gayo", "Sarung Tenun Goyor", "Teh Melati"],
        ),
    ],
)
async def test_orders(one_house: House, shop: Shop, sort: str | None, expected: list[str]) -> None:
    assert await names(one_house, sort=sort) == expected


async def test_an_order_holds_for_a_search_too(one_house: House, shop: Shop) -> None:
    assert await names(one_house, q="kopi", sort="price") == ["Teh Melati", "Kopi Arabika Gayo"]
    assert await names(one_house, q="kemeja", sort="-price") == ["Kemeja Linen Polos", "Kemeja Batik Parang"]
    assert await names(one_house, q="kopi", sort="relevance") == ["Kopi Arabika Gayo", "Teh Melati"]
    answer = await one_house.request("GET", "product", "/api/products", sort="relevance")
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, "invalid_input", "sort")


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"category": "busana"}, ["Kemeja Linen Polos", "Sarung Tenun Goyor", "Kemeja Batik Parang"]),
        ({"category": "kemeja"}, ["Kemeja Linen Polos", "Kemeja Batik Parang"]),
        ({"category": "minuman", "q": "melati"}, ["Teh Melati"]),
        ({"category": "busana", "q": "melati"}, []),
        ({"category": "no-such"}, []),
        ({"min_price": 90_000, "max_price": 125_000}, ["Sarung Tenun Goyor", "Kemeja Batik Parang"]),
        ({"max_price": 24_999}, []),
        ({"factory_id": str(uuid4())}, []),
        ({"q": "?!"}, ["Kemeja Linen Polos", "Teh Melati", "Kopi Arabika Gayo", "Sarung Tenun Goyor", "Kemeja Batik Parang"]),
    ],
)  # fmt: skip
async def test_filters(one_house: House, shop: Shop, params: dict[str, Any], expected: list[str]) -> None:
    assert await names(one_house, **params) == expected


async def test_a_factorys_products(one_house: House, shop: Shop) -> None:
    assert len(await names(one_house, factory_id=shop.factory["id"])) == 5
    other, factory = await selling_factory(one_house)
    assert await names(one_house, factory_id=factory["id"]) == []
    assert (await other.get("product", "/api/products/mine"))["total"] == 0
    assert (await shop.owner.get("product", "/api/products/mine"))["total"] == 6


async def test_pages(one_house: House, shop: Shop) -> None:
    answer = (await one_house.request("GET", "product", "/api/products", sort="price", page=2, limit=2)).json()
    assert [each["name"] for each in answer["items"]] == ["Sarung Tenun Goyor", "Kemeja Batik Parang"]
    assert (answer["page"], answer["limit"], answer["total"]) == (2, 2, 5)
    beyond = (await one_house.request("GET", "product", "/api/products", q="kemeja", page=9, limit=100)).json()
    assert (beyond["items"], beyond["total"]) == ([], 2)


async def test_an_item_of_a_list(one_house: House, shop: Shop) -> None:
    (item,) = (await one_house.request("GET", "product", "/api/products", q="sarung")).json()["items"]
    assert {name: item[name] for name in ("slug", "category", "factory_id", "base_price", "status")} == {
        "slug": "sarung-tenun-goyor",
        "category": {"slug": "busana", "name": "Busana", "name_en": "Clothes"},
        "factory_id": shop.factory["id"],
        "base_price": 90_000,
        "status": "active",
    }
    assert item["image_url"].startswith("/api/images/")
    assert set(item) == {
        *("id", "slug", "name", "name_en", "sku", "status", "category", "factory_id", "base_price", "price_tier_25"),
        *(
            "price_tier_50",
            "price_tier_75",
            "price_tier_100",
            "min_order_quantity",
            "image_url",
            "image",
            "factory_name",
        ),
        *("city", "session_ends_at", "rating", "review_count"),
    }


@pytest.mark.parametrize(
    "params",
    [
        {"page": 0},
        {"page": "two"},
        {"limit": 0},
        {"limit": 101},
        {"sort": "cheapest"},
        {"min_price": -1},
        {"max_price": "much"},
        {"factory_id": "mine"},
        {"q": "x" * 201},
    ],
)
async def test_bad_questions_name_the_field(one_house: House, params: dict[str, Any]) -> None:
    answer = await one_house.request("GET", "product", "/api/products", **params)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")
    assert answer.json()["field"] == next(iter(params))


async def test_the_tree_of_categories(one_house: House, shop: Shop) -> None:
    listed = (await one_house.request("GET", "product", "/api/categories")).json()["items"]
    ours = {each["slug"]: each for each in listed if each["slug"] in ("busana", "kemeja", "minuman")}
    assert ours["busana"] == {
        "id": shop.clothes["id"],
        "name": "Busana",
        "name_en": "Clothes",
        "slug": "busana",
        "parent_id": None,
        "product_count": 3,
    }
    assert (ours["kemeja"]["parent_id"], ours["kemeja"]["product_count"]) == (shop.clothes["id"], 2)
    assert ours["minuman"]["product_count"] == 2


async def test_administrators_grow_the_tree(one_house: House) -> None:
    admin = await one_house.admin()
    top = await category(one_house, name="Atas")
    below = await category(one_house, name="Bawah", parent_id=top["id"])
    for parent in (below["id"], top["id"]):
        circle = await admin.request("PATCH", "product", f"/api/categories/{top['id']}", {"parent_id": parent})
        assert (circle.status_code, circle.json()["code"], circle.json()["field"]) == (409, "conflict", "parent_id")
    refusals: list[tuple[str, str, dict[str, str], str, str | None]] = [
        ("POST", "/api/categories", {"slug": top["slug"], "name": "Lain", "name_en": "Other"}, "slug_taken", "slug"),
        (
            "POST",
            "/api/categories",
            {"slug": f"x-{uuid4().hex}", "name": "Lain", "name_en": "Other", "parent_id": str(uuid4())},
            "category_not_found",
            "parent_id",
        ),
        ("PATCH", f"/api/categories/{uuid4()}", {"name": "Lain"}, "category_not_found", None),
        ("POST", "/api/categories", {"slug": "X Y", "name": "Lain", "name_en": "Other"}, "invalid_input", "slug"),
        ("POST", "/api/categories", {"slug": "lain", "name": "L", "name_en": "Other"}, "invalid_input", "name"),
    ]
    for method, path, body, code, field in refusals:
        answer = await admin.request(method, "product", path, body)
        assert (answer.json()["code"], answer.json().get("field")) == (code, field)
    path = f"/api/categories/{below['id']}"
    moved = (await admin.request("PATCH", "product", path, {"parent_id": None, "display_order": 7})).json()
    assert moved == {**below, "parent_id": None, "display_order": 7}
    hidden = (await admin.request("PATCH", "product", path, {"is_active": False})).json()
    assert hidden == {**moved, "is_active": False}
    listed = (await one_house.request("GET", "product", "/api/categories")).json()["items"]
    assert below["id"] not in [each["id"] for each in listed]
    owner, factory = await selling_factory(one_house)
    given = product_input(factory["id"], below["id"])
    refused = await owner.request("POST", "product", "/api/products", given)
    assert (refused.status_code, refused.json()["code"]) == (404, "category_not_found")
