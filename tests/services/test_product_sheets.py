"""Products as sheets: what an import does, what it refuses by line and column, and exports; and what products cost over time."""

from __future__ import annotations

import asyncio
import csv
import io
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patungan.contracts import group_buying
from patungan.kernel.identity import Role
from patungan.kernel.money import Rupiah
from patungan.services.product import sheet
from patungan.services.product.sheet import COLUMNS, SheetProduct, SheetVariant
from tests.house import House, Person
from tests.shop import category, product_input, published_product, selling_factory

HEADING = "sku,name,category,base_price,price_tier_25,price_tier_50,price_tier_75,price_tier_100"
PRICES = "100000,100000,90000,80000,70000"


async def send(
    person: Person, factory_id: str, text: str | bytes, *, key: str | None = None, **params: Any
) -> httpx.Response:
    """Import a sheet."""
    house = person.house
    return await house.client.post(
        house.url("product", "/api/products/imports"),
        content=text.encode() if isinstance(text, str) else text,
        headers={
            "Authorization": f"Bearer {house.token(person.caller)}",
            "Content-Type": "text/csv",
            "Idempotency-Key": key or str(uuid4()),
        },
        params={"factory_id": factory_id, **params},
    )


def number() -> str:
    return uuid4().hex[:10].upper()


async def test_a_sheet_makes_drafts_and_changes_what_is_there(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    kind = (await category(one_house))["slug"]
    known = await published_product(one_house, owner, factory["id"], name="Kemeja Lama")
    new = f"BARU-{number()}"
    text = (
        f"{HEADING},weight_grams,name_en\n"
        f'{new.lower()},"Teh, ""Melati""",{kind},{PRICES},,Jasmine Tea\n'
        f"{known['sku']},Kemeja Baru,{known['category']['slug']},120000,110000,90000,80000,60000,275,\n"
    )
    dry = await send(owner, factory["id"], text, dry_run="true")
    assert dry.status_code == 201
    counts = ("applied", "dry_run", "created", "updated", "unchanged", "refused", "errors")
    assert [dry.json()[name] for name in counts] == [False, True, 1, 1, 0, 0, []]
    assert (await owner.get("product", "/api/products/mine"))["total"] == 1
    done = await send(owner, factory["id"], text)
    assert [done.json()[name] for name in counts] == [True, False, 1, 1, 0, 0, []]
    mine = {each["sku"]: each for each in (await owner.get("product", "/api/products/mine"))["items"]}
    made = await owner.get("product", f"/api/products/mine/{mine[new]['id']}")
    shown = ("name", "name_en", "slug", "status", "weight_grams", "min_order_quantity", "base_price", "price_tier_100")
    assert [made[name] for name in shown] == [
        'Teh, "Melati"', "Jasmine Tea", made["slug"], "draft", 500, 50, 100_000, 70_000,
    ]  # fmt: skip
    assert made["slug"].startswith("teh-melati")
    changed = await owner.get("product", f"/api/products/mine/{known['id']}")
    assert changed == {
        **known,
        "name": "Kemeja Baru",
        "base_price": 120_000,
        "price_tier_25": 110_000,
        "price_tier_100": 60_000,
        "weight_grams": 275,
    }
    again = await send(owner, factory["id"], text)
    assert [again.json()[name] for name in counts] == [True, False, 0, 0, 2, 0, []]
    report = await owner.get("product", f"/api/products/imports/{done.json()['id']}")
    assert report == done.json()
    # What is on sale is found by its new name at once, the draft is not.
    found = await one_house.request("GET", "product", "/api/products", q="kemeja baru", factory_id=factory["id"])
    assert [each["id"] for each in found.json()["items"]] == [known["id"]]


FAULTY = (
    f"{HEADING},renews\n"
    "A,Terlalu Pendek,{kind},100000,100000,90000,80000,70000,true\n"
    "{good},Produk Baik,{kind},100000,100000,90000,80000,70000,false\n"
    "\n"
    "SKU-3-{n},Harga Salah,{kind},100.000,100000,90000,80000,,maybe\n"
    "SKU-4-{n},Urutan Salah,{kind},100000,100000,90000,95000,70000,\n"
    "SKU-5-{n},Tanpa Kategori,tidak-ada,100000,100000,90000,80000,70000,\n"
    "{good},Dua Kali,{kind},100000,100000,90000,80000,70000,\n"
    "SKU-7-{n},Kurang Sel,{kind},100000\n"
    '"SKU-8-{n}","Nama\nDua Baris",{kind},100000,100000,90000,80000,70000,\n'
    "{taken},Milik Lain,{kind},100000,100000,90000,80000,70000,\n"
)
WRONG = [
    (2, "sku", "invalid"),
    (5, "base_price", "invalid"),
    (5, "price_tier_100", "missing"),
    (5, "renews", "invalid"),
    (6, "base_price", "tiers_out_of_order"),
    (7, "category", "category_not_found"),
    (8, "sku", "sku_repeated"),
    (9, "", "cells"),
    (10, "name", "invalid"),
    (12, "sku", "sku_taken"),
]


async def test_every_fault_is_named_by_line_and_column(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    stranger, their_factory = await selling_factory(one_house)
    taken = await published_product(one_house, stranger, their_factory["id"])
    kind, good = (await category(one_house))["slug"], f"BAIK-{number()}"
    text = FAULTY.format(kind=kind, good=good, n=number(), taken=taken["sku"])
    whole = (await send(owner, factory["id"], text)).json()
    assert [(each["line"], each["column"], each["code"]) for each in whole["errors"]] == WRONG
    assert all(each["message"] for each in whole["errors"])
    assert (whole["applied"], whole["created"], whole["refused"]) == (False, 1, 8)
    assert (await owner.get("product", "/api/products/mine"))["total"] == 0
    by_line = (await send(owner, factory["id"], text, mode="by_line")).json()
    assert [(each["line"], each["column"], each["code"]) for each in by_line["errors"]] == WRONG
    assert (by_line["applied"], by_line["created"], by_line["refused"]) == (True, 1, 8)
    mine = (await owner.get("product", "/api/products/mine"))["items"]
    assert [(each["sku"], each["name"]) for each in mine] == [(good, "Produk Baik")]
    assert (await stranger.get("product", f"/api/products/mine/{taken['id']}")) == taken


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Missing columns"),
        ("sku,name\n", "Missing columns"),
        (f"{HEADING},colour\n", "Unknown columns: colour"),
        (f"{HEADING},sku\n", "twice"),
        (f'{HEADING}\n"unclosed', "Line 2"),
        (f"{HEADING}\n" + f"A,B,C,{PRICES}\n" * 5_001, "at most 5000 lines"),
        (b"\xff\xfe\x00", "UTF-8"),
    ],
)
async def test_what_is_no_sheet_is_refused_whole(one_house: House, text: str | bytes, why: str) -> None:
    owner, factory = await selling_factory(one_house)
    answer = await send(owner, factory["id"], text, mode="by_line")
    assert (answer.status_code, answer.json()["code"]) == (400, "import_refused")
    assert why in answer.json()["detail"]


async def test_prices_of_an_open_session_stay_through_an_import(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    product = await published_product(one_house, owner, factory["id"], variants=[{"name": "S"}])
    producer = one_house.context("group-buying")
    async with producer.db.transaction() as tx:
        await producer.publish(
            tx,
            group_buying.SessionOpened(
                session_id=uuid4(),
                code="GB-20261123-SHEET",
                product_id=UUID(product["id"]),
                product_name=product["name"],
                factory_id=UUID(factory["id"]),
                ends_at=one_house.clock.now(),
            ),
        )

    async def known() -> bool:
        shown = await one_house.request("GET", "product", "/api/products", factory_id=factory["id"])
        return shown.json()["items"][0]["session_ends_at"] is not None

    await one_house.eventually(known)
    slug = product["category"]["slug"]
    text = f"{HEADING}\n{product['sku']},Nama Boleh,{slug},100000,100000,90000,80000,60000\n"
    answer = (await send(owner, factory["id"], text)).json()
    assert [(each["line"], each["column"], each["code"]) for each in answer["errors"]] == [
        (2, "price_tier_100", "product_in_session")
    ]
    same = f"{HEADING}\n{product['sku']},Nama Boleh,{slug},{PRICES}\n"
    assert (await send(owner, factory["id"], same)).json()["updated"] == 1
    dearer = f"{HEADING},variant_sku,variant_price_adjustment\n{product['sku']},Nama Boleh,{slug},{PRICES},{product['sku']}-1,"
    answer = (await send(owner, factory["id"], f"{dearer}500\n")).json()
    assert [(each["line"], each["column"], each["code"]) for each in answer["errors"]] == [
        (2, "variant_price_adjustment", "product_in_session")
    ]
    assert (await send(owner, factory["id"], f"{dearer}0\n")).json()["unchanged"] == 1


async def test_who_may_import_and_export(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    await published_product(one_house, owner, factory["id"])
    report = (await send(owner, factory["id"], f"{HEADING}\n")).json()
    paths = [("POST", "/api/products/imports"), ("GET", "/api/products/exports")]
    paths.append(("GET", f"/api/products/imports/{report['id']}"))
    for method, path in paths:
        assert (await one_house.request(method, "product", path)).status_code == 401
        for role in (Role.CUSTOMER, Role.SELLER, Role.OFFICE_STAFF):
            person = await one_house.person(role)
            assert (await person.request(method, "product", path)).status_code == 403
    stranger, _ = await selling_factory(one_house)
    for answer in (
        await send(stranger, factory["id"], f"{HEADING}\n"),
        await stranger.request("GET", "product", "/api/products/exports", factory_id=factory["id"]),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "factory_not_found")
    missing = await stranger.request("GET", "product", f"/api/products/imports/{report['id']}")
    assert (missing.status_code, missing.json()["code"]) == (404, "import_not_found")
    admin = await one_house.admin()
    assert await admin.get("product", f"/api/products/imports/{report['id']}") == report
    assert (await send(admin, factory["id"], f"{HEADING}\n")).status_code == 201


async def test_the_same_key_imports_once(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    kind, sku, key = (await category(one_house))["slug"], f"SEKALI-{number()}", str(uuid4())
    text = f"{HEADING}\n{sku},Sekali Saja,{kind},{PRICES}\n"
    answers = await asyncio.gather(*(send(owner, factory["id"], text, key=key) for _ in range(4)))
    assert {each.status_code for each in answers} == {201}
    assert len({each.json()["id"] for each in answers}) == 1 and answers[0].json()["created"] == 1
    other = await send(owner, factory["id"], text + "\n", key=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    without = await one_house.client.post(
        one_house.url("product", "/api/products/imports"),
        headers={"Authorization": f"Bearer {one_house.token(owner.caller)}"},
        params={"factory_id": factory["id"]},
    )
    assert (without.status_code, without.json()["code"]) == (400, "idempotency_key_required")


async def test_two_imports_of_one_new_product_make_one(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    kind, sku = (await category(one_house))["slug"], f"BERDUA-{number()}"
    text = f"{HEADING}\n{sku},Berdua Saja,{kind},{PRICES}\n"
    answers = await asyncio.gather(*(send(owner, factory["id"], text) for _ in range(4)))
    told = sorted((each.status_code, each.json().get("created", 0)) for each in answers)
    assert [status for status, _ in told if status not in (201, 409)] == []
    assert sum(created for _, created in told) == 1
    assert (await owner.get("product", "/api/products/mine"))["total"] == 1


async def test_an_export_comes_back_unchanged(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    kind = (await category(one_house))["slug"]
    lines = [f'EKS-{number()},"=SUM(A1) {n}, ""kutip""",{kind},{PRICES}' for n in range(510)]
    made = (await send(owner, factory["id"], "\n".join([HEADING, *lines]))).json()
    assert (made["created"], made["errors"]) == (510, [])
    answer = await owner.request("GET", "product", "/api/products/exports")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="products.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert (len(rows), tuple(rows[0])) == (510, COLUMNS)
    assert rows[0]["name"] == '\'=SUM(A1) 0, "kutip"' and rows[0]["renews"] == "true" and rows[0]["cost_price"] == ""
    back = (await send(owner, factory["id"], answer.text)).json()
    assert (back["created"], back["updated"], back["unchanged"], back["errors"]) == (0, 0, 510, [])


VARIANTS = ",variant_sku,variant_name,variant_price_adjustment"
BLANK = "," * 7


async def variants_of(owner: Person, product_id: str) -> list[tuple[str, str, int, int]]:
    """SKU, name, adjustment and weight of a product's variants, in their order."""
    shown = await owner.get("product", f"/api/products/mine/{product_id}")
    return [(each["sku"], each["name"], each["price_adjustment"], each["weight_grams"]) for each in shown["variants"]]


async def test_variants_are_made_changed_and_given_out(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    kind, sku = (await category(one_house))["slug"], f"VAR-{number()}"
    text = (
        f"{HEADING},weight_grams{VARIANTS}\n"
        f"{sku},Kemeja,{kind},{PRICES},300,{sku}-s,S,\n"
        f"{sku.lower()}{BLANK},,{sku}-M,M,5000\n"
        f"{sku},Kemeja,{kind},{PRICES},300,{sku}-L,'-L,-2500\n"
    )
    made = (await send(owner, factory["id"], text)).json()
    assert (made["created"], made["variants"], made["errors"]) == (1, 3, [])
    (mine,) = (await owner.get("product", "/api/products/mine"))["items"]
    assert await variants_of(owner, mine["id"]) == [
        (f"{sku}-S", "S", 0, 300), (f"{sku}-M", "M", 5_000, 300), (f"{sku}-L", "-L", -2_500, 300),
    ]  # fmt: skip
    exported = (await owner.request("GET", "product", "/api/products/exports")).text
    rows = list(csv.DictReader(io.StringIO(exported)))
    assert [(each["sku"], each["name"], each["variant_sku"], each["variant_price_adjustment"]) for each in rows] == [
        (sku, "Kemeja", f"{sku}-S", "0"), (sku, "", f"{sku}-M", "5000"), (sku, "", f"{sku}-L", "'-2500"),
    ]  # fmt: skip
    back = (await send(owner, factory["id"], exported)).json()
    assert (back["unchanged"], back["updated"], back["variants"], back["errors"]) == (1, 0, 0, [])
    changes = (
        f"{HEADING}{VARIANTS}\n{sku},Kemeja,{kind},{PRICES},{sku}-M,Medium,\n"
        f"{sku}{BLANK},{sku}-L,,0\n{sku}{BLANK},{sku}-XL,XL,7000\n"
    )
    dry = (await send(owner, factory["id"], changes, dry_run="true")).json()
    assert (dry["applied"], dry["updated"], dry["variants"]) == (False, 1, 3)
    changed = (await send(owner, factory["id"], changes)).json()
    assert (changed["applied"], changed["updated"], changed["variants"], changed["errors"]) == (True, 1, 3, [])
    assert await variants_of(owner, mine["id"]) == [
        (f"{sku}-S", "S", 0, 300), (f"{sku}-M", "Medium", 5_000, 300), (f"{sku}-L", "-L", 0, 300),
        (f"{sku}-XL", "XL", 7_000, 300),
    ]  # fmt: skip


async def test_faults_of_variants_are_named_by_line_and_column(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    stranger, theirs = await selling_factory(one_house)
    other = await published_product(one_house, stranger, theirs["id"], variants=[{"name": "S"}])
    taken, kind, n = other["variants"][0]["sku"], (await category(one_house))["slug"], number()
    text = (
        f"{HEADING}{VARIANTS}\n"
        f"A-{n},Kemeja,{kind},{PRICES},A-{n}-1,S,\n"
        f"A-{n}{BLANK},A-{n}-1,Lagi,\n"
        f"A-{n}{BLANK},A-{n}-2,,0\n"
        f"A-{n}{BLANK},A-{n}-3,Murah,-70000\n"
        f"A-{n}{BLANK},{taken},Milik Lain,0\n"
        f"A-{n},Kaus,{kind},{PRICES},A-{n}-4,Lain Nama,0\n"
        f"A-{n}{BLANK},,Tanpa SKU,0\n"
        f"A-{n}{BLANK},A-{n}-5,Rusak,5.000\n"
        f"A-{n}{BLANK},,,\n"
        f"B-{n},Celana,tidak-ada,{PRICES},B-{n}-1,S,\n"
        f"B-{n}{BLANK},B-{n}-2,M,\n"
        f"C-{n},Celana,{kind},100000,100000,90000,80000,,C-{n}-1,S,\n"
        f"C-{n}{BLANK},C-{n}-2,M,\n"
        f"A-{n}{BLANK},A-{n}-6,Baik,-69999\n"
    )
    wrong = [
        (3, "variant_sku", "sku_repeated"),
        (4, "variant_name", "missing"),
        (5, "variant_price_adjustment", "invalid"),
        (6, "variant_sku", "sku_taken"),
        (7, "name", "differs"),
        (8, "variant_sku", "missing"),
        (9, "variant_price_adjustment", "invalid"),
        (10, "sku", "sku_repeated"),
        (11, "category", "category_not_found"),
        (12, "sku", "product_refused"),
        (13, "price_tier_100", "missing"),
        (14, "sku", "product_refused"),
    ]
    whole = (await send(owner, factory["id"], text)).json()
    assert [(each["line"], each["column"], each["code"]) for each in whole["errors"]] == wrong
    assert (whole["applied"], (await owner.get("product", "/api/products/mine"))["total"]) == (False, 0)
    by_line = (await send(owner, factory["id"], text, mode="by_line")).json()
    assert [(each["line"], each["column"], each["code"]) for each in by_line["errors"]] == wrong
    assert (by_line["created"], by_line["variants"], by_line["refused"]) == (1, 2, 12)
    (mine,) = (await owner.get("product", "/api/products/mine"))["items"]
    assert [each[:3] for each in await variants_of(owner, mine["id"])] == [
        (f"A-{n}-1", "S", 0), (f"A-{n}-6", "Baik", -69_999),
    ]  # fmt: skip
    lower = f"{HEADING}\nA-{n},Kemeja,{kind},100000,100000,90000,80000,69999\n"
    refused = (await send(owner, factory["id"], lower)).json()
    assert [(each["column"], each["code"]) for each in refused["errors"]] == [("price_tier_100", "invalid")]
    together = f"{HEADING}{VARIANTS}\nA-{n},Kemeja,{kind},100000,100000,90000,80000,60000,A-{n}-6,,-1000\n"
    assert (await send(owner, factory["id"], together)).json()["updated"] == 1
    full = "".join(f"A-{n}{BLANK},A-{n}-X{each},Nomor {each},0\n" for each in range(49))
    many = f"{HEADING}{VARIANTS}\nA-{n},Kemeja,{kind},100000,100000,90000,80000,60000,A-{n}-1,,\n{full}"
    beyond = (await send(owner, factory["id"], many)).json()
    assert [(each["line"], each["column"], each["code"]) for each in beyond["errors"]] == [
        (51, "variant_sku", "conflict")
    ]


_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
_PLAIN = st.from_regex(r"\A[A-Za-z=+@'-][A-Za-z ,\"']{2,20}[a-z]\Z")
PRICE = st.integers(1, 1_000_000_000).map(Rupiah)


_ADJUSTMENTS = st.lists(st.integers(-1_000_000_000, 1_000_000_000), max_size=4)


@given(
    _PLAIN, _TEXT.map(str.strip).filter(lambda text: "\r" not in text), PRICE, st.booleans(), st.none() | PRICE,
    _ADJUSTMENTS,
)  # fmt: skip
def test_what_is_written_is_read_again(
    name: str, text: str, price: Rupiah, renews: bool, cost: Rupiah | None, adjustments: list[int]
) -> None:
    quoted = name.startswith("'") and name[1:].startswith(("=", "+", "-", "@"))
    if quoted:
        return
    product = SheetProduct(
        sku="SKU-1", name=name, description=text, category="teh", base_price=price, price_tier_25=price,
        price_tier_50=price, price_tier_75=price, price_tier_100=price, renews=renews, cost_price=cost,
    )  # fmt: skip
    variants = [
        SheetVariant(sku=f"SKU-1-{n}", name="=Besar", price_adjustment=each) for n, each in enumerate(adjustments)
    ]
    lines, errors = sheet.read(sheet.write_heading() + sheet.write([(product, variants)]))
    assert errors == []
    assert [each.variant for each in lines[0].variants] == variants
    if not (text.startswith("'") and text[1:].startswith(("=", "+", "-", "@", "\t", "\r"))):
        assert [each.product for each in lines] == [product]


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        lines, errors = sheet.read(f"{HEADING}\n{text}")
    except sheet.Unreadable as refusal:
        assert str(refusal)
    else:
        assert all(each.line >= 2 for each in lines)
        assert all(each.line >= 2 for each in errors)


# What products cost over time.


async def test_prices_over_time(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    draft_input = product_input(factory["id"], (await category(one_house))["id"])
    product = await owner.post("product", "/api/products", draft_input)
    path = f"/api/products/id/{product['id']}"
    hidden = await one_house.request("GET", "product", f"{path}/prices")
    assert (hidden.status_code, hidden.json()["code"]) == (404, "product_not_found")
    one_house.later(hours=1)
    assert (await owner.request("PATCH", "product", path, {"base_price": 130_000})).status_code == 200
    sent = await one_house.client.post(
        one_house.url("product", f"{path}/images"),
        content=b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        headers={"Authorization": f"Bearer {one_house.token(owner.caller)}", "Idempotency-Key": str(uuid4())},
    )
    assert sent.status_code == 201
    one_house.later(hours=1)
    await owner.post("product", f"{path}/publish")
    one_house.later(hours=1)
    changed_at = one_house.clock.now()
    change = {"base_price": 110_000, "price_tier_100": 65_000}
    assert (await owner.request("PATCH", "product", path, change)).status_code == 200
    assert (await owner.request("PATCH", "product", path, {**change, "name": "Nama Lain"})).status_code == 200
    public = (await one_house.request("GET", "product", f"{path}/prices")).json()["items"]
    # What a draft was to cost before is nobody's business, but for the price that it was published with.
    assert [(each["base_price"], each["price_tier_100"]) for each in public] == [(130_000, 70_000), (110_000, 65_000)]
    assert set(public[0]) == {"at", "base_price", "price_tier_100"}
    own = await owner.get("product", f"/api/products/mine/{product['id']}/prices")
    assert [(each["base_price"], each["price_tier_100"]) for each in own["items"]] == [
        (110_000, 65_000),
        (130_000, 70_000),
        (100_000, 70_000),
    ]
    assert (own["total"], own["items"][0]["actor"]) == (3, str(owner.id))
    assert own["items"][0]["at"].startswith(changed_at.strftime("%Y-%m-%dT%H:%M"))
    stranger, _ = await selling_factory(one_house)
    foreign = await stranger.request("GET", "product", f"/api/products/mine/{product['id']}/prices")
    assert (foreign.status_code, foreign.json()["code"]) == (404, "product_not_found")
    connection = await one_house.owner()
    try:
        events = await connection.fetch(
            "select payload from product.events where type = 'product.price_changed' order by position"
        )
    finally:
        await connection.close()
    mine = [each["payload"] for each in events if product["id"] in each["payload"]]
    assert len(mine) == 2
    assert '"base_price": 110000' in mine[1].replace('":1', '": 1')


async def test_a_bulk_update_says_what_became_of_each(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    admin = await one_house.admin()
    sold = await published_product(one_house, owner, factory["id"])
    bare = await owner.post("product", "/api/products", product_input(factory["id"], (await category(one_house))["id"]))
    kind, unknown = await category(one_house), str(uuid4())
    body = {
        "product_ids": [sold["id"], bare["id"], unknown, sold["id"]],
        "category_id": kind["id"],
        "min_order_quantity": 30,
        "status": "active",
    }
    told = await admin.post("product", "/api/products/bulk-updates", body)
    assert [(each["product_id"], each["changed"], each["code"]) for each in told["items"]] == [
        (sold["id"], True, None),
        (bare["id"], False, "product_not_ready"),
        (unknown, False, "product_not_found"),
    ]
    changed = await owner.get("product", f"/api/products/mine/{sold['id']}")
    assert (changed["category_id"], changed["min_order_quantity"], changed["status"]) == (kind["id"], 30, "active")
    told = await admin.post(
        "product", "/api/products/bulk-updates", {"product_ids": [sold["id"]], "status": "inactive"}
    )
    assert told["items"][0]["changed"]
    assert (await owner.get("product", f"/api/products/mine/{sold['id']}"))["status"] == "inactive"
    refused_bodies: list[dict[str, Any]] = [
        {"product_ids": []},
        {"product_ids": [unknown] * 201},
        {"product_ids": [unknown], "status": "draft"},
    ]
    for wrong in refused_bodies:
        answer = await admin.request("POST", "product", "/api/products/bulk-updates", wrong)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")
    for person in (owner, await one_house.person(), await one_house.person(Role.SELLER)):
        refused = await person.request("POST", "product", "/api/products/bulk-updates", {"product_ids": [unknown]})
        assert refused.status_code == 403
