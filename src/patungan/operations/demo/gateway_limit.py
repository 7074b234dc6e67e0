"""Takes the gateway's request limit away while the demo runs, for its crowd comes from one address; then puts it back."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from patungan.operations import nginx
from patungan.operations.account import passable_place_for, server_account
from patungan.operations.gateway import GatewaySettings
from patungan.operations.layout import DataDirectory
from patungan.operations.stack import RunningStack, StackState, read_state

RELOADED_WITHIN = 0.5
"""Seconds that nginx gets to start workers with the new configuration."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """The running gateway of a data directory."""

    data: DataDirectory
    state: StackState

    @property
    def limited(self) -> bool:
        return self.state.rate is not None

    @property
    def home(self) -> Path:
        """nginx's folder."""
        return passable_place_for(self.data, "nginx", server_account())

    def settings(self, rate: str | None) -> GatewaySettings:
        """The gateway as it runs, with another request limit; None for no limit."""
        port = self.state.gateway_port
        if port is None:
            raise AssertionError("there is no gateway to configure")
        user = nginx.worker_user(server_account())
        return GatewaySettings(host=self.state.host, port=port, rate=rate, user=user)

    def prepare(self, rate: str | None) -> nginx.NginxServer:
        """Write the configuration with a request limit."""
        return nginx.NginxServer.prepare(self.home, self.settings(rate))

    def configure(self, rate: str | None) -> None:
        """Write the configuration and have nginx read it; requests under way end under the old one."""
        server = self.prepare(rate)
        os.kill(_process_id(server.home), signal.SIGHUP)


def _process_id(home: Path) -> int:
    return int((home / "nginx.pid").read_text())


def gateway_of(stack: RunningStack) -> Gateway | None:
    """The platform's gateway; None where it runs without one."""
    folder = stack.environment.get("PATUNGAN_DATA")
    data = DataDirectory.at(folder) if folder else None
    state = read_state(data) if data is not None else None
    if data is None or state is None or state.gateway_port is None:
        return None
    return Gateway(data, state)


@asynccontextmanager
async def without_limit(gateway: Gateway | None) -> AsyncIterator[None]:
    """Lift the limit for the time of the block, also where it ends by an error or Ctrl-C."""
    if gateway is None or not gateway.limited:
        yield
        return
    gateway.configure(None)
    try:
        await asyncio.sleep(RELOADED_WITHIN)
        yield
    finally:
        gateway.configure(gateway.state.rate)
