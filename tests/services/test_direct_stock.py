"""Stock of direct orders: held whole or not at all, sold once, given back in time, and never oversold by a crowd."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patungan.contracts import warehouse as contract
from patungan.kernel.errors import InvalidInput
from patungan.services.warehouse.rules import Wish, grant_wishes
from tests.depot import NO_VARIANT, Depot, new_session
from tests.house import House


def line(depot: Depot, quantity: int, name: str = NO_VARIANT) -> contract.StockLine:
    variant_id = depot.variants[name]
    return contract.StockLine(
        warehouse_id=UUID(depot.warehouse_id),
        product_id=UUID(depot.product_id),
        variant_id=UUID(variant_id) if variant_id else None,
        quantity=quantity,
    )


def order(depot: Depot, *lines: contract.StockLine, order_id: UUID | None = None) -> contract.StockOrder:
    return contract.StockOrder(
        order_id=order_id or uuid4(), lines=list(lines), expires_at=depot.house.clock.now() + timedelta(hours=24)
    )


async def reserve(depot: Depot, *orders: contract.StockOrder) -> list[contract.ReservedOrder]:
    reply = await depot.house.context("order").call(contract.reserve_stock, contract.ReserveStock(orders=list(orders)))
    return reply.orders


async def end(depot: Depot, operation: Any, *orders: contract.StockOrder) -> None:
    ids = [each.order_id for each in orders]
    request = operation.request(order_ids=ids, **({"reason": "batal"} if operation is contract.release_stock else {}))
    await depot.house.context("order").call(operation, request)


async def figures(depot: Depot, name: str = NO_VARIANT) -> tuple[int, int, int, int]:
    row = (await depot.shelf())[name]
    return row["quantity"], row["reserved"], row["available"], row["damaged"]


async def test_an_order_is_held_sold_and_comes_back(one_house: House) -> None:
    depot = await Depot.open(one_house, "M", "L", M=10, L=4)
    wanted = order(depot, line(depot, 3, "M"), line(depot, 4, "L"))
    assert [each.status for each in await reserve(depot, wanted)] == ["held"]
    assert [each.status for each in await reserve(depot, wanted, wanted)] == ["held", "held"]
    assert (await figures(depot, "M"), await figures(depot, "L")) == ((10, 3, 7, 0), (4, 4, 0, 0))
    await end(depot, contract.consume_stock, wanted)
    await end(depot, contract.consume_stock, wanted)
    await end(depot, contract.release_stock, wanted)
    assert (await figures(depot, "M"), await figures(depot, "L")) == ((7, 0, 7, 0), (0, 0, 0, 0))
    assert [each.status for each in await reserve(depot, wanted)] == ["sold"]
    back = contract.ReturnStock(
        return_id=uuid4(),
        order_id=wanted.order_id,
        lines=[
            contract.ReturnedLine(
                warehouse_id=UUID(depot.warehouse_id),
                product_id=UUID(depot.product_id),
                variant_id=UUID(str(depot.variants["M"])),
                sound=1,
                damaged=1,
            )
        ],
        reason="kekecilan",
    )
    for _ in range(2):
        await one_house.context("order").call(contract.return_stock, back)
    assert await figures(depot, "M") == (8, 0, 8, 1)
    with pytest.raises(contract.ReturnExceedsSale):
        again = contract.ReturnStock(return_id=uuid4(), order_id=back.order_id, lines=back.lines, reason="lagi")
        await one_house.context("order").call(contract.return_stock, again)
    kinds = [(each["type"], each["units"]) for each in await depot.movements() if each["order_id"]]
    assert kinds == [("reserved", 3), ("reserved", 4), ("sale", 3), ("sale", 4), ("return", 2)] or sorted(kinds) == [
        ("reserved", 3), ("reserved", 4), ("return", 2), ("sale", 3), ("sale", 4)
    ]  # fmt: skip
    await depot.whole()


async def test_an_order_is_short_of_everything_or_nothing(one_house: House) -> None:
    depot = await Depot.open(one_house, "M", "L", M=10, L=4)
    wanted = order(depot, line(depot, 3, "M"), line(depot, 5, "L"))
    (answer,) = await reserve(depot, wanted)
    assert (answer.status, [(each.wanted, each.available) for each in answer.short]) == ("short", [(5, 4)])
    assert await depot.numbers("reserved") == {"M": 0, "L": 0}
    await depot.adjust("add", 1, "L")
    assert [each.status for each in await reserve(depot, wanted)] == ["held"]
    other = order(depot, line(depot, 2, "M"), order_id=wanted.order_id)
    with pytest.raises(contract.OrderStockDiffers):
        await reserve(depot, other)
    closed = await depot.admin.request(
        "PATCH", "warehouse", f"/api/warehouse/warehouses/{depot.warehouse_id}", {"is_active": False}
    )
    assert closed.status_code == 200
    assert [each.status for each in await reserve(depot, order(depot, line(depot, 1, "M")))] == ["short"]
    await depot.whole()


@pytest.mark.parametrize("quantities", [(), (0,), (-1,), (1, 1)])
async def test_orders_that_are_refused(one_house: House, quantities: tuple[int, ...]) -> None:
    depot = await Depot.open(one_house)
    with pytest.raises(InvalidInput):
        await reserve(depot, order(depot, *(line(depot, each) for each in quantities)))
    with pytest.raises(contract.OrderStockNotHeld):
        await end(depot, contract.consume_stock, order(depot, line(depot, 1)))


async def test_a_release_may_come_first_and_what_is_released_goes_to_who_waits(one_house: House) -> None:
    depot = await Depot.open(one_house, "M", M=10)
    early = order(depot, line(depot, 2, "M"))
    await end(depot, contract.release_stock, early)
    assert [each.status for each in await reserve(depot, early)] == ["released"]
    held = order(depot, line(depot, 10, "M"))
    await reserve(depot, held)
    session_id = new_session()
    assert (await depot.fulfil(session_id, M=6)).has_stock is False
    await end(depot, contract.release_stock, held)
    assert await figures(depot, "M") == (10, 6, 4, 0)
    assert [each["session_id"] for each in await depot.events("stock.received")] == [str(session_id)]
    with pytest.raises(contract.OrderStockNotHeld):
        await end(depot, contract.consume_stock, held)
    await depot.whole()


async def test_unpaid_orders_lapse_in_time(one_house: House) -> None:
    depot = await Depot.open(one_house, "M", M=5)
    unpaid, paid = order(depot, line(depot, 2, "M")), order(depot, line(depot, 1, "M"))
    await reserve(depot, unpaid, paid)
    await end(depot, contract.consume_stock, paid)
    one_house.later(hours=25)

    async def free() -> bool:
        return await figures(depot, "M") == (4, 0, 4, 0)

    await one_house.eventually(free, seconds=30)
    assert [each.status for each in await reserve(depot, unpaid, paid)] == ["released", "sold"]
    await depot.whole()


async def test_500_buyers_race_for_100_units(one_house: House) -> None:
    depot = await Depot.open(one_house, "M", M=100)
    wanted = [order(depot, line(depot, 1, "M")) for _ in range(500)]
    answers = [each for reply in await asyncio.gather(*(reserve(depot, one) for one in wanted)) for each in reply]
    statuses = [each.status for each in answers]
    assert (statuses.count("held"), statuses.count("short")) == (100, 400)
    won = [each for each, status in zip(wanted, statuses, strict=True) if status == "held"]
    await asyncio.gather(
        *(end(depot, contract.consume_stock, each) for each in won[:60]),
        *(end(depot, contract.release_stock, each) for each in won[60:]),
        *(reserve(depot, each) for each in wanted[:50]),
    )
    quantity, reserved, _available, _damaged = await figures(depot, "M")
    sold = [each for each in (await _all_movements(depot)) if each["type"] == "sale"]
    assert (quantity, len(sold)) == (40, 60)
    assert 0 <= reserved <= 40
    await depot.whole()


async def _all_movements(depot: Depot) -> list[Any]:
    rows = await depot.house.context("warehouse").db.fetch(
        "select type, quantity_after, reserved_after from stock_movements join inventory on inventory.id = inventory_id"
        " where product_id = $1",
        UUID(depot.product_id),
    )
    return [dict(row) for row in rows]


async def test_baskets_of_many_stocks_cross_without_a_deadlock(one_house: House) -> None:
    first, second = await Depot.open(one_house, "S", "M", S=30, M=30), await Depot.open(one_house, "L", L=30)
    stocks = [(first, "S"), (second, "L"), (first, "M")]
    baskets = []
    for number in range(90):
        turned = stocks[number % 3 :] + stocks[: number % 3]
        baskets.append(order(first, *(line(depot, 1, name) for depot, name in turned[:2])))
    answers = await asyncio.gather(
        *(reserve(first, each) for each in baskets),
        *(first.fulfil(new_session(), M=1, S=1) for _ in range(4)),
        *(second.adjust("add", 1, "L") for _ in range(4)),
    )
    held = [each.status for reply in answers[:90] if isinstance(reply, list) for each in reply].count("held")
    assert 0 < held <= 45
    for depot in (first, second):
        await depot.whole()


async def test_what_is_free_can_be_bought_at_once(one_house: House) -> None:
    depot = await Depot.open(one_house, "M", "L", M=7)
    await reserve(depot, order(depot, line(depot, 2, "M")))
    reply = await one_house.context("order").call(
        contract.get_direct_stock, contract.GetDirectStock(product_ids=[UUID(depot.product_id), uuid4()])
    )
    assert [(str(each.variant_id), each.available, each.clearance_percent) for each in reply.items] == [
        (depot.variants["M"], 5, 0)
    ]
    shown = await one_house.request("GET", "warehouse", "/api/warehouse/direct-stock", product_id=depot.product_id)
    assert [each["available"] for each in shown.json()["items"]] == [5]


KEYS: list[tuple[UUID, UUID, UUID | None]] = [(UUID(int=1), UUID(int=1), UUID(int=number)) for number in range(3)]


@given(
    st.lists(st.integers(0, 9), min_size=3, max_size=3),
    st.lists(st.dictionaries(st.sampled_from(KEYS), st.integers(1, 5), min_size=1), max_size=12),
)
def test_wishes_are_granted_in_turn_and_never_beyond_what_is_there(
    free: list[int], wanted: list[dict[tuple[UUID, UUID, UUID | None], int]]
) -> None:
    stock = dict(zip(KEYS, free, strict=True))
    decided = grant_wishes(stock, [Wish(UUID(int=number), each) for number, each in enumerate(wanted)])
    left = dict(stock)
    for number, each in enumerate(wanted):
        fits = all(units <= left[key] for key, units in each.items())
        assert fits == (not decided[UUID(int=number)])
        if fits:
            left = {key: left[key] - each.get(key, 0) for key in left}
    assert all(units >= 0 for units in left.values())
