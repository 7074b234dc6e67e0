"""Closed days, closed months, and the chain of seals."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import FromPath, JSONBody

from patungan.contracts import books as contract
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Conflict
from patungan.kernel.http import Ctx, IdempotencyKey, Input, PageLimit, PageNumber, SignedIn, get, post
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Audience
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.kernel.workflows import start
from patungan.ledger import keeping
from patungan.ledger.keeping import ClosedDay, DayTotal, Period, PeriodAction
from patungan.services.payment.reports import closing, queries, spans
from patungan.services.payment.reports.processes import AuditBooks, audit_books
from patungan.services.payment.reports.routes.access import READERS


class Periods(msgspec.Struct, frozen=True):
    periods: list[Period]


class PeriodHistory(msgspec.Struct, frozen=True):
    month: str
    actions: list[PeriodAction]


class DayPage(msgspec.Struct, frozen=True):
    items: list[ClosedDay]
    page: int
    limit: int
    total: int


class DayTotals(msgspec.Struct, frozen=True):
    day: date
    items: list[DayTotal]
    page: int
    limit: int
    total: int


class SealView(msgspec.Struct, frozen=True):
    """A seal; hashes are SHA-256 in hexadecimal, ``previous`` is empty for the first one."""

    number: int
    hash: str
    previous: str
    transactions: int
    entries: int
    debits: Rupiah
    sealed_at: datetime


class Seals(msgspec.Struct, frozen=True):
    """The newest seals; ``waiting`` transactions are not sealed yet."""

    seals: int
    transactions: int
    waiting: int
    items: list[SealView]


class ReopenPeriod(Input, frozen=True):
    reason: Annotated[str, msgspec.Meta(min_length=3, max_length=500)]


class CloseDay(Input, frozen=True):
    day: date


class ClosingStarted(msgspec.Struct, frozen=True):
    """The audit that decides whether the day is closed."""

    audit_id: UUID
    day: date


class _Asked(msgspec.Struct, frozen=True):
    month: date
    reason: str = ""


@get("/api/reports/periods", audience=READERS)
async def periods(ctx: Ctx) -> Periods:
    return Periods(await keeping.known_periods(ctx.db))


@get("/api/reports/periods/{month:str}/history", audience=READERS)
async def period_history(ctx: Ctx, month: FromPath[str]) -> PeriodHistory:
    return PeriodHistory(month, await keeping.history_of_period(ctx.db, spans.month(month)))


async def _changed(
    ctx: Context,
    by: UUID,
    scope: str,
    key: str,
    asked: _Asked,
    change: Callable[[Transaction], Awaitable[None]],
) -> Period:
    async def work(tx: Transaction) -> Period:
        await change(tx)
        return next(each for each in await keeping.known_periods(tx) if each.month == asked.month)

    return await once(ctx.db, by, scope, key, asked, ctx.clock.now(), Period, work)


@post("/api/reports/periods/{month:str}/close", audience=Audience.FINANCE)
async def close_period(ctx: Ctx, caller: SignedIn, month: FromPath[str], idempotency_key: IdempotencyKey) -> Period:
    asked = _Asked(spans.month(month))
    await closing.seal_all(ctx)

    async def change(tx: Transaction) -> None:
        await closing.close_period(ctx, tx, asked.month, caller.user_id)

    return await _changed(ctx, caller.user_id, "period-close", idempotency_key, asked, change)


@post("/api/reports/periods/{month:str}/reopening", audience=Audience.FINANCE, status=201)
async def propose_reopening(
    ctx: Ctx, caller: SignedIn, month: FromPath[str], idempotency_key: IdempotencyKey, data: JSONBody[ReopenPeriod]
) -> Period:
    asked = _Asked(spans.month(month), data.reason)

    async def change(tx: Transaction) -> None:
        await closing.propose_reopening(ctx, tx, asked.month, caller.user_id, data.reason)

    return await _changed(ctx, caller.user_id, "period-reopening", idempotency_key, asked, change)


@post("/api/reports/periods/{month:str}/reopening/approval", audience=Audience.FINANCE)
async def approve_reopening(
    ctx: Ctx, caller: SignedIn, month: FromPath[str], idempotency_key: IdempotencyKey
) -> Period:
    asked = _Asked(spans.month(month))

    async def change(tx: Transaction) -> None:
        await closing.reopen_period(ctx, tx, asked.month, caller.user_id)

    return await _changed(ctx, caller.user_id, "period-approval", idempotency_key, asked, change)


@get("/api/reports/daily-closings", audience=READERS)
async def daily_closings(ctx: Ctx, page: PageNumber = 1, limit: PageLimit = 20) -> DayPage:
    found = await keeping.closed_days(ctx.db, limit, (page - 1) * limit)
    return DayPage(found, page, limit, found[0].total if found else 0)


@get("/api/reports/daily-closings/{day:date}", audience=READERS)
async def daily_closing(ctx: Ctx, day: FromPath[date], page: PageNumber = 1, limit: PageLimit = 20) -> DayTotals:
    if not any(each.day == day for each in await keeping.closed_days(ctx.db, 100_000, 0)):
        raise contract.DayNotClosed()
    found = await keeping.totals_of_day(ctx.db, day, limit, (page - 1) * limit)
    return DayTotals(day, found, page, limit, found[0].total if found else 0)


@post("/api/reports/daily-closings", audience=Audience.FINANCE, status=202)
async def close_day(
    ctx: Ctx, caller: SignedIn, idempotency_key: IdempotencyKey, data: JSONBody[CloseDay]
) -> ClosingStarted:
    """Audit the books, and close the day where they are whole; raises Conflict for a day that has not ended."""
    if data.day > closing.yesterday(ctx):
        raise Conflict(f"{data.day} has not ended", field="day")

    async def work(tx: Transaction) -> ClosingStarted:
        audit_id = ctx.chance.new_id()
        await queries.begin_audit(tx, audit_id, "manual", caller.user_id, ctx.clock.now())
        request = AuditBooks(audit_id=audit_id, requested_by=caller.user_id, day=data.day)
        await start(tx, audit_books, f"audit-{audit_id}", request)
        return ClosingStarted(audit_id, data.day)

    return await once(ctx.db, caller.user_id, "day-close", idempotency_key, data, ctx.clock.now(), ClosingStarted, work)


@get("/api/reports/seals", audience=READERS)
async def seals(ctx: Ctx, limit: PageLimit = 20) -> Seals:
    state = await keeping.sealing_state(ctx.db)
    found = await keeping.seals_before(ctx.db, state.seals + 1, limit)
    items = [
        SealView(s.number, s.hash.hex(), s.previous.hex(), s.transactions, s.entries, s.debits, s.sealed_at)
        for s in found
    ]
    return Seals(state.seals, state.transactions, state.waiting, items)


routes = [
    periods,
    period_history,
    close_period,
    propose_reopening,
    approve_reopening,
    daily_closings,
    daily_closing,
    close_day,
    seals,
]
