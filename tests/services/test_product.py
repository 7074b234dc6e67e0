"""Product through its public API: drafts, variants, publishing, and everything that must be refused."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any
from uuid import UUID, uuid4

import pytest

from patungan.contracts import group_buying
from patungan.contracts import product as contract
from patungan.kernel.errors import Unavailable
from patungan.kernel.identity import Role
from tests.house import House, Person
from tests.shop import PICTURE, category, product_input, published_product, registered_factory, selling_factory, upload


async def draft(house: House, owner: Person, factory: dict[str, Any], **other: Any) -> dict[str, Any]:
    category_id = other.pop("category_id", None) or (await category(house))["id"]
    answer: dict[str, Any] = await owner.post(
        "product", "/api/products", product_input(factory["id"], category_id, **other)
    )
    return answer


async def events_of(house: House, product_id: str) -> list[str]:
    connection = await house.owner()
    try:
        rows = await connection.fetch(
            "select type from product.events where payload->>'product_id' = $1 order by position", product_id
        )
    finally:
        await connection.close()
    return [row["type"] for row in rows]


async def test_a_product_is_born_a_draft_that_only_its_owner_sees(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    kind = await category(one_house)
    product = await draft(one_house, owner, factory, category_id=kind["id"], sku="btk-parang-1", name="Kemeja Parang")
    assert UUID(product.pop("id"))
    assert product.pop("created_at") is not None
    assert product == {
        "slug": "kemeja-parang",
        "name": "Kemeja Parang",
        "name_en": "Batik Shirt",
        "sku": "BTK-PARANG-1",
        "category_id": kind["id"],
        "category": {"slug": kind["slug"], "name": "Kategori", "name_en": "Category"},
        "factory_id": factory["id"],
        "base_price": 100_000,
        "price_tier_25": 100_000,
        "price_tier_50": 90_000,
        "price_tier_75": 80_000,
        "price_tier_100": 70_000,
        "cost_price": None,
        "min_order_quantity": 100,
        "group_duration_hours": 48,
        "image_url": None,
        "description": "",
        "description_en": "",
        "weight_grams": 250,
        "length_cm": 10,
        "width_cm": 10,
        "height_cm": 10,
        "images": [],
        "variants": [],
        "has_variants": False,
        "status": "draft",
        "renews": True,
        "published_at": None,
    }
    hidden = await one_house.request("GET", "product", "/api/products/kemeja-parang")
    assert (hidden.status_code, hidden.json()["code"]) == (404, "product_not_found")
    mine = await owner.get("product", "/api/products/mine", q="parang", status="draft")
    assert (mine["total"], mine["items"][0]["sku"]) == (1, "BTK-PARANG-1")
    assert (await owner.get("product", "/api/products/mine", status="active"))["total"] == 0


async def test_publishing_names_everything_that_is_missing(one_house: House) -> None:
    owner = await one_house.person()
    factory = await registered_factory(owner)
    product = await draft(one_house, owner, factory, has_variants=True)
    path = f"/api/products/id/{product['id']}"
    refused = await owner.request("POST", "product", f"{path}/publish")
    assert (refused.status_code, refused.json()["code"]) == (409, "product_not_ready")
    assert refused.json()["data"] == {"lacks": ["image", "variant", "factory"]}
    await upload(owner, product["id"], PICTURE.format("x").encode())
    idle = {"sku": f"{product['sku']}-S", "name": "S", "weight_grams": 200, "is_active": False}
    variant = await owner.post("product", f"{path}/variants", idle)
    refused = await owner.request("POST", "product", f"{path}/publish")
    assert refused.json()["data"] == {"lacks": ["variant", "factory"]}
    await owner.request("PATCH", "product", f"{path}/variants/{variant['id']}", {"is_active": True})
    admin = await one_house.admin()
    await admin.post("factory", f"/api/factories/{factory['id']}/verification", {"decision": "verified"})
    refused = await owner.request("POST", "product", f"{path}/publish")
    assert refused.json()["data"] == {"lacks": ["factory"]}
    await admin.post("factory", f"/api/factories/{factory['id']}/status", {"status": "active"})
    assert (await owner.post("product", f"{path}/publish"))["status"] == "active"
    assert await events_of(one_house, product["id"]) == ["product.published"]


async def test_every_move_of_the_status(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    product = await published_product(one_house, owner, factory["id"])
    path = f"/api/products/id/{product['id']}"
    page = f"/api/products/{product['slug']}"
    again = await owner.post("product", f"{path}/publish")
    assert again == product
    assert (await owner.post("product", f"{path}/out-of-stock"))["status"] == "out_of_stock"
    assert (await one_house.request("GET", "product", page)).json()["status"] == "out_of_stock"
    twice = await owner.request("POST", "product", f"{path}/out-of-stock")
    assert (twice.status_code, twice.json()["code"]) == (409, "product_status_refused")
    one_house.later(hours=1)
    republished = await owner.post("product", f"{path}/publish")
    assert (republished["status"], republished["published_at"]) == ("active", product["published_at"])
    for _ in range(2):
        assert (await owner.request("DELETE", "product", path)).status_code == 204
    assert (await one_house.request("GET", "product", page)).status_code == 404
    assert (await one_house.request("GET", "product", path)).status_code == 404
    refused = await owner.request("POST", "product", f"{path}/out-of-stock")
    assert (refused.status_code, refused.json()["code"]) == (409, "product_status_refused")
    assert await events_of(one_house, product["id"]) == [
        "product.published",
        "product.deactivated",
        "product.published",
        "product.deactivated",
    ]


async def test_a_draft_that_is_deleted_was_never_on_sale(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    product = await draft(one_house, owner, factory)
    assert (await owner.request("DELETE", "product", f"/api/products/id/{product['id']}")).status_code == 204
    assert (await owner.get("product", f"/api/products/mine/{product['id']}"))["status"] == "inactive"
    assert await events_of(one_house, product["id"]) == []


async def test_a_product_page_with_everything_a_buyer_needs(one_house: House) -> None:
    owner, factory = await selling_factory(one_house, name="Batik Sekar", city="Kota Pekalongan")
    variants: list[dict[str, Any]] = [
        {"name": "Ukuran S", "name_en": "Size S", "attributes": {"size": "S", "material": "katun"}},
        {"name": "Ukuran XL", "price_adjustment": 7_500, "weight_grams": 290},
    ]
    product = await published_product(one_house, owner, factory["id"], variants=variants, cost_price=50_000)
    page = (await one_house.request("GET", "product", f"/api/products/{product['slug']}")).json()
    assert "cost_price" not in page and product["cost_price"] == 50_000
    assert page["factory"] == {
        "id": factory["id"],
        "name": "Batik Sekar",
        "city": "Kota Pekalongan",
        "province": "Jawa Tengah",
    }
    assert page["variants"] == product["variants"]
    assert [(each["name"], each["price_adjustment"], each["weight_grams"]) for each in page["variants"]] == [
        ("Ukuran S", 0, 250),
        ("Ukuran XL", 7_500, 290),
    ]
    assert page["variants"][0]["attributes"] == {"size": "S", "material": "katun"}
    assert page["image_url"] == page["images"][0]["url"]
    for path in (f"/api/products/id/{product['id']}", f"/api/{product['slug']}", f"/api/id/{product['id']}"):
        assert (await one_house.request("GET", "product", path)).json() == page


@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"price_tier_25": 100_001}, 400, "tiers_out_of_order", "base_price"),
        ({"price_tier_50": 100_001}, 400, "tiers_out_of_order", "base_price"),
        ({"price_tier_75": 90_001}, 400, "tiers_out_of_order", "base_price"),
        ({"price_tier_100": 80_001}, 400, "tiers_out_of_order", "base_price"),
        ({"base_price": 99_999}, 400, "tiers_out_of_order", "base_price"),
        ({"price_tier_100": 0}, 400, "invalid_input", "price_tier_100"),
        ({"base_price": -1}, 400, "invalid_input", "base_price"),
        ({"base_price": 100_000.5}, 400, "invalid_input", "base_price"),
        ({"base_price": 1_000_000_001}, 400, "invalid_input", "base_price"),
        ({"cost_price": 0}, 400, "invalid_input", "cost_price"),
        ({"min_order_quantity": 1}, 400, "invalid_input", "min_order_quantity"),
        ({"group_duration_hours": 0}, 400, "invalid_input", "group_duration_hours"),
        ({"group_duration_hours": 721}, 400, "invalid_input", "group_duration_hours"),
        ({"weight_grams": 0}, 400, "invalid_input", "weight_grams"),
        ({"length_cm": 1001}, 400, "invalid_input", "length_cm"),
        ({"name": "ab"}, 400, "invalid_input", "name"),
        ({"name": " padded "}, 400, "invalid_input", "name"),
        ({"renews": "yes"}, 400, "invalid_input", "renews"),
    ],
)
async def test_bad_input_is_refused_by_field(
    one_house: House, change: dict[str, object], status: int, code: str, field: str
) -> None:
    owner, factory = await selling_factory(one_house)
    kind = await category(one_house)
    given = product_input(factory["id"], kind["id"], **change)
    made = await owner.request("POST", "product", "/api/products", given)
    assert (made.status_code, made.json()["code"], made.json()["field"]) == (status, code, field)
    assert (await owner.get("product", "/api/products/mine"))["total"] == 0
    product = await draft(one_house, owner, factory, category_id=kind["id"])
    changed = await owner.request("PATCH", "product", f"/api/products/id/{product['id']}", change)
    assert (changed.status_code, changed.json()["code"], changed.json()["field"]) == (status, code, field)
    assert await owner.get("product", f"/api/products/mine/{product['id']}") == product


@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"sku": "ab"}, 400, "invalid_input", "sku"),
        ({"sku": "x" * 51}, 400, "invalid_input", "sku"),
        ({"sku": "with space"}, 400, "invalid_input", "sku"),
        ({"slug": "Big-Letters"}, 400, "invalid_input", "slug"),
        ({"slug": "two--hyphens"}, 400, "invalid_input", "slug"),
        ({"slug": "mine"}, 400, "invalid_input", "slug"),
        ({"slug": "categories"}, 400, "invalid_input", "slug"),
        ({"category_id": str(uuid4())}, 404, "category_not_found", "category_id"),
        ({"factory_id": str(uuid4())}, 404, "factory_not_found", "factory_id"),
        ({"factory_id": "mine"}, 400, "invalid_input", "factory_id"),
        ({"status": "active"}, 400, "invalid_input", "data"),
    ],
)
async def test_a_product_that_cannot_be_made(
    one_house: House, change: dict[str, object], status: int, code: str, field: str
) -> None:
    owner, factory = await selling_factory(one_house)
    given = {**product_input(factory["id"], (await category(one_house))["id"]), **change}
    answer = await owner.request("POST", "product", "/api/products", given)
    assert (answer.status_code, answer.json()["code"], answer.json().get("field")) == (status, code, field)
    assert (await owner.get("product", "/api/products/mine"))["total"] == 0


async def test_skus_and_slugs_are_unique(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    kind = (await category(one_house))["id"]
    given = product_input(factory["id"], kind, name="Teh Melati Wangi")
    answers = await asyncio.gather(*(owner.request("POST", "product", "/api/products", given) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"sku_taken"}
    lower = await owner.request("POST", "product", "/api/products", {**given, "sku": given["sku"].lower()})
    assert (lower.status_code, lower.json()["code"], lower.json()["field"]) == (409, "sku_taken", "sku")
    other = await draft(one_house, owner, factory, category_id=kind, name="Teh Melati Wangi")
    assert other["slug"].startswith("teh-melati-wangi-") and len(other["slug"]) == len("teh-melati-wangi-") + 5
    taken = product_input(factory["id"], kind, slug="teh-melati-wangi")
    refused = await owner.request("POST", "product", "/api/products", taken)
    assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (409, "slug_taken", "slug")
    japanese = await draft(one_house, owner, factory, category_id=kind, name="日本茶です")
    assert japanese["slug"] == japanese["sku"].lower()


async def test_a_change_keeps_what_it_does_not_name(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    product = await published_product(one_house, owner, factory["id"])
    kind = await category(one_house, name="Lainnya")
    change = {"name": "Nama Baru", "price_tier_100": 60_000, "renews": False, "category_id": kind["id"]}
    changed = (await owner.request("PATCH", "product", f"/api/products/id/{product['id']}", change)).json()
    assert changed == {
        **product,
        **change,
        "category": {"slug": kind["slug"], "name": "Lainnya", "name_en": "Category"},
    }
    fixed = await owner.request("PATCH", "product", f"/api/products/id/{product['id']}", {"sku": "OTHER-SKU"})
    assert (fixed.status_code, fixed.json()["code"]) == (400, "invalid_input")


async def test_a_variant_always_costs_something(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    product = await draft(one_house, owner, factory)
    path = f"/api/products/id/{product['id']}"
    free = {"sku": f"{product['sku']}-S", "name": "S", "weight_grams": 200, "price_adjustment": -70_000}
    refused = await owner.request("POST", "product", f"{path}/variants", free)
    assert (refused.status_code, refused.json()["field"]) == (400, "price_adjustment")
    variant = await owner.post("product", f"{path}/variants", {**free, "price_adjustment": -69_999})
    refused = await owner.request("PATCH", "product", f"{path}/variants/{variant['id']}", {"price_adjustment": -70_000})
    assert (refused.status_code, refused.json()["field"]) == (400, "price_adjustment")
    refused = await owner.request("PATCH", "product", path, {"price_tier_100": 69_999})
    assert (refused.status_code, refused.json()["field"]) == (400, "price_tier_100")
    seen = await owner.get("product", f"/api/products/mine/{product['id']}")
    assert (seen["price_tier_100"], seen["variants"], seen["has_variants"]) == (70_000, [variant], True)


async def test_changing_a_variant(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    product = await published_product(one_house, owner, factory["id"], variants=[{"name": "S"}, {"name": "M"}])
    small, medium = product["variants"]
    path = f"/api/products/id/{product['id']}/variants"
    change = {"name": "Kecil", "attributes": {"size": "S"}, "price_adjustment": 500, "weight_grams": 199}
    changed = await owner.request("PATCH", "product", f"{path}/{small['id']}", change)
    assert changed.json() == {**small, **change}
    assert (await owner.request("PATCH", "product", f"{path}/{small['id']}", {"is_active": False})).status_code == 200
    last = await owner.request("PATCH", "product", f"{path}/{medium['id']}", {"is_active": False})
    assert (last.status_code, last.json()["code"], last.json()["field"]) == (409, "conflict", "is_active")
    unknown = await owner.request("PATCH", "product", f"{path}/{uuid4()}", {"name": "L"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "variant_not_found")
    other = await published_product(one_house, owner, factory["id"], variants=[{"name": "S"}])
    foreign = await owner.request("PATCH", "product", f"{path}/{other['variants'][0]['id']}", {"name": "L"})
    assert (foreign.status_code, foreign.json()["code"]) == (404, "variant_not_found")
    taken = {"sku": other["variants"][0]["sku"].lower(), "name": "L", "weight_grams": 1}
    refused = await owner.request("POST", "product", path, taken)
    assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (409, "sku_taken", "sku")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"sku": "x"}, "sku"),
        ({"name": ""}, "name"),
        ({"weight_grams": 0}, "weight_grams"),
        ({"price_adjustment": 0.5}, "price_adjustment"),
        ({"attributes": {"Size": "S"}}, "attributes"),
        ({"attributes": {"size": ""}}, "attributes"),
        ({"attributes": {f"a{chr(97 + n)}": "x" for n in range(11)}}, "attributes"),
        ({"is_active": "perhaps"}, "is_active"),
    ],
)
async def test_a_bad_variant_is_refused(one_house: House, change: dict[str, object], field: str) -> None:
    owner, factory = await selling_factory(one_house)
    product = await draft(one_house, owner, factory)
    given = {"sku": f"{product['sku']}-S", "name": "S", "weight_grams": 200, **change}
    answer = await owner.request("POST", "product", f"/api/products/id/{product['id']}/variants", given)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")
    assert str(answer.json()["field"]).startswith(field)
    assert (await owner.get("product", f"/api/products/mine/{product['id']}"))["variants"] == []


async def test_another_owners_product_does_not_exist(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    product = await published_product(one_house, owner, factory["id"], variants=[{"name": "S"}])
    stranger, _ = await selling_factory(one_house)
    path = f"/api/products/id/{product['id']}"
    variant = {"sku": "STRANGE-1", "name": "S", "weight_grams": 1}
    for method, place, body in [
        ("PATCH", path, {"name": "Diambil"}),
        ("DELETE", path, None),
        ("POST", f"{path}/publish", None),
        ("POST", f"{path}/out-of-stock", None),
        ("POST", f"{path}/variants", variant),
        ("PATCH", f"{path}/variants/{product['variants'][0]['id']}", {"name": "Diambil"}),
        ("GET", f"/api/products/mine/{product['id']}", None),
    ]:
        answer = await stranger.request(method, "product", place, body)
        assert (answer.status_code, answer.json()["code"]) == (404, "product_not_found"), (method, place)
    answer = await upload(stranger, product["id"], PICTURE.format("stranger").encode())
    assert (answer.status_code, answer.json()["code"]) == (404, "product_not_found")
    given = product_input(factory["id"], product["category_id"])
    answer = await stranger.request("POST", "product", "/api/products", given)
    assert (answer.status_code, answer.json()["code"]) == (404, "factory_not_found")
    assert await owner.get("product", f"/api/products/mine/{product['id']}") == product
    assert (await stranger.get("product", "/api/products/mine"))["items"] == []


async def test_who_may_do_what(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    product = await published_product(one_house, owner, factory["id"], variants=[{"name": "S"}])
    path = f"/api/products/id/{product['id']}"
    for_owners = [
        ("POST", "/api/products"),
        ("GET", "/api/products/mine"),
        ("GET", f"/api/products/mine/{product['id']}"),
        ("PATCH", path),
        ("DELETE", path),
        ("POST", f"{path}/publish"),
        ("POST", f"{path}/out-of-stock"),
        ("POST", f"{path}/images"),
        ("POST", f"{path}/variants"),
        ("PATCH", f"{path}/variants/{product['variants'][0]['id']}"),
    ]
    for_admins = [("POST", "/api/categories"), ("PATCH", f"/api/categories/{product['category_id']}")]
    customer, seller = await one_house.person(), await one_house.person(Role.SELLER)
    for method, place in for_owners:
        assert (await one_house.request(method, "product", place)).json()["code"] == "unauthenticated"
        for person in (customer, seller):
            answer = await person.request(method, "product", place)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), (method, place)
    for method, place in for_admins:
        assert (await one_house.request(method, "product", place)).json()["code"] == "unauthenticated"
        for person in (customer, seller, owner):
            answer = await person.request(method, "product", place)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), (method, place)
    admin = await one_house.admin()
    assert (await admin.request("PATCH", "product", path, {"name": "Diubah Admin"})).json()["name"] == "Diubah Admin"
    made = product_input(factory["id"], product["category_id"])
    assert (await admin.request("POST", "product", "/api/products", made)).status_code == 201


async def test_prices_stay_while_a_session_is_open(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    product = await published_product(one_house, owner, factory["id"], variants=[{"name": "S"}])
    product_id = UUID(product["id"])
    path = f"/api/products/id/{product['id']}"
    session = {
        "session_id": uuid4(),
        "code": "GB-20261123-TESTS",
        "product_id": product_id,
        "product_name": product["name"],
        "factory_id": UUID(factory["id"]),
    }
    producer = one_house.context("group-buying")
    async with producer.db.transaction() as tx:
        await producer.publish(tx, group_buying.SessionOpened(**session, ends_at=one_house.clock.now()))

    quantities = itertools.count(2)

    async def refused() -> bool:
        answer = await owner.request("PATCH", "product", path, {"min_order_quantity": next(quantities)})
        return answer.status_code == 409 and answer.json()["code"] == "product_in_session"

    await one_house.eventually(refused)
    for change in ({"base_price": 110_000}, {"price_tier_100": 60_000}):
        answer = await owner.request("PATCH", "product", path, change)
        assert (answer.status_code, answer.json()["field"]) == (409, next(iter(change)))
    variant = f"{path}/variants/{product['variants'][0]['id']}"
    answer = await owner.request("PATCH", "product", variant, {"price_adjustment": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "product_in_session")
    renamed = await owner.request("PATCH", "product", path, {"name": "Boleh Ganti Nama", "base_price": 100_000})
    assert renamed.status_code == 200
    async with producer.db.transaction() as tx:
        await producer.publish(tx, group_buying.SessionFailed(**session))

    async def allowed() -> bool:
        return (await owner.request("PATCH", "product", path, {"base_price": 110_000})).status_code == 200

    await one_house.eventually(allowed)


async def test_the_contract(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    product = await published_product(one_house, owner, factory["id"], variants=[{"name": "S"}], slug="kontrak-produk")
    bare = await draft(one_house, owner, factory)
    wanted = [UUID(product["id"]), UUID(bare["id"]), uuid4()]
    ctx = one_house.context("group-buying")
    found = (await ctx.call(contract.get_products, contract.GetProducts(product_ids=wanted))).products
    by_id = {str(each.id): each for each in found}
    assert set(by_id) == {product["id"], bare["id"]}
    whole = by_id[product["id"]]
    assert (whole.slug, whole.status, whole.renews) == ("kontrak-produk", "active", True)
    assert (whole.base_price, whole.price_tier_25, whole.price_tier_100) == (100_000, 100_000, 70_000)
    assert (whole.min_order_quantity, whole.group_duration_hours, whole.weight_grams) == (100, 48, 250)
    assert whole.image_url == product["image_url"]
    assert whole.variants == [
        contract.Variant(
            id=UUID(product["variants"][0]["id"]),
            sku=f"{product['sku']}-1",
            name="S",
            price_adjustment=0,
            weight_grams=250,
            is_active=True,
        )
    ]
    draft_seen = by_id[bare["id"]]
    assert (draft_seen.status, draft_seen.image_url, draft_seen.variants) == ("draft", None, [])


async def test_a_page_is_shown_without_its_factory_when_that_service_is_down(
    one_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, factory = await selling_factory(one_house)
    product = await published_product(one_house, owner, factory["id"])
    monkeypatch.setattr(one_house.context("factory").db, "fetch", _unavailable)
    page = await one_house.request("GET", "product", f"/api/products/{product['slug']}")
    assert (page.status_code, page.json()["factory"], page.json()["id"]) == (200, None, product["id"])


async def _unavailable(*_: object) -> list[object]:
    raise Unavailable()


async def test_publishing_at_once_happens_once(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    product = await draft(one_house, owner, factory)
    await upload(owner, product["id"], PICTURE.format("sekali").encode())
    path = f"/api/products/id/{product['id']}"
    answers = await asyncio.gather(*(owner.request("POST", "product", f"{path}/publish") for _ in range(6)))
    assert {each.status_code for each in answers} == {200}
    assert {each.json()["status"] for each in answers} == {"active"}
    assert await events_of(one_house, product["id"]) == ["product.published"]
    found = await one_house.request("GET", "product", "/api/products", factory_id=factory["id"])
    assert found.json()["total"] == 1


async def test_the_last_of_publishing_and_withdrawing_holds(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    product = await published_product(one_house, owner, factory["id"])
    path = f"/api/products/id/{product['id']}"
    calls = [("DELETE", path), ("POST", f"{path}/publish")] * 4
    answers = await asyncio.gather(*(owner.request(method, "product", place) for method, place in calls))
    assert {each.status_code for each in answers} <= {200, 204}
    events = await events_of(one_house, product["id"])
    assert all(one != other for one, other in itertools.pairwise(events))
    status = (await owner.get("product", f"/api/products/mine/{product['id']}"))["status"]
    assert status == ("active" if events[-1] == "product.published" else "inactive")
    found = await one_house.request("GET", "product", "/api/products", factory_id=factory["id"])
    assert found.json()["total"] == (1 if status == "active" else 0)


async def test_no_price_changes_once_a_session_is_known_to_be_open(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    product = await published_product(one_house, owner, factory["id"])
    path = f"/api/products/id/{product['id']}"
    producer = one_house.context("group-buying")
    opened = group_buying.SessionOpened(
        session_id=uuid4(),
        code="GB-20261123-RACES",
        product_id=UUID(product["id"]),
        product_name=product["name"],
        factory_id=UUID(factory["id"]),
        ends_at=one_house.clock.now(),
    )
    prices = itertools.count(100_001)
    accepted: list[int] = []

    async def reprice() -> bool:
        """Whether the last of five changes at once was refused."""
        wanted = [next(prices) for _ in range(5)]
        bodies = [{"base_price": price} for price in wanted]
        answers = await asyncio.gather(*(owner.request("PATCH", "product", path, body) for body in bodies))
        assert {each.status_code for each in answers} <= {200, 409}
        accepted.extend(price for price, each in zip(wanted, answers, strict=True) if each.status_code == 200)
        return all(each.status_code == 409 for each in answers)

    assert await reprice() is False
    async with producer.db.transaction() as tx:
        await producer.publish(tx, opened)
    await one_house.eventually(reprice)
    fixed = (await owner.get("product", f"/api/products/mine/{product['id']}"))["base_price"]
    assert await reprice() is True
    history = await owner.get("product", f"/api/products/mine/{product['id']}/prices", limit=100)
    # Every accepted change is in the history, and the last one stands.
    assert sorted(each["base_price"] for each in history["items"]) == sorted([100_000, *accepted])
    assert history["items"][0]["base_price"] == fixed
    assert (await owner.get("product", f"/api/products/mine/{product['id']}"))["base_price"] == fixed
