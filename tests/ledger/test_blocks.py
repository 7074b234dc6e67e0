"""Blocks: statements and balances are what a plain sum over all entries says, whatever is sealed and in whichever order it came."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patungan.kernel.chance import SystemChance
from patungan.kernel.database import Database, Transaction, service_url
from patungan.kernel.time import SystemClock
from patungan.ledger import accounts, keeping, reading
from patungan.ledger.accounts import Account
from patungan.ledger.posting import Journal, credit, debit, journal, post
from patungan.operations.audit import audit
from tests.house import Servers

CHANCE, CLOCK = SystemChance(), SystemClock()
START = datetime(2026, 3, 1, tzinfo=UTC)
EVER = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
FACTORIES = [accounts.payable_factory(UUID(int=number)) for number in range(1, 4)]
USER = accounts.wallet(UUID(int=9))
CODES = [accounts.GATEWAY_CLEARING, *FACTORIES, USER]

PLAIN_LINES = """
    select posted_at, transaction_id, amount, balance from (
        select t.posted_at, t.id as transaction_id, e.amount, t.position, e.line,
            (normal_sign(k.class) * sum(e.amount) over (order by t.posted_at, t.position, e.line))::bigint as balance
        from accounts a join account_kinds k on k.kind = a.kind
        join entries e on e.account_id = a.id join transactions t on t.id = e.transaction_id
        where a.code = $1 and t.posted_at < $3
    ) as l
    where posted_at >= $2 order by posted_at, position, line
"""
PLAIN_BALANCES = """
    select a.code, coalesce(sum(e.amount) filter (where e.amount > 0), 0)::bigint,
        coalesce(-sum(e.amount) filter (where e.amount < 0), 0)::bigint, (normal_sign(k.class) * sum(e.amount))::bigint
    from accounts a join account_kinds k on k.kind = a.kind
    join entries e on e.account_id = a.id join transactions t on t.id = e.transaction_id
    where a.kind = $1 and t.posted_at < $2 group by a.code, k.class order by a.code
"""


@pytest.fixture(scope="module")
async def books(servers: Servers, template: str) -> AsyncIterator[dict[str, Database]]:
    """A database with the books, opened as payment and the owner."""
    await servers.create_database("t_blocks", template)
    url = servers.url("t_blocks")
    opened = {
        "payment": Database(service_url(url, servers.role_secret, "payment"), "payment"),
        "wallet": Database(service_url(url, servers.role_secret, "wallet"), "wallet"),
        "owner": Database(url, "ledger"),
    }
    for database in opened.values():
        await database.open()
    yield opened
    for database in opened.values():
        await database.close()
    await servers.drop_database("t_blocks")


def _sale(factory: Account, amount: int) -> Journal:
    """Money comes in for a factory, in two lines of its account."""
    lines = (debit(accounts.GATEWAY_CLEARING, amount + 1), credit(factory, amount), credit(factory, 1))
    return journal(f"key/{uuid4()}", "adjustment", "block-test", *lines)


def _refund(factory: Account, amount: int) -> Journal:
    lines = (debit(factory, amount), credit(accounts.GATEWAY_CLEARING, amount))
    return journal(f"key/{uuid4()}", "adjustment", "block-test", *lines)


async def _post(database: Database, at: datetime, journals: list[Journal]) -> None:
    async with database.transaction() as tx:
        await post(tx, CHANCE, at, journals)


async def _post_deposit(books: dict[str, Database], at: datetime, amount: int) -> None:
    sides = (debit(accounts.BANK, amount), credit(USER, amount))
    await _post(books["wallet"], at, [journal(f"key/{uuid4()}", "adjustment", "block-test", *sides)])


async def _same_as_plain(books: dict[str, Database], begins: datetime, ends: datetime) -> int:
    """Compare every account's lines by the page, its summary and the balances of its kind with plain sums; answers how many
    lines there were."""
    seen = 0
    for code in CODES:
        plain = [tuple(row) for row in await books["owner"].fetch(PLAIN_LINES, code, begins, ends)]
        seen += len(plain)
        read: list[tuple[Any, ...]] = []
        for size in (1, 7, 90, 333, 5_000):
            page = await reading.account_lines(books["payment"], code, begins, ends, size, len(read))
            assert len(page) == min(size, len(plain) - len(read))
            read += [(line.posted_at, line.transaction_id, line.amount, line.balance) for line in page]
        assert read == plain
        if plain:
            middle = len(plain) // 2
            page = await reading.account_lines(books["payment"], code, begins, ends, 3, middle)
            assert [line.balance for line in page] == [row[3] for row in plain[middle : middle + 3]]
        await _summary_same(books, code, begins, ends)
    for kind in ("payable_factory", "wallet", "gateway_clearing"):
        plain = [tuple(row) for row in await books["owner"].fetch(PLAIN_BALANCES, kind, ends)]
        found = [
            each
            for offset in range(len(plain) + 1)
            for each in await reading.account_balances(books["payment"], kind, ends, 1, offset)
        ]
        assert [(each.account, each.debits, each.credits, each.balance) for each in found] == plain
        assert {each.total for each in found} <= {len(plain)}
    return seen


async def _summary_same(books: dict[str, Database], code: Account, begins: datetime, ends: datetime) -> None:
    summary = await reading.account_summary(books["payment"], code, begins, ends)
    before = [tuple(row) for row in await books["owner"].fetch(PLAIN_LINES, code, EVER[0], begins)]
    until = [tuple(row) for row in await books["owner"].fetch(PLAIN_LINES, code, EVER[0], ends)]
    within = [row[2] for row in until[len(before) :]]
    if summary is None:
        assert not until
        return
    assert (summary.opening, summary.closing) == (before[-1][3] if before else 0, until[-1][3] if until else 0)
    debits, credits = sum(each for each in within if each > 0), -sum(each for each in within if each < 0)
    assert (summary.debits, summary.credits, summary.lines) == (debits, credits, len(within))


POSTED = st.tuples(
    st.integers(0, 40), st.sampled_from([1, 2, 30, 199, 200, 201, 450]), st.integers(0, 2), st.integers(1, 99)
)
STEPS = st.lists(st.one_of(POSTED, st.sampled_from([7, 200, 1_000])), min_size=2, max_size=9)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, first=st.integers(-1, 41), last=st.integers(0, 42))
def test_any_order_of_posting_and_sealing_reads_as_a_plain_sum(
    books: dict[str, Database],
    loop: asyncio.AbstractEventLoop,
    steps: list[tuple[int, int, int, int] | int],
    first: int,
    last: int,
) -> None:
    """Crowds at one moment, old news that comes late, moments in the middle of a block, seals that a limit cuts off."""

    async def play() -> None:
        for step in steps:
            if isinstance(step, int):
                await keeping.seal(books["payment"], CLOCK.now(), step)
                continue
            hour, count, factory, amount = step
            at = START + timedelta(hours=hour)
            made = [_sale(FACTORIES[factory], amount + each % 5) for each in range(count)]
            await _post(books["payment"], at, [*made, _refund(FACTORIES[factory - 1], 2)])
            await _post_deposit(books, at, amount)
        await _same_as_plain(books, *EVER)
        begins, ends = START + timedelta(hours=first), START + timedelta(hours=max(first, last), minutes=1)
        await _same_as_plain(books, begins, ends)
        await _same_as_plain(books, START + timedelta(hours=first), START + timedelta(hours=max(first, last)))

    loop.run_until_complete(play())


async def test_blocks_are_filled_one_after_the_other_and_hold_everything_once(books: dict[str, Database]) -> None:
    await _post(books["payment"], START + timedelta(days=9), [_sale(FACTORIES[0], 5) for _ in range(1_000)])
    while await keeping.seal(books["payment"], CLOCK.now(), 150):
        pass
    blocks = await books["owner"].fetch(
        "select account_id, count(*), max(number), sum(cardinality(positions)),"
        " count(distinct (starts_at, starts_position)), min(lines) filter (where number < newest)"
        " from (select *, max(number) over (partition by account_id) as newest from account_blocks) as b group by account_id"
    )
    assert len(blocks) == 5
    for row in blocks:
        assert row[1] == row[2] == row[4]
        assert row[5] is None or row[5] >= 200
    held = await books["owner"].fetchrow(
        "select (select sum(lines) from account_blocks), (select count(*) from entries e join accounts a on"
        " a.id = e.account_id join account_kinds k on k.kind = a.kind where k.in_blocks), count(*) from accounts a"
        " join account_blocks b on b.account_id = a.id where a.kind = 'wallet'"
    )
    assert held[0] == held[1] > 2_000
    assert held[2] == 0
    assert await _same_as_plain(books, *EVER) > 2_000


async def test_what_commits_late_goes_where_it_belongs(books: dict[str, Database]) -> None:
    at = START + timedelta(days=20)
    await _post(books["payment"], at, [_sale(FACTORIES[1], 3) for _ in range(450)])
    async with books["payment"].pool.acquire() as slow, slow.transaction():
        await post(Transaction(slow), CHANCE, at - timedelta(minutes=1), [_sale(FACTORIES[1], 40)])
        later = [_sale(FACTORIES[1], 4) for _ in range(450)]
        await _post(books["payment"], at + timedelta(minutes=1), later)
        while await keeping.seal(books["payment"], CLOCK.now(), 100):
            pass
    begins, ends = at - timedelta(hours=1), at + timedelta(hours=1)
    assert await _same_as_plain(books, begins, ends) > 2_700
    assert await keeping.seal(books["payment"], CLOCK.now(), 100) == 1
    assert await _same_as_plain(books, begins, ends) > 2_700
    (page,) = await reading.account_lines(books["payment"], FACTORIES[1], begins, ends, 1, 0)
    assert (page.posted_at, page.amount) == (at - timedelta(minutes=1), -40)


async def test_the_audit_compares_blocks_with_their_entries(books: dict[str, Database], servers: Servers) -> None:
    await _post(books["payment"], START, [_sale(FACTORIES[2], 8)])
    while await keeping.seal(books["payment"], CLOCK.now(), 1_000):
        pass
    await _post(books["payment"], START, [_sale(FACTORIES[2], 8)])
    url = servers.url("t_blocks")
    assert "blocks" not in (await audit(url, None)).broken()
    await books["owner"].execute("update account_blocks set debits = debits + 7 where account_id = 2 and number = 1")
    assert "blocks" in (await audit(url, None)).broken()
    await books["owner"].execute("update account_blocks set debits = debits - 7 where account_id = 2 and number = 1")
    await books["owner"].execute("update account_blocks set lines = lines - 1 where number = 1")
    assert "blocks" in (await audit(url, None)).broken()
    await books["owner"].execute("update account_blocks set lines = lines + 1 where number = 1")
    assert "blocks" not in (await audit(url, None)).broken()
