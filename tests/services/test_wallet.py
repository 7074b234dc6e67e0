"""The wallet: credits once, right running balances under concurrency, and the books behind it."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import asyncpg
import pytest

from patungan.contracts import wallet
from patungan.kernel.contract import rows
from patungan.kernel.money import Rupiah
from patungan.ledger import accounts
from patungan.ledger.posting import credit, debit, journal, post
from tests.house import House, Person


async def _fund(house: House, session_id: UUID, amount: int) -> None:
    """Put released cashback on the books, as payment does when it releases an escrow."""
    ctx = house.context("payment")
    async with ctx.db.transaction() as tx:
        lines = (debit(accounts.GATEWAY_CLEARING, amount), credit(accounts.cashback_payable(session_id), amount))
        given = journal(f"test/{uuid4()}", "payment_received", f"session/{session_id}", *lines)
        await post(tx, ctx.chance, ctx.clock.now(), [given])


async def _credit(house: House, session_id: UUID, *cashbacks: wallet.Cashback) -> wallet.Credited:
    request = wallet.CreditCashbacks(session_id=session_id, session_code="GB-20261123-ABCDE", cashbacks=rows(cashbacks))
    return await house.context("group-buying").call(wallet.credit_cashbacks, request)


def _cashback(person: Person, amount: int) -> wallet.Cashback:
    return wallet.Cashback(participant_id=uuid4(), user_id=person.id, amount=Rupiah(amount))


async def test_an_unknown_wallet_is_empty(one_house: House) -> None:
    person = await one_house.person()
    assert await person.get("wallet", "/api/wallet/balance") == {"balance": 0, "held": 0, "withdrawing": 0}
    assert (await person.get("wallet", "/api/transactions"))["items"] == []


async def test_cashbacks_are_credited_once(one_house: House) -> None:
    sari, budi, session_id = await one_house.person(), await one_house.person(), uuid4()
    await _fund(one_house, session_id, 1_560_000)
    first, second = _cashback(sari, 800_000), _cashback(budi, 760_000)
    assert await _credit(one_house, session_id, first, second) == wallet.Credited(count=2, amount=Rupiah(1_560_000))
    assert await _credit(one_house, session_id, first, second) == wallet.Credited(count=0, amount=Rupiah(0))
    assert (await sari.get("wallet", "/api/wallet/balance"))["balance"] == 800_000
    history = await budi.get("wallet", "/api/wallet/transactions")
    assert [(row["type"], row["amount"], row["balance_after"]) for row in history["items"]] == [
        ("cashback", 760_000, 760_000)
    ]


async def test_fifty_credits_at_once_give_right_running_balances(one_house: House) -> None:
    person, session_id = await one_house.person(), uuid4()
    await _fund(one_house, session_id, 50_000)
    await asyncio.gather(*(_credit(one_house, session_id, _cashback(person, 1_000)) for _ in range(50)))
    history = await person.get("wallet", "/api/wallet/transactions", limit=100)
    assert sorted(row["balance_after"] for row in history["items"]) == list(range(1_000, 51_000, 1_000))
    assert (await person.get("wallet", "/api/wallet/balance"))["balance"] == 50_000


async def test_the_same_credit_at_once_counts_once(one_house: House) -> None:
    person, session_id = await one_house.person(), uuid4()
    await _fund(one_house, session_id, 5_000)
    one = _cashback(person, 5_000)
    outcomes = await asyncio.gather(*(_credit(one_house, session_id, one) for _ in range(10)))
    assert sorted(each.count for each in outcomes) == [0] * 9 + [1]
    assert (await person.get("wallet", "/api/wallet/balance"))["balance"] == 5_000


async def test_a_refund_to_the_wallet(one_house: House) -> None:
    person = await one_house.person()
    request = wallet.CreditRefund(
        refund_id=uuid4(), refund_code="REF-20261123-ABCDEF", user_id=person.id, amount=Rupiah(4_335_000)
    )
    for count in (1, 0):
        assert (await one_house.context("payment").call(wallet.credit_refund, request)).count == count
    assert (await person.get("wallet", "/api/wallet/balance"))["balance"] == 4_335_000


async def test_the_history_cannot_be_changed_and_no_wallet_falls_below_zero(one_house: House) -> None:
    ctx, person = one_house.context("wallet"), await one_house.person()
    with pytest.raises(asyncpg.RestrictViolationError):
        async with ctx.db.transaction() as tx:
            await tx.execute("update wallet_transactions set amount = 1")
    lines = (debit(accounts.wallet(person.id), 1), credit(accounts.BANK, 1))
    with pytest.raises(asyncpg.CheckViolationError):
        async with ctx.db.transaction() as tx:
            await post(tx, ctx.chance, ctx.clock.now(), [journal(f"theft/{uuid4()}", "adjustment", "none", *lines)])


async def test_nobody_reads_another_wallet(one_house: House) -> None:
    assert (await one_house.request("GET", "wallet", "/api/wallet/balance")).status_code == 401
