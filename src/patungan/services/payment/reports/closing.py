"""Keeping the books: seals, audits, the closing of days, the closing and opening of periods."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from uuid import UUID

from prometheus_client import Gauge

from patungan.contracts import books as contract
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Unavailable
from patungan.kernel.service import Context
from patungan.kernel.time import JAKARTA
from patungan.ledger import keeping
from patungan.services.payment.reports import queries

Auditor = Callable[[], Awaitable[contract.AuditResult]]
"""Audits the whole platform; the composition root puts it into ``ctx.local["auditor"]``, for it looks at every schema."""

_WHY = {
    "not_ended": "it has not ended yet",
    "not_sealed": "not all of its transactions are sealed yet; that takes seconds",
    "already": "it is closed already",
    "not_closed": "it is not closed",
    "not_proposed": "nobody has proposed it yet",
    "same_person": "another person than the one who proposed it must agree",
}


async def seal_all(ctx: Context, share: float = 1.0) -> int:
    """Seal what was posted and is not sealed, working that share of the time; answers how many transactions."""
    sealed, loop = 0, asyncio.get_running_loop()
    began = loop.time()
    while made := await keeping.seal(ctx.db, ctx.clock.now(), keeping.SEALED_AT_ONCE):
        sealed += made
        if made < keeping.SEALED_AT_ONCE:
            break
        await asyncio.sleep((loop.time() - began) * (1 / share - 1))
        began = loop.time()
    return sealed


def yesterday(ctx: Context) -> date:
    """The last day that is over in Asia/Jakarta."""
    return ctx.clock.now().astimezone(JAKARTA).date() - timedelta(days=1)


async def carry_out_audit(ctx: Context, audit_id: UUID, trigger: str, requested_by: UUID | None) -> bool:
    """Audit the platform and keep the report; answers whether the books are whole. Where they are not, the log, an event
    and the metric ``books_whole`` say so."""
    known = await queries.find_audit(ctx.db, audit_id)
    if known is not None and known.whole is not None:
        return known.whole
    await queries.begin_audit(ctx.db, audit_id, trigger, requested_by, ctx.clock.now())
    auditor: Auditor | None = ctx.local.get("auditor")
    if auditor is None:
        raise Unavailable("This process cannot audit; a worker with the owner's DATABASE_URL can")
    result = await auditor()
    async with ctx.db.transaction() as tx:
        new = await queries.end_audit(
            tx, audit_id, ctx.clock.now(), result.whole, result.broken, bytes(result.report).decode()
        )
        if new and not result.whole:
            ctx.log.error("the books are not whole", audit=str(audit_id), broken=result.broken)
            await ctx.publish(tx, contract.BooksBroken(audit_id=audit_id, broken=result.broken))
    return result.whole


async def close_day(ctx: Context, day: date, audit_id: UUID) -> str:
    """Record a day's totals after an audit that found the books whole; raises DayRefused. Answers ok or already."""
    await seal_all(ctx)
    outcome = await keeping.close_day(ctx.db, day, audit_id, ctx.clock.now())
    if outcome not in ("ok", "already"):
        raise contract.DayRefused(f"{day} cannot be closed: {_WHY[outcome]}")
    return outcome


async def refuse_day(ctx: Context, day: date, audit_id: UUID) -> None:
    """Say that a day stays open because the books are not whole."""
    ctx.log.error("a day is not closed, for the books are not whole", day=str(day), audit=str(audit_id))


def _must_be_ok(outcome: str, month: date, what: str) -> None:
    if outcome != "ok":
        raise contract.PeriodRefused(f"{month:%Y-%m} cannot be {what}: {_WHY[outcome]}", field="month")


async def close_period(ctx: Context, tx: Transaction, month: date, by: UUID) -> None:
    """Close a month to postings; raises PeriodRefused."""
    _must_be_ok(await keeping.close_period(tx, month, by, ctx.clock.now()), month, "closed")


async def propose_reopening(ctx: Context, tx: Transaction, month: date, by: UUID, reason: str) -> None:
    """Ask that a closed month be opened again; another person must agree. Raises PeriodRefused."""
    _must_be_ok(await keeping.propose_reopening(tx, month, by, reason, ctx.clock.now()), month, "opened again")


async def reopen_period(ctx: Context, tx: Transaction, month: date, by: UUID) -> None:
    """Agree, as the second person, that a month is opened again; raises PeriodRefused."""
    _must_be_ok(await keeping.reopen_period(tx, month, by, ctx.clock.now()), month, "opened again")


def watch_books(ctx: Context) -> None:
    """Give the process the metrics of the books, read anew whenever they are asked for."""
    whole = Gauge("books_whole", "1 where the last audit found the books whole, else 0", registry=ctx.metrics)
    waiting = Gauge("ledger_unsealed_transactions", "Transactions that wait to be sealed", registry=ctx.metrics)

    async def collect() -> None:
        try:
            verdict = await queries.last_verdict(ctx.db)
            waiting.set((await keeping.sealing_state(ctx.db)).waiting)
        except Unavailable as error:
            # The other metrics are wanted all the more when the database is away; these two keep their last value.
            ctx.log.warning("the metrics of the books are not read", code=error.code)
            return
        whole.set(0 if verdict is False else 1)

    ctx.local.setdefault("collectors", []).append(collect)
