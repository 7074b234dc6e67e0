"""Every illegal movement of money tried straight in SQL under the services' own roles: the database refuses it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import uuid4

import asyncpg
import pytest

from patungan.kernel.database import service_url
from patungan.registry import SERVICES
from tests.house import Servers

Connections: TypeAlias = "dict[str, asyncpg.Connection[Any]]"

MONEY = ("payment", "wallet", "settlement")
ROLES = tuple(entry.module for entry in SERVICES)
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
WALLET = "wallet/00000000-0000-0000-0000-0000000000aa"

Denied = asyncpg.InsufficientPrivilegeError


@pytest.fixture(scope="module")
async def roles(servers: Servers, template: str) -> AsyncIterator[Connections]:
    """A connection a service under its own role, and the owner's; the books hold one payment and one wallet."""
    await servers.create_database("t_illegal", template)
    opened: Connections = {}
    for name in ROLES:
        url = service_url(servers.url("t_illegal"), servers.role_secret, name)
        opened[name] = await asyncpg.connect(url, server_settings={"search_path": f'"{name}"'})
    opened["owner"] = await asyncpg.connect(servers.url("t_illegal"))
    await post(opened["payment"], {"gateway_clearing": 100, "escrow/" + str(uuid4()): -100})
    await post(opened["wallet"], {"goodwill": 50, WALLET: -50})
    yield opened
    for connection in opened.values():
        await connection.close()
    await servers.drop_database("t_illegal")


async def post(
    connection: asyncpg.Connection[Any], lines: dict[str, int], *, key: str | None = None, at: datetime = NOW
) -> int:
    """Call the books' own function, past every check of ours in Python."""
    return int(
        await connection.fetchval(
            "select ledger.post($1, $2, $3, $4, $5, $6, $7, $8)",
            *([uuid4()], [key or str(uuid4())], ["adjustment"], ["r"], at, [1] * len(lines)),
            *(list(lines), list(lines.values())),
        )
    )


async def digest(roles: Connections) -> Any:
    """Everything that the books hold, as one value."""
    return await roles["owner"].fetchval(
        "select md5((select string_agg(e::text, ';' order by e) from ledger.entries e)"
        " || (select string_agg(t::text, ';' order by t.id) from ledger.transactions t)"
        " || (select string_agg(b::text, ';' order by b.account_id) from ledger.balances b))"
    )


TABLES = [
    "accounts",
    "account_kinds",
    "transactions",
    "entries",
    "balances",
    "posting_rights",
    "seals",
    "sealed",
    "sealing",
    "periods",
    "period_history",
    "daily_closings",
    "daily_totals",
]

TAMPERING = [
    *(f"delete from ledger.{table}" for table in TABLES),
    *(f"truncate ledger.{table} cascade" for table in TABLES),
    *(f"select * from ledger.{table}" for table in TABLES),
    "insert into ledger.entries values ((select id from ledger.transactions limit 1), 3, 1, 5)",
    "insert into ledger.transactions (id, idempotency_key) values (gen_random_uuid(), 'k')",
    "insert into ledger.accounts (code, kind) values ('bank/2', 'bank')",
    "insert into ledger.posting_rights values (session_user, 'wallet')",
    "insert into ledger.balances values (1, 1000000)",
    "update ledger.entries set amount = amount * 2",
    "update ledger.transactions set posted_at = posted_at - interval '1 year'",
    "update ledger.balances set balance = balance + 1",
    "update ledger.account_kinds set guarded = false",
    "update ledger.periods set state = 'reopened'",
    "alter table ledger.entries disable trigger all",
    "alter table ledger.balances drop constraint balances_balance_check",
    "alter table ledger.entries add column hidden bigint",
    "drop table ledger.entries cascade",
    "drop trigger append_only on ledger.entries",
    "create trigger mine before insert on ledger.entries for each row execute function ledger.refuse_change()",
    "create or replace function ledger.refuse_unbalanced() returns trigger language plpgsql as 'begin return null; end'",
    "create or replace function ledger.require_role(p_role name) returns void language sql as 'select'",
    "create function ledger.mine() returns int language sql as 'select 1'",
    "alter function ledger.refuse_change() owner to current_user",
    "drop function ledger.refuse_change() cascade",
    "grant all on ledger.entries to current_user",
    "grant pg_read_all_data to current_user",
    "alter schema ledger owner to current_user",
    "create schema mine",
    "set session_replication_role = replica",
    "set role the_owner",
    "set session authorization the_owner",
    "alter role current_user superuser",
    "copy ledger.entries from program 'true'",
]


@pytest.mark.parametrize("role", ROLES)
async def test_no_role_reaches_past_the_books_functions(roles: Connections, role: str) -> None:
    before = await digest(roles)
    connection, owner = roles[role], await roles["owner"].fetchval("select current_user::text")
    for statement in TAMPERING:
        with pytest.raises(Denied):
            async with connection.transaction():
                await connection.execute(
                    statement.replace("current_user", f"patungan_{role}").replace("the_owner", owner)
                )
                pytest.fail(f"{role} was let do: {statement}")
    for other in ROLES:
        if other != role:
            with pytest.raises(Denied):
                await connection.execute(f"set role patungan_{other}")
            with pytest.raises(Denied):
                await connection.execute(f"set session authorization patungan_{other}")
            for statement in ("select * from", "delete from", "truncate"):
                with pytest.raises(Denied):
                    await connection.execute(f'{statement} "{other}".events')
    assert await digest(roles) == before


@pytest.mark.parametrize("role", [role for role in ROLES if role not in MONEY])
async def test_who_moves_no_money_cannot_post_nor_read(roles: Connections, role: str) -> None:
    with pytest.raises(Denied):
        await post(roles[role], {"bank": 1, "goodwill": -1})
    with pytest.raises(Denied):
        await roles[role].fetchval("select ledger.balance_of('bank')")
    with pytest.raises(Denied):
        await roles[role].fetch("select * from ledger.trial_balance($1)", NOW)


@pytest.mark.parametrize(
    ("role", "lines"),
    [
        ("payment", {"gateway_clearing": 5, WALLET: -5}),
        ("payment", {"gateway_clearing": 5, "withdrawal_clearing": -5}),
        ("wallet", {"bank": 5, f"escrow/{uuid4()}": -5}),
        ("wallet", {"bank": 5, "commission_revenue": -5}),
        ("wallet", {"goodwill": 5, f"payable_factory/{uuid4()}": -5}),
        ("settlement", {"bank": 5, WALLET: -5}),
        ("settlement", {"bank": 5, f"escrow/{uuid4()}": -5}),
        ("settlement", {"refund_clearing": 5, "bank": -5}),
    ],
)
async def test_a_service_posts_to_its_own_accounts_alone(roles: Connections, role: str, lines: dict[str, int]) -> None:
    before = await digest(roles)
    with pytest.raises(Denied, match="may not post to"):
        await post(roles[role], lines)
    assert await digest(roles) == before


@pytest.mark.parametrize("role", MONEY)
async def test_what_does_not_add_up_is_refused(roles: Connections, role: str) -> None:
    before, connection = await digest(roles), roles[role]
    for lines in ({"bank": 5, "gateway_expense": -4}, {"bank": 5}, {"bank": 1, "gateway_expense": 1}):
        if role == "wallet":
            lines = {("goodwill" if account == "gateway_expense" else account): lines[account] for account in lines}
        with pytest.raises(asyncpg.CheckViolationError, match="does not balance"):
            await post(connection, lines)
    with pytest.raises(asyncpg.CheckViolationError):
        await post(connection, {"bank": 0, "goodwill" if role == "wallet" else "gateway_expense": 0})
    with pytest.raises((asyncpg.ForeignKeyViolationError, Denied)):
        await post(connection, {"pocket/1": 1, "bank": -1})
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.fetchval(
            "select ledger.post($1, $2, $3, $4, $5, $6, $7, $8)",
            *([uuid4()], ["lonely"], ["adjustment"], ["r"], NOW, [], [], []),
        )
    assert await digest(roles) == before


async def test_a_wallet_never_falls_below_zero(roles: Connections) -> None:
    before = await digest(roles)
    for amount in (51, 10**15):
        with pytest.raises(asyncpg.CheckViolationError):
            await post(roles["wallet"], {WALLET: amount, "goodwill": -amount})
    with pytest.raises(asyncpg.CheckViolationError):
        await post(roles["wallet"], {f"wallet_hold/{uuid4()}": 1, "goodwill": -1})
    assert await digest(roles) == before


async def test_a_key_is_posted_once_with_one_content(roles: Connections) -> None:
    key = str(uuid4())
    assert await post(roles["payment"], {"bank": 7, "gateway_clearing": -7}, key=key) == 1
    before = await digest(roles)
    assert await post(roles["payment"], {"bank": 7, "gateway_clearing": -7}, key=key) == 0
    for lines in ({"bank": 8, "gateway_clearing": -8}, {"gateway_clearing": 7, "bank": -7}):
        with pytest.raises(asyncpg.UniqueViolationError, match="other content"):
            await post(roles["payment"], lines, key=key)
    assert await digest(roles) == before


async def test_a_closed_period_takes_no_posting(roles: Connections) -> None:
    payment, month, finance = roles["payment"], datetime(2026, 10, 1).date(), uuid4()
    inside = datetime(2026, 10, 31, 16, 59, 59, tzinfo=UTC)
    assert await payment.fetchval("select ledger.close_period($1, $2, $3)", month, finance, inside) == "not_ended"
    await post(payment, {"bank": 3, "gateway_clearing": -3}, at=inside)
    assert await payment.fetchval("select ledger.close_period($1, $2, $3)", month, finance, NOW) == "not_sealed"
    await payment.fetchval("select ledger.seal($1, 1000)", NOW)
    assert await payment.fetchval("select ledger.close_period($1, $2, $3)", month, finance, NOW) == "ok"
    before = await digest(roles)
    for role, lines in (("payment", {"bank": 1, "gateway_clearing": -1}), ("wallet", {"bank": 1, "goodwill": -1})):
        for at in (inside, datetime(2026, 9, 30, 17, 0, tzinfo=UTC)):
            with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError, match="the period 2026-10 is closed"):
                await post(roles[role], lines, at=at)
    assert await digest(roles) == before
    assert await post(payment, {"bank": 1, "gateway_clearing": -1}, at=inside + timedelta(seconds=1)) == 1
    assert await post(payment, {"bank": 1, "gateway_clearing": -1}, at=datetime(2026, 9, 30, 16, tzinfo=UTC)) == 1
    for role in ("wallet", "settlement"):
        with pytest.raises(Denied):
            await roles[role].fetchval("select ledger.propose_reopening($1, $2, 'x', $3)", month, uuid4(), NOW)
        with pytest.raises(Denied):
            await roles[role].fetchval("select ledger.reopen_period($1, $2, $3)", month, uuid4(), NOW)
        with pytest.raises(Denied):
            await roles[role].fetchval("select ledger.close_day($1, $2, $3)", month, uuid4(), NOW)
        with pytest.raises(Denied):
            await roles[role].fetchval("select ledger.seal($1, 10)", NOW)
    reopen = "select ledger.reopen_period($1, $2, $3)"
    assert await payment.fetchval(reopen, month, uuid4(), NOW) == "not_proposed"
    propose = "select ledger.propose_reopening($1, $2, 'x', $3)"
    assert await payment.fetchval(propose, month, finance, NOW) == "ok"
    assert await payment.fetchval(reopen, month, finance, NOW) == "same_person"
    assert await payment.fetchval(reopen, month, uuid4(), NOW) == "ok"
    assert await post(payment, {"bank": 1, "gateway_clearing": -1}, at=inside) == 1


async def test_an_old_snapshot_does_not_post_into_a_closed_period(roles: Connections) -> None:
    async with roles["payment"].transaction(isolation="repeatable_read"):
        await roles["payment"].fetchval("select count(*) from events")
        with pytest.raises(asyncpg.InvalidTransactionStateError, match="read committed"):
            await post(roles["payment"], {"bank": 1, "gateway_clearing": -1})


async def test_a_table_of_ones_own_does_not_stand_in_for_the_books(roles: Connections) -> None:
    """The books' functions name their schema: a temporary table of the same name is not looked at."""
    connection = roles["settlement"]
    async with connection.transaction():
        await connection.execute("create temporary table posting_rights (role name, kind text) on commit drop")
        await connection.execute("insert into posting_rights values ('patungan_settlement', 'wallet')")
        with pytest.raises(Denied, match="may not post to wallet"):
            async with connection.transaction():
                await post(connection, {"bank": 5, WALLET: -5})


async def test_no_more_is_refunded_than_was_paid(roles: Connections) -> None:
    connection, session, payment = roles["payment"], uuid4(), uuid4()
    await connection.execute("insert into escrows (session_id, opened_at) values ($1, $2)", session, NOW)
    await connection.execute(
        "insert into payments (id, code, participant_id, session_id, user_id, description, product_amount, leg1_amount,"
        " leg2_amount, fee_amount, total, status, created_at, expires_at, paid_at)"
        " values ($1, 'PAY-20261124-AAAAAA', $2, $3, $4, 'x', 1000, 0, 0, 0, 1000, 'paid', $5, $5, $5)",
        *(payment, uuid4(), session, uuid4(), NOW),
    )
    await connection.execute(
        "insert into receipts (invoice_id, payment_id, kind, amount, currency, method, channel, paid_at, recorded_at)"
        " values ('inv-1', $1, 'in_time', 1000, 'IDR', 'credit_card', '', $2, $2)",
        *(payment, NOW),
    )
    refund = (
        "insert into refunds (id, code, payment_id, invoice_id, kind, amount, reason, status, destination, next_look_at,"
        " requested_at) values ($1, $2, $3, 'inv-1', $4, $5, 'other', 'pending', 'source', $6, $6)"
    )
    with pytest.raises(asyncpg.CheckViolationError, match="exceeds what was paid"):
        await connection.execute(refund, uuid4(), "REF-20261124-AAAAAA", payment, "late", 1_001, NOW)
    await connection.execute(refund, uuid4(), "REF-20261124-AAAAAA", payment, "late", 700, NOW)
    with pytest.raises(asyncpg.CheckViolationError, match="exceeds what was paid"):
        await connection.execute(refund, uuid4(), "REF-20261124-AAAAAB", payment, "session", 301, NOW)
    with pytest.raises(asyncpg.CheckViolationError, match="exceeds what was paid"):
        await connection.execute("update refunds set amount = 1001")
    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute("update payments set refunded_amount = 1001")
    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute("update refunds set amount = -1")


async def test_even_the_owner_changes_nothing_that_was_posted_or_sealed(roles: Connections) -> None:
    await roles["payment"].fetchval("select ledger.seal($1, 1000)", NOW)
    for table in ("entries", "transactions", "accounts", "seals", "sealed", "period_history"):
        for statement in (f"delete from ledger.{table}", f"truncate ledger.{table} cascade"):
            with pytest.raises(asyncpg.RestrictViolationError, match="append only"):
                await roles["owner"].execute(statement)


HANGING = [
    (
        "wallet",
        (
            "insert into wallet_transactions values"
            " (gen_random_uuid(), gen_random_uuid(), 'cashback', 1, 1, 'participant', gen_random_uuid(), 'r', now())"
        ),
    ),
    (
        "order",
        (
            "insert into order_items (order_id, line, id, product_id, factory_id, sku, product_name, product_slug,"
            " variant_name, weight_grams, quantity, unit_price, subtotal) values (gen_random_uuid(), 1, gen_random_uuid(),"
            " gen_random_uuid(), gen_random_uuid(), 's', 'p', 'p', 'v', 1, 1, 1, 1)"
        ),
    ),
    (
        "order",
        "insert into order_history (order_id, status, actor, at) values (gen_random_uuid(), 'paid', 'system', now())",
    ),
]


@pytest.mark.parametrize(("role", "statement"), HANGING)
async def test_no_line_stands_without_what_it_belongs_to(roles: Connections, role: str, statement: str) -> None:
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="without"):
        await roles[role].execute(statement)


@pytest.mark.parametrize(("role", "table"), [("wallet", "wallets"), ("order", "orders")])
async def test_what_lines_belong_to_is_kept(roles: Connections, role: str, table: str) -> None:
    for statement in (f"delete from {table}", f"truncate {table} cascade"):
        with pytest.raises((asyncpg.RestrictViolationError, Denied)):
            await roles[role].execute(statement)
