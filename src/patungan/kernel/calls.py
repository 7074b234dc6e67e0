"""Calls between services by contract: in the process where the service is there, over HTTP where it is not.

The two differ in one thing, which tests pin: a remote call may have happened although it failed (RemoteCallError).
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import httpx
import msgspec

from patungan.kernel.chance import Chance, backoff_seconds
from patungan.kernel.contract import Operation
from patungan.kernel.database import in_transaction
from patungan.kernel.errors import (
    CallInsideTransaction,
    InternalError,
    RemoteCallError,
    TokenExpired,
    Unavailable,
    problem_from,
)
from patungan.kernel.identity import sign_service_token
from patungan.kernel.pools import Pools
from patungan.kernel.time import Clock

Req = TypeVar("Req", bound=msgspec.Struct)
Rep = TypeVar("Rep")

ATTEMPTS = 3
"""How often a retry-safe call is made in all."""

DEADLINE_HEADER = "X-Deadline-Seconds"

LocalCall = Callable[[Operation[Any, Any], Any], Awaitable[Any]]


class Copying(enum.Enum):
    """Whether a call in the process hands over the message itself or a serialised copy."""

    SHARED = "shared"
    SERIALISED = "serialised"


class Calls:
    """One service's way to the others."""

    def __init__(
        self,
        caller: str,
        clock: Clock,
        chance: Chance,
        token_secret: str,
        *,
        local: Mapping[str, LocalCall],
        urls: Mapping[str, str],
        copying: Copying = Copying.SHARED,
        pools: Mapping[str, Pools] | None = None,
    ) -> None:
        self._caller = caller
        self._clock = clock
        self._chance = chance
        self._token_secret = token_secret
        self._local = local
        self._urls = urls
        self._copying = copying
        self._pools = pools or {}

    async def call(self, operation: Operation[Req, Rep], request: Req) -> Rep:
        """Carry out an operation of another service; see Context.call."""
        if in_transaction.get():
            raise CallInsideTransaction(f"{operation.service}.{operation.name} called inside a transaction")
        local = self._local.get(operation.service)
        if local is not None:
            return await self._call_local(local, operation, request)
        attempts = ATTEMPTS if operation.retry_safe else 1
        for attempt in range(1, attempts + 1):
            try:
                return await self._call_remote(operation, request)
            except Unavailable:
                if attempt == attempts:
                    raise
                await asyncio.sleep(backoff_seconds(attempt, self._chance, first=0.05, cap=1.0))
        raise AssertionError("unreachable: the last attempt answers or raises")

    async def _call_local(self, local: LocalCall, operation: Operation[Req, Rep], request: Req) -> Rep:
        if self._copying is Copying.SHARED:
            shared: Rep = await local(operation, request)
            return shared
        copy = msgspec.json.decode(msgspec.json.encode(request), type=operation.request)
        reply = await local(operation, copy)
        return msgspec.json.decode(msgspec.json.encode(reply), type=operation.reply)

    async def _call_remote(self, operation: Operation[Req, Rep], request: Req) -> Rep:
        token = sign_service_token(self._token_secret, self._caller, operation.service, self._clock.now())
        try:
            async with self._pools[operation.service].least_busy() as client:
                response = await client.post(
                    self._urls[operation.service].rstrip("/") + operation.path,
                    content=msgspec.json.encode(request),
                    headers={
                        "Authorization": f"Bearer {token}",
                        "Content-Type": "application/json",
                        DEADLINE_HEADER: str(operation.timeout),
                    },
                    timeout=operation.timeout,
                )
        except httpx.HTTPError as error:
            raise RemoteCallError(f"{operation.service}.{operation.name} did not answer") from error
        if response.status_code == 200:
            return msgspec.json.decode(response.content, type=operation.reply)
        raise _remote_problem(operation, response)


def _remote_problem(operation: Operation[Any, Any], response: httpx.Response) -> Exception:
    try:
        problem = problem_from(msgspec.json.decode(response.content, type=dict[str, Any]))
    except (msgspec.DecodeError, TypeError):
        problem = None
    # A token that ran out says nothing about the request: its minute was over on the way, or the clocks differ.
    if problem is None or isinstance(problem, (InternalError, TokenExpired)) or response.status_code in (502, 503, 504):
        return RemoteCallError(f"{operation.service}.{operation.name} answered {response.status_code}")
    return problem
