"""Five hundred buyers at once for the last hundred units, of a warehouse's surplus and of a seller's stock: a hundred are sold."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.bazaar import OWN, SURPLUS, Bazaar
from tests.books import assert_books_whole
from tests.house import House
from tests.market import HOME, Buyer

BUYERS, UNITS, CLIENTS = 500, 100, 25


async def crowd(house: House) -> list[Buyer]:
    """As many people with an address each."""
    few = asyncio.Semaphore(20)

    async def one() -> Buyer:
        async with few:
            person = await house.person()
            return Buyer(person, (await person.post("address", "/api/addresses", HOME))["id"])

    return list(await asyncio.gather(*(one() for _ in range(BUYERS))))


@pytest.fixture(scope="module")
async def buyers(one_house: House) -> list[Buyer]:
    return await crowd(one_house)


class Rush:
    """Checkouts that are all on their way at once, each on a connection of its own."""

    def __init__(self, house: House) -> None:
        self.house, self.under_way, self.most = house, 0, 0

    async def check_out(
        self, buyers: list[Buyer], line: dict[str, Any], couriers: dict[str, str]
    ) -> list[httpx.Response]:
        # Of many clients, since one looks through all of its connections with every answer.
        share = httpx.Limits(max_connections=len(buyers) // CLIENTS + 1)
        async with contextlib.AsyncExitStack() as stack:
            clients = [
                await stack.enter_async_context(httpx.AsyncClient(timeout=120, limits=share, verify=False))
                for _ in range(CLIENTS)
            ]
            asked = (self._one(clients[n % CLIENTS], each, line, couriers) for n, each in enumerate(buyers))
            return list(await asyncio.gather(*asked))

    async def _one(
        self, client: httpx.AsyncClient, buyer: Buyer, line: dict[str, Any], couriers: dict[str, str]
    ) -> httpx.Response:
        token = self.house.token(buyer.person.caller)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            return await client.post(
                self.house.url("order", "/api/orders"),
                json={"lines": [line], "address_id": buyer.address_id, "couriers": couriers},
                headers={"Authorization": f"Bearer {token}", "Idempotency-Key": f"{line['product_id']}-{buyer.id}"},
            )
        finally:
            self.under_way -= 1


async def counts(house: House, product_id: str, people: list[UUID]) -> tuple[dict[str, int], dict[str, int], int]:
    """The product's orders by their status, these people's payments for it by theirs, and what was paid in all."""
    owner = await house.owner()
    try:
        orders = await owner.fetch(
            'select o.id, o.status from "order".orders o where exists ('
            'select from "order".order_items i where i.order_id = o.id and i.product_id = $1)',
            UUID(product_id),
        )
        payments = await owner.fetch(
            "select p.status, p.total from payment.payments p where p.user_id = any($1) and exists ("
            "select from payment.payment_orders a where a.payment_id = p.id and a.order_id = any($2))",
            people,
            [each["id"] for each in orders],
        )
    finally:
        await owner.close()
    paid = sum(each["total"] for each in payments if each["status"] == "paid")
    return Counter(each["status"] for each in orders), Counter(each["status"] for each in payments), paid


@pytest.mark.parametrize("own", [False, True], ids=["surplus", "seller"])
async def test_five_hundred_for_the_last_hundred(one_house: House, buyers: list[Buyer], own: bool) -> None:
    house = one_house
    bazaar = await Bazaar.open(house, UNITS, UNITS)
    line = bazaar.line(1, own=own)
    couriers = await bazaar.couriers(buyers[0], line)
    await buyers[0].person.request("DELETE", "order", "/api/orders/cart")
    rush = Rush(house)
    answers = await rush.check_out(buyers, line, couriers)
    assert rush.most == BUYERS
    assert Counter(each.status_code for each in answers) == {201: UNITS, 409: BUYERS - UNITS}
    refusals = {each.json()["code"] for each in answers if each.status_code == 409}
    assert refusals <= {"not_enough_stock", "not_on_offer"}
    assert await bazaar.stocks() == (((100, 0), (100, 100)) if own else ((100, 100), (100, 0)))
    people = [each.id for each in buyers]
    assert (await counts(house, bazaar.product["id"], people))[:2] == (
        {"pending_payment": UNITS}, {"pending": UNITS},
    )  # fmt: skip

    got = [(buyer, each.json()) for buyer, each in zip(buyers, answers, strict=True) if each.status_code == 201]
    few = asyncio.Semaphore(10)

    async def pay(buyer: Buyer, made: Any) -> None:
        async with few:
            await bazaar.pay(buyer, made)

    await asyncio.gather(*(pay(*each) for each in got))
    total = sum(made["total"] for _, made in got)
    (shipping,) = {each["shipping_cost"] for _, made in got for each in made["orders"]}
    price = OWN if own else SURPLUS
    assert total == UNITS * (price + price * 3 // 100 + shipping)

    async def sold() -> bool:
        found = await counts(house, bazaar.product["id"], people)
        return found == ({"processing": UNITS}, {"paid": UNITS}, total)

    await house.eventually(sold, seconds=120)
    await bazaar.stocks_become(*(((100, 0), (0, 0)) if own else ((0, 0), (100, 0))))
    again = await rush.check_out(buyers, line, couriers)
    assert Counter(each.status_code for each in again) == {201: UNITS, 409: BUYERS - UNITS}
    assert {each.json()["id"] for each in again if each.status_code == 201} == {made["id"] for _, made in got}
    assert (await counts(house, bazaar.product["id"], people))[0] == {"processing": UNITS}
    await assert_books_whole(house)
