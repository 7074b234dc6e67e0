"""Holds and corrections: never below zero, each once, and by two persons."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from patungan.contracts import payment
from patungan.contracts import wallet as contract
from patungan.kernel.errors import Conflict, InvalidInput
from patungan.kernel.identity import Role, Scope
from patungan.kernel.money import Rupiah
from patungan.ledger import accounts
from patungan.ledger.posting import credit, debit, journal, post
from tests.house import House, Person
from tests.purse import ask, balance, entries, fill, on_books, rich, value

CODE = "PAY-20261123-ABCDEF"


async def hold(house: House, person: Person, payment_id: UUID, amount: int) -> contract.Hold:
    request = contract.HoldFunds(payment_id=payment_id, payment_code=CODE, user_id=person.id, amount=Rupiah(amount))
    return await house.context("payment").call(contract.hold_funds, request)


async def release(house: House, payment_id: UUID) -> contract.Hold:
    request = contract.ReleaseHold(payment_id=payment_id, reason="payment_expired")
    return await house.context("payment").call(contract.release_hold, request)


async def test_held_once_and_released_once(one_house: House) -> None:
    sari, payment_id = await rich(one_house, 100_000), uuid4()
    held = await asyncio.gather(*(hold(one_house, sari, payment_id, 60_000) for _ in range(5)))
    assert {(each.amount, each.status) for each in held} == {(60_000, "held")}
    assert await balance(sari) == 40_000
    assert await on_books(one_house, accounts.wallet_hold(sari.id)) == 60_000
    (shown,) = (await sari.get("wallet", "/api/wallet/holds"))["items"]
    assert (shown["payment_code"], shown["amount"]) == (CODE, 60_000)
    released = await asyncio.gather(*(release(one_house, payment_id) for _ in range(5)))
    assert {each.status for each in released} == {"released"}
    assert (await balance(sari), await on_books(one_house, accounts.wallet_hold(sari.id))) == (100_000, 0)
    assert (await hold(one_house, sari, payment_id, 60_000)).status == "released"
    assert await balance(sari) == 100_000
    lines = (await sari.get("wallet", "/api/wallet/transactions"))["items"]
    assert [(line["type"], line["amount"]) for line in lines[:2]] == [("payment", 60_000), ("payment", -60_000)]


async def test_a_captured_hold_stays(one_house: House) -> None:
    sari, payment_id, session_id = await rich(one_house, 100_000), uuid4(), uuid4()
    await hold(one_house, sari, payment_id, 60_000)
    ctx = one_house.context("payment")
    lines = (debit(accounts.wallet_hold(sari.id), 60_000), credit(accounts.escrow(session_id), 60_000))
    async with ctx.db.transaction() as tx:
        await post(tx, ctx.chance, ctx.clock.now(), [journal(f"test/{payment_id}", "payment_received", CODE, *lines)])
        await ctx.publish(
            tx,
            payment.PaymentPaid(
                payment_id=payment_id, code=CODE, participant_id=uuid4(), session_id=session_id, user_id=sari.id,
                amount=Rupiah(60_000), paid_at=ctx.clock.now(), wallet_amount=Rupiah(60_000),
            ),
        )  # fmt: skip

    async def captured() -> bool:
        return bool(await value(one_house, "select status = 'captured' from holds where payment_id = $1", payment_id))

    await one_house.eventually(captured)
    assert await release(one_house, payment_id) == contract.Hold(
        payment_id=payment_id, amount=Rupiah(60_000), status="captured"
    )
    assert await sari.get("wallet", "/api/wallet/balance") == {"balance": 40_000, "held": 0, "withdrawing": 0}


async def test_holds_and_withdrawals_at_once_never_go_below_zero(one_house: House) -> None:
    sari = await rich(one_house, 100_000)

    async def held() -> int:
        try:
            return int((await hold(one_house, sari, uuid4(), 30_000)).amount)
        except contract.InsufficientBalance:
            return 0

    async def withdrawn() -> int:
        return 30_000 if (await ask(sari, 30_000)).status_code == 201 else 0

    taken = await asyncio.gather(*(each() for _ in range(4) for each in (held, withdrawn)))
    assert sum(taken) == 90_000
    assert await balance(sari) == 10_000


async def test_holds_that_cannot_be(one_house: House) -> None:
    sari, budi, payment_id = await rich(one_house, 50_000), await rich(one_house, 50_000), uuid4()
    with pytest.raises(contract.InsufficientBalance):
        await hold(one_house, sari, payment_id, 50_001)
    for amount in (0, -1):
        with pytest.raises(InvalidInput):
            await hold(one_house, sari, payment_id, amount)
    with pytest.raises(contract.HoldNotFound):
        await release(one_house, uuid4())
    await hold(one_house, sari, payment_id, 50_000)
    for person, amount in ((sari, 49_999), (budi, 50_000)):
        with pytest.raises(Conflict):
            await hold(one_house, person, payment_id, amount)
    assert (await balance(sari), await balance(budi)) == (0, 50_000)


async def test_what_was_refused_stays_refused_until_it_is_asked_anew(one_house: House) -> None:
    sari, payment_id = await rich(one_house, 50_000), uuid4()
    asked = [
        contract.HoldFunds(
            payment_id=payment_id, payment_code=CODE, user_id=sari.id, amount=Rupiah(60_000), attempt=attempt
        )
        for attempt in (0, 1)
    ]
    ctx = one_house.context("payment")
    with pytest.raises(contract.InsufficientBalance):
        await ctx.call(contract.hold_funds, asked[0])
    await fill(one_house, sari, 100_000)
    # The same request once more, be it a second try or the first one's twin that was long on its way.
    with pytest.raises(contract.InsufficientBalance):
        await ctx.call(contract.hold_funds, asked[0])
    assert (await release(one_house, payment_id)).status == "refused"
    assert await sari.get("wallet", "/api/wallet/balance") == {"balance": 150_000, "held": 0, "withdrawing": 0}
    assert (await ctx.call(contract.hold_funds, asked[1])).status == "held"
    for late in asked:
        assert (await ctx.call(contract.hold_funds, late)).status == "held"
    assert await sari.get("wallet", "/api/wallet/balance") == {"balance": 90_000, "held": 60_000, "withdrawing": 0}
    assert (await release(one_house, payment_id)).status == "released"
    assert await balance(sari) == 150_000


async def finance(house: House) -> Person:
    return await house.person(Role.OFFICE_STAFF, Scope.FINANCE)


async def correct(by: Person, user_id: UUID, amount: int, direction: str = "credit", **other: Any) -> Any:
    body = {"user_id": str(user_id), "amount": amount, "direction": direction, "reason": "salah kirim", **other}
    return await by.request("POST", "wallet", "/api/wallet/adjustments", body)


async def test_two_persons_and_a_reason(one_house: House) -> None:
    sari, asker, decider = await rich(one_house, 10_000), await finance(one_house), await finance(one_house)
    made = (await correct(asker, sari.id, 5_000)).json()
    assert (made["status"], made["amount"], await balance(sari)) == ("pending", 5_000, 10_000)
    path = f"/api/wallet/adjustments/{made['id']}/approve"
    alone = await asker.request("POST", "wallet", path)
    assert (alone.status_code, alone.json()["code"]) == (409, "adjustment_needs_another")
    answers = await asyncio.gather(*(decider.request("POST", "wallet", path, {"note": "ok"}) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert await balance(sari) == 15_000
    assert await entries(one_house, made["code"]) == {"goodwill": 5_000, "wallet": -5_000}
    newest = (await sari.get("wallet", "/api/wallet/transactions"))["items"][0]
    assert (newest["type"], newest["amount"]) == ("adjustment", 5_000)
    with pytest.raises(asyncpg.CheckViolationError):
        async with one_house.context("wallet").db.transaction() as tx:
            await tx.execute("update adjustments set decided_by = requested_by where id = $1", UUID(made["id"]))


async def test_debits_deposits_and_rejections(one_house: House) -> None:
    sari, asker, decider = await rich(one_house, 10_000), await finance(one_house), await finance(one_house)
    debited = (await correct(asker, sari.id, 4_000, "debit")).json()
    too_much = (await correct(asker, sari.id, 6_001, "debit")).json()
    deposit = (await correct(asker, sari.id, 1_000, deposit=True)).json()
    rejected = (await correct(asker, sari.id, 9_999_999)).json()

    async def decide(adjustment: Any, how: str) -> tuple[int, str]:
        answer = await decider.request("POST", "wallet", f"/api/wallet/adjustments/{adjustment['id']}/{how}")
        return answer.status_code, answer.json().get("code" if answer.status_code != 200 else "status")

    assert await decide(debited, "approve") == (200, "approved")
    assert await decide(too_much, "approve") == (409, "insufficient_balance")
    assert await decide(deposit, "approve") == (200, "approved")
    assert await decide(rejected, "reject") == (200, "rejected")
    assert await decide(rejected, "approve") == (409, "adjustment_decided")
    assert await decide({"id": str(uuid4())}, "approve") == (404, "adjustment_not_found")
    assert await balance(sari) == 7_000
    assert await entries(one_house, debited["code"]) == {"wallet": 4_000, "goodwill": -4_000}
    assert await entries(one_house, deposit["code"]) == {"bank": 1_000, "wallet": -1_000}
    listed = await decider.get("wallet", "/api/wallet/adjustments", user_id=str(sari.id), status="pending")
    assert [each["id"] for each in listed["items"]] == [too_much["id"]]


async def test_corrections_that_cannot_be(one_house: House) -> None:
    sari, asker = await one_house.person(), await finance(one_house)
    assert (await correct(asker, asker.id, 1_000)).json()["code"] == "adjustment_needs_another"
    bad: list[dict[str, Any]] = [
        {"reason": "x"},
        {"amount": 0},
        {"direction": "sideways"},
        {"direction": "debit", "deposit": True},
    ]
    for other in bad:
        assert (await correct(asker, sari.id, **{"amount": 1_000, **other})).status_code == 400
    for person in (sari, await one_house.person(Role.ADMIN), await one_house.person(Role.FACTORY_OWNER)):
        assert (await correct(person, sari.id, 1_000)).status_code == 403
