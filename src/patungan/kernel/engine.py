"""Carries workflows out. The one file that knows DBOS; only workers import it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from dbos import DBOS, DBOSConfig, run_dbos_database_migrations

from patungan.kernel.workflows import Run, Workflow

if TYPE_CHECKING:
    from patungan.kernel.service import Context

QUEUE = "patungan"
SCHEMA = "dbos"
APPLICATION_VERSION = "1"
"""Held constant so that a new release carries on the workflows of the old one; steps stay compatible instead."""

_contexts: dict[str, Context] = {}
_registered: dict[str, Workflow[Any]] = {}
_running: DBOS | None = None


class _DbosJournal:
    async def record(self, name: str, work: Callable[[], Awaitable[str]]) -> str:
        async def recorded() -> str:
            return await work()

        return await DBOS.run_step_async({"name": name}, recorded)

    async def receive(self, topic: str, seconds: float) -> bool:
        return await DBOS.recv_async(topic, timeout_seconds=seconds) is not None

    async def sleep(self, seconds: float) -> None:
        await DBOS.sleep_async(seconds)


def _register(declared: Workflow[Any]) -> None:
    if declared.name in _registered:
        if _registered[declared.name] is not declared:
            raise TypeError(f"two workflows are called {declared.name}")
        return
    _registered[declared.name] = declared

    async def carry_out(payload: str) -> None:
        ctx = _contexts[declared.name]
        run = Run(ctx, DBOS.workflow_id or "", _DbosJournal())
        try:
            await declared.body(run, msgspec.json.decode(payload, type=declared.request))
        except Exception as error:
            ctx.log.error("workflow failed", workflow=run.workflow_id, name=declared.name, exc_info=error)
            raise

    DBOS.workflow(name=declared.name)(carry_out)


def launch(system_url: str, contexts: Sequence[tuple[Context, Sequence[Workflow[Any]]]], executor: str) -> None:
    """Start working off workflows in this process; call it inside the running event loop.

    ``executor`` names this worker and must come back after a restart, for it resumes what it had under way.
    """
    _contexts.clear()
    config: DBOSConfig = {
        "name": "patungan",
        "system_database_url": system_url,
        "dbos_system_schema": SCHEMA,
        "application_version": APPLICATION_VERSION,
        "executor_id": executor,
        "run_migrations": False,
        "sys_db_pool_size": 6,
        "log_level": "ERROR",
        "max_executor_threads": 16,
        # Messages are looked for instead of listened for: at its end DBOS closes the listening connection under the
        # thread that waits in it, which can take the whole process down (docs/decisions/0004).
        "use_listen_notify": False,
        "notification_listener_polling_interval_sec": 0.2,
    }
    global _running
    _running = DBOS(config=config)
    for ctx, workflows in contexts:
        for declared in workflows:
            _register(declared)
            _contexts[declared.name] = ctx
    DBOS.launch()
    # Workflows use this loop's connections. DBOS would put one on a loop of its own whenever this one pauses, as it does
    # between two tests.
    loop = asyncio.get_running_loop()
    _running._background_event_loop.target_loop = lambda: loop  # type: ignore[method-assign]


async def listen_to_queue() -> None:
    """Begin to take workflows off the queue."""
    await DBOS.register_queue_async(QUEUE, polling_interval_sec=0.2, worker_concurrency=64, on_conflict="always_update")


async def shut_down() -> None:
    """Stop working off workflows; what is under way resumes at the next launch."""
    global _running
    # DBOS leaves the workflows of the caller's loop running without the threads that they need; a cancelled one is
    # recorded as nothing, so it resumes.
    under_way = list(_running._workflow_tasks) if _running else []
    for task in under_way:
        task.cancel()
    await asyncio.gather(*under_way, return_exceptions=True)
    await asyncio.to_thread(DBOS.destroy)
    _running = None


def migrate(system_url: str) -> None:
    """Create or upgrade the tables of DBOS."""
    run_dbos_database_migrations(system_url, schema=SCHEMA)
