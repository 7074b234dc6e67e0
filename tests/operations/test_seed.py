"""The seed: everything is made by the rules, twice changes nothing, and what was cut off goes on."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from rich.console import Console

from patungan.operations import demonstration, seed_data
from patungan.operations.layout import OperationError
from patungan.operations.progress import Progress
from patungan.operations.seed import seed
from patungan.operations.stack import RunningStack
from tests.books import assert_books_whole
from tests.house import House
from tests.operations.stacks import stack_of

TABLES = (
    *("auth.users", "product.categories", "product.products", "product.product_variants", "product.product_images"),
    *("factory.factories", "warehouse.warehouses", "warehouse.inventory", "warehouse.stock_movements"),
    *("warehouse.bundle_variants", "address.addresses", "group_buying.sessions", "group_buying.participants"),
    *("payment.payments", "ledger.entries"),
)


async def counts(house: House) -> dict[str, int]:
    """How many rows each table has."""
    owner = await house.owner()
    try:
        return {table: await owner.fetchval(f"select count(*) from {table}") for table in TABLES}
    finally:
        await owner.close()


@pytest.fixture(scope="module")
async def stack(one_house: House, tmp_path_factory: pytest.TempPathFactory) -> RunningStack:
    """A house that was seeded."""
    found = stack_of(one_house, tmp_path_factory.mktemp("data"))
    await seed(found, Progress(Console(file=io.StringIO())))
    return found


async def test_everything_is_there_and_shown(stack: RunningStack, one_house: House) -> None:
    categories = (await one_house.request("GET", "product", "/api/categories")).json()["items"]
    assert {each["slug"]: each["product_count"] for each in categories} == {
        each.slug: sum(product.category == each.slug for product in seed_data.products())
        for each in seed_data.categories()
    }
    factories = (await one_house.request("GET", "factory", "/api/factories", limit=100)).json()
    assert {each["name"] for each in factories["items"]} == {each.name for each in seed_data.factories()}
    assert all((each["status"], each["verification_status"]) == ("active", "verified") for each in factories["items"])
    products = (await one_house.request("GET", "product", "/api/products", limit=100)).json()
    assert products["total"] == len(seed_data.products()) == 94
    assert all(each["image_url"] for each in products["items"])
    emblem = await one_house.request("GET", "product", factories["items"][0]["logo_url"])
    assert emblem.status_code == 200 and emblem.headers["content-type"].startswith("image/svg+xml")


async def test_stock_and_bundles_are_those_of_the_catalogue(stack: RunningStack, one_house: House) -> None:
    owner = await one_house.owner()
    try:
        stock = await owner.fetch(
            "select coalesce(v.sku, p.sku) as sku, i.quantity from warehouse.inventory i "
            "join product.products p on p.id = i.product_id left join product.product_variants v on v.id = i.variant_id"
        )
        bundles = await owner.fetch(
            "select v.sku, b.units_per_bundle, b.max_excess_units from warehouse.bundle_variants b "
            "join product.product_variants v on v.id = b.variant_id"
        )
    finally:
        await owner.close()
    variants = [(each.sku, each.stock) for product in seed_data.products() for each in product.variants]
    plain = [(product.sku, product.stock) for product in seed_data.products() if not product.variants]
    assert {row["sku"]: row["quantity"] for row in stock} == {sku: units for sku, units in variants + plain if units}
    assert {row["sku"]: (row["units_per_bundle"], row["max_excess_units"]) for row in bundles} == {
        each.sku: (each.units_per_bundle, each.max_excess_units)
        for product in seed_data.products()
        for each in product.variants
        if each.units_per_bundle
    }


async def test_sessions_are_as_full_as_their_stage_says(stack: RunningStack, one_house: House) -> None:
    await assert_books_whole(one_house)
    found = (await one_house.request("GET", "group-buying", "/api/group-buying", limit=100)).json()["items"]
    slugs = {each.sku: each.slug for each in seed_data.products()}
    paid = {each["product"]["slug"]: each["paid_quantity"] for each in found}
    assert paid == {slugs[each.product]: sum(each.paid_units.values()) for each in seed_data.sessions()}
    owner = await one_house.owner()
    try:
        rows = await owner.fetch("select sku, demand from group_buying.session_variants where demand > 0")
    finally:
        await owner.close()
    wanted = {sku: units for each in seed_data.sessions() for sku, units in each.paid_units.items()}
    assert {row["sku"]: row["demand"] for row in rows} == wanted


async def test_a_second_run_changes_nothing(stack: RunningStack, one_house: House) -> None:
    before = await counts(one_house)
    await seed(stack, Progress(Console(file=io.StringIO())))
    assert await counts(one_house) == before


async def test_what_was_cut_off_goes_on(stack: RunningStack, one_house: House) -> None:
    """A picture and a variant are taken away, as though the first run had ended before it made them."""
    before = await counts(one_house)
    sku = "BTK-KMJ-PARANG"
    owner = await one_house.owner()
    try:
        await owner.execute(
            "delete from product.product_images where product_id = (select id from product.products where sku = $1)",
            sku,
        )
        await seed(stack, Progress(Console(file=io.StringIO())))
    finally:
        await owner.close()
    assert await counts(one_house) == before


async def _accounts(house: House) -> Mapping[str, Any]:
    owner = await house.owner()
    try:
        rows = await owner.fetch("select phone_number as phone, password_hash, role from auth.users")
    finally:
        await owner.close()
    return {row["phone"]: row for row in rows}


async def test_people_sign_in_with_the_passwords_of_this_installation(stack: RunningStack, one_house: House) -> None:
    secrets = demonstration.passwords(stack.environment)
    stored = await _accounts(one_house)
    for account in demonstration.accounts():
        row = stored[account.phone]
        assert bcrypt.checkpw(secrets[account.secret].encode(), row["password_hash"].encode())
        assert row["role"] == account.role
    login = {"phone": demonstration.ADMIN.phone, "password": secrets["DEMO_ADMIN_PASSWORD"]}
    answer = await one_house.request("POST", "auth", "/api/auth/login", login)
    assert (answer.status_code, answer.json()["role"]) == (200, "admin")
    said = io.StringIO()
    demonstration.show_accounts(stack, Console(file=said, width=200))
    for kind in ("administrator", "warehouse", "factory owner", "buyer"):
        assert f"  {kind}" in said.getvalue()
    assert secrets["DEMO_BUYER_PASSWORD"] in said.getvalue()


def test_passwords_differ_from_one_installation_to_the_next(tmp_path: Path) -> None:
    one = demonstration.passwords({"PATUNGAN_DATA": str(_folder(tmp_path, "one"))})
    two = demonstration.passwords({"PATUNGAN_DATA": str(_folder(tmp_path, "two"))})
    names = {account.secret for account in demonstration.accounts()}
    assert len(names) == 4
    assert all(one[name] != two[name] and len(one[name]) >= 16 for name in names)
    assert demonstration.passwords({"PATUNGAN_DATA": str(tmp_path / "one")}) == one


def _folder(parent: Path, name: str) -> Path:
    (parent / name).mkdir()
    return parent / name


@pytest.mark.parametrize("why", ["real providers", "production"])
async def test_invented_people_have_no_place_beside_real_money(why: str, tmp_path: Path) -> None:
    environment = {"PATUNGAN_DATA": str(tmp_path)} | (
        {"PATUNGAN_ENVIRONMENT": "production"} if why == "production" else {}
    )
    real = RunningStack("", "", "", "", "http://127.0.0.1:9" if why == "production" else "", environment, split=False)
    with pytest.raises(OperationError, match="no place in production"):
        await seed(real, Progress(Console(file=io.StringIO())))
    said = io.StringIO()
    demonstration.show_accounts(_without_sandbox(real), Console(file=said))
    assert said.getvalue() == ""


def _without_sandbox(stack: RunningStack) -> RunningStack:
    return RunningStack(
        stack.database_url, stack.role_secret, stack.redis_url, stack.gateway_url, "", stack.environment, stack.split
    )


def test_no_two_accounts_share_a_telephone() -> None:
    phones = [account.phone for account in demonstration.accounts()]
    assert len(set(phones)) == len(phones)
