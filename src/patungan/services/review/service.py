"""The review service: product and factory reviews. Port 3009."""

from __future__ import annotations

from typing import Annotated

from patungan.kernel.service import Service
from patungan.providers.storage.keeping import StorageSettings, open_storage
from patungan.services.review.processes import on_deliveries, rebuild, remind_buyers, schedules
from patungan.services.review.routes import routes


class Settings(StorageSettings, frozen=True, kw_only=True):
    """Settings of review."""

    reviews_auto_approved: Annotated[
        bool, "REVIEWS_AUTO_APPROVED: whether reviews are shown before somebody has looked at them"
    ] = True


service = Service(
    name="review",
    purpose="Product and factory reviews",
    settings=Settings,
    routes=routes,
    subscriptions=[on_deliveries],
    workflows=[rebuild],
    schedules=schedules,
    timers=[remind_buyers],
    on_start=open_storage,
)
