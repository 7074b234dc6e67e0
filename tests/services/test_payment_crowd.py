"""Callbacks that arrive together: plain ones in one transaction, all others by themselves, none at the cost of another."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from patungan.contracts.payment import PaymentSummary
from patungan.kernel.errors import InternalError, Problem
from patungan.services.payment.operations import webhooks
from patungan.services.payment.rules import Outcome
from tests.house import House, Person
from tests.paying import Checkout, Till, invoice_callback

TOTAL = 4_335_000
FEE = 7_000


@pytest.fixture
async def buyer(one_house: House) -> Person:
    return await one_house.person()


@pytest.fixture
def till(one_house: House) -> Till:
    return Till(one_house)


async def arrive(house: House, *bodies: dict[str, Any]) -> list[Outcome | BaseException]:
    """All of these at the same moment; what came of each."""
    ctx = house.context("payment")
    token = house.environment["XENDIT_WEBHOOK_VERIFICATION_TOKEN"]
    calls = (webhooks.receive(ctx, token, None, None, msgspec.json.encode(body)) for body in bodies)
    return await asyncio.gather(*calls, return_exceptions=True)


class Crowd:
    """Opened payments of a session, and what the provider says of them."""

    def __init__(self, till: Till, owed: Sequence[PaymentSummary], invoices: Sequence[str]) -> None:
        self.till, self.owed, self.invoices = till, owed, invoices

    @classmethod
    async def of(cls, till: Till, buyer: Person, people: int) -> Crowd:
        owed = [await till.owe(buyer) for _ in range(people)]
        invoices = [str((await till.open(buyer, each.id))["id"]) for each in owed]
        return cls(till, owed, invoices)

    def says(self, place: int, status: str = "PAID", **other: Any) -> dict[str, Any]:
        told = {"invoice_id": self.invoices[place], "status": status, **other}
        return invoice_callback(self.owed[place].code, TOTAL, self.till.house.clock.now(), **told)

    async def statuses(self) -> list[str]:
        return [await self.till.status(each.id) for each in self.owed]

    async def transactions(self, kind: str) -> int:
        """In how many transactions the session's events of a kind were written."""
        query = "select count(distinct xid) from events where type = $1 and payload->>'session_id' = $2"
        return int(await self.till.value(query, kind, str(self.till.session_id)))


async def test_every_kind_at_once(till: Till, buyer: Person, one_house: House) -> None:
    crowd = await Crowd.of(till, buyer, 8)
    checkout = Checkout(one_house, buyer)
    order = await checkout.owe()
    order_invoice = (await checkout.till.open(buyer, order.id))["id"]
    now = one_house.clock.now()
    late = (now + timedelta(minutes=31)).isoformat().replace("+00:00", "Z")
    old = (now - timedelta(hours=26)).isoformat().replace("+00:00", "Z")
    bodies = [
        *(crowd.says(place, fees_paid_amount=FEE) for place in range(3)),
        crowd.says(0, fees_paid_amount=FEE),
        crowd.says(3, "EXPIRED"),
        crowd.says(4, paid_amount=TOTAL - 1),
        crowd.says(5, "EXPIRED"),
        crowd.says(5),
        crowd.says(6, updated=old),
        crowd.says(1, paid_amount=1, amount=1),
        invoice_callback("PAY-20200101-ZZZZZZ", 5_000, now, invoice_id=uuid4().hex),
        invoice_callback(order.code, 500_000, now, invoice_id=order_invoice),
        {"event": "something.new", "data": {}},
    ]
    came = await arrive(one_house, *bodies)
    assert came == [
        *("paid", "paid", "paid", "unchanged", "expired", "mismatch", "expired", "late", "stale", "conflict"),
        *("unknown", "paid", "unknown"),
    ]
    assert await crowd.statuses() == ["paid"] * 3 + ["expired", "pending", "expired", "pending", "pending"]
    one_house.later(minutes=32)
    assert await arrive(one_house, crowd.says(7, paid_at=late)) == ["late"]
    await till.becomes(crowd.owed[7].id, "expired")
    assert await till.balance() == 3 * TOTAL
    assert await checkout.held() == [329_000, 171_000]
    # One transaction for the three, and each of their fees once.
    assert await crowd.transactions("payment.paid") == 1
    for invoice_id in crowd.invoices[:3]:
        assert sorted(await till.entries(invoice_id)) == [("gateway_clearing", -FEE), ("gateway_expense", FEE)]
    assert Counter(refund["kind"] for refund in await till.refunds()) == {"late": 2}
    # The news of the two refunds may be on its way still.
    told = "select count(*) from webhook_events where outcome is null and received_at >= $1"

    async def worked_off() -> bool:
        return bool(await till.value(told, now) == 0)

    # What could not be read at once is taken up again by a timer.
    one_house.later(minutes=1)

    await one_house.eventually(worked_off)
    assert await arrive(one_house, *bodies[:3]) == ["unchanged"] * 3


async def test_what_somebody_holds_is_not_waited_for(till: Till, buyer: Person, one_house: House) -> None:
    crowd = await Crowd.of(till, buyer, 4)
    owner = await one_house.owner()
    try:
        async with owner.transaction():
            await owner.execute("select 1 from payment.payments where id = $1 for update", crowd.owed[0].id)
            waiting = asyncio.create_task(arrive(one_house, *(crowd.says(place) for place in range(4))))
            for place in (1, 2, 3):
                await till.becomes(crowd.owed[place].id, "paid")
            assert not waiting.done() and await till.status(crowd.owed[0].id) == "pending"
    finally:
        await owner.close()
    assert sorted(map(str, await waiting)) in (["paid"] * 4, ["paid"] * 3 + ["stored"])
    one_house.later(seconds=6)
    await till.becomes(crowd.owed[0].id, "paid")
    assert await till.balance() == 4 * TOTAL


_POISON = """
    create function payment.poison() returns trigger language plpgsql as $$
    begin
        if new.payment_id = '{}' then raise exception 'not this one'; end if;
        return new;
    end $$;
    create trigger poison before insert on payment.receipts for each row execute function payment.poison();
"""


async def test_one_that_cannot_be_processed_holds_up_no_other(till: Till, buyer: Person, one_house: House) -> None:
    crowd = await Crowd.of(till, buyer, 5)
    bad: UUID = crowd.owed[2].id
    owner = await one_house.owner()
    try:
        await owner.execute(_POISON.format(bad))
        came = await arrive(one_house, *(crowd.says(place) for place in range(5)))
        assert [each for each in came if not isinstance(each, BaseException)] == ["paid"] * 4
        assert isinstance(came[2], Exception) and not isinstance(came[2], Problem | InternalError)
        assert await crowd.statuses() == ["paid", "paid", "pending", "paid", "paid"]
    finally:
        await owner.execute("drop trigger poison on payment.receipts; drop function payment.poison()")
        await owner.close()
    one_house.later(minutes=2)
    await till.becomes(bad, "paid")
    assert await till.balance() == 5 * TOTAL


async def test_a_crowd_pays_while_its_session_closes(till: Till, buyer: Person, one_house: House) -> None:
    """Whoever is first: what the close counts is what the escrow holds, and all else goes back."""
    crowd = await Crowd.of(till, buyer, 12)
    for invoice_id in crowd.invoices:
        await till.pay({"id": invoice_id}, callback="hold")
    came, closed = await asyncio.gather(
        arrive(one_house, *(crowd.says(place) for place in range(12))), till.close(), return_exceptions=False
    )
    assert not [each for each in came if isinstance(each, BaseException)]
    paid = (await crowd.statuses()).count("paid")
    assert (closed.paid_count, closed.paid_amount) == (paid, paid * TOTAL)
    assert await till.balance() == paid * TOTAL
    assert len(await till.refunds()) == 12 - paid
