"""Many at once for the same stock: nothing is sold twice, ordered twice, booked twice or lost."""

from __future__ import annotations

import asyncio
import random
from uuid import UUID, uuid4

import pytest

from patungan.contracts import warehouse as contract
from tests.depot import ORDERS, Depot, new_session, refused
from tests.house import House


async def test_two_sessions_never_get_the_same_units(one_house: House) -> None:
    depot = await Depot.open(one_house, "M", M=30)
    sessions = [new_session() for _ in range(6)]
    replies = await asyncio.gather(*(depot.fulfil(session_id, M=11) for session_id in sessions))
    from_stock = sorted(depot.split(reply)["M"][0] for reply in replies)
    assert from_stock == [0, 0, 0, 8, 11, 11]
    assert sum(reply.has_stock for reply in replies) == 2
    shelf = (await depot.shelf())["M"]
    assert (shelf["quantity"], shelf["reserved"], shelf["waiting"]) == (30, 30, 36)
    codes = [reply.purchase_order_code for reply in replies if reply.purchase_order_code]
    assert len(set(codes)) == len(await depot.orders()) == 4
    await depot.whole()


async def test_one_session_many_times_at_once_makes_one_order(one_house: House) -> None:
    depot = await Depot.open(one_house, "S", "M", M=3)
    await depot.bundle(S=2, M=5)
    session_id = new_session()
    replies = await asyncio.gather(*(depot.fulfil(session_id, S=4, M=9) for _ in range(8)))
    assert len({reply.purchase_order_code for reply in replies}) == 1
    assert all(reply == replies[0] for reply in replies)
    (order,) = await depot.orders()
    assert depot.ordered(order) == {"S": 4, "M": 10}
    assert (len(await depot.events("stock.short")), len(await depot.events("po.status_changed"))) == (1, 1)
    await depot.whole()


async def test_a_demand_and_its_release_at_once_leave_nothing_held(one_house: House) -> None:
    depot = await Depot.open(one_house, "M", M=20)
    for _ in range(4):
        session_id = new_session()
        answers = await asyncio.gather(depot.fulfil(session_id, M=5), depot.release(session_id), return_exceptions=True)
        assert isinstance(answers[0], contract.Fulfilment | contract.DemandReleased)
        assert await depot.numbers("available") == {"M": 20}
    await depot.whole()


async def test_arrivals_at_once_never_exceed_the_order(one_house: House) -> None:
    depot = await Depot.open(one_house, "M")
    await depot.fulfil(new_session(), M=24)
    (order,) = await depot.orders()
    await depot.ship(order)
    answers = await asyncio.gather(*(depot.receive(order, M=(6, 1)) for _ in range(6)))
    codes = sorted("" if each.status_code == 201 else refused(each)[1] for each in answers)
    assert codes == ["", "", "", *["receipt_exceeds_order"] * 3]
    (stored,) = await depot.orders()
    assert (stored["received"], stored["damaged"], stored["status"]) == (18, 3, "shipped")
    assert await depot.numbers("quantity") == {"M": 18}
    await depot.whole()


async def test_an_arrival_sent_many_times_is_booked_once(one_house: House) -> None:
    depot = await Depot.open(one_house, "M")
    await depot.fulfil(new_session(), M=12)
    (order,) = await depot.orders()
    await depot.ship(order)
    key = str(uuid4())
    answers = await asyncio.gather(*(depot.book(order, {"M": 12}, key) for _ in range(5)))
    assert [each.status_code for each in answers] == [201] * 5
    assert await depot.numbers("quantity") == {"M": 12}
    assert len(await depot.events("stock.received")) == 1


async def test_two_arrivals_that_complete_a_session_announce_it_once(one_house: House) -> None:
    depot = await Depot.open(one_house, "M", "L")
    session_id = new_session()
    await depot.fulfil(session_id, M=12, L=12)
    (order,) = await depot.orders()
    await depot.ship(order)
    answers = await asyncio.gather(depot.receive(order, M=12), depot.receive(order, L=12))
    assert [each.status_code for each in answers] == [201, 201]
    assert [each["session_id"] for each in await depot.events("stock.received")] == [str(session_id)]
    (stored,) = await depot.orders()
    assert stored["status"] == "received"


async def test_an_order_moves_once_however_many_ask(one_house: House) -> None:
    depot = await Depot.open(one_house, "M")
    await depot.fulfil(new_session(), M=12)
    (order,) = await depot.orders()
    path = f"{ORDERS}/{order['id']}/status"
    answers = await asyncio.gather(
        *(depot.owner.request("POST", "warehouse", path, {"status": "confirmed"}) for _ in range(5))
    )
    assert sorted(each.status_code for each in answers) == [200, 409, 409, 409, 409]
    statuses = [each["status"] for each in await depot.events("po.status_changed")]
    assert statuses == ["pending", "confirmed"]


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_busy_day_leaves_the_stock_whole(one_house: House, seed: int) -> None:
    chance = random.Random(seed)
    depot = await Depot.open(one_house, "S", "M", "L", M=20, L=9)
    if seed == 2:
        await depot.bundle(S=2, M=5, L=4)
    sessions: list[UUID] = [new_session() for _ in range(6)]

    async def demand(session_id: UUID) -> None:
        units = {name: chance.randint(1, 15) for name in chance.sample(["S", "M", "L"], chance.randint(1, 3))}
        await depot.fulfil(session_id, **units)

    async def deliver() -> None:
        for order in await depot.orders():
            if order["status"] == "pending":
                await depot.owner.request(
                    "POST", "warehouse", f"{ORDERS}/{order['id']}/status", {"status": "confirmed"}
                )

    answers = await asyncio.gather(
        *(demand(session_id) for session_id in sessions),
        *(depot.adjust("remove", chance.randint(1, 5), name) for name in ("M", "L", "M")),
        *(depot.adjust("add", chance.randint(1, 9), name) for name in ("S", "M", "L")),
        depot.release(sessions[0]),
        deliver(),
        return_exceptions=True,
    )
    failures = [each for each in answers if isinstance(each, BaseException)]
    assert all(isinstance(each, contract.DemandReleased) for each in failures), failures
    await depot.whole()
    for _ in range(12):
        open_orders = [each for each in await depot.orders() if each["status"] not in ("received", "cancelled")]
        if not open_orders:
            break
        await asyncio.gather(*(_bring(depot, order, chance) for order in open_orders))
        await depot.whole()
    assert set((await depot.numbers("waiting")).values()) == {0}
    assert set((await depot.numbers("incoming")).values()) == {0}
    rows = await one_house.context("warehouse").db.fetch(
        "select status, count(*) as count from demands where product_id = $1 group by status", UUID(depot.product_id)
    )
    assert {row["status"] for row in rows} <= {"met", "released"}


async def _bring(depot: Depot, order: dict[str, object], chance: random.Random) -> None:
    """Ship an order and receive all of it, a part damaged at first and in two goes."""
    steps = ["pending", "confirmed", "in_production", "shipped"]
    for status in steps[steps.index(str(order["status"])) + 1 :]:
        await depot.owner.post("warehouse", f"{ORDERS}/{order['id']}/status", {"status": status})
    damaged = chance.random() < 0.4
    first = {name: units // 2 for name, units in depot.ordered(order).items() if units >= 2}
    rest = {name: units - first.get(name, 0) for name, units in depot.ordered(order).items()}
    if first:
        answer = await depot.receive(order, **{name: (units, 0) for name, units in first.items()})
        assert answer.status_code == 201, answer.text
    spoilt = {name: (0, units) if damaged else (units, 0) for name, units in rest.items()}
    answer = await depot.receive(order, **spoilt)
    assert answer.status_code == 201, answer.text


async def test_nothing_is_booked_on_an_order_once_it_is_cancelled(one_house: House) -> None:
    depot = await Depot.open(one_house, "M")
    for _ in range(4):
        session_id = new_session()
        # More than the earlier rounds can have left on the shelf, so that each round orders.
        await depot.fulfil(session_id, M=24)
        await depot.release(session_id)
        (order,) = [each for each in await depot.orders() if each["session_id"] == str(session_id)]
        await depot.ship(order)
        path = f"{ORDERS}/{order['id']}"
        received, cancelled = await asyncio.gather(
            depot.receive(order, M=5),
            depot.admin.request("POST", "warehouse", f"{path}/cancel", {"reason": "salah kirim"}),
        )
        assert cancelled.status_code == 200
        history = (await depot.admin.get("warehouse", path))["history"]
        assert history[-1]["action"] == "purchase_order.cancelled"
        if received.status_code != 201:
            assert refused(received)[1] == "purchase_order_status_refused"
    await depot.whole()
