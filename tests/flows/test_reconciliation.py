"""The provider's list against our books, in every shape: payments, refunds, and payouts of withdrawals and of settlements,
each missing here, missing there, shown twice and with another amount; every one is found, and our books stay whole."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.books import assert_books_whole
from tests.house import House, Person
from tests.payday import Payday, clerk
from tests.paying import Checkout, Desk
from tests.purse import becomes, faults, payouts, run_batch, withdraw

ORDER = {"product_amount": 80_000, "shipping_amount": 15_000, "fee_amount": 5_000}
TOTAL = 100_000
WITHDRAWN = TOTAL + 2_500
"""With the fee of a withdrawal."""
FOUND = {"lose": "missing_there", "double": "duplicated", "corrupt": "different_amount"}
THEIRS = {"lose": 0, "double": 2 * TOTAL, "corrupt": TOTAL + 1_000}
"""What the list shows of the amount: the sandbox corrupts by a thousand rupiah."""

Told = tuple[str, str, str, int, int, str]


async def reconcile(house: House, finance: Person) -> list[Told]:
    """Reconcile the last day; answers what was found: kind, type, reference, theirs, ours, status."""
    house.later(minutes=3)
    started = await finance.post("payment", "/api/reconciliations")

    async def ended() -> bool:
        shown = await finance.get("payment", f"/api/reconciliations/{started['id']}")
        return shown["ended_at"] is not None

    await house.eventually(ended, seconds=60)
    path = "/api/reconciliations/findings"
    page = await finance.get("payment", path, reconciliation_id=started["id"], limit=100)
    return [
        (each["kind"], each["transaction_type"], each["reference"], each["theirs"], each["ours"], each["status"])
        for each in page["items"]
    ]


async def saver(house: House) -> Person:
    """A buyer with 500,000 rupiah in the wallet, which came back from five orders."""
    buyer = await house.person()
    for _ in range(5):
        checkout = Checkout(house, buyer, ORDER)
        await checkout.pay({"payment_method": "BANK_TRANSFER"})
        await checkout.refund()
        await checkout.settled("completed")
    return buyer


class Movements:
    """One of each movement of money at the provider."""

    def __init__(self, house: House, saver: Person) -> None:
        self.house, self.saver = house, saver

    async def to_pay(self) -> tuple[Checkout, dict[str, Any], str]:
        """A payment whose invoice is open; its checkout, invoice and code."""
        checkout = Checkout(self.house, await self.house.person(), ORDER)
        owed = await checkout.owe()
        return checkout, await checkout.till.open(checkout.buyer, owed.id), owed.code

    async def paid(self) -> str:
        checkout, invoice, code = await self.to_pay()
        await checkout.till.pay(invoice)
        await checkout.till.becomes((await checkout.owe()).id, "paid")
        return code

    async def refunded(self, checkout: Checkout) -> str:
        await checkout.refund()
        await checkout.settled("completed")
        (refund,) = await checkout.refunds()
        return str(refund["code"])

    async def withdrawn(self) -> str:
        made = await withdraw(self.saver, WITHDRAWN)
        await run_batch(self.house)
        await becomes(self.saver, made, "completed")
        return str(made["code"])

    async def owed_to_a_factory(self) -> Payday:
        payday = await Payday.open(self.house)
        await payday.adjusted(TOTAL, "Uang muka bahan baku")
        await payday.agree(cycle="daily")
        return payday

    async def settled(self, payday: Payday) -> str:
        made = await payday.becomes(await payday.settled(), "completed")
        return str(made["code"])


async def _spoilt(movements: Movements, action: str, returning: Checkout, payday: Payday) -> list[Told]:
    """Let the list spoil the row of one movement of each kind; answers the findings that are due."""
    house = movements.house
    rule = {"provider": "xendit", "action": action, "times": 1}
    await faults(house, *({**rule, "operation": f"listed.{kind}"} for kind in ("payment", "refund", "payout")))
    codes = await asyncio.gather(movements.paid(), movements.refunded(returning), movements.withdrawn())
    await faults(house, {**rule, "operation": "listed.payout"})
    settled = await movements.settled(payday)
    await faults(house)
    kinds = ("payment", "refund", "disbursement", "disbursement")
    return [
        (FOUND[action], kind, code, THEIRS[action], TOTAL, "open")
        for kind, code in zip(kinds, (*codes, settled), strict=True)
    ]


async def test_every_difference_is_found(house: House) -> None:
    finance, movements = await clerk(house), Movements(house, await saver(house))
    returning = [Checkout(house, await house.person(), ORDER) for _ in range(4)]
    for each in returning:
        await each.pay({"payment_method": "CREDIT_CARD"})
    paydays = [await movements.owed_to_a_factory() for _ in range(4)]
    due: list[Told] = []
    for action, checkout, payday in zip(FOUND, returning, paydays, strict=False):
        due += await _spoilt(movements, action, checkout, payday)
    found = await reconcile(house, finance)
    assert sorted(_named(found)) == sorted(_named(due))
    await assert_books_whole(house)
    await _missing_here(house, finance, movements, returning[3], paydays[3])


def _named(findings: list[Told]) -> list[Told]:
    """Findings by our codes: what the provider shows of payments and refunds bears them, what it does not has its id."""
    return [(kind, what, "" if kind == "missing_there" else name, *rest) for kind, what, name, *rest in findings]  # type: ignore[misc]


async def _missing_here(
    house: House, finance: Person, movements: Movements, returning: Checkout, payday: Payday
) -> None:
    """No callback comes and the provider does not tell of payouts either: what it shows is not in our books."""
    checkout, invoice, code = await movements.to_pay()
    quiet = {"provider": "xendit", "action": "lose"}
    away = {"provider": "xendit", "operation": "get_payout", "action": "fail", "status": 503}
    await faults(
        house, away, *({**quiet, "operation": f"callback.{kind}*"} for kind in ("invoice", "refund", "payout"))
    )
    await checkout.till.pay(invoice)
    await returning.refund()
    withdrawn = await withdraw(movements.saver, WITHDRAWN)
    await run_batch(house)
    settled = await payday.settled()

    async def moved() -> bool:
        there = [await payouts(house, each["code"]) for each in (withdrawn, settled)]
        (refund,) = await returning.refunds()
        arrived = all([each["status"] for each in found] == ["SUCCEEDED"] for found in there)
        return arrived and refund["provider_refund_id"] is not None

    await house.eventually(moved, seconds=60)
    house.later(seconds=10)
    found = await reconcile(house, finance)
    (refund,) = await returning.refunds()
    new = [each for each in found if each[0] == "missing_here"]
    assert sorted(each[:5] for each in new if each[1] == "disbursement") == sorted(
        ("missing_here", "disbursement", each["code"], TOTAL, 0) for each in (withdrawn, settled)
    )
    assert ("missing_here", "payment", code, TOTAL, 0, "resolved") in new
    # A refund may have been looked after by its timer before: then there was nothing left to find.
    assert {each for each in new if each[1] == "refund"} <= {
        ("missing_here", "refund", refund["code"], TOTAL, 0, "resolved")
    }
    await checkout.till.becomes((await checkout.owe()).id, "paid")
    await returning.settled("completed")
    await Desk(house).clear()
    house.later(minutes=15)
    await becomes(movements.saver, withdrawn, "completed")
    await payday.becomes(settled, "completed")
    again = await reconcile(house, finance)
    assert [
        each for each in again if each[0] == "missing_here" and each[2] in (withdrawn["code"], settled["code"])
    ] == []
    await assert_books_whole(house)
