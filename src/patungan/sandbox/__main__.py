"""Runs the sandbox as a program: ``python -m patungan.sandbox``, told by environment variables (see settings)."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from patungan.sandbox.app import create_sandbox
from patungan.sandbox.serving import embedded_server
from patungan.sandbox.settings import SandboxSettings

if sys.platform == "win32":
    from asyncio import run
else:
    from uvloop import run


async def serve(settings: SandboxSettings) -> None:
    """Serve until SIGTERM or SIGINT."""
    server = embedded_server(create_sandbox(settings), settings.host, settings.port, log=True)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    await server.serve()


if __name__ == "__main__":
    run(serve(SandboxSettings.from_environment(os.environ)))
