"""What the books do by themselves: what is posted is sealed, every night they are audited and the day is closed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec

from patungan.kernel.service import Context
from patungan.kernel.workflows import Run, Schedule, Workflow, timer, workflow
from patungan.services.payment.reports import closing


class AuditBooks(msgspec.Struct, frozen=True):
    """Without an id it is the nightly audit. ``day`` is closed where the books are whole, ``yesterday`` the last one."""

    audit_id: UUID | None = None
    requested_by: UUID | None = None
    day: date | None = None
    yesterday: bool = False


AUDIT_BOOKS = "payment.audit-books"

SEALING_SHARE = 0.5
"""Of the time, while much waits to be sealed: the crowd whose payments wait comes first, and a seal may be seconds late."""


@timer(every=timedelta(seconds=2))
async def seal_postings(ctx: Context) -> None:
    await closing.seal_all(ctx, SEALING_SHARE)


async def new_audit(ctx: Context) -> UUID:
    return ctx.chance.new_id()


async def last_day(ctx: Context) -> date:
    return closing.yesterday(ctx)


@workflow(AUDIT_BOOKS, AuditBooks)
async def audit_books(run: Run, request: AuditBooks) -> None:
    """Audit the books; where they are whole close the day that was asked for, else leave it open and say so."""
    # The day before the audit: one that ends while the audit runs was not wholly seen by it.
    day = await run.step(last_day) if request.yesterday else request.day
    audit_id = await run.step(new_audit) if request.audit_id is None else request.audit_id
    trigger = "manual" if request.requested_by else "nightly"
    whole = await run.step(closing.carry_out_audit, audit_id, trigger, request.requested_by)
    if day is None:
        return
    if whole:
        await run.step(closing.close_day, day, audit_id)
    else:
        await run.step(closing.refuse_day, day, audit_id)


workflows: list[Workflow[Any]] = [audit_books]
timers = [seal_postings]
schedules = [
    Schedule(
        "audit-books", "30 0 * * *", audit_books, AuditBooks(yesterday=True), "proves the books, then closes the day"
    ),
]
