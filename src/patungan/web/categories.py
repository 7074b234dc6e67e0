"""The catalogue's categories, remembered for a minute: every first page shows them, and they hardly ever change."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from patungan.kernel.time import Clock
from patungan.web.api import Api, ApiProblem

KEPT = timedelta(minutes=1)


class Categories:
    """The categories as this process read them last."""

    def __init__(self, api: Api, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._known: list[dict[str, Any]] = []
        self._read_at: datetime | None = None

    async def all(self) -> list[dict[str, Any]]:
        """Every category; those that were known where product does not answer."""
        now = self._clock.now()
        if self._read_at is None or now - self._read_at > KEPT:
            try:
                found = await self._api.call("GET", "product", "/api/categories")
            except ApiProblem:
                return self._known
            self._known, self._read_at = found["items"], now
        return self._known


def below(categories: list[dict[str, Any]], slug: str) -> list[str]:
    """The ids of a category and of everything below it; empty where there is no such category."""
    ids = {str(each["id"]) for each in categories if each["slug"] == slug}
    while more := {str(each["id"]) for each in categories if each["parent_id"] in ids} - ids:
        ids |= more
    return sorted(ids)
