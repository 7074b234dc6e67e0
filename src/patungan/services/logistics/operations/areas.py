"""Which couriers deliver to a place, by the service area's rules: asked of address, and kept a moment in the process."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from datetime import datetime, timedelta

import msgspec

from patungan.contracts.address import Coverage, GetCoverage, get_coverage
from patungan.kernel.errors import Unavailable
from patungan.kernel.service import Context

FRESH = timedelta(seconds=15)
"""How long a process goes by what it knows; a change of the rules reaches all of them within it."""
MOST_KEPT = 20_000
"""Postal codes whose coverage lies in the process; there are some 10,000."""
PATIENCE_SECONDS = 3.0
"""How long address may take; a parcel's price must not wait for it for longer."""
EVERYWHERE = Coverage(served=True, refused_couriers=[])


class _Kept(msgspec.Struct, frozen=True):
    asked_at: datetime
    coverage: Coverage


def _is_fresh(asked_at: datetime, now: datetime) -> bool:
    # A clock that was set back must not make the answer last for ever.
    return asked_at <= now < asked_at + FRESH


class ServiceAreas:
    """What this process knows of the service area, and the questions about it that are under way."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._flights: dict[str, asyncio.Task[Coverage]] = {}
        self._silent_at: datetime | None = None

    async def look_up(self, ctx: Context, postal_code: str) -> Coverage:
        """Who delivers there. Where address does not answer, what was known last; a place that was never asked about is
        served by all, since the couriers themselves refuse what they do not serve."""
        known, now = self._kept.get(postal_code), ctx.clock.now()
        if known is not None and _is_fresh(known.asked_at, now):
            return known.coverage
        last = EVERYWHERE if known is None else known.coverage
        if self._silent_at is not None and _is_fresh(self._silent_at, now):
            return last
        flight = self._flights.get(postal_code)
        if flight is None:
            flight = asyncio.create_task(self._ask(ctx, postal_code, last))
            self._flights[postal_code] = flight
            flight.add_done_callback(lambda _: self._flights.pop(postal_code, None))
        # Shielded: whoever gives up waiting must not take the answer from the others.
        return await asyncio.shield(flight)

    async def _ask(self, ctx: Context, postal_code: str, last: Coverage) -> Coverage:
        asked_at = ctx.clock.now()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                found = await ctx.call(get_coverage, GetCoverage(postal_code=postal_code))
        except (Unavailable, TimeoutError) as error:
            ctx.log.warning("the service area is not known", reason=type(error).__name__)
            self._silent_at = asked_at
            return last
        self._kept[postal_code] = _Kept(asked_at, found)
        self._kept.move_to_end(postal_code)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return found

    async def close(self) -> None:
        """End the questions under way."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)
