"""Goods of a session that will not come: the last to have joined are paid back, the others get theirs, and the books are whole."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from patungan.contracts import payment, warehouse
from patungan.kernel.errors import Conflict
from patungan.ledger import accounts
from patungan.ledger.posting import balance_of
from patungan.services.group_buying.rules import Taken, go_without
from tests.books import assert_books_whole
from tests.depot import Depot, new_session
from tests.house import House
from tests.maker import ORDERS, Maker
from tests.market import Market
from tests.payday import Payday, clerk

CLOSE = {"missing": "cancel", "reason": "Pabrik tutup"}


async def test_the_last_to_join_go_without(one_house: House) -> None:
    house, market = one_house, await Market.open(one_house)
    maker = Maker(market)
    await market.stock(3)
    session = await market.session(target_moq=10)
    buyers = [await market.buyer() for _ in range(3)]
    joined = []
    for buyer, units in zip(buyers, (6, 4, 2), strict=True):
        joined.append(await buyer.join(session, units))
        await buyer.pay(joined[-1], "BANK_TRANSFER", "BCA")
        house.later(minutes=1)
    await market.paid_units(session, 12)
    await market.end(session)
    await market.reaches(session, "pending_stock", seconds=60)
    order = await maker.newest(1)
    await maker.confirm(order)
    await maker.ship(order)
    await maker.receive(order, 5)
    # Nine were to be bought and five came: of the last two, who take six, one could have been served in part.
    await market.admin.post("warehouse", f"{ORDERS}/{order['id']}/close", CLOSE)
    done = await market.reaches(session, "orders_created", seconds=60)
    assert (done["current_tier"], done["paid_quantity"]) == (100, 12)
    stock = await maker.stock()
    assert (stock["quantity"], stock["reserved"], stock["available"], stock["waiting"]) == (8, 6, 2, 0)

    async def paid_back() -> bool:
        return [await buyer.wallet() for buyer in buyers] == [6 * 30_000, joined[1]["total"], joined[2]["total"]]

    await house.eventually(paid_back, seconds=60)
    states = [(await buyer.participation(each))["status"] for buyer, each in zip(buyers, joined, strict=True)]
    assert states == ["settled", "refunded", "refunded"]
    orders = [(await buyer.person.get("order", "/api/orders"))["total"] for buyer in buyers]
    payments = [(await buyer.person.get("payment", "/api/payments"))["items"][0] for buyer in buyers]
    assert (orders, [each["status"] for each in payments]) == ([1, 0, 0], ["paid", "refunded", "refunded"])
    ledger = house.context("payment").db
    assert await balance_of(ledger, accounts.escrow(UUID(session["id"]))) == 0
    payday = Payday(house, market.owner, {"id": market.product["factory_id"]}, await clerk(house))
    await payday.has_lines("surplus")
    # Three of the six that were sold were made new, and two came beyond them.
    assert await payday.balance() == 3 * 70_000 * 9 // 10 + 2 * 70_000
    await assert_books_whole(house)

    late = payment.RefundParticipants(
        session_id=UUID(session["id"]), participant_ids=[UUID(joined[0]["participant_id"])], reason="out_of_stock"
    )
    try:
        await house.context("group-buying").call(payment.refund_participants, late)
    except Conflict:
        return
    raise AssertionError("a released escrow was refunded")


async def test_where_nobody_would_be_left_the_session_is_cancelled(one_house: House) -> None:
    market = await Market.open(one_house)
    maker = Maker(market)
    session = await market.session(target_moq=10)
    buyer = await market.buyer()
    joined = await buyer.join(session, 10)
    await buyer.pay(joined, "BANK_TRANSFER", "BCA")
    await market.paid_units(session, 10)
    await market.end(session)
    await market.reaches(session, "pending_stock", seconds=60)
    order = await maker.newest(1)
    await maker.confirm(order)
    await maker.ship(order)
    await maker.receive(order, 4)
    await market.admin.post("warehouse", f"{ORDERS}/{order['id']}/close", CLOSE)
    await market.reaches(session, "cancelled", seconds=60)

    async def paid_back() -> bool:
        return bool(await buyer.wallet() == joined["total"])

    await one_house.eventually(paid_back, seconds=60)

    async def given_back() -> bool:
        stock = await maker.stock()
        return (stock["quantity"], stock["available"], stock["waiting"]) == (4, 4, 0)

    await one_house.eventually(given_back, seconds=60)
    await assert_books_whole(one_house)


async def test_a_demand_is_lowered_once_and_feeds_who_waits(one_house: House) -> None:
    depot = await Depot.open(one_house, "M", "L", M=8, L=0)
    first, second = new_session(), new_session()
    await depot.fulfil(first, M=10, L=4)
    await depot.fulfil(second, M=3)

    async def lower(**units: int) -> None:
        lines = [
            warehouse.DemandedUnits(variant_id=UUID(str(depot.variants[name])), quantity=count)
            for name, count in units.items()
        ]
        request = warehouse.LowerDemand(session_id=first, lines=lines)
        await one_house.context("group-buying").call(warehouse.lower_demand, request)

    await lower(M=10, L=4)
    assert await depot.events("stock.received") == []
    await lower(M=12, L=1)
    assert await depot.numbers("waiting") == {"M": 5, "L": 1}
    for _ in range(2):
        await lower(M=6)
        # Six of the eight stay with the first, and the other two go to who waits.
        assert await depot.numbers("reserved") == {"M": 8, "L": 0}
        assert await depot.numbers("waiting") == {"M": 1, "L": 0}
        assert [each["session_id"] for each in await depot.events("stock.received")] == [str(first)]
    await lower(M=1)
    assert await depot.numbers("reserved") == {"M": 8, "L": 0}, "a demand that is met stays as it is"
    await depot.whole()


PEOPLE = st.lists(
    st.builds(Taken, st.uuids(), st.sampled_from([None, UUID(int=1), UUID(int=2)]), st.integers(1, 9)), max_size=12
)


@given(PEOPLE, st.dictionaries(st.sampled_from([None, UUID(int=1), UUID(int=2)]), st.integers(1, 30)))
def test_enough_go_without_and_no_more_than_needed(people: list[Taken], short: dict[UUID | None, int]) -> None:
    chosen = set(go_without(short, people))
    for variant in {each.variant_id for each in people}:
        own = [each for each in people if each.variant_id == variant]
        out = [each for each in own if each.id in chosen]
        assert own[len(own) - len(out) :] == out, "the last to have joined"
        wanted = min(short.get(variant, 0), sum(each.quantity for each in own))
        assert sum(each.quantity for each in out) >= wanted
        assert sum(each.quantity for each in out[1:]) < max(1, wanted)
