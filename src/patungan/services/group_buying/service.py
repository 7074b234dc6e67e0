"""The group-buying service: sessions, joins, tiers, the platform's fill, closing. Port 3004."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from patungan.kernel.service import Context, Service
from patungan.kernel.settings import Common
from patungan.services.group_buying import processes
from patungan.services.group_buying.operations.desk import Desks
from patungan.services.group_buying.operations.joining import Lookups
from patungan.services.group_buying.operations.progress import Announcer, Watchers
from patungan.services.group_buying.routes import routes


class Settings(Common, frozen=True, kw_only=True):
    """Settings of group buying."""

    bot_user_id: Annotated[UUID, "BOT_USER_ID: the platform's own user, who guarantees units"] = UUID(
        "00000000-0000-0000-0000-000000000001"
    )


async def open_desks(ctx: Context) -> None:
    """One set of desks and one set of watchers a process."""
    ctx.local["watchers"] = Watchers(ctx)
    ctx.local["announcer"] = Announcer(ctx)
    ctx.local["desks"] = Desks(ctx)
    ctx.local["lookups"] = Lookups(ctx)


async def close_desks(ctx: Context) -> None:
    """Answer who still waits at a desk, announce it, then stop watching."""
    for name in ("desks", "lookups", "announcer", "watchers"):
        await ctx.local[name].close()


service = Service(
    name="group-buying",
    purpose="Group-buying sessions, MOQ, tier pricing",
    settings=Settings,
    routes=routes,
    subscriptions=[processes.on_payments, processes.on_stock_received, processes.on_stock_cancelled],
    workflows=processes.workflows,
    schedules=processes.schedules,
    timers=[processes.close_due_sessions, processes.announce_expiring_sessions, processes.record_starts],
    on_start=open_desks,
    on_stop=close_desks,
)
