"""Old idempotency keys are forgotten: the job of every service that deletes them (docs/decisions/0113)."""

from __future__ import annotations

import zlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from patungan.kernel import sql
from patungan.kernel.contract import Message
from patungan.kernel.workflows import Run, Schedule, workflow

if TYPE_CHECKING:
    from patungan.kernel.service import Context

KEYS_KEPT = timedelta(days=35)
"""How long the answer to a key is kept: longer than a sign-in lasts without being renewed (30 days), so that who comes back
with an older key has signed in anew since."""
MONEY_KEYS_KEPT = timedelta(days=400)
"""The same of services that keep books: past the close of the year in which the money moved."""
BATCH = 1_000
"""Keys deleted in one transaction."""

delete_keys = sql.run(
    """
    delete from idempotency_keys where ctid = any (array(
        select ctid from idempotency_keys where created_at < $1 order by created_at limit $2 for update skip locked
    ))
    """
)


class ForgetKeys(Message, frozen=True):
    """Delete the keys that were first used longer ago than ``days``."""

    days: int


async def forget_keys(ctx: Context, before: datetime) -> int:
    """Delete the keys from before the moment, a batch at a time; answers how many. Keys that are in use are left."""
    deleted = 0
    while True:
        async with ctx.db.transaction() as tx:
            await tx.look_up_by_index()
            count = await delete_keys(tx, before, BATCH)
        deleted += count
        if count < BATCH:
            return deleted


def forgetting(service: str, kept: timedelta) -> Schedule:
    """The job that deletes a service's old keys: on Sundays between 3 and 4, each service at a minute of its own."""

    @workflow(f"{service}.forget-keys", ForgetKeys)
    async def body(run: Run, request: ForgetKeys) -> None:
        deleted = await run.step(forget_keys, run.ctx.clock.now() - timedelta(days=request.days))
        run.ctx.log.info("old keys deleted", count=deleted)

    minute = zlib.crc32(service.encode()) % 60
    purpose = f"deletes idempotency keys after {kept.days} days"
    return Schedule(f"forget-keys-{service}", f"{minute} 3 * * 0", body, ForgetKeys(days=kept.days), purpose)
