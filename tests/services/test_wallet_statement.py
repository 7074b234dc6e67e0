"""A wallet's statement: every line in its place, equal to the books, one's own, and a page at a time."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from patungan.contracts import wallet
from patungan.kernel.contract import rows
from patungan.kernel.errors import Conflict, InvalidInput
from patungan.kernel.money import Rupiah
from patungan.ledger import accounts
from patungan.ledger.posting import balance_of, credit, debit, journal, post
from tests.house import House, Person


async def fund(house: House, session_id: UUID, amount: int) -> None:
    """Put released cashback on the books, as payment does when it releases an escrow."""
    ctx = house.context("payment")
    lines = (debit(accounts.GATEWAY_CLEARING, amount), credit(accounts.cashback_payable(session_id), amount))
    async with ctx.db.transaction() as tx:
        given = journal(f"test/{uuid4()}", "payment_received", f"session/{session_id}", *lines)
        await post(tx, ctx.chance, ctx.clock.now(), [given])


async def credit_all(house: House, session_id: UUID, *due: tuple[Person, int]) -> wallet.Credited:
    cashbacks = [
        wallet.Cashback(participant_id=uuid4(), user_id=person.id, amount=Rupiah(amount)) for person, amount in due
    ]
    request = wallet.CreditCashbacks(session_id=session_id, session_code="GB-20261123-ABCDE", cashbacks=rows(cashbacks))
    return await house.context("group-buying").call(wallet.credit_cashbacks, request)


async def statement(person: Person) -> list[dict[str, Any]]:
    """Every line, newest first."""
    lines: list[dict[str, Any]] = (await person.get("wallet", "/api/wallet/transactions", limit=100))["items"]
    return lines


def carries(lines: list[dict[str, Any]]) -> bool:
    """Whether each line, newest first, follows from the one below it."""
    below = [*(line["balance_after"] for line in lines[1:]), 0]
    return all(line["balance_after"] == before + line["amount"] for line, before in zip(lines, below, strict=True))


async def test_several_credits_of_one_person_in_one_batch(one_house: House) -> None:
    sari, budi, session_id = await one_house.person(), await one_house.person(), uuid4()
    await fund(one_house, session_id, 1_000)
    made = await credit_all(one_house, session_id, (sari, 100), (budi, 50), (sari, 200), (sari, 300), (budi, 350))
    assert made == wallet.Credited(count=5, amount=Rupiah(1_000))
    lines = await statement(sari)
    assert [(line["amount"], line["balance_after"]) for line in lines] == [(300, 600), (200, 300), (100, 100)]
    assert [line["balance_after"] for line in await statement(budi)] == [400, 50]
    rows = await one_house.context("wallet").db.fetch(
        "select payload::text from events where payload->>'user_id' = $1 order by xid, position", str(sari.id)
    )
    events = [msgspec.json.decode(row[0]) for row in rows]
    assert [(each["type"], each["amount"], each["balance"], each["reference"]) for each in events] == [
        ("cashback", 100, 100, "GB-20261123-ABCDE"),
        ("cashback", 200, 300, "GB-20261123-ABCDE"),
        ("cashback", 300, 600, "GB-20261123-ABCDE"),
    ]


async def test_lines_written_at_once_stand_in_the_order_of_their_balances(one_house: House) -> None:
    sari, budi, session_id = await one_house.person(), await one_house.person(), uuid4()
    await fund(one_house, session_id, 100_000)
    pairs = [((sari, 1 + n), (budi, 2 + n)) if n % 2 else ((budi, 2 + n), (sari, 1 + n)) for n in range(40)]
    await asyncio.gather(*(credit_all(one_house, session_id, *pair) for pair in pairs))
    for person in (sari, budi):
        lines = await statement(person)
        assert len(lines) == 40
        assert carries(lines)


async def test_the_statement_equals_the_books(one_house: House) -> None:
    sari, session_id = await one_house.person(), uuid4()
    await fund(one_house, session_id, 10_000)
    await credit_all(one_house, session_id, (sari, 4_000), (sari, 6_000))
    request = wallet.CreditRefund(
        refund_id=uuid4(), refund_code="REF-20261123-ABCDEF", user_id=sari.id, amount=Rupiah(1_500)
    )
    await one_house.context("payment").call(wallet.credit_refund, request)
    db = one_house.context("wallet").db
    books = await balance_of(db, accounts.wallet(sari.id))
    summed = await db.fetchrow("select sum(amount)::bigint from wallet_transactions where user_id = $1", sari.id)
    kept = await db.fetchrow("select balance from wallets where user_id = $1", sari.id)
    assert (books, summed[0], kept[0]) == (11_500, 11_500, 11_500)
    assert await balance_of(db, accounts.cashback_payable(session_id)) == 0
    newest = (await statement(sari))[0]
    assert (newest["type"], newest["amount"], newest["reference"]) == ("refund", 1_500, "REF-20261123-ABCDEF")


async def test_a_page_at_a_time_and_only_ones_own(one_house: House) -> None:
    sari, budi, session_id = await one_house.person(), await one_house.person(), uuid4()
    await fund(one_house, session_id, 15)
    await credit_all(one_house, session_id, *((sari, n) for n in range(1, 6)))
    shown = await sari.get("wallet", "/api/wallet/transactions", page=2, limit=2)
    assert ([line["amount"] for line in shown["items"]], shown["page"], shown["limit"], shown["total"]) == (
        [3, 2], 2, 2, 5,
    )  # fmt: skip
    assert (await budi.get("wallet", "/api/wallet/transactions"))["items"] == []
    for path in ("/api/wallet/balance", "/api/wallet/transactions"):
        assert (await one_house.request("GET", "wallet", path)).status_code == 401


@pytest.mark.parametrize(
    ("params", "field"), [({"page": 0}, "page"), ({"limit": 0}, "limit"), ({"limit": 101}, "limit")]
)
async def test_bad_pages(one_house: House, params: dict[str, Any], field: str) -> None:
    person = await one_house.person()
    response = await person.request("GET", "wallet", "/api/wallet/transactions", **params)
    assert (response.status_code, response.json()["code"], response.json()["field"]) == (400, "invalid_input", field)


async def test_lines_are_described_in_the_readers_language(one_house: House) -> None:
    sari, session_id = await one_house.person(), uuid4()
    await fund(one_house, session_id, 100)
    await credit_all(one_house, session_id, (sari, 100))
    assert (await statement(sari))[0]["description"] == "Cashback patungan GB-20261123-ABCDE"
    headers = {"Authorization": f"Bearer {one_house.token(sari.caller)}", "Accept-Language": "en-GB,id;q=0.5"}
    answer = await one_house.request("GET", "wallet", "/api/wallet/transactions", headers=headers)
    assert answer.json()["items"][0]["description"] == "Cashback of group GB-20261123-ABCDE"


@pytest.mark.parametrize("amount", [0, -5])
async def test_a_credit_of_nothing_is_refused_with_its_whole_batch(one_house: House, amount: int) -> None:
    sari, session_id = await one_house.person(), uuid4()
    await fund(one_house, session_id, 100)
    with pytest.raises(InvalidInput, match="one rupiah or more"):
        await credit_all(one_house, session_id, (sari, 100), (sari, amount))
    assert await statement(sari) == []


async def test_a_repeated_credit_must_be_the_same(one_house: House) -> None:
    sari, budi, refund_id = await one_house.person(), await one_house.person(), uuid4()

    async def refund(person: Person, amount: int) -> int:
        request = wallet.CreditRefund(
            refund_id=refund_id, refund_code="REF-20261123-ABCDEF", user_id=person.id, amount=Rupiah(amount)
        )
        return (await one_house.context("payment").call(wallet.credit_refund, request)).count

    assert await refund(sari, 700) == 1
    for person, amount in ((sari, 701), (budi, 700)):
        with pytest.raises(Conflict):
            await refund(person, amount)
    assert await refund(sari, 700) == 0
    assert [line["balance_after"] for line in await statement(sari)] == [700]
    assert await statement(budi) == []
