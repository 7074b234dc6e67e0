"""From what was asked and what is remembered to what will run: servers prepared in their folders, and the process set."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from patungan.operations import nginx, ports
from patungan.operations import postgres as postgresql
from patungan.operations import valkey as cache
from patungan.operations.account import passable_place_for, place_for, server_account
from patungan.operations.environment import NOT_INHERITED, composed, configured, uses_sandbox
from patungan.operations.gateway import DEFAULT_RATE, GatewaySettings, parse_rate
from patungan.operations.layout import REPOSITORY, DataDirectory, OperationError
from patungan.operations.processes import (
    Process,
    gateway_process,
    postgres_process,
    program_processes,
    valkey_process,
)
from patungan.operations.secrets import load_or_create
from patungan.operations.stack import StackState
from patungan.registry import GATEWAY_PORT, SANDBOX_PORT, SERVICES, WEB_PORT


@dataclass(frozen=True, slots=True)
class UpOptions:
    """What ``up`` was asked for; None where nothing was said."""

    split: bool = False
    host: str | None = None
    port: int | None = None
    gateway: bool = True
    seed: bool = True
    rate: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What will run: the state to remember, every process, and their environment."""

    state: StackState
    processes: tuple[Process, ...]
    environment: dict[str, str]
    """Of the platform's own programs: the shell's variables and the platform's."""

    def named(self, name: str) -> Process | None:
        return next((process for process in self.processes if process.name == name), None)


def new_state(options: UpOptions, known: StackState | None) -> StackState:
    """The state of a platform about to start: what was asked for, and what is to stay as it was."""
    settings = configured(REPOSITORY)
    known = known or StackState()
    sandbox = uses_sandbox(settings)
    embedded_database = "DATABASE_URL" not in settings
    postgres_port = known.postgres_port or postgresql.DEFAULT_PORT if embedded_database else None
    valkey_port = known.valkey_port or cache.DEFAULT_PORT if "REDIS_URL" not in settings else None
    return StackState(
        split=options.split,
        host=options.host or "127.0.0.1",
        gateway_port=(options.port or GATEWAY_PORT) if options.gateway else None,
        rate=parse_rate(options.rate or DEFAULT_RATE),
        postgres_port=postgres_port,
        valkey_port=valkey_port,
        sandbox=sandbox,
        # Another database than last time is another matter; seeding one that was seeded before adds nothing.
        seeded=known.seeded and embedded_database == (known.postgres_port is not None),
        migrated=known.migrated if embedded_database and known.postgres_port is not None else "",
    )


def with_free_ports(state: StackState) -> StackState:
    """The state with every port checked; raises PortsInUse naming who holds one that cannot be replaced.

    PostgreSQL's and Valkey's own ports are nobody's business: another one is taken where theirs is not free.
    """
    wanted = {WEB_PORT: "web"} | {entry.port: entry.process for entry in SERVICES}
    if state.sandbox:
        wanted[SANDBOX_PORT] = "sandbox"
    hosts: dict[int, str] = {}
    if state.gateway_port is not None:
        if state.gateway_port in wanted:
            raise OperationError(f"port {state.gateway_port} is {wanted[state.gateway_port]}'s; name another --port")
        wanted[state.gateway_port] = "gateway"
        hosts[state.gateway_port] = state.host.strip("[]")
    ports.require_free(wanted, hosts)
    return msgspec.structs.replace(
        state,
        postgres_port=ports.free_port(state.postgres_port) if state.postgres_port else None,
        valkey_port=ports.free_port(state.valkey_port) if state.valkey_port else None,
    )


def prepare(data: DataDirectory, state: StackState) -> Plan:
    """Make what the servers need in their folders (once, and again without harm) and work out the process set."""
    settings = configured(REPOSITORY)
    secrets = load_or_create(data.secrets)
    account = server_account()
    processes: list[Process] = []
    database_url, redis_url = settings.get("DATABASE_URL", ""), settings.get("REDIS_URL", "")
    if state.postgres_port is not None:
        password = secrets["DATABASE_PASSWORD"]
        home = place_for(data, "postgres", account)
        cluster = postgresql.Cluster.prepare(home, state.postgres_port, password, account)
        database_url = cluster.url(password)
        processes.append(postgres_process(cluster))
    if state.valkey_port is not None:
        home = place_for(data, "valkey", account)
        server = cache.ValkeyServer.prepare(home, state.valkey_port, secrets["REDIS_PASSWORD"], account)
        redis_url = server.url
        processes.append(valkey_process(server, account))
    processes += program_processes(split=state.split, sandbox=state.sandbox)
    if state.gateway_port is not None:
        home = passable_place_for(data, "nginx", account)
        gateway = GatewaySettings(
            host=state.host, port=state.gateway_port, rate=state.rate, user=nginx.worker_user(account)
        )
        processes.append(gateway_process(nginx.NginxServer.prepare(home, gateway), state.gateway_port))
    environment = composed(
        settings,
        secrets,
        data=data.root,
        database_url=database_url,
        redis_url=redis_url,
        gateway_url=state.gateway_url,
        sandbox_url=f"http://127.0.0.1:{SANDBOX_PORT}" if state.sandbox else None,
        split=state.split,
    )
    state = msgspec.structs.replace(state, environment=environment)
    return Plan(state, tuple(processes), _inherited(os.environ) | environment | {"PYTHONUNBUFFERED": "1"})


def _inherited(shell: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in shell.items() if name not in NOT_INHERITED}


def migrations_digest(files: Iterable[Path] | None = None) -> str:
    """A digest of all that a migration run would do, so that one which would do nothing is not made."""
    package = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for file in sorted(files if files is not None else [*package.rglob("migrations/*.sql"), *_other_sources(package)]):
        digest.update(str(file.relative_to(package) if file.is_relative_to(package) else file).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _other_sources(package: Path) -> list[Path]:
    # The lock file stands for the workflow engine, which brings migrations of its own.
    sources = [package / "kernel" / "migrations.sql", package / "operations" / "migrate.py", package / "registry.py"]
    return [file for file in [*sources, REPOSITORY / "requirements.lock"] if file.exists()]
