"""The nightly reconciliation, and the one on demand."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from patungan.kernel.service import Context
from patungan.kernel.time import JAKARTA
from patungan.kernel.workflows import Run, Schedule, Workflow, workflow
from patungan.services.payment.reconciliation import operations, queries
from patungan.services.payment.reconciliation.rules import first_night


class Reconcile(msgspec.Struct, frozen=True):
    """A reconciliation that was asked for; without an id it is the nightly one, of the last day."""

    reconciliation_id: UUID | None = None


async def begin_nightly(ctx: Context) -> UUID:
    """Write down a reconciliation of the last day that is over in Asia/Jakarta, and of those before it that no night had."""
    now = ctx.clock.now()
    local = now.astimezone(JAKARTA)
    until = datetime(local.year, local.month, local.day, tzinfo=JAKARTA)
    run_id = ctx.chance.new_id()
    from_at = first_night(await queries.last_nightly(ctx.db), until)
    await queries.begin(ctx.db, run_id, "nightly", None, from_at, until, now)
    return run_id


@workflow("payment.reconcile", Reconcile)
async def reconcile(run: Run, request: Reconcile) -> None:
    """Compare our books with the provider's list, once it shows the time in question."""
    run_id = request.reconciliation_id
    if run_id is None:
        run_id = await run.step(begin_nightly)
    await run.step(operations.reconcile, run_id)


workflows: list[Workflow[Any]] = [reconcile]
schedules = [
    Schedule(
        "reconcile", "0 2 * * *", reconcile, Reconcile(), "compares the last day with the provider's transactions"
    ),
]
