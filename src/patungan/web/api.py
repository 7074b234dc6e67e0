"""The services as the storefront reaches them: their public HTTP APIs, with a person's token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

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


class Api:
    """One HTTP client for all services, shared by every request of this process."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._urls = urls
        self._client = httpx.AsyncClient(
            timeout=TIMEOUT,
            limits=httpx.Limits(max_connections=200, max_keepalive_connections=50),
            # Services are inside the network: an outward proxy of the machine is not the way to them.
            trust_env=False,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

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
    ) -> Any:
        """The decoded answer of a service, None where it has no content, its bytes where ``raw``; raises ApiProblem."""
        given = {name: value for name, value in (params or {}).items() if value is not None and value != ""}
        try:
            response = await self._client.request(
                method, self._urls[service] + path, json=body, params=given or None, headers=dict(headers or {})
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
