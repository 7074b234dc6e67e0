"""Money from a wallet to a bank, in every shape: to its end, failed, sent back, cancelled, and unknown for a while."""

from __future__ import annotations

import asyncio
from datetime import datetime, time, timedelta
from uuid import uuid4

from patungan.contracts import wallet as contract
from patungan.kernel.money import Rupiah
from patungan.kernel.time import JAKARTA
from patungan.ledger import accounts
from tests.books import assert_books_whole
from tests.house import House, Person
from tests.market import Market
from tests.purse import (
    FAILING,
    RETURNING,
    balance,
    becomes,
    entries,
    faults,
    on_books,
    payouts,
    run_batch,
    shown,
    value,
    withdraw,
)

TUESDAY = 1


async def refunded_buyers(house: House, *quantities: int) -> list[Person]:
    """Buyers whose money came back to their wallets, for their session was cancelled; each paid by bank transfer."""
    market = await Market.open(house)
    session = await market.session()
    buyers = [await market.buyer() for _ in quantities]
    joined = [await buyer.join(session, quantity) for buyer, quantity in zip(buyers, quantities, strict=True)]
    for buyer, each in zip(buyers, joined, strict=True):
        await buyer.pay(each, "BANK_TRANSFER", "BCA")
    await market.paid_units(session, sum(quantities))
    await market.admin.post("group-buying", f"/api/group-buying/{session['id']}/cancel", {"reason": "tidak jadi"})

    async def back() -> bool:
        return [await buyer.wallet() for buyer in buyers] == [each["total"] for each in joined]

    await house.eventually(back, seconds=30)
    return [buyer.person for buyer in buyers]


async def test_each_way_of_a_withdrawal(house: House) -> None:
    sari, budi, dewi, agus = await refunded_buyers(house, 2, 3, 4, 5)
    before = [await balance(person) for person in (sari, budi, dewi, agus)]
    paid = await withdraw(sari, 100_000)
    failed = await withdraw(budi, 100_000, FAILING)
    returned = await withdraw(dewi, 200_000, RETURNING)
    cancelled = await withdraw(agus, 150_000)
    assert await balance(sari) == before[0] - 100_000
    await agus.post("wallet", f"/api/withdrawals/{cancelled['id']}/cancel")
    await asyncio.gather(*(run_batch(house) for _ in range(5)))
    done = await becomes(sari, paid, "completed")
    assert done["net_amount"] == 97_500
    assert (await becomes(budi, failed, "failed"))["failure_reason"] == "INVALID_DESTINATION"
    assert (await becomes(dewi, returned, "failed"))["failure_reason"] == "REVERSED"
    assert (await shown(agus, cancelled))["status"] == "cancelled"
    assert [await balance(person) for person in (sari, budi, dewi, agus)] == [before[0] - 100_000, *before[1:]]
    assert await entries(house, paid["code"]) == {
        "wallet": 100_000, "gateway_clearing": -97_500, "withdrawal_fee_income": -2_500,
    }  # fmt: skip
    for other in (failed, returned, cancelled):
        assert await entries(house, other["code"]) == {}
    for made in (paid, failed, returned):
        assert len(await payouts(house, made["code"])) == 1
    assert await payouts(house, cancelled["code"]) == []
    assert await on_books(house, accounts.WITHDRAWAL_CLEARING) == 0
    await assert_books_whole(house)


async def test_a_lost_answer_then_completed(house: House) -> None:
    (sari,) = await refunded_buyers(house, 2)
    before = await balance(sari)
    await faults(house, {"provider": "xendit", "operation": "create_payout", "action": "timeout_after"},
                 {"provider": "xendit", "operation": "callback.payout*", "action": "lose"})  # fmt: skip
    made = await withdraw(sari, 100_000)
    await run_batch(house)

    async def sent() -> bool:
        return len(await payouts(house, made["code"])) == 1

    await house.eventually(sent)
    assert (await becomes(sari, made, "processing"))["status"] == "processing"
    assert await balance(sari) == before - 100_000
    await faults(house)
    house.later(minutes=5)
    await becomes(sari, made, "completed")
    assert len(await payouts(house, made["code"])) == 1
    assert await balance(sari) == before - 100_000
    await assert_books_whole(house)


async def _sent_by_the_calendar(house: House, person: Person) -> None:
    """Tuesday's and Friday's batch, at 10:00 in Jakarta, each with what was requested before it."""
    before = await balance(person)
    today = house.clock.now().astimezone(JAKARTA).date()
    tuesday = today + timedelta(days=(TUESDAY - today.weekday()) % 7 or 7)
    for day in (tuesday, tuesday + timedelta(days=3)):
        start = datetime.combine(day, time(10), tzinfo=JAKARTA)
        house.clock.advance(start - timedelta(minutes=1) - house.clock.now())
        made = await withdraw(person, 50_000)
        assert datetime.fromisoformat(made["batch_at"]) == start
        assert (await shown(person, made))["status"] == "pending"
        house.clock.advance(timedelta(minutes=2))
        await becomes(person, made, "completed")
        before -= 50_000
        assert await balance(person) == before
    await assert_books_whole(house)


async def test_held_for_a_payment_and_given_back_and_the_batches_of_the_week(house: House) -> None:
    (sari,) = await refunded_buyers(house, 2)
    before, payment_id, payment = await balance(sari), uuid4(), house.context("payment")
    held = await payment.call(
        contract.hold_funds,
        contract.HoldFunds(
            payment_id=payment_id, payment_code="PAY-20261123-ABCDEF", user_id=sari.id, amount=Rupiah(60_000)
        ),
    )
    assert held.status == "held"
    assert await sari.get("wallet", "/api/wallet/balance") == {
        "balance": before - 60_000, "held": 60_000, "withdrawing": 0,
    }  # fmt: skip
    assert await value(house, "select count(*) from holds where user_id = $1 and status = 'held'", sari.id) == 1
    # No payment stands behind this hold, so the audit would name it until it is given back.
    for _ in range(2):
        released = await payment.call(
            contract.release_hold, contract.ReleaseHold(payment_id=payment_id, reason="payment_expired")
        )
        assert released.status == "released"
    assert await balance(sari) == before
    await assert_books_whole(house)
    await _sent_by_the_calendar(house, sari)
