"""Seals over what was posted: everything that is committed is sealed once, whatever else runs at the same time."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patungan.kernel.chance import SystemChance
from patungan.kernel.database import Database, Transaction, service_url
from patungan.kernel.time import SystemClock
from patungan.ledger import accounts, chart, keeping, reading
from patungan.ledger.posting import Journal, credit, debit, journal, post
from tests.house import Servers

CHANCE, CLOCK = SystemChance(), SystemClock()


@pytest.fixture(scope="module")
async def books(servers: Servers, template: str) -> AsyncIterator[dict[str, Database]]:
    """A database with the books, opened as payment, wallet and the owner."""
    await servers.create_database("t_seals", template)
    url = servers.url("t_seals")
    opened = {
        name: Database(service_url(url, servers.role_secret, name), name, max_size=12) for name in ("payment", "wallet")
    }
    opened["owner"] = Database(url, "ledger")
    for database in opened.values():
        await database.open()
    yield opened
    for database in opened.values():
        await database.close()
    await servers.drop_database("t_seals")


def _deposit(user: UUID, amount: int, key: str | None = None) -> Journal:
    sides = (debit(accounts.BANK, amount), credit(accounts.wallet(user), amount))
    return journal(key or f"key/{uuid4()}", "adjustment", "seal-test", *sides)


async def _post(database: Database, *journals: Journal) -> int:
    async with database.transaction() as tx:
        return await post(tx, CHANCE, CLOCK.now(), journals)


async def _seal_all(books: dict[str, Database], limit: int = 1_000) -> int:
    sealed = 0
    while made := await keeping.seal(books["payment"], CLOCK.now(), limit):
        sealed += made
    return sealed


async def _unsealed(books: dict[str, Database]) -> int:
    row = await books["owner"].fetchrow(
        "select count(*) from transactions t left join sealed s on s.transaction_id = t.id where s.seal is null"
    )
    return int(row[0])


async def test_what_is_posted_is_sealed_in_links(books: dict[str, Database]) -> None:
    await _post(books["wallet"], *(_deposit(uuid4(), 10) for _ in range(25)))
    assert await _seal_all(books, 10) == 25
    state = await keeping.sealing_state(books["payment"])
    assert (state.transactions, state.waiting) == (25, 0)
    newest = await keeping.seals_before(books["payment"], state.seals + 1, 10)
    assert [each.transactions for each in newest] == [5, 10, 10]
    assert [each.entries for each in newest] == [10, 20, 20]
    for newer, older in itertools.pairwise(newest):
        assert newer.previous == older.hash
    assert newest[-1].previous == b""
    assert await _seal_all(books) == 0


async def test_a_transaction_that_commits_after_later_ones_is_sealed_too(books: dict[str, Database]) -> None:
    await _seal_all(books)
    async with books["wallet"].pool.acquire() as slow, slow.transaction():
        await post(Transaction(slow), CHANCE, CLOCK.now(), [_deposit(uuid4(), 1, "slow")])
        for _ in range(3):
            await asyncio.gather(*(_post(books["payment"], _transfer(each)) for each in range(4)))
            await _seal_all(books)
        assert await _unsealed(books) == 0
    assert await _unsealed(books) == 1
    assert await _seal_all(books) == 1
    assert await _unsealed(books) == 0
    # With nothing in flight any more the floor rises above all of it.
    await _seal_all(books)
    row = await books["owner"].fetchrow("select floor > (select max(position) from transactions) from sealing")
    assert row[0]


def _transfer(amount: int) -> Journal:
    sides = (debit(accounts.BANK, amount + 1), credit(accounts.GATEWAY_CLEARING, amount + 1))
    return journal(f"key/{uuid4()}", "adjustment", "seal-test", *sides)


async def test_two_sealers_at_once_seal_each_transaction_once(books: dict[str, Database]) -> None:
    await asyncio.gather(*(_post(books["wallet"], _deposit(uuid4(), 3)) for _ in range(30)))
    sealed = await asyncio.gather(*(keeping.seal(books["payment"], CLOCK.now(), 1_000) for _ in range(8)))
    assert sum(sealed) + await _seal_all(books) == 30
    assert await _unsealed(books) == 0


async def test_what_was_altered_before_it_is_sealed_is_not_sealed(books: dict[str, Database]) -> None:
    await _seal_all(books)
    await _post(books["payment"], _transfer(5))
    async with books["owner"].transaction() as tx:
        await tx.execute("set local session_replication_role = replica")
        await tx.execute(
            "update transactions set reference = 'x' where position = (select max(position) from transactions)"
        )
    with pytest.raises(asyncpg.DataError, match="not as it was posted"):
        await _seal_all(books)
    async with books["owner"].transaction() as tx:
        await tx.execute("set local session_replication_role = replica")
        await tx.execute(
            "update transactions set reference = 'seal-test' where position = (select max(position) from transactions)"
        )
    assert await _seal_all(books) == 1


async def test_sealing_has_a_transaction_of_its_own(books: dict[str, Database]) -> None:
    with pytest.raises(asyncpg.InvalidTransactionStateError, match="transaction of its own"):
        async with books["payment"].transaction() as tx:
            await post(tx, CHANCE, CLOCK.now(), [_transfer(1)])
            await keeping.seal(tx, CLOCK.now(), 10)


async def test_the_chart_is_what_the_database_has(books: dict[str, Database]) -> None:
    rows = await books["owner"].fetch("select kind, class, per, guarded, purpose from account_kinds")
    assert {tuple(row) for row in rows} == {
        (each.kind, each.account_class.value, each.per, each.guarded, each.purpose) for each in chart.chart()
    }
    assert len(rows) == len(chart.chart()) > 20
    page = chart.page()
    assert "| `escrow/<session id>` |  | what buyers paid for a session that is not settled yet |" in page
    assert "| `wallet/<user id>` | yes | what a user may spend or withdraw |" in page


USERS = [uuid4() for _ in range(3)]
MOVES = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(-300, 300).filter(bool), st.booleans()),
    min_size=1,
    max_size=15,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MOVES)
def test_any_sequence_of_journals_keeps_the_books_whole(
    books: dict[str, Database], loop: asyncio.AbstractEventLoop, moves: list[tuple[int, int, int, bool]]
) -> None:
    """Deposits, withdrawals and moves between wallets, some of them twice: what is refused changes nothing, what is
    repeated changes nothing, and the books add up after each."""

    async def play() -> None:
        start: dict[UUID, int] = {user: await reading_balance(books, user) for user in USERS}
        expected = dict(start)
        for giver, taker, amount, repeated in moves:
            made = _move(USERS[giver], USERS[taker], amount)
            after = dict(expected)
            for line in made.lines:
                if line.account.startswith("wallet/"):
                    after[UUID(line.account.split("/")[1])] -= line.amount
            if min(after.values()) < 0:
                with pytest.raises(asyncpg.CheckViolationError):
                    await _post(books["wallet"], made)
                continue
            expected = after
            assert await _post(books["wallet"], made) == 1
            if repeated:
                assert await _post(books["wallet"], made) == 0
        for user in USERS:
            assert await reading_balance(books, user) == expected[user] >= 0
        trial = await reading.trial_balance(books["payment"], CLOCK.now())
        assert sum(each.debits for each in trial) == sum(each.credits for each in trial)
        rows = await books["owner"].fetch(
            "select b.account_id from balances b join entries e on e.account_id = b.account_id"
            " group by b.account_id, b.balance having b.balance <> -sum(e.amount)"
        )
        assert rows == []
        await _seal_all(books)
        assert await _unsealed(books) == 0

    loop.run_until_complete(play())


async def reading_balance(books: dict[str, Database], user: UUID) -> int:
    row: Any = await books["wallet"].fetchrow("select ledger.balance_of($1)", accounts.wallet(user))
    return int(row[0])


def _move(giver: UUID, taker: UUID, amount: int) -> Journal:
    """A deposit where giver and taker are one and the amount is positive, a withdrawal where it is negative, else a move
    from wallet to wallet."""
    key = f"key/{uuid4()}"
    if giver == taker and amount > 0:
        return _deposit(giver, amount, key)
    if giver == taker:
        sides = (debit(accounts.wallet(giver), -amount), credit(accounts.BANK, -amount))
    else:
        sides = (debit(accounts.wallet(giver), abs(amount)), credit(accounts.wallet(taker), abs(amount)))
    return journal(key, "adjustment", "seal-test", *sides)
