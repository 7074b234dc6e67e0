"""The services as the storefront reaches them: their public HTTP APIs, with a person's token."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from patungan.kernel.pools import Pools

TIMEOUT = httpx.Timeout(12.0, connect=2.0)
"""Seconds; above the 8 that couriers are given to name their prices."""


class ApiProblem(Exception):
    """What a service answered instead of what was asked for: its stable code, the HTTP status, the field at fault."""

    def __init__(self, code: str, status: int, detail: str = "", field: str | None = None) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.status = status
        self.detail = detail
        self.field = field

    @property
    def passing(self) -> bool:
        """Whether the same request may well succeed in a moment."""
        return self.status in (429, 502, 503, 504)


KEPT_SECONDS = 0.45
"""How long a public answer serves every visitor. A service keeps its own no longer, so that both are under a second."""

MOST_KEPT = 1_000


class _Reading:
    """A public answer, or the reading of it that is under way; ``began`` is the time from which its age counts."""

    def __init__(self, began: float, task: asyncio.Task[Any]) -> None:
        self.began = began
        self.task = task

    def serves(self, now: float) -> bool:
        """Whether it may still be shown; a failed reading is shown to those alone who wait for it."""
        failed = self.task.done() and (self.task.cancelled() or self.task.exception() is not None)
        return not failed and now - self.began < KEPT_SECONDS


class Api:
    """The HTTP connections to all services, shared by every request of this process."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._urls = urls
        self._kept: dict[tuple[str, str, str], _Reading] = {}
        # Services are inside the network: an outward proxy of the machine is not the way to them.
        self._pools = {service: Pools(timeout=TIMEOUT, trust_env=False) for service in urls}

    async def close(self) -> None:
        """Close the connections."""
        for pools in self._pools.values():
            await pools.aclose()

    async def public(self, service: str, path: str, params: Mapping[str, Any]) -> Any:
        """What a service answers everybody alike; read once for all who ask within a moment. Not to be changed.

        Raises ApiProblem.
        """
        now = asyncio.get_running_loop().time()
        key = (service, path, repr(sorted(params.items())))
        reading = self._kept.get(key)
        if reading is None or not reading.serves(now):
            self._forget(now)
            reading = _Reading(now, asyncio.create_task(self.call("GET", service, path, params=params)))
            self._kept[key] = reading
        # Shielded: one visitor who gives up must not end the reading that the others wait for.
        return await asyncio.shield(reading.task)

    def _forget(self, now: float) -> None:
        if len(self._kept) >= MOST_KEPT:
            self._kept = {key: each for key, each in self._kept.items() if each.serves(now)}

    async def call(
        self,
        method: str,
        service: str,
        path: str,
        *,
        body: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        raw: bool = False,
        content: bytes | None = None,
    ) -> Any:
        """The decoded answer of a service, None where it has no content, its bytes where ``raw``; raises ApiProblem.

        ``content`` is sent as it is, in the place of a body.
        """
        given = {name: value for name, value in (params or {}).items() if value is not None and value != ""}
        try:
            async with self._pools[service].least_busy() as client:
                response = await client.request(
                    method,
                    self._urls[service] + path,
                    json=body,
                    content=content,
                    params=given or None,
                    headers=dict(headers or {}),
                )
        except httpx.TransportError as error:
            raise ApiProblem("service_unavailable", 503, f"{service}: {type(error).__name__}") from error
        if response.is_success and raw:
            return response.content
        if response.is_success:
            return _decoded(response, service) if response.content else None
        raise _problem_of(response, service)


def _decoded(response: httpx.Response, service: str) -> Any:
    try:
        return response.json()
    except ValueError as error:
        raise ApiProblem("service_unavailable", 502, f"{service} answered something that is not JSON") from error


def _problem_of(response: httpx.Response, service: str) -> ApiProblem:
    try:
        document = response.json()
    except ValueError:
        document = None
    if not isinstance(document, dict) or "code" not in document:
        return ApiProblem("service_unavailable", 502, f"{service} answered {response.status_code}")
    field = document.get("field")
    return ApiProblem(
        str(document["code"]), response.status_code, str(document.get("detail", "")), str(field) if field else None
    )
