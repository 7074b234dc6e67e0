"""Paying in part from the wallet: held first, the rest invoiced; taken when paid, given back when not."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from patungan.contracts import payment as contract
from patungan.contracts import wallet
from patungan.kernel.contract import rows
from patungan.kernel.money import Rupiah
from patungan.ledger import accounts
from tests.house import House, Person
from tests.paying import Checkout, Till, invoice_callback, send_webhook

A = 4_335_000


@pytest.fixture
async def buyer(one_house: House) -> Person:
    """Somebody with 1,000,000 rupiah in the wallet."""
    person = await one_house.person()
    cashback = wallet.Cashback(participant_id=uuid4(), user_id=person.id, amount=Rupiah(1_000_000))
    request = wallet.CreditCashbacks(session_id=uuid4(), session_code="GB-20261123-AAAAA", cashbacks=rows([cashback]))
    await one_house.context("group-buying").call(wallet.credit_cashbacks, request)
    return person


@pytest.fixture
def till(one_house: House) -> Till:
    return Till(one_house)


async def purse(buyer: Person) -> tuple[int, int]:
    """What the wallet may spend, and what is held in it."""
    shown = await buyer.get("wallet", "/api/wallet/balance")
    return shown["balance"], shown["held"]


async def has(buyer: Person, balance: int, held: int = 0) -> None:
    async def there() -> bool:
        return await purse(buyer) == (balance, held)

    await buyer.house.eventually(there)


async def hold_status(till: Till, payment_id: Any, status: str) -> None:
    async def there() -> bool:
        rows = await till.house.context("wallet").db.fetch(
            "select status from wallet.holds where payment_id = $1", payment_id
        )
        return [row["status"] for row in rows] == [status]

    await till.house.eventually(there)


async def choose(buyer: Person, payment_id: Any, amount: Any) -> tuple[int, str]:
    answer = await buyer.request("POST", "payment", f"/api/payments/{payment_id}/wallet", {"amount": amount})
    body = answer.json()
    return answer.status_code, str(body.get("code") if answer.status_code >= 400 else body["wallet_state"])


async def test_the_example_of_a_split_payment(one_house: House, buyer: Person) -> None:
    """DOMAIN.md 3.5: 500,000 = 150,000 + 350,000."""
    checkout = Checkout(one_house, buyer)
    owed = await checkout.owe(wallet_amount=150_000)
    assert (owed.status, owed.wallet_amount, owed.xendit_amount) == ("pending", 150_000, 350_000)
    assert await purse(buyer) == (850_000, 150_000)
    invoice = await checkout.till.open(buyer, owed.id)
    assert invoice["amount"] == 350_000
    await checkout.till.pay(invoice, payment_method="EWALLET")
    await checkout.till.becomes(owed.id, "paid")
    assert await checkout.held() == [329_000, 171_000]
    await has(buyer, 850_000)
    paid = [entry for entry in await checkout.till.entries(owed.code) if not entry[0].startswith("wallet/")]
    assert (accounts.GATEWAY_CLEARING, 350_000) in paid and (accounts.wallet_hold(buyer.id), 150_000) in paid
    await hold_status(checkout.till, owed.id, "captured")
    (event,) = await checkout.events("order_payment.paid")
    assert (event["amount"], event["wallet_amount"]) == (500_000, 150_000)


async def test_with_nothing_left_it_is_paid_at_once(one_house: House, buyer: Person) -> None:
    checkout = Checkout(one_house, buyer)
    owed = await checkout.owe(wallet_amount=500_000)
    assert (owed.status, owed.xendit_amount) == ("paid", 0)
    assert await checkout.till.invoices(owed.id) == []
    assert await checkout.held() == [329_000, 171_000]
    assert await purse(buyer) == (500_000, 0)
    shown = await buyer.get("payment", f"/api/payments/{owed.id}")
    assert (shown["method"], shown["wallet_state"]) == ("wallet", "captured")
    assert await checkout.owe(wallet_amount=500_000) == owed


async def test_a_participant_chooses_the_wallets_part_once(till: Till, buyer: Person) -> None:
    owed = await till.owe(buyer)
    assert await choose(buyer, owed.id, 335_000) == (200, "held")
    assert await choose(buyer, owed.id, 335_000) == (200, "held")
    assert await choose(buyer, owed.id, 335_001) == (409, "wallet_part_fixed")
    assert await purse(buyer) == (665_000, 335_000)
    invoice = await till.open(buyer, owed.id)
    assert invoice["amount"] == 4_000_000
    await till.pay(invoice)
    await till.becomes(owed.id, "paid")
    assert await till.balance() == A
    (event,) = await till.events("payment.paid")
    assert (event["amount"], event["wallet_amount"]) == (A, 335_000)
    await hold_status(till, owed.id, "captured")
    assert await choose(buyer, owed.id, 335_000) == (200, "captured")


async def test_choices_at_once_hold_once(till: Till, buyer: Person) -> None:
    owed = await till.owe(buyer)
    answers = await asyncio.gather(*(choose(buyer, owed.id, amount) for amount in (100_000, 100_000, 200_000)))
    assert {status for status, _ in answers} <= {200, 409}
    held = (await buyer.get("payment", f"/api/payments/{owed.id}"))["wallet_amount"]
    assert held in (100_000, 200_000)
    assert await purse(buyer) == (1_000_000 - held, held)


@pytest.mark.parametrize("amount", [0, -1, A + 1, 1.5, "viel", None, 10**30])
async def test_a_part_that_cannot_be_is_refused(till: Till, buyer: Person, amount: Any) -> None:
    owed = await till.owe(buyer)
    assert await choose(buyer, owed.id, amount) == (400, "invalid_input")
    assert await purse(buyer) == (1_000_000, 0)


async def test_more_than_the_wallet_holds_changes_nothing(till: Till, buyer: Person) -> None:
    owed = await till.owe(buyer)
    assert await choose(buyer, owed.id, 1_000_001) == (409, "insufficient_balance")
    shown = await buyer.get("payment", f"/api/payments/{owed.id}")
    assert (shown["wallet_amount"], shown["wallet_state"], shown["xendit_amount"]) == (0, None, A)
    assert await choose(buyer, owed.id, 1_000_000) == (200, "held")


async def test_a_checkout_that_the_wallet_does_not_cover_fails_and_frees_its_orders(
    one_house: House, buyer: Person
) -> None:
    big = {"product_amount": 2_000_000, "shipping_amount": 0, "fee_amount": 0}
    checkout = Checkout(one_house, buyer, big)
    with pytest.raises(wallet.InsufficientBalance):
        await checkout.owe(wallet_amount=1_000_001)
    assert (await checkout.owe(wallet_amount=1_000_001)).status == "failed"
    assert len(await checkout.events("order_payment.failed")) == 1
    again = Checkout(one_house, buyer)
    again.orders = checkout.orders
    assert (await again.owe(wallet_amount=1_000_000)).xendit_amount == 1_000_000


async def test_others_do_not_choose_for_the_buyer(till: Till, buyer: Person) -> None:
    owed = await till.owe(buyer)
    stranger = await till.house.person()
    assert await choose(stranger, owed.id, 1) == (404, "payment_not_found")
    assert await choose(buyer, uuid4(), 1) == (404, "payment_not_found")
    path = f"/api/payments/{owed.id}/wallet"
    assert (await till.house.request("POST", "payment", path, {"amount": 1})).status_code == 401


async def test_once_it_is_invoiced_or_over_nothing_is_chosen(till: Till, buyer: Person) -> None:
    opened = await till.owe(buyer)
    await till.open(buyer, opened.id)
    assert await choose(buyer, opened.id, 1_000) == (409, "wallet_part_fixed")
    ended = await till.owe(buyer)
    await till.ctx.call(contract.cancel_payments, contract.CancelPayments(participant_ids=[ended.participant_id]))
    assert await choose(buyer, ended.id, 1_000) == (409, "payment_closed")
    closed = await till.owe(buyer)
    await till.close()
    assert await choose(buyer, closed.id, 1_000) == (409, "payment_closed")
    assert await purse(buyer) == (1_000_000, 0)


@pytest.mark.parametrize("how", ["expires", "is cancelled", "is closed with its session", "is refunded with it"])
async def test_an_unpaid_payment_gives_its_part_back(till: Till, buyer: Person, how: str) -> None:
    owed = await till.owe(buyer, expires_at=till.house.clock.now() + timedelta(minutes=2))
    await choose(buyer, owed.id, 400_000)
    match how:
        case "expires":
            till.house.later(minutes=2, seconds=1)
        case "is cancelled":
            await till.ctx.call(
                contract.cancel_payments, contract.CancelPayments(participant_ids=[owed.participant_id])
            )
        case "is closed with its session":
            await till.close()
        case _:
            await till.refund()
    await till.becomes(owed.id, "expired")
    await has(buyer, 1_000_000)
    await hold_status(till, owed.id, "released")
    state = "select wallet_state from payment.payments where id = $1"
    assert await till.value(state, owed.id) in ("returning", "released")
    assert await till.balance() == 0


async def test_late_money_and_the_wallets_part_both_go_back(till: Till, buyer: Person) -> None:
    owed = await till.owe(buyer, expires_at=till.house.clock.now() + timedelta(minutes=2))
    await choose(buyer, owed.id, 335_000)
    invoice = await till.open(buyer, owed.id)
    till.house.later(minutes=3)
    await till.becomes(owed.id, "expired")
    await till.pay(invoice, force=True, payment_method="BANK_TRANSFER")
    await till.house.eventually(lambda: till.completed(1))
    await has(buyer, 1_000_000 + 4_000_000)
    assert [(each["kind"], each["amount"]) for each in await till.refunds()] == [("late", 4_000_000)]


async def test_the_whole_amount_by_invoice_is_not_what_was_asked(till: Till, buyer: Person) -> None:
    owed = await till.owe(buyer)
    await choose(buyer, owed.id, 335_000)
    invoice = await till.open(buyer, owed.id)
    body = invoice_callback(owed.code, A, till.house.clock.now(), invoice_id=invoice["id"])
    assert (await send_webhook(till.house, body)).json() == {"outcome": "mismatch"}
    assert await till.balance() == 0


async def test_a_refunded_session_gives_each_part_back_its_way(till: Till, buyer: Person) -> None:
    owed = await till.owe(buyer)
    await choose(buyer, owed.id, 335_000)
    await till.pay(await till.open(buyer, owed.id), payment_method="EWALLET")
    await till.becomes(owed.id, "paid")
    started = await till.refund()
    while started.last is not None:
        started = await till.ctx.call(
            contract.refund_session,
            contract.RefundSession(session_id=till.session_id, reason="order_cancelled", after=started.last),
        )
    await till.house.eventually(lambda: till.completed(2))
    parts = {(each["destination"], each["amount"]) for each in await till.refunds()}
    assert parts == {("source", 4_000_000), ("wallet", 335_000)}
    await till.becomes(owed.id, "refunded")
    await has(buyer, 1_000_000)
    assert await till.balance() == 0


async def test_a_partly_refunded_order_takes_the_providers_part_first(one_house: House, buyer: Person) -> None:
    checkout = Checkout(one_house, buyer)
    owed = await checkout.owe(wallet_amount=300_000)
    await checkout.till.pay(await checkout.till.open(buyer, owed.id), payment_method="EWALLET")
    await checkout.till.becomes(owed.id, "paid")
    started = await checkout.refund()
    assert (started.count, started.amount) == (2, 329_000)
    await checkout.settled("completed", "completed")
    assert sorted((each["destination"], each["amount"]) for each in await checkout.refunds()) == [
        ("source", 200_000),
        ("wallet", 129_000),
    ]
    await has(buyer, 829_000)


async def test_a_wallet_that_does_not_answer_is_asked_on(till: Till, buyer: Person) -> None:
    owed = await till.owe(buyer)
    owner = await till.house.owner()
    try:
        async with owner.transaction():
            # The wallet waits for a lock for longer than its caller does.
            await owner.execute("select 1 from wallet.wallets where user_id = $1 for update", buyer.id)
            assert await choose(buyer, owed.id, 250_000) == (503, "service_unavailable")
            shown = await buyer.get("payment", f"/api/payments/{owed.id}")
            assert (shown["wallet_state"], shown["progress"]) == ("asked", "holding_wallet")
            refused = await buyer.request("POST", "payment", f"/api/payments/{owed.id}/invoice")
            assert refused.status_code == 503
    finally:
        await owner.close()
    till.house.later(seconds=11)

    async def held() -> bool:
        return bool((await buyer.get("payment", f"/api/payments/{owed.id}"))["wallet_state"] == "held")

    await till.house.eventually(held, seconds=30)
    assert await purse(buyer) == (750_000, 250_000)


async def test_a_part_of_which_nothing_is_known_comes_back_in_any_case(till: Till, buyer: Person) -> None:
    """The payment ends while the wallet has not answered: what it may hold is given back, and nothing is held later."""
    owed = await till.owe(buyer)
    db = till.house.context("payment").db
    await db.execute(
        "update payment.payments set wallet_amount = 100000, wallet_state = 'asked' where id = $1", owed.id
    )
    await till.ctx.call(contract.cancel_payments, contract.CancelPayments(participant_ids=[owed.participant_id]))
    await hold_status(till, owed.id, "released")
    assert await purse(buyer) == (1_000_000, 0)
    again = wallet.HoldFunds(payment_id=owed.id, payment_code=owed.code, user_id=buyer.id, amount=Rupiah(100_000))
    assert (await till.house.context("payment").call(wallet.hold_funds, again)).status == "released"
    assert await purse(buyer) == (1_000_000, 0)


async def test_payments_at_once_never_hold_more_than_the_wallet_has(till: Till, buyer: Person) -> None:
    owed = [await till.owe(buyer) for _ in range(4)]
    answers = await asyncio.gather(*(choose(buyer, each.id, 400_000) for each in owed))
    assert sorted(answers) == [
        (200, "held"),
        (200, "held"),
        (409, "insufficient_balance"),
        (409, "insufficient_balance"),
    ]
    assert await purse(buyer) == (200_000, 800_000)


async def test_the_database_refuses_a_part_that_does_not_fit(till: Till, buyer: Person) -> None:
    owed = await till.owe(buyer)
    db = till.house.context("payment").db
    for change in (
        "wallet_amount = total + 1, wallet_state = 'held'",
        "wallet_amount = -1, wallet_state = 'held'",
        "wallet_amount = 5",
        "wallet_amount = 5, wallet_state = 'held', status = 'paid', paid_at = created_at",
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            await db.execute(f"update payment.payments set {change} where id = $1", owed.id)
