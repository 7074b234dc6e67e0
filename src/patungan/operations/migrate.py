"""Migrations: plain SQL per service, forward only, each in a transaction; roles and their rights are made here too."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path

import asyncpg

from patungan.kernel import engine
from patungan.kernel.database import owner_url, role_name, role_password
from patungan.registry import SERVICES, ServiceEntry

ROOT = Path(__file__).parents[1]
LOCK = 7_266_417

MONEY_SERVICES = ("payment", "wallet", "settlement")
"""Which services' roles may call the ledger; what each may post to is in ledger.posting_rights."""


class MigrationChanged(Exception):
    """A file that was applied before has changed since; migrations are forward only, write a new one."""


async def migrate(database_url: str, role_secret: str, say: Callable[[str], None] = lambda _message: None) -> list[str]:
    """Bring every schema up to date; answers what was applied. Two at once wait for each other."""
    url = owner_url(database_url)
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("select pg_advisory_lock($1)", LOCK)
        applied: list[str] = []
        await _ensure_base(connection)
        await asyncio.to_thread(engine.migrate, _psycopg_url(url))
        folders: list[tuple[str, list[Path]]] = [
            ("platform", sorted((ROOT / "operations" / "migrations").glob("*.sql"))),
            ("ledger", sorted((ROOT / "ledger" / "migrations").glob("*.sql"))),
        ]
        folders += [(entry.module, _files(entry)) for entry in SERVICES]
        for schema, files in folders:
            for file in files:
                if await _apply(connection, schema, file):
                    applied.append(f"{schema}/{file.name}")
                    say(f"{schema}/{file.name}")
        for entry in SERVICES:
            await _grant(connection, entry.module, role_secret)
        return applied
    finally:
        await connection.close()


def _files(entry: ServiceEntry) -> list[Path]:
    own = ROOT / "services" / entry.module / "migrations"
    return [ROOT / "kernel" / "migrations.sql", *sorted(own.glob("*.sql"))]


def _psycopg_url(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1).replace("postgres://", "postgresql+psycopg://", 1)


async def _ensure_base(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    for schema in ("platform", "ledger", *(entry.module for entry in SERVICES)):
        await connection.execute(f'create schema if not exists "{schema}"')
        await connection.execute(f'revoke all on schema "{schema}" from public')
    await connection.execute("revoke create on schema public from public")
    await connection.execute(
        """
        create table if not exists platform.migrations (
            schema text not null, file text not null, checksum text not null, applied_at timestamptz not null,
            primary key (schema, file)
        )
        """
    )


async def _apply(connection: asyncpg.Connection[asyncpg.Record], schema: str, file: Path) -> bool:
    text = file.read_text()
    checksum = hashlib.sha256(text.encode()).hexdigest()
    known = await connection.fetchval(
        "select checksum from platform.migrations where schema = $1 and file = $2", schema, file.name
    )
    if known == checksum:
        return False
    if known is not None:
        raise MigrationChanged(f"{schema}/{file.name} was applied before and has changed since; write a new migration")
    async with connection.transaction():
        await connection.execute(f'set local search_path = "{schema}"')
        await connection.execute("set local lock_timeout = '5s'")
        await connection.execute(text)
        await connection.execute(
            "insert into platform.migrations values ($1, $2, $3, clock_timestamp())", schema, file.name, checksum
        )
    return True


async def _grant(connection: asyncpg.Connection[asyncpg.Record], schema: str, role_secret: str) -> None:
    """A role per service, with rights on its own schema alone, the platform's functions, and the books where it moves money."""
    role = role_name(schema)
    if not await connection.fetchval("select true from pg_roles where rolname = $1", role):
        await connection.execute(f"create role {role} nologin")
    if role_secret:
        await connection.execute(f"alter role {role} login password '{role_password(role_secret, schema)}'")
    database = await connection.fetchval("select quote_ident(current_database())")
    statements = [
        f"grant connect on database {database} to {role}",
        f'grant usage on schema "{schema}", platform to {role}',
        f'grant select, insert, update, delete on all tables in schema "{schema}" to {role}',
        f'grant usage, select on all sequences in schema "{schema}" to {role}',
        f'grant execute on all functions in schema "{schema}" to {role}',
        f"grant select on platform.migrations to {role}",
        f"grant execute on function platform.enqueue_workflow(text, text, text) to {role}",
        f"grant execute on function platform.send_message(text, text, text, text) to {role}",
    ]
    if schema in MONEY_SERVICES:
        statements += [
            f"grant usage on schema ledger to {role}",
            f"grant execute on all functions in schema ledger to {role}",
        ]
    for statement in statements:
        await connection.execute(statement)
