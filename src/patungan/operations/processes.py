"""The processes of the platform, in either shape, as data: what starts each, when it is ready, how it stops."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import partial
from pathlib import Path

from patungan.operations.account import Account
from patungan.operations.health import answers
from patungan.operations.layout import REPOSITORY
from patungan.operations.nginx import NginxServer
from patungan.operations.postgres import Cluster
from patungan.operations.valkey import ValkeyServer
from patungan.registry import SANDBOX_PORT, SERVICES, WEB_PORT


class Stage(IntEnum):
    """The order of stopping, highest first: nobody loses a server that it still needs."""

    DATABASE = 10
    CACHE = 20
    SANDBOX = 30
    WORKER = 40
    API = 50
    GATEWAY = 60


@dataclass(frozen=True, slots=True)
class Probe:
    """A question that answers whether one part of a process is ready."""

    subject: str
    ask: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Process:
    """One process under the supervisor. ``bare`` ones are started without the platform's environment, so its secrets."""

    name: str
    stage: Stage
    command: tuple[str, ...]
    directory: Path
    ports: tuple[int, ...] = ()
    probes: tuple[Probe, ...] = ()
    user: str | None = None
    bare: bool = False
    start_seconds: int = 1
    """How long it must have run to count as started; what has no probe is known by this alone."""
    stop_signal: str = "TERM"
    stop_seconds: int = 15
    environment: Mapping[str, str] = field(default_factory=dict)


def postgres_process(cluster: Cluster) -> Process:
    return Process(
        name="postgres",
        stage=Stage.DATABASE,
        command=cluster.command(),
        directory=cluster.home,
        ports=(cluster.port,),
        probes=(Probe("postgres", cluster.ready),),
        user=_name(cluster.account),
        bare=True,
        # PostgreSQL's fast shutdown: open transactions are rolled back, nothing waits for idle clients.
        stop_signal="INT",
        stop_seconds=30,
    )


def valkey_process(server: ValkeyServer, account: Account | None) -> Process:
    return Process(
        name="valkey",
        stage=Stage.CACHE,
        command=server.command(),
        directory=server.home,
        ports=(server.port,),
        probes=(Probe("valkey", server.ready),),
        user=_name(account),
        bare=True,
    )


def gateway_process(server: NginxServer, port: int) -> Process:
    return Process(
        name="gateway",
        stage=Stage.GATEWAY,
        command=server.command(),
        directory=server.home,
        ports=(port,),
        probes=(Probe("gateway", partial(answers, port, "/health")),),
        bare=True,
        # nginx's graceful stop: requests under way are answered.
        stop_signal="QUIT",
        stop_seconds=5,
    )


def program_processes(*, split: bool, sandbox: bool) -> tuple[Process, ...]:
    """The platform's own programs: one api process or sixteen and the web, a worker, and the sandbox where it is used."""
    processes = [*(_split_api() if split else [_whole_api()]), _program("worker", Stage.WORKER, "worker")]
    if sandbox:
        processes.append(
            Process(
                name="sandbox",
                stage=Stage.SANDBOX,
                command=(sys.executable, "-m", "patungan.sandbox"),
                directory=REPOSITORY,
                ports=(SANDBOX_PORT,),
                probes=(Probe("sandbox", partial(answers, SANDBOX_PORT, "/health")),),
            )
        )
    return tuple(processes)


def _whole_api() -> Process:
    ports = {WEB_PORT: "web"} | {entry.port: entry.process for entry in SERVICES}
    return _program("api", Stage.API, "api", ports=ports)


def _split_api() -> list[Process]:
    services = [
        _program(entry.process, Stage.API, "api", "--service", entry.name, ports={entry.port: entry.process})
        for entry in SERVICES
    ]
    return [*services, _program("web", Stage.API, "web", ports={WEB_PORT: "web"})]


def _program(name: str, stage: Stage, *arguments: str, ports: Mapping[int, str] | None = None) -> Process:
    listening = ports or {}
    alone = {"PORT": str(*listening)} if len(listening) == 1 else {}
    return Process(
        name=name,
        stage=stage,
        command=(sys.executable, "-m", "patungan.operations.serve", *arguments),
        directory=REPOSITORY,
        ports=tuple(listening),
        probes=tuple(Probe(subject, partial(answers, port, "/ready")) for port, subject in listening.items()),
        # A worker listens nowhere: it has read its settings and reached its servers if it lives that long.
        start_seconds=1 if listening else 3,
        environment=alone,
    )


def _name(account: Account | None) -> str | None:
    return account.name if account else None
