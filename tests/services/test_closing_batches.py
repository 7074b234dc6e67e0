"""A session that closes in several batches ends as it would in one: exact to the rupiah, each step once."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from patungan.kernel.errors import Unavailable
from patungan.ledger import accounts
from patungan.ledger.posting import balance_of
from patungan.services.group_buying.operations import closing, ending
from patungan.services.payment.operations import sessions
from tests.books import assert_books_whole
from tests.house import House
from tests.market import Buyer, Market


@pytest.fixture
def pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of two, two at a time."""
    monkeypatch.setattr(closing, "BATCH", 2)
    monkeypatch.setattr(closing, "LANES", 2)
    monkeypatch.setattr(sessions, "BATCH", 2)


async def _market(house: House) -> Market:
    """Two variants: M at the product's price, XL 5,000 above it."""
    market = await Market.open(house, "M", "XL")
    path = f"/api/products/id/{market.product['id']}/variants/{market.variants['XL']}"
    changed = await market.owner.request("PATCH", "product", path, {"price_adjustment": 5_000})
    assert changed.status_code == 200, changed.text
    for variant in market.variants:
        await market.stock(200, variant)
    return market


async def _paid(market: Market, session: Any, wanted: list[tuple[Buyer, int, str]], **how: str) -> list[Any]:
    joined = [await buyer.join(session, quantity, market.variants[variant]) for buyer, quantity, variant in wanted]
    for (buyer, _, _), each in zip(wanted, joined, strict=True):
        await buyer.pay(each, **how)
    await market.paid_units(session, sum(quantity for _, quantity, _ in wanted))
    return joined


async def _counts(house: House, session: Any) -> list[int]:
    """Rows and events that a close leaves behind, counted."""
    owner = await house.owner()
    try:
        return [
            await owner.fetchval(query, session["id"])
            for query in (
                'select count(*) from "order".orders where session_id::text = $1',
                "select count(*) from \"order\".events where payload ->> 'session_id' = $1",
                (
                    'select count(*) from "order".order_items i join "order".orders o on o.id = i.order_id'
                    " where o.session_id::text = $1"
                ),
                (
                    "select count(*) from group_buying.events where type = 'participant.confirmed'"
                    " and payload ->> 'session_id' = $1"
                ),
                (
                    "select count(*) from wallet.wallet_transactions t join group_buying.participants p"
                    " on p.id = t.reference_id where p.session_id::text = $1"
                ),
                (
                    "select count(*) from ledger.transactions t join ledger.entries e on e.transaction_id = t.id"
                    " where t.kind = 'refund_issued' and t.reference = 'session/' || $1::text and e.amount < 0"
                ),
            )
        ]
    finally:
        await owner.close()


@pytest.mark.usefixtures("pairs")
async def test_five_participants_close_in_batches_of_two(one_house: House) -> None:
    market = await _market(one_house)
    session = await market.session()
    sari, budi, rina = [await market.buyer() for _ in range(3)]
    wanted = [(sari, 20, "M"), (budi, 15, "XL"), (sari, 10, "XL"), (rina, 26, "M"), (budi, 7, "M")]
    joined = await _paid(market, session, wanted)
    await market.end(session)
    done = await market.reaches(session, "orders_created", seconds=120)
    assert done["current_tier"] == 75  # 78 of 100 units, so 20,000 a unit goes back

    prices = {"M": 80_000, "XL": 85_000}
    for (buyer, quantity, variant), each in zip(wanted, joined, strict=True):
        own = await buyer.participation(each)
        assert (own["status"], own["cashback"]) == ("settled", quantity * 20_000)
        order = await buyer.person.get("order", f"/api/orders/number/{own['order_number']}")
        assert (order["quantity"], order["unit_price"]) == (quantity, prices[variant])
        assert order["total"] + quantity * 20_000 == each["total"]
    assert [await each.wallet() for each in (sari, budi, rina)] == [600_000, 440_000, 520_000]
    lines = (await sari.person.get("wallet", "/api/wallet/transactions"))["items"]
    assert lines[0]["balance_after"] == 600_000
    assert await _counts(one_house, session) == [5, 5, 5, 5, 5, 5]
    for account in (accounts.escrow, accounts.cashback_payable):
        assert await balance_of(one_house.context("payment").db, account(UUID(session["id"]))) == 0

    ctx, session_id = one_house.context("group-buying"), UUID(session["id"])
    after: UUID | None = closing.NIL
    steps = 0
    while after is not None:
        # Every step again, twice at once: it answers the same place and changes nothing.
        first, second = await asyncio.gather(*(closing.settle_batches(ctx, session_id, 75, after) for _ in range(2)))
        assert first == second
        after, steps = first, steps + 1
    assert steps == 2
    assert await _counts(one_house, session) == [5, 5, 5, 5, 5, 5]
    assert [await each.wallet() for each in (sari, budi, rina)] == [600_000, 440_000, 520_000]
    await assert_books_whole(one_house)


@pytest.mark.usefixtures("pairs")
async def test_an_order_service_that_was_away_leaves_nobody_twice_or_without(
    one_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step fails after the cashbacks are credited and before the orders are there, as often as it may."""
    market = await _market(one_house)
    session = await market.session()
    buyers = [await market.buyer() for _ in range(3)]
    await _paid(market, session, [(each, 10, "M") for each in buyers])
    away = 2
    create = closing._create_orders

    async def sometimes(ctx: Any, *args: Any) -> Any:
        nonlocal away
        if away:
            away -= 1
            await asyncio.sleep(0.2)
            raise Unavailable("The order service is away")
        return await create(ctx, *args)

    monkeypatch.setattr(closing, "_create_orders", sometimes)
    await market.end(session)
    await market.reaches(session, "orders_created", seconds=120)
    assert await _counts(one_house, session) == [3, 3, 3, 3, 0, 0]  # tier 25: nothing goes back
    assert away == 0
    await assert_books_whole(one_house)


@pytest.mark.usefixtures("pairs")
async def test_a_cancelled_session_goes_back_in_batches(one_house: House) -> None:
    market = await _market(one_house)
    session = await market.session()
    buyers = [await market.buyer() for _ in range(5)]
    cards = await _paid(market, session, [(each, 10, "M") for each in buyers[:3]])
    joined = [await each.join(session, 5, market.variants["XL"]) for each in buyers[3:]]
    await buyers[3].pay(joined[0], "BANK_TRANSFER", "BCA")
    await market.paid_units(session, 35)
    unpaid = [await each.join(session, 1, market.variants["M"]) for each in buyers[:3]]
    await buyers[0].open_invoice(unpaid[0])
    answer = await market.admin.request(
        "POST", "group-buying", f"/api/group-buying/{session['id']}/cancel", {"reason": "the factory burnt down"}
    )
    assert answer.status_code in (200, 202, 204), answer.text

    async def refunded() -> bool:
        own = [await buyer.participation(each) for buyer, each in zip(buyers, [*cards, joined[0]], strict=False)]
        return [each["status"] for each in own] == ["refunded"] * 4

    await one_house.eventually(refunded, seconds=120)
    await assert_books_whole(one_house)
    owner = await one_house.owner()
    try:
        rows = await owner.fetch(
            """
            select r.destination, r.status, r.amount, p.status as payment from payment.refunds r
            join payment.payments p on p.id = r.payment_id where p.session_id::text = $1 order by r.destination, r.amount
            """,
            session["id"],
        )
        ended = await owner.fetchval(
            "select count(*) from payment.payments where session_id::text = $1 and status = 'expired'", session["id"]
        )
    finally:
        await owner.close()
    assert [(row["destination"], row["status"], row["payment"]) for row in rows] == [
        *[("source", "completed", "refunded")] * 3,
        ("wallet", "completed", "refunded"),
    ]
    assert sum(row["amount"] for row in rows) == sum(each["total"] for each in [*cards, joined[0]])
    assert await buyers[3].wallet() == joined[0]["total"]
    assert ended == 4
    ctx, after = one_house.context("group-buying"), None
    for _ in range(3):
        after = await ending.refund_batch(ctx, UUID(session["id"]), after)
    assert after is None
    await assert_books_whole(one_house)


@pytest.mark.usefixtures("pairs")
async def test_a_session_that_nobody_paid_lets_everybody_go_in_batches(one_house: House) -> None:
    market = await _market(one_house)
    session = await market.session()
    buyers = [await market.buyer() for _ in range(5)]
    held = [await each.join(session, 2, market.variants["M"]) for each in buyers]
    await buyers[4].open_invoice(held[4])
    await market.end(session)
    failed = await market.reaches(session, "failed", seconds=120)
    assert (failed["paid_quantity"], failed["held_quantity"]) == (0, 0)
    for buyer, each in zip(buyers, held, strict=True):
        assert (await buyer.participation(each))["status"] == "released"
        payment = await buyer.person.get("payment", f"/api/payments/{each['payment']['id']}")
        assert payment["status"] == "expired"
    await assert_books_whole(one_house)
