"""Proves the books: every rule that money, goods and participants obey, checked over all rows of one moment."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

import asyncpg
import httpx
import msgspec

from patungan.contracts.books import AuditResult
from patungan.kernel.database import owner_url
from patungan.kernel.errors import Unavailable
from patungan.operations.audit import books, payments, provider, sessions, settlements, stock, wallets
from patungan.operations.audit.provider import Movement, ProviderBooks
from patungan.operations.audit.report import Finding, Report, as_json, show
from patungan.providers.xendit import BASE_URL

if TYPE_CHECKING:
    from patungan.operations.stack import RunningStack

CHECKS = (*books.CHECKS, *payments.CHECKS, *wallets.CHECKS, *settlements.CHECKS, *sessions.CHECKS, *stock.CHECKS)

ROOM = {
    "jit": "off",
    "timezone": "UTC",
    "work_mem": "192MB",
    "temp_buffers": "256MB",
    "default_statistics_target": "10",
    "max_parallel_workers_per_gather": "2",
}
"""Of the audit's own connection: what it gathers stays in memory, and is measured only as far as plans need it."""

ATTEMPTS = 4
PAUSE_SECONDS = 1.0
"""A platform at work has news on its way: what does not hold is looked at again before it is called wrong."""


async def audit(database_url: str, books: ProviderBooks | None) -> Report:
    """Audit the books of one moment, as the database's owner; without ``books`` the provider's are not compared.

    Raises httpx.HTTPError where the provider's books cannot be read.
    """
    # Theirs first: what comes in meanwhile is in ours and is looked at again, what is in theirs must be in ours by then.
    movements = [each async for each in books.movements()] if books is not None else None
    return await audit_moment(database_url, movements)


async def audit_moment(database_url: str, movements: list[Movement] | None) -> Report:
    """Audit one moment of the database: the ledger in itself and everything else at the same time, on two connections
    that see the same snapshot."""
    url = owner_url(database_url)
    first = await asyncpg.connect(url, server_settings=ROOM)
    try:
        second = await asyncpg.connect(url, server_settings=ROOM)
        try:
            async with first.transaction(isolation="repeatable_read"), second.transaction(isolation="repeatable_read"):
                snapshot = await first.fetchval("select pg_export_snapshot()")
                await second.execute(f"set transaction snapshot '{snapshot}'")
                # Both are waited for, also where one fails: a connection is not left in the middle of a query.
                halves = await asyncio.gather(
                    _examine_ledger(first), _examine_rest(second, movements), return_exceptions=True
                )
        finally:
            await second.close()
    finally:
        await first.close()
    findings: list[Finding] = []
    for half in halves:
        if isinstance(half, BaseException):
            raise half
        findings += half
    return Report(findings)


async def examine(connection: asyncpg.Connection[asyncpg.Record], movements: list[Movement] | None) -> Report:
    """Carry out every check in the connection's transaction, against the provider's movements where they are known.

    Nothing but temporary tables is written.
    """
    return Report([*await _examine_ledger(connection), *await _examine_rest(connection, movements)])


async def _examine_ledger(connection: asyncpg.Connection[asyncpg.Record]) -> list[Finding]:
    await connection.execute(books.PREPARED)
    return [await check.carry_out(connection) for check in books.CHECKS]


async def _examine_rest(
    connection: asyncpg.Connection[asyncpg.Record], movements: list[Movement] | None
) -> list[Finding]:
    await connection.execute(payments.PREPARED)
    findings = [await check.carry_out(connection) for check in CHECKS[len(books.CHECKS) :]]
    return [*findings, await _compared(connection, movements)]


async def _compared(connection: asyncpg.Connection[asyncpg.Record], movements: list[Movement] | None) -> Finding:
    if movements is None:
        reason = "a real provider is configured; its books are reconciled from its own reports"
        return Finding(provider.NAME, provider.CLAIM, skipped=reason)
    return await provider.compare(connection, movements)


async def settled_audit(database_url: str, books: ProviderBooks | None) -> Report:
    """Audit, and where something does not hold again after a moment: news on its way must not be called a fault."""
    for _ in range(ATTEMPTS - 1):
        report = await audit(database_url, books)
        if report.whole:
            return report
        await asyncio.sleep(PAUSE_SECONDS)
    return await audit(database_url, books)


def auditor(environment: Mapping[str, str]) -> Callable[[], Awaitable[AuditResult]]:
    """The audit as a service's job carries it out; the provider's books are compared where the sandbox stands for it."""
    xendit_url = environment.get("XENDIT_API_URL", BASE_URL)
    theirs = None if xendit_url == BASE_URL else ProviderBooks(xendit_url, environment.get("XENDIT_SECRET_KEY", ""))

    async def carry_out() -> AuditResult:
        try:
            report = await settled_audit(environment["DATABASE_URL"], theirs)
        except (httpx.HTTPError, OSError) as error:
            raise Unavailable("The database or the provider does not answer the audit") from error
        return AuditResult(whole=report.whole, broken=list(report.broken()), report=msgspec.Raw(as_json(report)))

    return carry_out


def provider_books(stack: RunningStack) -> ProviderBooks | None:
    """The sandbox's books of a running platform; None where real providers are used."""
    if not stack.sandbox_url:
        return None
    return ProviderBooks(f"{stack.sandbox_url}/xendit", stack.environment["XENDIT_SECRET_KEY"])


async def run(stack: RunningStack, *, json: bool = False) -> int:
    """Audit a running platform and print the report; answers 0 where the books are whole, else 1."""
    from rich.console import Console

    from patungan.operations.layout import OperationError

    try:
        report = await settled_audit(stack.database_url, provider_books(stack))
    except httpx.HTTPError as error:
        raise OperationError(f"the sandbox does not show the provider's books ({error})") from error
    if json:
        sys.stdout.buffer.write(as_json(report) + b"\n")
    else:
        show(report, Console(highlight=False))
    return 0 if report.whole else 1
