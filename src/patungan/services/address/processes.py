"""What address does by the calendar."""

from __future__ import annotations

from datetime import timedelta

from patungan.kernel.service import Context
from patungan.kernel.workflows import timer
from patungan.services.address import queries


@timer(timedelta(hours=1))
async def forget_old_geocodes(ctx: Context) -> None:
    """Answers of the map provider that may not be kept any longer."""
    await queries.forget_geocodes(ctx.db, ctx.clock.now())


timers = [forget_old_geocodes]
