"""Finding in both languages: slips, stems, suggestions, facets, places in a list that moves, and what follows from events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest

from patungan.contracts import group_buying
from patungan.kernel.contract import Nothing
from patungan.kernel.workflows import start
from patungan.services.product.processes import refresh_search
from tests.house import House, Person
from tests.shop import category, published_product, selling_factory

GOODS = [
    # name, English name, description, price, category, factory
    ("Kemeja Batik Parang", "Parang Batik Shirt", "Katun primisima", 125_000, "kemeja", "batik"),
    ("Kemeja Linen Polos", "Plain Linen Shirt", "Bahan adem untuk bekerja", 150_000, "kemeja", "batik"),
    ("Sarung Tenun Goyor", "Goyor Woven Sarong", "Tenunan tangan", 90_000, "busana", "batik"),
    ("Sepatu Kulit Pria", "Men's Leather Shoes", "Kulit sapi asli", 450_000, "busana", "sepatu"),
    ("Kopi Arabika Gayo", "Gayo Arabica Coffee", "Dipetik tangan", 75_000, "minuman", "kopi"),
    ("Teh Melati", "Jasmine Tea", "Wangi bunga", 20_000, "minuman", "kopi"),
]
FACTORIES = {
    "batik": ("Batik Sekar Pesisir", "Kota Pekalongan"),
    "sepatu": ("Alas Kaki Cibaduyut", "Kota Bandung"),
    "kopi": ("Rimba Gayo Mandiri", "Kab. Aceh Tengah"),
}


@dataclass(frozen=True)
class Bazaar:
    owners: dict[str, tuple[Person, dict[str, Any]]]
    products: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
async def bazaar(one_house: House) -> AsyncIterator[Bazaar]:
    owners = {key: await selling_factory(one_house, name=name, city=city) for key, (name, city) in FACTORIES.items()}
    clothes = await category(one_house, slug="busana", name="Busana", name_en="Clothing")
    kinds = {
        "busana": clothes,
        "kemeja": await category(one_house, slug="kemeja", name="Atasan", name_en="Tops", parent_id=clothes["id"]),
        "minuman": await category(one_house, slug="minuman", name="Minuman", name_en="Drinks"),
    }
    products = {}
    for name, name_en, description, price, kind, maker in GOODS:
        owner, factory = owners[maker]
        told: dict[str, Any] = {"name": name, "name_en": name_en, "description": description, "base_price": price}
        tiers: dict[str, Any] = {f"price_tier_{tier}": price for tier in (25, 50, 75, 100)}
        products[name] = await published_product(
            one_house,
            owner,
            factory["id"],
            category_id=kinds[kind]["id"],
            **told,
            **tiers,
        )
        one_house.later(minutes=5)
    yield Bazaar(owners, products)


async def search(house: House, **params: Any) -> dict[str, Any]:
    answer = await house.request("GET", "product", "/api/products", **params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def names(found: dict[str, Any]) -> list[str]:
    return [each["name"] for each in found["items"]]


@pytest.mark.parametrize(
    ("query", "expected", "corrected"),
    [
        # one slip of each kind, in Indonesian
        ("kpoi", ["Kopi Arabika Gayo"], "kopi"),
        ("koppi", ["Kopi Arabika Gayo"], "kopi"),
        ("sepaty", ["Sepatu Kulit Pria"], "sepatu"),
        ("mlati", ["Teh Melati"], "melati"),
        ("saurng tenun", ["Sarung Tenun Goyor"], "sarung tenun"),
        # two slips in a long word
        ("spetau kulti", ["Sepatu Kulit Pria"], "sepatu kulit"),
        ("arbaikca", ["Kopi Arabika Gayo"], "arabica"),
        # in English
        ("lether shoos", ["Sepatu Kulit Pria"], "leather shoes"),
        ("cofee", ["Kopi Arabika Gayo"], "coffee"),
        ("jasmin te", [], None),
        ("shrit", ["Kemeja Linen Polos", "Kemeja Batik Parang"], "shirt"),
        ("plian linnen", ["Kemeja Linen Polos"], "plain linen"),
        # both languages in one query
        ("parang shirts", ["Kemeja Batik Parang"], None),
        ("tenun sarogn", ["Sarung Tenun Goyor"], "tenun sarong"),
        # stems
        ("tenunannya", ["Sarung Tenun Goyor"], None),
        ("shirts", ["Kemeja Linen Polos", "Kemeja Batik Parang"], None),
        ("teas", ["Teh Melati"], None),
        ("pekerja", ["Kemeja Linen Polos"], "bekerja"),
        # words that ask for nothing
        ("kopi untuk dan", ["Kopi Arabika Gayo"], None),
        # the factory, also misspelt
        ("cibaduyut", ["Sepatu Kulit Pria"], None),
        ("cibaduyt", ["Sepatu Kulit Pria"], "cibaduyut"),
        ("rimba gaoy", ["Teh Melati", "Kopi Arabika Gayo"], "rimba gayo"),
        # the category
        ("drinks", ["Teh Melati", "Kopi Arabika Gayo"], None),
        # nothing like it
        ("traktor", [], None),
        ("kopi traktor", [], None),
    ],
)
async def test_slips_and_stems(
    one_house: House, bazaar: Bazaar, query: str, expected: list[str], corrected: str | None
) -> None:
    found = await search(one_house, q=query)
    assert sorted(names(found)) == sorted(expected)
    assert found["total"] == len(expected)
    assert found["corrected"] == corrected


async def test_a_known_word_is_taken_for_another_where_it_leads_to_nothing(one_house: House, bazaar: Bazaar) -> None:
    """\"asli" and "aceh" are words of the catalogue; only where nothing has all of them is another one looked for."""
    assert names(await search(one_house, q="kulit asli")) == ["Sepatu Kulit Pria"]
    found = await search(one_house, q="melati tangan")
    assert (found["total"], found["corrected"]) == (0, None)
    found = await search(one_house, q="melati tes")
    assert (names(found), found["corrected"]) == (["Teh Melati"], "melati tea")


def values(facets: dict[str, Any], facet: str) -> dict[str, int]:
    return {each["value"]: each["count"] for each in facets[facet]}


async def test_facets_count_within_the_other_filters(one_house: House, bazaar: Bazaar) -> None:
    facets = (await search(one_house, facets="true"))["facets"]
    assert values(facets, "category") == {"busana": 4, "kemeja": 2, "minuman": 2}
    assert values(facets, "city") == {"Kota Pekalongan": 3, "Kab. Aceh Tengah": 2, "Kota Bandung": 1}
    assert [(each["value"], each["min_price"], each["max_price"], each["count"]) for each in facets["price"]] == [
        ("0", None, 24_999, 1),
        ("2", 50_000, 99_999, 2),
        ("3", 100_000, 249_999, 2),
        ("4", 250_000, 499_999, 1),
    ]
    assert values(facets, "session") == {"false": 6}
    named = {each["value"]: (each["name"], each["name_en"]) for each in facets["category"]}
    assert named["kemeja"] == ("Atasan", "Tops")
    # A facet is not narrowed by its own filter, the others are.
    narrowed = await search(one_house, category="kemeja", facets="true")
    assert values(narrowed["facets"], "category") == {"busana": 4, "kemeja": 2, "minuman": 2}
    assert values(narrowed["facets"], "city") == {"Kota Pekalongan": 2}
    assert values(narrowed["facets"], "price") == {"3": 2}
    assert narrowed["total"] == 2
    both = await search(one_house, city="Kota Pekalongan", max_price=99_999, facets="true")
    assert (names(both), values(both["facets"], "city")) == (
        ["Sarung Tenun Goyor"],
        {"Kota Pekalongan": 1, "Kab. Aceh Tengah": 2},
    )
    assert values(both["facets"], "price") == {"2": 1, "3": 2}
    searched = await search(one_house, q="kemja", facets="true")
    assert values(searched["facets"], "category") == {"busana": 2, "kemeja": 2}
    assert values(searched["facets"], "city") == {"Kota Pekalongan": 2}
    assert (await search(one_house, q="kopi"))["facets"] is None


@pytest.mark.parametrize("sort", ["newest", "price", "-price", "name", "popularity", "ending_soon"])
@pytest.mark.parametrize("query", [None, "kemeja batik tenun kulit kopi teh"])
async def test_every_order_leads_through_the_whole_list(
    one_house: House, bazaar: Bazaar, sort: str, query: str | None
) -> None:
    whole = names(await search(one_house, sort=sort, q=query, limit=100))
    walked: list[str] = []
    cursor = None
    for _ in range(10):
        found = await search(one_house, sort=sort, q=query, limit=2, cursor=cursor)
        walked += names(found)
        assert found["total"] == len(whole)
        cursor = found["next_cursor"]
        if cursor is None:
            break
    assert walked == whole
    paged = [
        name for page in (1, 2, 3) for name in names(await search(one_house, sort=sort, q=query, limit=2, page=page))
    ]
    assert paged == whole


async def test_relevance_leads_through_the_whole_list_too(one_house: House, bazaar: Bazaar) -> None:
    whole = names(await search(one_house, q="gayo"))
    first = await search(one_house, q="gayo", limit=1)
    second = await search(one_house, q="gayo", limit=1, cursor=first["next_cursor"])
    assert names(first) + names(second) == whole == ["Kopi Arabika Gayo", "Teh Melati"]
    last = await search(one_house, q="gayo", limit=1, cursor=second["next_cursor"])
    assert (last["items"], last["total"], last["next_cursor"]) == ([], 2, None)


async def test_a_place_in_the_list_holds_while_products_come(one_house: House, bazaar: Bazaar) -> None:
    owner, factory = bazaar.owners["kopi"]
    first = await search(one_house, limit=3)
    late = await published_product(one_house, owner, factory["id"], name="Kopi Susulan")
    second = await search(one_house, limit=3, cursor=first["next_cursor"])
    assert names(first) + names(second) == [name for name, *_ in reversed(GOODS)]
    # By page number the newcomer pushes one product onto the next page.
    assert names(await search(one_house, limit=3, page=2))[0] == names(first)[-1]
    await owner.request("DELETE", "product", f"/api/products/id/{late['id']}")


async def test_a_cursor_belongs_to_its_list(one_house: House, bazaar: Bazaar) -> None:
    cursor = (await search(one_house, limit=2))["next_cursor"]
    for params in (
        {"sort": "price"},
        {"category": "busana"},
        {"q": "kopi"},
        {"cursor": "nonsense"},
        {"cursor": cursor[:-4]},
        {"cursor": "é"},
        {"cursor": "x" * 1_001},
    ):
        answer = await one_house.request("GET", "product", "/api/products", **{"cursor": cursor, **params})
        assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, "invalid_input", "cursor")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("ke", [("word", "kemeja")]),
        ("kem", [("word", "kemeja"), ("product", "Kemeja Linen Polos"), ("product", "Kemeja Batik Parang")]),
        ("batik par", [("word", "batik parang"), ("product", "Kemeja Batik Parang")]),
        ("min", [("word", "minuman"), ("category", "Minuman")]),
        ("clo", [("word", "clothing"), ("category", "Busana")]),
        ("kpoi", [("product", "Kopi Arabika Gayo")]),
        ("", []),
        ("?!", []),
        ("zzz", []),
        ("100%_", []),
    ],
)
async def test_suggestions(one_house: House, bazaar: Bazaar, query: str, expected: list[tuple[str, str]]) -> None:
    answer = await one_house.request("GET", "product", "/api/products/suggestions", q=query)
    assert answer.status_code == 200
    told = [(each["kind"], each["text"]) for each in answer.json()["items"]]
    assert [each for each in expected if each not in told] == []
    assert len(told) <= 13
    if not expected:
        assert told == []


async def test_related_products_are_alike(one_house: House, bazaar: Bazaar) -> None:
    product = bazaar.products["Kemeja Batik Parang"]
    path = f"/api/products/id/{product['id']}/related"
    answer = await one_house.request("GET", "product", path)
    assert names(answer.json()) == ["Kemeja Linen Polos"]
    drinks = bazaar.products["Teh Melati"]["id"]
    answer = await one_house.request("GET", "product", f"/api/products/id/{drinks}/related", limit=1)
    assert names(answer.json()) == ["Kopi Arabika Gayo"]
    unknown = await one_house.request("GET", "product", f"/api/products/id/{uuid4()}/related")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "product_not_found")
    for limit in (0, 25):
        bad = await one_house.request("GET", "product", path, limit=limit)
        assert (bad.status_code, bad.json()["field"]) == (400, "limit")


async def test_sessions_make_products_urgent_and_then_popular(one_house: House, bazaar: Bazaar) -> None:
    producer = one_house.context("group-buying")
    now = one_house.clock.now()
    about: dict[str, Any] = {}
    async with producer.db.transaction() as tx:
        for hours, name in ((2, "Teh Melati"), (1, "Sarung Tenun Goyor")):
            product = bazaar.products[name]
            about[name] = {
                "session_id": uuid4(),
                "code": "GB-20261123-FOUND",
                "product_id": UUID(product["id"]),
                "product_name": name,
                "factory_id": UUID(product["factory_id"]),
            }
            ends = now.replace(microsecond=hours)
            await producer.publish(tx, group_buying.SessionOpened(**about[name], ends_at=ends))

    async def both_open() -> bool:
        return bool((await search(one_house, open_session="true"))["total"] == 2)

    await one_house.eventually(both_open)
    soon = await search(one_house, sort="ending_soon", facets="true", limit=2)
    assert names(soon) == ["Sarung Tenun Goyor", "Teh Melati"]
    assert values(soon["facets"], "session") == {"true": 2, "false": 4}
    assert soon["items"][0]["session_ends_at"] is not None
    assert (await search(one_house, open_session="false"))["total"] == 4
    async with producer.db.transaction() as tx:
        await producer.publish(tx, group_buying.SessionSucceeded(**about["Teh Melati"], tier=100, paid_quantity=70))
        sold = group_buying.SessionSucceeded(**about["Sarung Tenun Goyor"], tier=50, paid_quantity=40)
        # Twice the same fact is one.
        await producer.publish(tx, sold, sold)

    async def none_open() -> bool:
        return bool((await search(one_house, open_session="true"))["total"] == 0)

    await one_house.eventually(none_open)
    assert names(await search(one_house, sort="popularity", limit=2)) == ["Teh Melati", "Sarung Tenun Goyor"]


async def test_a_factorys_new_name_finds_its_products(one_house: House, bazaar: Bazaar) -> None:
    owner, factory = bazaar.owners["sepatu"]
    change = {"name": "Solusi Tapak Nusantara", "city": "Kota Cimahi"}
    answer = await owner.request("PATCH", "factory", f"/api/factories/{factory['id']}", change)
    assert answer.status_code == 200, answer.text

    async def found() -> bool:
        return names(await search(one_house, q="tapak nusantara")) == ["Sepatu Kulit Pria"]

    await one_house.eventually(found)
    assert (await search(one_house, q="cibaduyut"))["total"] == 0
    facets = (await search(one_house, facets="true"))["facets"]
    assert "Kota Bandung" not in values(facets, "city") and values(facets, "city")["Kota Cimahi"] == 1
    (item,) = (await search(one_house, q="tapak"))["items"]
    assert (item["factory_name"], item["city"]) == ("Solusi Tapak Nusantara", "Kota Cimahi")


async def test_the_nightly_job_mends_whatever_is_missing(one_house: House, bazaar: Bazaar) -> None:
    connection = await one_house.owner()
    try:
        await connection.execute("delete from product.search_documents")
        await connection.execute("update product.factory_names set name = 'Lupa'")
        await connection.execute("insert into product.search_words values ('terlupakan', 1, '{}')")
        assert (await search(one_house))["total"] == 0
        ctx = one_house.context("product")
        async with ctx.db.transaction() as tx:
            await start(tx, refresh_search, f"refresh-{uuid4()}", Nothing())

        async def mended() -> bool:
            words = await connection.fetch("select word from product.search_words where word = 'terlupakan'")
            return not words and (await search(one_house))["total"] == 6

        await one_house.eventually(mended, seconds=60)
        counts = await connection.fetch(
            "select word, documents from product.search_words where word in ('kemeja', 'teh')"
        )
        assert {each["word"]: each["documents"] for each in counts} == {"kemeja": 2, "teh": 1}
    finally:
        await connection.close()
    assert {each["factory_name"] for each in (await search(one_house, q="kopi"))["items"]} == {"Rimba Gayo Mandiri"}


async def test_categories_in_order_and_hidden_with_those_above(one_house: House) -> None:
    admin = await one_house.admin()
    top = await category(one_house, name="Atas Sekali")
    first, second, third = [await category(one_house, name=f"Anak {n}", parent_id=top["id"]) for n in range(3)]
    body = {"parent_id": top["id"], "category_ids": [third["id"], first["id"], second["id"]]}
    assert (await admin.request("PUT", "product", "/api/categories/order", body)).status_code == 204

    async def shown(**params: Any) -> list[str]:
        listed = (await one_house.request("GET", "product", "/api/categories", **params)).json()["items"]
        return [each["id"] for each in listed]

    ours = {each["id"] for each in (first, second, third)}
    assert [each for each in await shown() if each in ours] == body["category_ids"]
    for wrong in ([first["id"]], [*body["category_ids"], top["id"]]):
        answer = await admin.request("PUT", "product", "/api/categories/order", {**body, "category_ids": wrong})
        assert (answer.status_code, answer.json()["field"]) == (400, "category_ids")
    roots = await shown(root="true")
    assert top["id"] in roots and not ours & set(roots)
    one = await one_house.request("GET", "product", f"/api/categories/{first['id']}")
    assert (one.json()["name"], one.json()["product_count"]) == ("Anak 0", 0)
    await admin.request("PATCH", "product", f"/api/categories/{top['id']}", {"is_active": False})
    assert not ours & set(await shown())
    gone = await one_house.request("GET", "product", f"/api/categories/{first['id']}")
    assert (gone.status_code, gone.json()["code"]) == (404, "category_not_found")
    every = await admin.get("product", "/api/categories/all")
    assert ours < {each["id"] for each in every["items"]}
    for person in (None, await one_house.person()):
        for method, path, given in (("GET", "/api/categories/all", None), ("PUT", "/api/categories/order", body)):
            asked = one_house.request if person is None else person.request
            refused = await asked(method, "product", path, given)
            assert refused.status_code == (401 if person is None else 403)
