"""The product service: product catalogue and variants. Port 3002."""

from __future__ import annotations

from patungan.contracts import product as contract
from patungan.kernel.service import Context, Service
from patungan.providers.storage.keeping import StorageSettings, open_store
from patungan.services.product.processes import (
    follow_factories,
    follow_reviews,
    follow_sessions,
    forget_uploads,
    refresh_search,
    schedules,
)
from patungan.services.product.routes import routes


async def _open(ctx: Context) -> None:
    ctx.local["images"] = open_store(ctx.settings)


service = Service(
    name="product",
    purpose="Product catalogue and variants",
    settings=StorageSettings,
    routes=routes,
    operations=[contract.get_products],
    subscriptions=[follow_sessions, follow_factories, follow_reviews],
    workflows=[refresh_search, forget_uploads],
    schedules=schedules,
    on_start=_open,
)
