"""Runs one process of the platform: ``python -m patungan.operations.serve api|worker|web [--service NAME ...]``."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import os
import resource
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import uvloop
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server
from litestar.types import ASGIApp

from patungan.kernel import logs
from patungan.kernel.settings import Common, SettingsError, environment_for, load
from patungan.kernel.time import Clock, SharedClock, SystemClock
from patungan.operations.memory import give_back_in_lulls, trimming
from patungan.operations.platform import Platform
from patungan.registry import SERVICES, WEB_PORT, ServiceEntry, service_named

BACKLOG = 4096
"""Connections that may wait to be taken; a crowd comes at the same second."""

CONNECTIONS = 100_000
"""Connections that one server holds at a time: thousands watch a session. Granian would stop at the length of the queue."""

SIMULATED_PACE = 0.2
"""Factor on the pauses of a worker's timers in a simulation, whose clock jumps by days: what became due is not waited for."""


def allow_many_files() -> None:
    """Raise this process's limit of open files, which is one a connection, as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def serve_app(app: ASGIApp, host: str, port: int) -> Server:
    """A server for one app in this process's event loop; start it with ``serve()``, end it with ``stop()``."""
    return Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        websockets=False,
        backlog=BACKLOG,
        backpressure=CONNECTIONS,
        log_enabled=False,
        http1_settings=HTTP1Settings(keep_alive=True),
    )


def set_aside() -> None:
    """Leave what a start has made, which stays to the end, out of every later collection of garbage.

    Looking through the modules and routes of sixteen services held every request up for a sixth of a second, once in a
    thousand joins (docs/performance.md).
    """
    gc.collect()
    gc.freeze()


async def run_servers(servers: Sequence[Server], stopping: asyncio.Event) -> None:
    """Serve until asked to stop."""
    tasks = [asyncio.create_task(server.serve()) for server in servers]
    stopped = asyncio.create_task(stopping.wait())
    await asyncio.wait([*tasks, stopped], return_when=asyncio.FIRST_COMPLETED)
    for server in servers:
        server.stop()  # type: ignore[no-untyped-call]
    done = await asyncio.gather(*tasks, return_exceptions=True)
    stopped.cancel()
    for outcome in done:
        if isinstance(outcome, Exception):
            raise outcome


def _clock(environment: Mapping[str, str]) -> Clock:
    """The machine's clock, or the one that this process shares with others of a simulation; raises SettingsError."""
    file = load(Common, environment).patungan_clock_file
    return SharedClock(Path(file)) if file else SystemClock()


async def _api(entries: Sequence[ServiceEntry], *, with_web: bool, stopping: asyncio.Event) -> None:
    environment = environment_for("platform")
    platform = Platform(environment, entries, clock=_clock(environment))
    await platform.start()
    host = environment.get("HOST", "127.0.0.1")
    servers = [serve_app(platform.app(entry.name), host, _port(entry, len(entries))) for entry in entries]
    if with_web:
        servers.append(_web_server(host))
    set_aside()
    try:
        await run_servers(servers, stopping)
    finally:
        await platform.stop()


def _port(entry: ServiceEntry, together: int) -> int:
    """PORT of the guide where the service runs alone, its port of the guide otherwise.

    PATUNGAN_PORT_SHIFT moves all of the latter, so that a second platform finds room on one host.
    """
    if together > 1:
        return entry.port + int(environment_for("platform").get("PATUNGAN_PORT_SHIFT", 0))
    return int(environment_for(entry.process).get("PORT", entry.port))


def _web_server(host: str) -> Server:
    # The storefront is not a service: it is imported only by the process that serves it.
    from patungan.web.app import create_web

    environment = environment_for("web")
    return serve_app(create_web(environment), host, int(environment.get("WEB_PORT", WEB_PORT)))


async def _worker(stopping: asyncio.Event) -> None:
    environment = environment_for("platform")
    remote = environment.get("PATUNGAN_SHAPE") == "split"
    clock = _clock(environment)
    pace = SIMULATED_PACE if isinstance(clock, SharedClock) else 1.0
    platform = Platform(environment, SERVICES, clock=clock, remote=remote, pace=pace)
    await platform.start()
    await platform.start_worker(environment.get("PATUNGAN_WORKER", "worker"))
    set_aside()
    try:
        await stopping.wait()
    finally:
        await platform.stop()


async def _main(arguments: argparse.Namespace) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    lulls = asyncio.create_task(give_back_in_lulls(trimming()))
    match arguments.kind:
        case "api":
            entries = [service_named(name) for name in arguments.service] or list(SERVICES)
            await _api(entries, with_web=not arguments.service, stopping=stopping)
        case "worker":
            await _worker(stopping)
        case "web":
            servers = [_web_server(environment_for("web").get("HOST", "127.0.0.1"))]
            set_aside()
            await run_servers(servers, stopping)
    lulls.cancel()


def main() -> None:
    """Parse the command line and run; exits 78 (configuration error) with one line a fault where settings are refused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("api", "worker", "web"))
    parser.add_argument("--service", action="append", default=[])
    arguments = parser.parse_args()
    logs.configure(os.environ.get("LOG_LEVEL", "info"))
    allow_many_files()
    try:
        uvloop.run(_main(arguments))
    except SettingsError as error:
        for fault in error.faults:
            print(f"cannot start: {fault}", file=sys.stderr)
        sys.exit(78)


if __name__ == "__main__":
    main()
