"""What comes due in warehouse, as rows with a due time."""

from __future__ import annotations

from datetime import timedelta

from patungan.kernel.service import Context
from patungan.kernel.workflows import timer
from patungan.services.warehouse.operations import direct


@timer(every=timedelta(seconds=2))
async def release_expired(ctx: Context) -> None:
    """Give back the stock of orders that were not paid in time."""
    while await direct.expire_due(ctx) == direct.LARGEST_BATCH:
        continue
