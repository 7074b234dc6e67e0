"""A platform for one benchmark: PostgreSQL, Valkey, sandbox, services, gateway as real processes on free ports."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import asyncpg
import psutil

from benchmarks.frame.limits import bound_to
from patungan.operations import nginx, ports
from patungan.operations.account import Account, passable_place_for, place_for, server_account
from patungan.operations.environment import NOT_INHERITED, OURS, composed
from patungan.operations.gateway import GatewaySettings
from patungan.operations.health import answers
from patungan.operations.layout import REPOSITORY, DataDirectory, OperationError
from patungan.operations.migrate import migrate
from patungan.operations.nginx import NginxServer
from patungan.operations.ports import free_port
from patungan.operations.postgres import Cluster
from patungan.operations.progress import Progress
from patungan.operations.secrets import load_or_create
from patungan.operations.valkey import ValkeyServer
from patungan.registry import SERVICES, WEB_PORT, service_named

START_SECONDS = 120
LAST_MOVED = 100
"""How many ports above the first the services take: 3000 to 3016, and room."""
FIRST_PLACE, LAST_PLACE = 100, 320
"""Hundreds of port numbers among which the services find their place: 10000 to 31999."""


@dataclass
class Piece:
    """One process of the platform, with what it says in a file."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals

    def cpu_seconds(self) -> float:
        """Processor time so far, user and system, with all threads and child processes, the ended ones included."""
        seconds = 0.0
        own = psutil.Process(self.process.pid)
        for process in (own, *own.children()):
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                seconds += times.user + times.system + times.children_user + times.children_system
        return seconds

    def megabytes(self) -> float:
        """Memory that is its own or shared, now."""
        return psutil.Process(self.process.pid).memory_info().rss / 1e6


@dataclass
class BenchPlatform:
    """The platform while a benchmark runs. PostgreSQL is durable, as under ``up``: every commit waits for the disk."""

    progress: Progress
    data: DataDirectory
    environment: dict[str, str] = field(default_factory=dict)
    pieces: dict[str, Piece] = field(default_factory=dict)
    gateway_port: int = 0
    cluster: Cluster = field(init=False)
    password: str = ""
    _shift: int = 0
    _account: Account | None = None
    _replicas: dict[str, list[int]] = field(default_factory=dict)

    def port(self, service: str) -> int:
        """The port of a service in the first api process, or of ``web``."""
        return (WEB_PORT if service == "web" else service_named(service).port) + self._shift

    def url(self, service: str, path: str = "") -> str:
        return f"http://127.0.0.1:{self.port(service)}{path}"

    @property
    def database_url(self) -> str:
        """The owner's URL."""
        return self.environment["DATABASE_URL"]

    async def owner(self) -> asyncpg.Connection[asyncpg.Record]:
        """A superuser's connection."""
        return await asyncpg.connect(self.database_url)

    def add_api(self, service: str, *, cores: Collection[int] | None = None, **variables: str) -> int:
        """Start one more process for one service; answers its port. Wait for it with ``ready``."""
        port = free_port()
        name = f"{service}-{port}"
        self._program(name, "api", "--service", service, cores=cores, variables={"PORT": str(port), **variables})
        self._replicas.setdefault(service_named(service).process, []).append(port)
        return port

    async def ready(self, port: int) -> None:
        """Wait until a service answers on a port."""
        await self._until(partial(answers, port, "/ready"), f"the service on port {port}")

    async def add_gateway(self) -> int:
        """Start nginx before all services (and replicas), without a limit of requests; answers its port."""
        self.gateway_port = free_port()
        servers: dict[str, tuple[str, ...]] = {
            entry.process: (f"127.0.0.1:{self.port(entry.name)}",) for entry in SERVICES
        }
        servers["web"] = (f"127.0.0.1:{self.port('web')}",)
        for process, more in self._replicas.items():
            servers[process] = (*servers[process], *(f"127.0.0.1:{port}" for port in more))
        settings = GatewaySettings(
            port=self.gateway_port, rate=None, user=nginx.worker_user(self._account), servers=servers
        )
        server = NginxServer.prepare(passable_place_for(self.data, "nginx", self._account), settings)
        self._spawn("gateway", server.command(), stop_signal=signal.SIGQUIT)
        await self._until(partial(answers, self.gateway_port, "/health"), "the gateway")
        return self.gateway_port

    async def start(
        self, *, worker: bool, web: bool, cores: Collection[int] | None, variables: Mapping[str, str] | None
    ) -> None:
        """Bring everything up, in the order of need."""
        self._account = server_account()
        made = load_or_create(self.data.secrets)
        with self.progress.step("made a database cluster"):
            self.password = made["DATABASE_PASSWORD"]
            home = place_for(self.data, "postgres", self._account)
            self.cluster = await asyncio.to_thread(Cluster.prepare, home, free_port(), self.password, self._account)
        home = place_for(self.data, "valkey", self._account)
        valkey = ValkeyServer.prepare(home, free_port(), made["REDIS_PASSWORD"], self._account)
        self._shift = _free_shift()
        sandbox_port = free_port()
        self._compose(made, valkey.url, sandbox_port, variables or {})
        with self.progress.step("started PostgreSQL, Valkey and the sandbox, migrated the database"):
            self._spawn("postgres", self.cluster.command(), account=self._account, stop_signal=signal.SIGINT)
            self._spawn("valkey", valkey.command(), account=self._account)
            sandbox = (sys.executable, "-P", "-m", "patungan.sandbox")
            self._spawn("sandbox", sandbox, environment={"SANDBOX_PORT": str(sandbox_port)})
            await self._until(self.cluster.ready, "PostgreSQL")
            await self._until(valkey.ready, "Valkey")
            await migrate(self.database_url, self.environment["DATABASE_ROLE_SECRET"])
        with self.progress.step("started the services"):
            self._program("api", "api", cores=cores, variables={})
            if worker:
                self._program("worker", "worker", variables={})
            for name in [entry.name for entry in SERVICES] + (["web"] if web else []):
                await self._until(partial(answers, self.port(name), "/ready"), f"{name} on port {self.port(name)}")
            await self._until(partial(answers, sandbox_port, "/health"), "the sandbox")

    async def stop(self) -> None:
        """End everything, the last started first."""
        for piece in reversed(list(self.pieces.values())):
            if piece.process.poll() is None:
                piece.process.send_signal(piece.stop_signal)
            try:
                await asyncio.to_thread(piece.process.wait, 15)
            except subprocess.TimeoutExpired:
                piece.process.kill()
                await asyncio.to_thread(piece.process.wait)

    def _compose(self, made: Mapping[str, str], redis_url: str, sandbox_port: int, extra: Mapping[str, str]) -> None:
        urls = {f"{entry.module.upper()}_SERVICE_URL": self.url(entry.name) for entry in SERVICES}
        callbacks = {
            "PAYMENT_CALLBACK_URL": self.url("payment", "/api/webhooks/payment"),
            "REFUND_CALLBACK_URL": self.url("payment", "/api/webhooks/payment"),
            "DISBURSEMENT_CALLBACK_URL": self.url("wallet", "/api/webhooks/disbursement"),
            "WHATSAPP_CALLBACK_URL": self.url("whatsapp", "/api/whatsapp/webhook"),
        }
        moved = {"PATUNGAN_PORT_SHIFT": str(self._shift), "WEB_PORT": str(self.port("web"))}
        # What a person has set in .env or in the shell is not for a benchmark: it would no longer be comparable.
        self.environment = composed(
            {**urls, **callbacks, **moved, **extra},
            made,
            data=self.data.root,
            database_url=self.cluster.url(self.password),
            redis_url=redis_url,
            gateway_url=self.url("web"),
            sandbox_url=f"http://127.0.0.1:{sandbox_port}",
            split=False,
        )

    def _program(
        self, name: str, *arguments: str, variables: Mapping[str, str], cores: Collection[int] | None = None
    ) -> None:
        command = (sys.executable, "-P", "-m", "patungan.operations.serve", *arguments)
        self._spawn(name, command, environment=variables, cores=cores)

    def _spawn(
        self,
        name: str,
        command: tuple[str, ...],
        *,
        account: Account | None = None,
        environment: Mapping[str, str] | None = None,
        cores: Collection[int] | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        log = self.data.log(name)
        kept = {key: value for key, value in os.environ.items() if not OURS.search(key) and key not in NOT_INHERITED}
        with log.open("wb") as output, bound_to(cores):
            process = subprocess.Popen(
                command,
                # Not the repository, whose .env would be read.
                cwd=self.data.root if account is None else "/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**kept, **self.environment, **(environment or {}), "PYTHONPATH": str(REPOSITORY / "src")},
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
                start_new_session=True,
            )
        self.pieces[name] = Piece(name, process, log, stop_signal)

    async def _until(self, holds: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + START_SECONDS
        while not await asyncio.to_thread(holds):
            ended = [piece for piece in self.pieces.values() if piece.process.poll() is not None]
            if ended or time.monotonic() > until:
                said = "\n".join(piece.log.read_text(errors="replace")[-2000:] for piece in ended)
                raise OperationError(f"{what} did not start\n{said}".strip())
            await asyncio.sleep(0.05)


def _free_shift() -> int:
    """By how much the services' ports are moved so that all of them are free, and below those that the system hands out."""
    first = secrets.randbelow(LAST_PLACE - FIRST_PLACE)
    for number in range(LAST_PLACE - FIRST_PLACE):
        place = FIRST_PLACE + (first + number) % (LAST_PLACE - FIRST_PLACE)
        shift = place * LAST_MOVED - WEB_PORT
        if all(ports.is_free(WEB_PORT + shift + port) for port in range(len(SERVICES) + 1)):
            return shift
    raise OperationError("there are not enough free ports next to one another")


@contextlib.asynccontextmanager
async def bench_platform(
    progress: Progress,
    *,
    gateway: bool = False,
    worker: bool = True,
    web: bool = True,
    cores: Collection[int] | None = None,
    variables: Mapping[str, str] | None = None,
) -> AsyncIterator[BenchPlatform]:
    """A platform that is gone afterwards. ``cores`` binds the api process; ``variables`` add to every process's settings."""
    root = Path(tempfile.mkdtemp(prefix="patungan-bench-"))
    data = DataDirectory(root)
    data.create()
    platform = BenchPlatform(progress, data)
    try:
        await platform.start(worker=worker, web=web, cores=cores, variables=variables)
        if gateway:
            await platform.add_gateway()
        yield platform
    finally:
        with progress.step("stopped the platform"):
            await platform.stop()
            shutil.rmtree(root, ignore_errors=True)
