"""The books under the services' own roles: what is refused, what is idempotent, what cannot be hidden."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patungan.kernel.chance import SystemChance
from patungan.kernel.database import Database, service_url
from patungan.kernel.time import SystemClock
from patungan.ledger import accounts
from patungan.ledger.posting import Journal, Line, Unbalanced, balance_of, credit, debit, journal, post
from tests.house import Servers

CHANCE, CLOCK = SystemChance(), SystemClock()


@pytest.fixture(scope="module")
async def books(servers: Servers, template: str) -> AsyncIterator[dict[str, Database]]:
    """A database with the books, opened as payment, wallet, settlement and the owner."""
    await servers.create_database("t_ledger", template)
    url = servers.url("t_ledger")
    opened = {
        name: Database(service_url(url, servers.role_secret, name), name, max_size=12)
        for name in ("payment", "wallet", "settlement", "order")
    }
    opened["owner"] = Database(url, "ledger")
    for database in opened.values():
        await database.open()
    yield opened
    for database in opened.values():
        await database.close()
    await servers.drop_database("t_ledger")


async def _post(database: Database, *journals: Journal) -> int:
    async with database.transaction() as tx:
        return await post(tx, CHANCE, CLOCK.now(), journals)


def _paid(session_id: object, amount: int, key: str) -> Journal:
    escrow = accounts.Account(f"escrow/{session_id}")
    lines = (debit(accounts.GATEWAY_CLEARING, amount), credit(escrow, amount))
    return journal(key, "payment_received", f"test/{key}", *lines)


async def test_a_posting_shows_in_both_accounts_and_only_once(books: dict[str, Database]) -> None:
    session_id, key = uuid4(), f"key/{uuid4()}"
    assert await _post(books["payment"], _paid(session_id, 4_335_000, key)) == 1
    assert await _post(books["payment"], _paid(session_id, 4_335_000, key)) == 0
    assert await balance_of(books["payment"], accounts.escrow(session_id)) == 4_335_000
    with pytest.raises(asyncpg.UniqueViolationError, match="other content"):
        await _post(books["payment"], _paid(session_id, 4_335_001, key))
    assert await balance_of(books["payment"], accounts.escrow(session_id)) == 4_335_000


async def test_the_same_key_at_once_posts_once(books: dict[str, Database]) -> None:
    session_id, key = uuid4(), f"key/{uuid4()}"
    counts = await asyncio.gather(*(_post(books["payment"], _paid(session_id, 500, key)) for _ in range(10)))
    assert sorted(counts) == [0] * 9 + [1]
    assert await balance_of(books["payment"], accounts.escrow(session_id)) == 500


def test_an_unbalanced_journal_cannot_be_written() -> None:
    with pytest.raises(Unbalanced):
        journal("k", "adjustment", "r", debit(accounts.BANK, 2), credit(accounts.FEE_INCOME, 1))
    with pytest.raises(ValueError, match="other side"):
        debit(accounts.BANK, -1)


async def test_the_database_refuses_what_does_not_balance(books: dict[str, Database]) -> None:
    lopsided = Journal(f"key/{uuid4()}", "adjustment", "r", (Line(accounts.BANK, 5), Line(accounts.FEE_INCOME, -4)))
    with pytest.raises(asyncpg.CheckViolationError, match="does not balance"):
        await _post(books["payment"], lopsided)
    with pytest.raises(asyncpg.UniqueViolationError, match="no lines"):
        async with books["payment"].transaction() as tx:
            await tx.fetchrow(
                "select ledger.post($1, $2, $3, $4, $5, $6, $7, $8)",
                *([uuid4()], ["lonely"], ["adjustment"], ["r"], CLOCK.now(), [], [], []),
            )


@pytest.mark.parametrize(
    "statement",
    [
        "update ledger.entries set amount = amount + 1",
        "delete from ledger.entries",
        "insert into ledger.transactions overriding system value select * from ledger.transactions",
        "update ledger.balances set balance = balance + 1000000",
        "insert into ledger.posting_rights values ('patungan_wallet', 'escrow')",
        "truncate ledger.entries",
    ],
)
async def test_no_service_touches_the_tables(books: dict[str, Database], statement: str) -> None:
    for name in ("payment", "wallet", "settlement"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await books[name].execute(statement)


async def test_even_the_owner_cannot_change_what_was_posted(books: dict[str, Database]) -> None:
    await _post(books["payment"], _paid(uuid4(), 7, f"key/{uuid4()}"))
    for statement in (
        "update entries set amount = amount + 1",
        "delete from entries",
        "truncate entries cascade",
        "delete from transactions",
        "update transactions set kind = 'gift'",
    ):
        with pytest.raises(asyncpg.RestrictViolationError, match="append only"):
            await books["owner"].execute(statement)


async def test_each_service_posts_to_its_own_kinds_of_account(books: dict[str, Database]) -> None:
    user = uuid4()
    to_wallet = journal(
        f"key/{uuid4()}", "adjustment", "r", debit(accounts.GOODWILL, 1), credit(accounts.wallet(user), 1)
    )
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="may not post to wallet"):
        await _post(books["payment"], to_wallet)
    to_escrow = Journal(f"key/{uuid4()}", "x", "r", (Line(accounts.BANK, 1), Line(accounts.escrow(uuid4()), -1)))
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="may not post to escrow"):
        await _post(books["wallet"], to_escrow)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await _post(books["order"], to_wallet)
    assert await _post(books["wallet"], to_wallet) == 1
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        async with books["owner"].transaction() as tx:
            await post(
                tx,
                CHANCE,
                CLOCK.now(),
                [Journal("k", "x", "r", (Line(accounts.Account("pocket/1"), 1), Line(accounts.BANK, -1)))],
            )


def _move(user: object, amount: int) -> Journal:
    """Credit a wallet with an amount, or spend it where the amount is negative."""
    wallet = accounts.Account(f"wallet/{user}")
    if amount > 0:
        sides = (debit(accounts.GOODWILL, amount), credit(wallet, amount))
    else:
        sides = (debit(wallet, -amount), credit(accounts.GOODWILL, -amount))
    return journal(f"key/{uuid4()}", "adjustment", "wallet-test", *sides)


async def test_concurrent_spending_never_goes_below_zero(books: dict[str, Database]) -> None:
    user = uuid4()
    await _post(books["wallet"], _move(user, 100_000))
    outcomes = await asyncio.gather(
        *(_post(books["wallet"], _move(user, -30_000)) for _ in range(10)), return_exceptions=True
    )
    assert sum(outcome == 1 for outcome in outcomes) == 3
    assert sum(isinstance(outcome, asyncpg.CheckViolationError) for outcome in outcomes) == 7
    assert await balance_of(books["wallet"], accounts.wallet(user)) == 10_000


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(-5_000, 5_000).filter(bool), min_size=1, max_size=12))
def test_a_wallet_is_the_sum_of_what_was_accepted(
    books: dict[str, Database], loop: asyncio.AbstractEventLoop, moves: list[int]
) -> None:
    async def play() -> None:
        user, expected = uuid4(), 0
        for amount in moves:
            if expected + amount < 0:
                with pytest.raises(asyncpg.CheckViolationError):
                    await _post(books["wallet"], _move(user, amount))
            else:
                assert await _post(books["wallet"], _move(user, amount)) == 1
                expected += amount
        assert await balance_of(books["wallet"], accounts.wallet(user)) == expected

    loop.run_until_complete(play())


async def test_the_books_sum_to_zero(books: dict[str, Database]) -> None:
    assert (await books["owner"].fetchrow("select coalesce(sum(amount), 0) from entries"))[0] == 0
