"""The warehouse's desk: damaged goods, transfers, stock counts, locations, the audit log, figures and files."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import httpx

from patungan.kernel.identity import Role, Scope
from tests.depot import Depot, new_session, refused
from tests.house import House, Person

BASE = "/api/warehouse"


async def _second(depot: Depot) -> str:
    """Another warehouse."""
    given = {"code": f"WH-{uuid4().hex[:8].upper()}", "name": "Gudang Surabaya", "city": "Kota Surabaya"}
    made = await depot.admin.post(
        "warehouse", f"{BASE}/warehouses", {**given, "province": "Jawa Timur", "postal_code": "60293"}
    )
    return str(made["id"])


async def test_damaged_goods_lie_apart(one_house: House) -> None:
    depot = await Depot.open(one_house, "M", M=10)
    for operation, quantity, expected in (
        ("damage", 4, (6, 4)),
        ("restore", 1, (7, 3)),
        ("dispose", 2, (7, 1)),
        ("lose", 2, (5, 1)),
    ):
        row = (await depot.adjust(operation, quantity, "M")).json()
        assert (row["quantity"], row["damaged"]) == expected
    for operation, quantity in (("damage", 6), ("restore", 2), ("dispose", 2), ("lose", 6)):
        assert refused(await depot.adjust(operation, quantity, "M"))[:2] == (409, "insufficient_stock")
    kinds = [(each["type"], each["quantity_change"], each["damaged_change"]) for each in await depot.movements()][1:]
    assert kinds == [("damaged", -4, 4), ("adjustment", 1, -1), ("lost", 0, -2), ("lost", -2, 0)]
    await depot.whole()


def _transfer(depot: Depot, target: str, quantity: int, **other: Any) -> dict[str, Any]:
    lines = [{"variant_id": depot.variants["M"], "quantity": quantity}]
    places = {"from_warehouse_id": depot.warehouse_id, "to_warehouse_id": target, "product_id": depot.product_id}
    return {**places, "lines": lines, "reason": "stok di timur", **other}


async def test_stock_goes_from_one_warehouse_to_another(one_house: House) -> None:
    depot = await Depot.open(one_house, "M", M=10)
    target, path = await _second(depot), f"{BASE}/transfers"
    key = str(uuid4())
    first, again = [
        await depot.admin.request("POST", "warehouse", path, _transfer(depot, target, 4), key=key) for _ in range(2)
    ]
    assert (first.status_code, first.json()) == (201, again.json())
    moved = [each for each in await depot.movements() if each["transfer_id"] == first.json()["id"]]
    assert [(each["warehouse_id"], each["quantity_change"], each["quantity_after"]) for each in moved] == [
        (depot.warehouse_id, -4, 6),
        (target, 4, 4),
    ]
    answers = await asyncio.gather(
        *(depot.admin.request("POST", "warehouse", path, _transfer(depot, target, 4)) for _ in range(4)),
        *(
            depot.admin.request(
                "POST",
                "warehouse",
                path,
                _transfer(depot, depot.warehouse_id, 2, from_warehouse_id=target),
            )
            for _ in range(2)
        ),
    )
    assert {each.status_code for each in answers} <= {201, 409}
    rows = (await depot.admin.get("warehouse", f"{BASE}/inventory", product_id=depot.product_id))["items"]
    assert sum(row["quantity"] for row in rows) == 10
    for change, expected in (
        ({"to_warehouse_id": depot.warehouse_id}, (400, "invalid_input")),
        ({"to_warehouse_id": str(uuid4())}, (404, "warehouse_not_found")),
        ({"lines": []}, (400, "invalid_input")),
        ({"lines": [{"variant_id": depot.variants["M"], "quantity": 99}]}, (409, "insufficient_stock")),
        ({"lines": [{"variant_id": depot.variants["M"], "quantity": 0}]}, (400, "invalid_input")),
    ):
        answer = await depot.admin.request("POST", "warehouse", path, _transfer(depot, target, 1, **change))
        assert refused(answer)[:2] == expected
    assert (await depot.admin.get("warehouse", path, product_id=depot.product_id))["total"] >= 1
    await depot.whole()


async def _count(depot: Depot, keeper: Person, counted: dict[str, int]) -> dict[str, Any]:
    """A count of the product's stocks that is handed in."""
    given = {"warehouse_id": depot.warehouse_id, "product_ids": [depot.product_id]}
    count = await keeper.post("warehouse", f"{BASE}/counts", given)
    ids = {depot.names[each["variant_id"]]: each["inventory_id"] for each in count["items"]}
    path = f"{BASE}/counts/{count['id']}"
    early = await keeper.request("POST", "warehouse", f"{path}/submission")
    assert refused(early)[:2] == (409, "count_status_refused")
    lines = [{"inventory_id": ids[name], "counted": units} for name, units in counted.items()]
    entered = await keeper.request("PATCH", "warehouse", f"{path}/lines", {"lines": lines})
    assert entered.status_code == 200, entered.text
    detail: dict[str, Any] = await keeper.post("warehouse", f"{path}/submission")
    return detail


async def _post(person: Person, count: dict[str, Any], key: str | None = None) -> httpx.Response:
    return await person.request("POST", "warehouse", f"{BASE}/counts/{count['id']}/posting", key=key)


async def test_a_count_finds_differences_and_corrects_them(one_house: House) -> None:
    depot = await Depot.open(one_house, "M", "L", M=10, L=5)
    keeper = await one_house.person(Role.OFFICE_STAFF, Scope.WAREHOUSE)
    count = await _count(depot, keeper, {"M": 7, "L": 5})
    assert (count["lines"], count["counted"], count["differing"], count["difference"]) == (2, 2, 1, 3)
    given = {"warehouse_id": depot.warehouse_id, "product_ids": [depot.product_id]}
    busy = await keeper.request("POST", "warehouse", f"{BASE}/counts", given)
    assert refused(busy)[:2] == (409, "count_status_refused")
    # What moves between counting and posting stays.
    await depot.adjust("add", 2, "M")
    key = str(uuid4())
    answers = await asyncio.gather(*(_post(keeper, count, key) for _ in range(3)))
    assert [each.status_code for each in answers] == [200] * 3
    assert await depot.numbers("quantity") == {"M": 9, "L": 5}
    assert refused(await _post(keeper, count))[:2] == (409, "count_status_refused")
    found = await keeper.get("warehouse", f"{BASE}/discrepancies", product_id=depot.product_id)
    assert [(each["expected"], each["counted"], each["difference"]) for each in found["items"]] == [(10, 7, -3)]
    await depot.whole()


async def test_a_count_that_differs_much_is_posted_by_another_person(one_house: House) -> None:
    depot = await Depot.open(one_house, "M", M=40)
    keeper = await one_house.person(Role.OFFICE_STAFF, Scope.WAREHOUSE)
    count = await _count(depot, keeper, {"M": 19})
    assert refused(await _post(keeper, count))[:2] == (403, "count_needs_another_person")
    assert await depot.numbers("quantity") == {"M": 40}
    await depot.fulfil(new_session(), M=30)
    assert refused(await _post(depot.admin, count))[:2] == (409, "insufficient_stock")
    cancelled = await depot.admin.request(
        "POST", "warehouse", f"{BASE}/counts/{count['id']}/cancel", {"reason": "hitung ulang"}
    )
    assert cancelled.json()["status"] == "cancelled"
    again = await _count(depot, keeper, {"M": 65})
    assert (await _post(depot.admin, again)).json()["status"] == "posted"
    assert await depot.numbers("quantity") == {"M": 65}
    await depot.whole()


async def test_locations_the_audit_log_figures_and_files(one_house: House) -> None:
    depot = await Depot.open(one_house, "M", M=12)
    item = (await depot.shelf())["M"]
    path = f"{BASE}/inventory/{item['id']}"
    assert (await depot.admin.request("PATCH", "warehouse", path, {"location": "A-01"})).status_code == 200
    places = f"{BASE}/warehouses/{depot.warehouse_id}/locations"
    listed = (await depot.admin.get("warehouse", places))["items"]
    assert [(each["code"], each["stocks"], each["units"]) for each in listed] == [("A-01", 1, 12)]
    assert refused(await depot.admin.request("POST", "warehouse", places, {"code": "A-01"}))[:2] == (409, "conflict")
    await depot.admin.post("warehouse", places, {"code": "B-02"})
    closed = await depot.admin.request("PATCH", "warehouse", places, {"code": "B-02", "is_active": False})
    assert closed.json()["is_active"] is False
    into = await depot.admin.request("PATCH", "warehouse", path, {"location": "B-02"})
    assert refused(into) == (409, "location_closed", "location")
    log = await depot.admin.get("warehouse", f"{BASE}/audit-log", subject=depot.warehouse_id)
    assert [each["action"] for each in log["items"]] == ["location.changed", "location.opened", "warehouse.opened"]
    figures = await depot.admin.get("warehouse", f"{BASE}/statistics", warehouse_id=depot.warehouse_id)
    assert figures["stock"] == {
        "stocks": 1, "quantity": 12, "reserved": 0, "available": 12, "damaged": 0, "low": 0
    }  # fmt: skip
    own = await depot.owner.get("warehouse", f"{BASE}/statistics")
    assert (own["stock"], own["movements"], own["purchase_orders"]["orders"]) == (None, None, 0)
    for name in ("inventory", "movements", "purchase-orders", "discrepancies"):
        file = await depot.admin.request("GET", "warehouse", f"{BASE}/{name}.csv")
        assert (file.status_code, file.headers["content-type"].split(";")[0]) == (200, "text/csv")
    csv = await depot.admin.request("GET", "warehouse", f"{BASE}/inventory.csv", product_id=depot.product_id)
    assert [line.split(",")[4] for line in csv.text.splitlines()] == ["quantity", "12"]


async def test_the_desk_is_for_warehouse_staff(one_house: House) -> None:
    depot = await Depot.open(one_house)
    buyer = await one_house.person()
    for path in ("transfers", "counts", "discrepancies", "audit-log", f"warehouses/{depot.warehouse_id}/locations"):
        for person in (buyer, depot.owner):
            assert (await person.request("GET", "warehouse", f"{BASE}/{path}")).status_code == 403
        assert (await one_house.request("GET", "warehouse", f"{BASE}/{path}")).status_code == 401
    for path in ("transfers", "counts", f"counts/{uuid4()}/posting"):
        assert (await depot.owner.request("POST", "warehouse", f"{BASE}/{path}", {})).status_code == 403
    assert (await depot.admin.request("GET", "warehouse", f"{BASE}/counts/{uuid4()}")).status_code == 404
