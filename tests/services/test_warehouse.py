"""Warehouses, stock corrected by hand and bundles, through the public API, and everything that must be refused."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from patungan.contracts import warehouse as contract
from patungan.kernel.identity import Role, Scope
from tests.depot import ADJUSTMENTS, NO_VARIANT, ORDERS, Depot, refused
from tests.house import House
from tests.market import Market
from tests.shop import selling_factory

WAREHOUSES = "/api/warehouse/warehouses"


def _warehouse(**other: Any) -> dict[str, Any]:
    return {
        "code": f"WH-{uuid4().hex[:8].upper()}",
        "name": "Gudang Surabaya",
        "city": "Kota Surabaya",
        "province": "Jawa Timur",
        "postal_code": "60293",
        **other,
    }


async def _call(house: House, *ids: UUID) -> dict[UUID, contract.Warehouse]:
    found = await house.context("group-buying").call(
        contract.get_warehouses, contract.GetWarehouses(warehouse_ids=list(ids))
    )
    return {each.id: each for each in found.warehouses}


async def test_staff_open_and_close_a_warehouse(one_house: House) -> None:
    keeper = await one_house.person(Role.OFFICE_STAFF, Scope.WAREHOUSE)
    given = _warehouse()
    made = await keeper.post("warehouse", WAREHOUSES, given)
    assert made == {"id": made["id"], **given, "is_active": True}
    taken = await keeper.request("POST", "warehouse", WAREHOUSES, given)
    assert refused(taken) == (409, "conflict", "code")
    warehouse_id = UUID(made["id"])
    contracted = contract.Warehouse(
        id=warehouse_id, **{name: given[name] for name in ("code", "name", "city", "province", "postal_code")}
    )
    assert await _call(one_house, warehouse_id, uuid4()) == {warehouse_id: contracted}
    assert (await _call(one_house))[warehouse_id] == contracted
    closed = await keeper.request("PATCH", "warehouse", f"{WAREHOUSES}/{warehouse_id}", {"is_active": False})
    assert closed.json() == {**made, "is_active": False}
    assert warehouse_id not in await _call(one_house)
    assert warehouse_id in await _call(one_house, warehouse_id)
    unknown = await keeper.request("PATCH", "warehouse", f"{WAREHOUSES}/{uuid4()}", {"is_active": False})
    assert refused(unknown)[:2] == (404, "warehouse_not_found")
    rows = await one_house.context("warehouse").db.fetch(
        "select action, actor from audit_logs where subject = $1 order by id", warehouse_id
    )
    assert [tuple(row) for row in rows] == [("warehouse.opened", keeper.id), ("warehouse.changed", keeper.id)]


@pytest.mark.parametrize(
    ("field", "value"),
    [("code", "w h"), ("name", " "), ("city", ""), ("postal_code", "1234"), ("province", None), ("owner", "me")],
)
async def test_a_malformed_warehouse_is_refused(one_house: House, field: str, value: object) -> None:
    admin = await one_house.admin()
    before = (await admin.get("warehouse", WAREHOUSES))["total"]
    answer = await admin.request("POST", "warehouse", WAREHOUSES, _warehouse(**{field: value}))
    assert refused(answer)[:2] == (400, "invalid_input")
    assert (await admin.get("warehouse", WAREHOUSES))["total"] == before


async def test_who_may_see_what(one_house: House) -> None:
    buyer = await one_house.person()
    owner, _factory = await selling_factory(one_house)
    for path in (WAREHOUSES, "/api/warehouse/inventory", "/api/warehouse/movements"):
        for person in (buyer, owner):
            assert refused(await person.request("GET", "warehouse", path))[:2] == (403, "forbidden")
        assert refused(await one_house.request("GET", "warehouse", path))[:2] == (401, "unauthenticated")
    assert refused(await buyer.request("GET", "warehouse", ORDERS))[:2] == (403, "forbidden")
    bundle = f"/api/warehouse/bundles/{uuid4()}"
    assert refused(await buyer.request("PUT", "warehouse", bundle, {"variants": []}))[:2] == (403, "forbidden")
    for path in (ADJUSTMENTS, f"{ORDERS}/{uuid4()}/receipts", f"{ORDERS}/{uuid4()}/cancel"):
        assert refused(await owner.request("POST", "warehouse", path, {}))[:2] == (403, "forbidden")


async def test_a_correction_is_written_down_with_who_and_why(one_house: House) -> None:
    depot = await Depot.open(one_house, "M", "L")
    first = await depot.adjust("add", 30, "M", reason="stok awal")
    assert first.status_code == 201
    assert (await depot.adjust("remove", 4, "M", reason="hilang di rak")).json()["quantity"] == 26
    last = (await depot.adjust("set", 20, "M")).json()
    assert last == {
        "id": first.json()["id"],
        "warehouse_id": depot.warehouse_id,
        "product_id": depot.product_id,
        "variant_id": depot.variants["M"],
        "quantity": 20,
        "reserved": 0,
        "available": 20,
        "damaged": 0,
        "incoming": 0,
        "waiting": 0,
        "min_stock_level": 10,
        "location": "",
    }
    written = [
        (each["type"], each["units"], each["quantity_change"], each["quantity_after"], each["actor"], each["reason"])
        for each in await depot.movements()
    ]
    actor = str(depot.admin.id)
    assert written == [
        ("adjustment", 30, 30, 30, actor, "stok awal"),
        ("adjustment", 4, -4, 26, actor, "hilang di rak"),
        ("adjustment", 6, -6, 20, actor, "hitung ulang"),
    ]
    await depot.whole()


async def test_a_product_without_variants_has_one_stock(one_house: House) -> None:
    depot = await Depot.open(one_house)
    answers = await asyncio.gather(*(depot.adjust("add", 5) for _ in range(4)))
    assert [each.status_code for each in answers] == [201] * 4
    assert await depot.numbers("quantity") == {NO_VARIANT: 20}
    await depot.whole()


async def test_a_correction_takes_effect_once_for_its_key(one_house: House) -> None:
    depot = await Depot.open(one_house)
    key = str(uuid4())
    answers = await asyncio.gather(*(depot.adjust("add", 5, key=key) for _ in range(3)))
    assert [each.json()["quantity"] for each in answers] == [5, 5, 5]
    assert refused(await depot.adjust("add", 6, key=key))[:2] == (409, "idempotency_key_reused")
    assert await depot.numbers("quantity") == {NO_VARIANT: 5}
    headers = {"Authorization": f"Bearer {one_house.token(depot.admin.caller)}"}
    body = {
        "warehouse_id": depot.warehouse_id,
        "product_id": depot.product_id,
        "operation": "add",
        "quantity": 1,
        "reason": "tanpa kunci",
    }
    without = await one_house.request("POST", "warehouse", ADJUSTMENTS, body, headers=headers)
    assert refused(without)[:2] == (400, "idempotency_key_required")
    assert len(await depot.movements()) == 1


async def test_corrections_that_are_refused(one_house: House) -> None:
    depot = await Depot.open(one_house, "M", M=10)
    other = await Depot.open(one_house, "M")
    cases: list[tuple[dict[str, Any], tuple[int, str]]] = [
        ({"quantity": -1}, (400, "invalid_input")),
        ({"quantity": 0}, (400, "invalid_input")),
        ({"quantity": 1.5}, (400, "invalid_input")),
        ({"quantity": 1_000_001}, (400, "invalid_input")),
        ({"operation": "steal"}, (400, "invalid_input")),
        ({"reason": "  "}, (400, "invalid_input")),
        ({"variant_id": "null"}, (400, "invalid_input")),
        ({"actor": str(uuid4())}, (400, "invalid_input")),
        ({"warehouse_id": str(uuid4())}, (404, "warehouse_not_found")),
        ({"product_id": str(uuid4())}, (404, "product_not_found")),
        ({"variant_id": None}, (404, "variant_not_found")),
        ({"variant_id": other.variants["M"]}, (404, "variant_not_found")),
        ({"operation": "remove", "quantity": 11}, (409, "insufficient_stock")),
    ]
    for change, expected in cases:
        answer = await depot.adjust(**{"operation": "add", "quantity": 1, "name": "M", **change})
        assert refused(answer)[:2] == expected, change
    assert await depot.numbers("quantity") == {"M": 10}
    assert len(await depot.movements()) == 1


async def test_low_stock_is_announced_once_when_it_is_reached(one_house: House) -> None:
    depot = await Depot.open(one_house, "M")
    await depot.adjust("set", 12, "M")
    await depot.adjust("remove", 1, "M")
    assert await depot.events("stock.low") == []
    await depot.adjust("remove", 1, "M")
    await depot.adjust("remove", 1, "M")
    low = {"warehouse_id": depot.warehouse_id, "product_id": depot.product_id, "variant_id": depot.variants["M"]}
    assert await depot.events("stock.low") == [{**low, "available": 10}]
    listed = await depot.admin.get("warehouse", "/api/warehouse/inventory", product_id=depot.product_id, low="true")
    assert [each["available"] for each in listed["items"]] == [9]
    path = f"/api/warehouse/inventory/{listed['items'][0]['id']}"
    changed = await depot.admin.request("PATCH", "warehouse", path, {"min_stock_level": 3, "location": "A-01"})
    assert (changed.json()["min_stock_level"], changed.json()["location"]) == (3, "A-01")
    unknown = await depot.admin.request("PATCH", "warehouse", f"/api/warehouse/inventory/{uuid4()}", {})
    assert refused(unknown)[:2] == (404, "not_found")


async def test_lists_are_bounded(one_house: House) -> None:
    admin = await one_house.admin()
    for path in (WAREHOUSES, "/api/warehouse/inventory", "/api/warehouse/movements", ORDERS):
        for name, value in (("page", 0), ("limit", 101), ("limit", 0)):
            response = await admin.request("GET", "warehouse", path, None, key=None, **{name: value})
            assert refused(response)[:2] == (400, "invalid_input"), (path, name, value)
        listed = await admin.get("warehouse", path, page=9_999)
        assert (listed["items"], listed["page"], listed["limit"]) == ([], 9_999, 20)


async def test_movements_by_kind(one_house: House) -> None:
    depot = await Depot.open(one_house, "M", M=10)
    path = "/api/warehouse/movements"
    for kind, total in (("adjustment", 1), ("purchase", 0)):
        found = await depot.admin.get("warehouse", path, product_id=depot.product_id, type=kind)
        assert found["total"] == total
    assert refused(await depot.admin.request("GET", "warehouse", path, type="gift"))[:2] == (400, "invalid_input")


async def test_the_database_itself_keeps_the_stock_whole(one_house: House) -> None:
    depot = await Depot.open(one_house, "M", M=10)
    connection = await one_house.owner()
    product = UUID(depot.product_id)
    try:
        await connection.execute("set search_path = warehouse")
        for change in ("quantity = -1", "reserved = -1", "reserved = 11"):
            with pytest.raises(asyncpg.CheckViolationError):
                await connection.execute(f"update inventory set {change} where product_id = $1", product)
        with pytest.raises(asyncpg.GeneratedAlwaysError):
            await connection.execute("update inventory set available = 99 where product_id = $1", product)
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute(
                "insert into inventory (id, warehouse_id, product_id, variant_id)"
                " select gen_random_uuid(), warehouse_id, product_id, variant_id from inventory where product_id = $1",
                product,
            )
        for statement in (
            "delete from stock_movements",
            "update stock_movements set reason = 'lain'",
            "truncate stock_movements",
            "delete from audit_logs",
        ):
            with pytest.raises(asyncpg.RestrictViolationError):
                await connection.execute(statement)
    finally:
        await connection.close()
    await depot.whole()


async def test_an_owner_bundles_the_own_product(one_house: House) -> None:
    depot = await Depot.open(one_house, "S", "M", M=7)
    path = f"/api/warehouse/bundles/{depot.product_id}"
    assert await depot.owner.get("warehouse", path) == {"product_id": depot.product_id, "variants": []}
    assert await _rules(depot) == {}
    stored = await depot.bundle(S=2, M=5)
    assert [
        (each["variant_name"], each["units_per_bundle"], each["max_excess_units"]) for each in stored["variants"]
    ] == [
        ("S", 2, 18),
        ("M", 5, 45),
    ]
    assert await depot.admin.get("warehouse", path) == stored
    assert await _rules(depot) == {"S": (2, 18, 0), "M": (5, 45, 7)}
    stranger, _factory = await selling_factory(one_house)
    for method, body in (("GET", None), ("PUT", {"variants": []})):
        answer = await stranger.request(method, "warehouse", path, body)
        assert refused(answer)[:2] == (404, "product_not_found")
    assert await depot.owner.get("warehouse", path) == stored
    await depot.owner.request("PUT", "warehouse", path, {"variants": []})
    assert await _rules(depot) == {}


async def _rules(depot: Depot) -> dict[str, tuple[int, int, int]]:
    request = contract.GetBundleRules(product_id=UUID(depot.product_id), warehouse_id=UUID(depot.warehouse_id))
    found = await depot.house.context("group-buying").call(contract.get_bundle_rules, request)
    return {
        depot.names[None if each.variant_id is None else str(each.variant_id)]: (
            each.units_per_bundle,
            each.max_excess_units,
            each.free_stock,
        )
        for each in found.rules
    }


async def test_bundles_that_are_refused(one_house: House) -> None:
    depot = await Depot.open(one_house, "S", "M")
    stored = await depot.bundle(S=2, M=5)
    s, m = ({"variant_id": depot.variants[name], "units_per_bundle": 3, "max_excess_units": 9} for name in ("S", "M"))
    cases: list[tuple[list[dict[str, Any]], tuple[int, str, str | None]]] = [
        ([s], (400, "invalid_input", "variants")),
        ([s, m, s], (400, "invalid_input", "variants")),
        ([s, m, {**m, "variant_id": str(uuid4())}], (404, "variant_not_found", "variants")),
        ([s, {**m, "max_excess_units": 1}], (400, "tolerance_too_small", "variants")),
        ([{**s, "units_per_bundle": 0}, m], (400, "invalid_input", "variants[].units_per_bundle")),
        ([s, {**m, "clearance_percent": 101}], (400, "invalid_input", "variants[].clearance_percent")),
    ]
    path = f"/api/warehouse/bundles/{depot.product_id}"
    for variants, (status, code, field) in cases:
        answer = await depot.owner.request("PUT", "warehouse", path, {"variants": variants})
        assert refused(answer)[:2] == (status, code)
        assert str(answer.json().get("field")).split("[")[0] == str(field).split("[")[0]
    assert await depot.owner.get("warehouse", path) == stored
    unknown = await depot.owner.request("PUT", "warehouse", f"/api/warehouse/bundles/{uuid4()}", {"variants": []})
    assert refused(unknown)[:2] == (404, "product_not_found")


async def test_two_bundles_at_once_leave_one_whole(one_house: House) -> None:
    depot = await Depot.open(one_house, "S", "M")
    await asyncio.gather(*(depot.bundle(S=units, M=units) for units in (2, 3, 4)))
    rules = await _rules(depot)
    assert rules["S"][0] == rules["M"][0]
    assert len(rules) == 2


async def test_a_market_sells_from_this_warehouse(one_house: House) -> None:
    market = await Market.open(one_house, "M")
    await market.stock(25, "M")
    session = await market.session()
    assert session["warehouse"]["id"] == market.warehouse["id"]
