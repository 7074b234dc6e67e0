"""A service's definition, and the context that its code runs in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import structlog
from prometheus_client import CollectorRegistry
from valkey.asyncio import Valkey

from patungan.kernel.calls import Calls
from patungan.kernel.chance import Chance
from patungan.kernel.contract import Operation
from patungan.kernel.database import Database, Transaction
from patungan.kernel.events import Subscription, publish
from patungan.kernel.forgetting import KEYS_KEPT, forgetting
from patungan.kernel.settings import Common
from patungan.kernel.time import Clock
from patungan.kernel.workflows import Schedule, Timer, Workflow

Req = TypeVar("Req", bound=msgspec.Struct)
Rep = TypeVar("Rep")


@dataclass(frozen=True)
class Context:
    """What a service's code may use: its database, clock, chance, settings, Valkey, log, and calls to other services."""

    name: str
    settings: Any
    db: Database
    clock: Clock
    chance: Chance
    valkey: Valkey
    log: structlog.stdlib.BoundLogger
    calls: Calls
    metrics: CollectorRegistry
    local: dict[str, Any] = field(default_factory=dict)
    """What a service keeps for the life of the process, such as provider clients; filled by its ``on_start``."""

    async def call(self, operation: Operation[Req, Rep], request: Req) -> Rep:
        """Call another service by its contract; raises its Problems, or RemoteCallError when the outcome is open."""
        return await self.calls.call(operation, request)

    async def publish(self, tx: Transaction, *events: msgspec.Struct) -> None:
        """Append events to this service's log in the transaction that causes them."""
        await publish(tx, self.chance, self.clock.now(), *events)


Implementation = Callable[[Context, Any], Awaitable[Any]]


def implements(
    operation: Operation[Req, Rep],
) -> Callable[[Callable[[Context, Req], Awaitable[Rep]]], Callable[[Context, Req], Awaitable[Rep]]]:
    """Mark a function of operations.py as the one that carries out an operation of the contract."""

    def mark(function: Callable[[Context, Req], Awaitable[Rep]]) -> Callable[[Context, Req], Awaitable[Rep]]:
        _IMPLEMENTATIONS[(operation.service, operation.name)] = function
        return function

    return mark


_IMPLEMENTATIONS: dict[tuple[str, str], Implementation] = {}


@dataclass(frozen=True)
class Service:
    """One island: what it is made of. Written in the service's service.py, read by the composition root."""

    name: str
    purpose: str
    settings: type[Common] = Common
    routes: Sequence[Any] = ()
    operations: Sequence[Operation[Any, Any]] = ()
    subscriptions: Sequence[Subscription] = ()
    workflows: Sequence[Workflow[Any]] = ()
    schedules: Sequence[Schedule] = ()
    timers: Sequence[Timer] = ()
    on_start: Callable[[Context], Awaitable[None]] | None = None
    on_stop: Callable[[Context], Awaitable[None]] | None = None
    keys_kept: timedelta = KEYS_KEPT
    """How long answers are kept for idempotency keys."""

    def __post_init__(self) -> None:
        job = forgetting(self.name, self.keys_kept)
        object.__setattr__(self, "schedules", (*self.schedules, job))
        object.__setattr__(self, "workflows", (*self.workflows, job.workflow))

    @property
    def schema(self) -> str:
        return self.name.replace("-", "_")

    @property
    def migrations(self) -> Path:
        """The folder of the service's own SQL files."""
        return Path(__file__).parents[1] / "services" / self.schema / "migrations"

    def implementation(self, operation: Operation[Any, Any]) -> Implementation:
        """The function that carries out an operation; raises KeyError for one that is declared but not built."""
        return _IMPLEMENTATIONS[(operation.service, operation.name)]
