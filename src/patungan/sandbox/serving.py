"""Serves the sandbox from an event loop: a program's until it is told to stop, or a test's for the length of a block."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar

from patungan.sandbox.app import create_sandbox
from patungan.sandbox.clock import Clock, utc_now
from patungan.sandbox.settings import SandboxSettings

START_LIMIT = 10.0


def embedded_server(app: Litestar, host: str, port: int, *, log: bool) -> Server:
    return Server(
        app, address=host, port=port, interface=Interfaces.ASGI, websockets=False, log_enabled=log, backlog=1024
    )


def free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def served(app: Litestar, host: str, port: int) -> AsyncIterator[None]:
    """Serve any application inside the block; raises RuntimeError when it does not come up."""
    server = embedded_server(app, host, port, log=False)
    serving = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(START_LIMIT):
            while not await _answers(host, port):
                if serving.done():
                    raise RuntimeError(f"the server on {host}:{port} ended at once") from serving.exception()
                await asyncio.sleep(0.01)
        yield
    finally:
        server.stop()  # type: ignore[no-untyped-call]
        await serving


async def _answers(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


@asynccontextmanager
async def running_sandbox(
    settings: SandboxSettings, *, port: int | None = None, clock: Clock = utc_now
) -> AsyncIterator[str]:
    """Run a sandbox on this machine, on a free port unless one is given. Yields its base address."""
    chosen = port or free_port(settings.host)
    async with served(create_sandbox(settings, clock=clock), settings.host, chosen):
        yield f"http://{settings.host}:{chosen}"
