"""A store's own stock: booked by its owner, promised to orders, sold, given back; and never oversold."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from patungan.contracts import seller as contract
from tests.depot import refused
from tests.house import House
from tests.shop import published_product, selling_factory
from tests.stall import INVENTORY, Stall, registered_store


@pytest.fixture(scope="module")
async def goods(one_house: House) -> Any:
    owner, factory = await selling_factory(one_house)
    return await published_product(one_house, owner, factory["id"], variants=[])


@pytest.fixture(scope="module")
async def sized(one_house: House) -> Any:
    owner, factory = await selling_factory(one_house)
    return await published_product(one_house, owner, factory["id"], variants=[{"name": "S"}, {"name": "L"}])


async def test_stock_and_its_movements(one_house: House, goods: Any) -> None:
    stall = await Stall.open(one_house)
    item = await stall.sells(goods, 120_000, 12)
    path = f"{INVENTORY}/{item['id']}/movements"
    for kind, quantity in (("purchase", 8), ("damaged", 2), ("lost", 1), ("return", 1), ("adjustment", -3)):
        await stall.owner.post("seller", path, {"type": kind, "quantity": quantity, "reason": "hitung ulang"})
    first, second = stall.hold(goods, 5), stall.hold(goods, 3)
    assert await stall.reserve(first, second) == [True, True]
    assert await stall.reserve(first) == [True]
    assert (await stall.sell(first.order_id)).sold == [first.order_id]
    assert (await stall.sell(first.order_id)).sold == [first.order_id]
    await stall.give_back(second.order_id)
    await stall.give_back(first.order_id, second.order_id)
    assert await stall.movements(item) == [
        ("purchase", 12, 12, 0), ("purchase", 8, 20, 0), ("damaged", 2, 18, 0), ("lost", 1, 17, 0),
        ("return", 1, 18, 0), ("adjustment", 3, 15, 0), ("reserved", 5, 15, 5), ("reserved", 3, 15, 8),
        ("sale", 5, 10, 3), ("released", 3, 10, 0), ("return", 5, 15, 0),
    ]  # fmt: skip
    assert (await stall.item(item))["variants"][0]["available"] == 15
    with pytest.raises(asyncpg.RestrictViolationError):
        await one_house.context("seller").db.execute("update stock_movements set units = 1")


async def test_what_has_ended_stays_ended(one_house: House, goods: Any) -> None:
    stall = await Stall.open(one_house)
    item = await stall.sells(goods, 120_000, 5)
    early = stall.hold(goods, 1)
    await stall.give_back(early.order_id)
    assert await stall.reserve(early) == [False]
    assert (await stall.sell(early.order_id, uuid4())).sold == []
    late = stall.hold(goods, 2, minutes=5)
    assert await stall.reserve(late) == [True]
    one_house.later(minutes=6)

    async def released() -> bool:
        return bool((await stall.item(item))["variants"][0]["reserved"] == 0)

    await one_house.eventually(released, seconds=40)
    assert (await stall.sell(late.order_id)).missing == [late.order_id]


async def test_prices_threshold_and_withdrawal(one_house: House, sized: Any) -> None:
    stall = await Stall.open(one_house)
    item = await stall.sells(sized, 120_000, {"S": 30, "L": 11})
    names = {each["variant_name"]: each["variant_id"] for each in item["variants"]}
    assert (item["low_stock_threshold"], item["low"]) == (10, False)
    change = {"price": 110_000, "variants": [{"variant_id": names["L"], "price_adjustment": 5_000}]}
    answer = await stall.owner.request("PATCH", "seller", f"{INVENTORY}/{item['id']}", change)
    assert answer.status_code == 200, answer.text
    found = await one_house.context("order").call(
        contract.get_offers, contract.GetOffers(product_ids=[UUID(sized["id"])])
    )
    mine = [each for each in found.offers if each.seller_id == stall.id]
    assert [(each.price, each.available) for each in mine] == [(110_000, 30), (115_000, 11)]
    free = await one_house.request("GET", "seller", f"/api/sellers/{stall.id}/offers")
    assert (free.json()["total"], {each["price"] for each in free.json()["items"]}) == (2, {110_000, 115_000})
    body = {"type": "damaged", "quantity": 1, "reason": "sobek", "variant_id": names["L"]}
    booked = await stall.owner.post("seller", f"{INVENTORY}/{item['id']}/movements", body, key="once")
    assert await stall.owner.post("seller", f"{INVENTORY}/{item['id']}/movements", body, key="once") == booked
    assert (await stall.owner.get("seller", f"{INVENTORY}/low-stock"))["total"] == 1

    async def told() -> bool:
        rows = await one_house.context("notification").db.fetch(
            "select id from notifications where user_id = $1 and type = 'stock_low'", stall.owner.id
        )
        return len(rows) == 1

    await one_house.eventually(told, seconds=30)
    gone = await stall.owner.request("DELETE", "seller", f"{INVENTORY}/{item['id']}")
    assert gone.status_code == 204
    assert (await one_house.request("GET", "seller", f"/api/sellers/{stall.id}/offers")).json()["total"] == 0


async def test_bad_input_changes_nothing(one_house: House, goods: Any, sized: Any) -> None:
    stall = await Stall.open(one_house)
    item = await stall.sells(goods, 120_000, 5)
    add = {"product_id": sized["id"], "price": 1000, "variants": [{"variant_id": str(uuid4())}]}
    small = {"variants": [{"variant_id": sized["variants"][0]["id"], "price_adjustment": -1000}]}
    for body, code in (
        (add, "variant_not_found"),
        ({**add, "variants": []}, "invalid_input"),
        ({**add, **small}, "invalid_input"),
        ({**add, "price": 0}, "invalid_input"),
        ({**add, "product_id": str(uuid4())}, "product_not_found"),
        ({"product_id": goods["id"], "price": 1, "variants": [{}]}, "seller_item_exists"),
    ):
        assert (await stall.owner.request("POST", "seller", INVENTORY, body)).json()["code"] == code
    path = f"{INVENTORY}/{item['id']}"
    for body, code in (
        ({"type": "sale", "quantity": 1, "reason": "jual"}, "invalid_input"),
        ({"type": "purchase", "quantity": -1, "reason": "beli"}, "invalid_input"),
        ({"type": "adjustment", "quantity": 0, "reason": "nol"}, "invalid_input"),
        ({"type": "lost", "quantity": 6, "reason": "hilang"}, "seller_stock_refused"),
        ({"type": "lost", "quantity": 1, "reason": "hilang", "variant_id": str(uuid4())}, "variant_not_found"),
    ):
        assert (await stall.owner.request("POST", "seller", f"{path}/movements", body)).json()["code"] == code
    assert (await stall.item(item))["variants"][0]["stock"] == 5
    stranger = await Stall.open(one_house)
    for method, change in (("GET", None), ("PATCH", {"price": 1}), ("DELETE", None)):
        assert refused(await stranger.owner.request(method, "seller", path, change))[:2] == (
            404,
            "seller_item_not_found",
        )
    assert (await (await one_house.person()).request("GET", "seller", INVENTORY)).status_code == 403
    hold = stall.hold(goods, 1)
    await stall.reserve(hold)
    assert (await stall.owner.request("DELETE", "seller", path)).status_code == 409
    new = await one_house.person()
    await registered_store(new)
    assert refused(await new.request("POST", "seller", INVENTORY, add))[:2] == (409, "seller_not_active")


async def test_five_hundred_for_the_last_hundred(one_house: House, goods: Any) -> None:
    stall = await Stall.open(one_house)
    item = await stall.sells(goods, 120_000, 100)
    holds = [stall.hold(goods, 1) for _ in range(500)]
    batches = [holds[n : n + 25] for n in range(0, 500, 25)]
    answers = await asyncio.gather(*(stall.reserve(*batch) for batch in batches))
    got = [
        hold for batch, given in zip(batches, answers, strict=True) for hold, ok in zip(batch, given, strict=True) if ok
    ]
    assert len(got) == 100
    sold = await asyncio.gather(*(stall.sell(*[each.order_id for each in got[n : n + 20]]) for n in range(0, 100, 20)))
    assert sum(len(each.sold) for each in sold) == 100
    row = (await stall.item(item))["variants"][0]
    assert (row["stock"], row["reserved"]) == (0, 0)
