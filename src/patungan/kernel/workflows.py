"""Durable workflows, schedules and timers: how they are declared and started. engine.py carries them out.

A workflow is an async function ``(run: Run, request: Message) -> None`` in a service's processes.py. Its body calls steps
through ``run.step(...)``; each finished step is recorded, so that a killed worker resumes at the first step not done.
A step may be carried out again when it was cut off, so each is idempotent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar

import msgspec
from croniter import croniter

from patungan.kernel import sql
from patungan.kernel.chance import backoff_seconds
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Problem, Unavailable, problem_from
from patungan.kernel.time import JAKARTA

if TYPE_CHECKING:
    from patungan.kernel.service import Context

Req = TypeVar("Req", bound=msgspec.Struct)
T = TypeVar("T")
P = ParamSpec("P")


class StepFailed(Exception):
    """A step failed for a reason that waiting does not mend; the workflow ends and is listed as failed."""


class Journal(Protocol):
    """Where a workflow's finished steps are recorded; implemented in engine.py."""

    async def record(self, name: str, work: Callable[[], Awaitable[str]]) -> str: ...
    async def receive(self, topic: str, seconds: float) -> bool: ...
    async def sleep(self, seconds: float) -> None: ...


class Run:
    """A workflow under way: its context, its id, and the way to take steps."""

    def __init__(self, ctx: Context, workflow_id: str, journal: Journal) -> None:
        self.ctx = ctx
        self.workflow_id = workflow_id
        self._journal = journal

    async def step(
        self, function: Callable[Concatenate[Context, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Take a step, once. Operational failures are retried with back-off until they pass; a Problem is raised to the
        workflow, which decides what it means."""
        name = getattr(function, "__name__", "step")
        ctx = self.ctx

        async def attempt() -> str:
            failures = 0
            while True:
                try:
                    result = await function(ctx, *args, **kwargs)
                    return msgspec.json.encode({"result": result}).decode()
                except Unavailable as error:
                    failures += 1
                    ctx.log.warning(
                        "step waits", step=name, workflow=self.workflow_id, failures=failures, code=error.code
                    )
                    await asyncio.sleep(backoff_seconds(failures, ctx.chance))
                except Problem as problem:
                    return msgspec.json.encode({"problem": problem.document()}).decode()

        answer = msgspec.json.decode(await self._journal.record(name, attempt), type=dict[str, msgspec.Raw])
        if "problem" in answer:
            document = msgspec.json.decode(answer["problem"], type=dict[str, Any])
            raise problem_from(document) or StepFailed(str(document))
        result: T = msgspec.json.decode(answer["result"], type=_return_type(function))
        return result

    async def receive(self, topic: str, *, seconds: float) -> bool:
        """Wait durably for a message on a topic; False when none came within the time."""
        return await self._journal.receive(topic, seconds)

    async def sleep(self, seconds: float) -> None:
        """Wait durably; for moments that matter to the business use a timer on a row instead."""
        await self._journal.sleep(seconds)


def _return_type(function: Callable[..., Any]) -> Any:
    declared = function.__annotations__["return"]
    if not isinstance(declared, str):
        return declared
    # Only the return annotation: the others may name types that exist for the type checker alone.
    return eval(declared, getattr(function, "__globals__", {}))


@dataclass(frozen=True, slots=True)
class Workflow(Generic[Req]):
    """A declared workflow: started by ``start(tx, ctx, workflow, id, request)`` in the transaction that causes it."""

    name: str
    request: type[Req]
    body: Callable[[Run, Req], Awaitable[None]]


def workflow(name: str, request: type[Req]) -> Callable[[Callable[[Run, Req], Awaitable[None]]], Workflow[Req]]:
    """Declare a durable workflow; ``name`` is unique over the platform: ``group-buying.close-session``."""

    def declare(body: Callable[[Run, Req], Awaitable[None]]) -> Workflow[Req]:
        return Workflow(name, request, body)

    return declare


@dataclass(frozen=True, slots=True)
class Schedule:
    """A job by the calendar of Asia/Jakarta: a workflow started at each moment of a cron expression."""

    name: str
    cron: str
    workflow: Workflow[Any]
    request: msgspec.Struct
    purpose: str = ""

    def next_after(self, moment: datetime) -> datetime:
        """The first run after the moment."""
        following: datetime = croniter(self.cron, moment.astimezone(JAKARTA)).get_next(datetime)
        return following


@dataclass(frozen=True, slots=True)
class Timer:
    """Looks for rows whose time has come, every so often; safe to run in several workers at once."""

    name: str
    every: timedelta
    work: Callable[[Context], Awaitable[None]]


def timer(every: timedelta) -> Callable[[Callable[[Context], Awaitable[None]]], Timer]:
    """Declare a timer in a service's processes.py."""

    def declare(work: Callable[[Context], Awaitable[None]]) -> Timer:
        return Timer(getattr(work, "__name__", "timer"), every, work)

    return declare


enqueue = sql.one(str, "select platform.enqueue_workflow($1, $2, $3)")
send = sql.run("select platform.send_message($1, $2, $3, $4)")
ensure_schedule = sql.run(
    """
    insert into schedules (name, cron, next_run_at) values ($1, $2, $3)
    on conflict (name) do update set cron = excluded.cron, next_run_at = excluded.next_run_at
        where schedules.cron <> excluded.cron
    """
)
any_is_due = sql.one(bool, "select exists (select from schedules where next_run_at <= $1)")
due_schedules = sql.many(str, "select name from schedules where next_run_at <= $1 order by name for update skip locked")
mark_schedule = sql.run(
    "update schedules set next_run_at = $2, last_run_at = $3, last_workflow_id = $4 where name = $1"
)


async def start(tx: Transaction, started: Workflow[Req], workflow_id: str, request: Req) -> None:
    """Start a workflow under its natural id, in the transaction that causes it; a second start of the id does nothing."""
    await enqueue(tx, started.name, workflow_id, msgspec.json.encode(request).decode())


async def tell(tx: Transaction, workflow_id: str, topic: str, key: str) -> None:
    """Send a message to a waiting workflow, in this transaction; once for the key."""
    await send(tx, workflow_id, topic, "true", key)


async def run_due_schedules(ctx: Context, schedules: Sequence[Schedule]) -> list[str]:
    """Start every job whose time has come, each exactly once however many workers look; answers the workflow ids."""
    by_name = {schedule.name: schedule for schedule in schedules}
    now = ctx.clock.now()
    started: list[str] = []
    if not await any_is_due(ctx.db, now):
        return started
    async with ctx.db.transaction() as tx:
        for name in await due_schedules(tx, now):
            schedule = by_name.get(name)
            if schedule is None:
                continue
            workflow_id = f"job-{name}-{now.strftime('%Y%m%dT%H%M%S')}"
            await start(tx, schedule.workflow, workflow_id, schedule.request)
            await mark_schedule(tx, name, schedule.next_after(now), now, workflow_id)
            started.append(workflow_id)
    return started
