"""The composition root: makes the contexts of the services that live in this process and wires them together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import asyncpg
import msgspec
from litestar.types import ASGIApp
from prometheus_client import CollectorRegistry
from valkey.asyncio import Valkey

from patungan.kernel import logs
from patungan.kernel.answers import keep_answers, stop_keeping
from patungan.kernel.calls import Calls, Copying, LocalCall
from patungan.kernel.chance import Chance, SystemChance
from patungan.kernel.contract import Operation, read_events_operation
from patungan.kernel.database import Database, owner_url, service_url
from patungan.kernel.events import follow, read_events
from patungan.kernel.http import build_app
from patungan.kernel.pools import Pools
from patungan.kernel.service import Context, Service
from patungan.kernel.settings import environment_for, load
from patungan.kernel.time import Clock, SystemClock
from patungan.kernel.workflows import Timer, ensure_schedule, run_due_schedules
from patungan.operations.audit import auditor
from patungan.registry import SERVICES, ServiceEntry


def service_urls(environment: Mapping[str, str]) -> dict[str, str]:
    """Where each service is reached: ``WAREHOUSE_SERVICE_URL`` and its like, else its port of the guide on this host."""
    host = environment.get("SERVICE_HOST", "127.0.0.1")
    return {
        entry.name: environment.get(f"{entry.module.upper()}_SERVICE_URL") or f"http://{host}:{entry.port}"
        for entry in SERVICES
    }


@dataclass
class Platform:
    """The services of one process. ``entries`` live here; every other is called over HTTP."""

    environment: Mapping[str, str]
    entries: Sequence[ServiceEntry] = SERVICES
    clock: Clock = field(default_factory=SystemClock)
    chance: Chance = field(default_factory=SystemChance)
    copying: Copying = Copying.SHARED
    remote: bool = False
    """Call even the services that live here over HTTP."""
    pace: float = 1.0
    """Factor on the pauses of timers; below 1 for a clock that jumps."""
    services: dict[str, Service] = field(default_factory=dict)
    contexts: dict[str, Context] = field(default_factory=dict)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _pools: dict[str, Pools] = field(default_factory=dict)
    _worker: bool = False

    async def start(self) -> None:
        """Read the settings, open the pools, run each service's own start."""
        local: dict[str, LocalCall] = {}
        urls = service_urls(self.environment)
        self._pools = {name: Pools(trust_env=False) for name in urls}
        for entry in self.entries:
            service = entry.load()
            environment = environment_for(entry.process, base=self.environment)
            settings = load(service.settings, environment, service=entry.process)
            database = Database(
                service_url(settings.database_url, settings.database_role_secret, service.schema),
                service.schema,
                max_size=settings.database_pool_size,
            )
            await database.open()
            calls = Calls(
                service.name,
                self.clock,
                self.chance,
                settings.service_token_secret,
                local={} if self.remote else local,
                urls=urls,
                copying=self.copying,
                pools=self._pools,
            )
            ctx = Context(
                name=service.name,
                settings=settings,
                db=database,
                clock=self.clock,
                chance=self.chance,
                valkey=Valkey.from_url(settings.redis_url, socket_timeout=5, socket_connect_timeout=3),
                log=logs.logger(service.name),
                calls=calls,
                metrics=CollectorRegistry(),
            )
            self.services[service.name] = service
            self.contexts[service.name] = ctx
            local[service.name] = _local_call(ctx, service)
        if "payment" in self.contexts:
            self.contexts["payment"].local["auditor"] = auditor(self.environment)
        for name, service in self.services.items():
            keep_answers(self.contexts[name], service.routes)
            if service.on_start is not None:
                await service.on_start(self.contexts[name])

    def app(self, name: str) -> ASGIApp:
        """The HTTP application of a service that lives here."""
        entry = next(entry for entry in self.entries if entry.name == name)
        return build_app(self.contexts[name], self.services[name], [route.prefix for route in entry.routes])

    async def start_worker(self, executor: str = "worker") -> None:
        """Follow events, run timers and schedules, and carry out workflows in this process."""
        # Imported here because DBOS is heavy and an api process never needs it.
        from patungan.kernel import engine

        self._worker = True
        wakes: dict[str, list[asyncio.Event]] = {}
        for name, service in self.services.items():
            ctx = self.contexts[name]
            for sub in service.subscriptions:
                wake = asyncio.Event()
                wakes.setdefault(sub.producer.replace("-", "_"), []).append(wake)
                self._spawn(follow(ctx, sub, wake))
            for timer in service.timers:
                self._spawn(_tick(ctx, timer, self.pace))
            if service.schedules:
                for schedule in service.schedules:
                    await ensure_schedule(ctx.db, schedule.name, schedule.cron, schedule.next_after(self.clock.now()))
                self._spawn(_tick(ctx, Timer("schedules", timedelta(seconds=1), _schedules_of(service)), self.pace))
        owner = owner_url(self.environment["DATABASE_URL"])
        self._spawn(_listen(owner, wakes))
        system = owner.replace("postgresql://", "postgresql+psycopg://", 1)
        engine.launch(system, [(self.contexts[n], s.workflows) for n, s in self.services.items()], executor)
        await engine.listen_to_queue()

    def _spawn(self, work: Any) -> None:
        self._tasks.append(asyncio.create_task(work))

    async def stop(self) -> None:
        """Stop in the reverse order of starting; what workflows had under way resumes at the next start."""
        if self._worker:
            from patungan.kernel import engine

            await engine.shut_down()
            # DBOS had made its own executor the loop's default, and has shut it down with itself.
            asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        for name, service in self.services.items():
            if service.on_stop is not None:
                await service.on_stop(self.contexts[name])
            await stop_keeping(self.contexts[name])
        for ctx in self.contexts.values():
            await ctx.db.close()
            await ctx.valkey.aclose()
        for pools in self._pools.values():
            await pools.aclose()


def _local_call(ctx: Context, service: Service) -> LocalCall:
    events = read_events_operation(service.name)

    async def call(operation: Operation[Any, Any], request: msgspec.Struct) -> Any:
        if operation is events:
            return await read_events(ctx, request)  # type: ignore[arg-type]
        return await service.implementation(operation)(ctx, request)

    return call


def _schedules_of(service: Service) -> Any:
    async def work(ctx: Context) -> None:
        for workflow_id in await run_due_schedules(ctx, service.schedules):
            ctx.log.info("job started", workflow=workflow_id)

    return work


async def _tick(ctx: Context, timer: Timer, pace: float) -> None:
    while True:
        try:
            await timer.work(ctx)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            # A timer that fails once must run again: the safety of every due row hangs on it.
            ctx.log.warning("timer failed", timer=timer.name, exc_info=error)
        await asyncio.sleep(timer.every.total_seconds() * pace)


async def _listen(url: str, wakes: Mapping[str, Sequence[asyncio.Event]]) -> None:
    """Wake the subscribers of a producer when it publishes, and all of them once it is listened to again."""

    def wake(_connection: object, _pid: int, _channel: str, producer: object) -> None:
        for event in wakes.get(str(producer), ()):
            event.set()

    log = logs.logger("worker")
    while True:
        try:
            connection = await asyncpg.connect(url)
            try:
                await connection.add_listener("patungan_events", wake)
                for producer in wakes:
                    wake(connection, 0, "", producer)
                while not connection.is_closed():
                    await asyncio.sleep(1)
            finally:
                with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                    await connection.close(timeout=2)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            log.warning("event notifications interrupted", exc_info=error)
            await asyncio.sleep(1)
