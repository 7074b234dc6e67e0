"""Connections to a provider or a service in several small pools: a pool looks at each of its idle connections for every call, so that one
of 32 spends a third of the caller's time on that."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import httpx

CALLS_A_POOL = 4
MOST_POOLS = 16


@cache
def _tls() -> ssl.SSLContext:
    """Reading the certificates takes longer than all else of a pool: once is enough for a process."""
    return httpx.create_ssl_context()


class Pools:
    """Makes another pool when those that are there are busy, up to a limit; ``settings`` are those of httpx's client."""

    def __init__(self, **settings: Any) -> None:
        self._settings = settings
        self._clients: list[httpx.AsyncClient] = []
        self._busy: list[int] = []

    @asynccontextmanager
    async def least_busy(self) -> AsyncIterator[httpx.AsyncClient]:
        """A pool for one call: the first that is not busy, so that few calls use few connections."""
        place = next((place for place, calls in enumerate(self._busy) if calls < CALLS_A_POOL), None)
        if place is None and len(self._clients) < MOST_POOLS:
            place = len(self._clients)
            self._clients.append(httpx.AsyncClient(verify=_tls(), **self._settings))
            self._busy.append(0)
        elif place is None:
            place = self._busy.index(min(self._busy))
        self._busy[place] += 1
        try:
            yield self._clients[place]
        finally:
            self._busy[place] -= 1

    async def aclose(self) -> None:
        """Close all connections."""
        for client in self._clients:
            await client.aclose()
