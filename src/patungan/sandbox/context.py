"""What every provider of the sandbox shares: settings, time, books, faults and the way out for callbacks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import structlog
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from patungan.sandbox.callbacks import LONGEST_WAIT, Outbox
from patungan.sandbox.clock import Clock, milliseconds
from patungan.sandbox.faults import FaultDesk
from patungan.sandbox.settings import SandboxSettings
from patungan.sandbox.store import Store

log = structlog.get_logger("patungan.sandbox")


@dataclass(frozen=True, slots=True)
class Sandbox:
    """One running sandbox, handed to every route."""

    settings: SandboxSettings
    clock: Clock
    store: Store
    faults: FaultDesk
    outbox: Outbox

    def now(self) -> int:
        """Milliseconds since 1970 on the sandbox's clock."""
        return milliseconds(self.clock())


GivenSandbox: TypeAlias = NamedDependency[SkipValidation[Sandbox]]
"""The parameter type of a route that uses the sandbox."""


async def repeat(step: Callable[[], None]) -> None:
    """Run a step again and again until cancelled; a step that fails is reported and tried again a second later."""
    while True:
        try:
            step()
            await asyncio.sleep(LONGEST_WAIT)
        except Exception:
            log.exception("sandbox.step_failed", step=repr(step))
            await asyncio.sleep(1.0)
