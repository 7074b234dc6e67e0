"""The order service: orders and fulfilment. Port 3006."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from patungan.contracts import order as contract
from patungan.kernel.service import Context, Service
from patungan.kernel.settings import Common

# Imported for what they implement.
from patungan.services.order.operations import parcels as _parcels  # noqa: F401
from patungan.services.order.operations import session_orders as _session_orders  # noqa: F401
from patungan.services.order.operations.offers import Lookups, open_lookups
from patungan.services.order.processes import subscriptions, timers, workflows
from patungan.services.order.routes import routes


class Settings(Common, frozen=True, kw_only=True):
    """Settings of order."""

    bot_user_id: Annotated[UUID, "BOT_USER_ID: the platform's own user, who never gets an order"] = UUID(
        "00000000-0000-0000-0000-000000000001"
    )


async def _start(ctx: Context) -> None:
    ctx.local["market"] = open_lookups(ctx)


async def _stop(ctx: Context) -> None:
    market: Lookups = ctx.local["market"]
    await market.close()


service = Service(
    name="order",
    purpose="Orders and fulfilment",
    settings=Settings,
    routes=routes,
    operations=[contract.create_session_orders, contract.get_parcels],
    subscriptions=subscriptions,
    workflows=workflows,
    timers=timers,
    on_start=_start,
    on_stop=_stop,
)
