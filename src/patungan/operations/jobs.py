"""Schedules with their last and next runs, workflows that wait or failed, and one job run now."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import asyncpg
import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from patungan.kernel.database import owner_url, service_url
from patungan.kernel.time import JAKARTA
from patungan.operations.layout import OperationError
from patungan.operations.status import duration
from patungan.registry import SERVICES, ServiceEntry

if TYPE_CHECKING:
    from patungan.kernel.workflows import Schedule
    from patungan.operations.stack import RunningStack

WAITING: Final = ("PENDING", "ENQUEUED", "DELAYED")
FAILED: Final = ("ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
POLL_SECONDS = 0.1
PATIENCE_SECONDS = 600
"""How long ``run`` waits for a job; it goes on without being waited for."""
SHOWN = 50
"""Workflows listed of each kind, the oldest that wait and the newest that failed; the counts are of all."""


class Job(msgspec.Struct, frozen=True):
    """A schedule of a service, times in UTC; ``last_outcome`` is the state of the workflow that it started last."""

    name: str
    service: str
    cron: str
    next_run_at: datetime
    last_run_at: datetime | None
    last_workflow_id: str | None
    last_outcome: str | None


class WorkflowState(msgspec.Struct, frozen=True):
    """A workflow that waits or failed; ``age_seconds`` since it was started."""

    id: str
    name: str
    status: str
    age_seconds: int
    attempts: int
    error: str | None


class Jobs(msgspec.Struct, frozen=True):
    """All schedules, and the workflows that are not finished well; the counts are of all, the lists may be cut."""

    schedules: list[Job]
    waiting_count: int
    waiting: list[WorkflowState]
    failed_count: int
    failed: list[WorkflowState]


class Run(msgspec.Struct, frozen=True):
    """What came of a job that was run by hand."""

    job: str
    workflow_id: str
    status: str
    seconds: float
    error: str | None


_WORKFLOWS = """
    select w.workflow_uuid as id, coalesce(w.name, '') as name, w.status, w.created_at,
        coalesce(w.recovery_attempts, 0) as attempts, coalesce(o.error, w.error) as error, count(*) over () as count
    from dbos.workflow_status w left join dbos.workflow_output o on o.workflow_uuid = w.workflow_uuid
    where w.status = any($1)
"""


async def list_jobs(database_url: str, now: datetime) -> Jobs:
    """Read all services' schedules and the workflows that wait or failed."""
    connection = await asyncpg.connect(owner_url(database_url))
    try:
        schedules = await connection.fetch(_schedules_of_all())
        waiting = await connection.fetch(f"{_WORKFLOWS} order by w.created_at limit {SHOWN}", WAITING)
        failed = await connection.fetch(f"{_WORKFLOWS} order by w.created_at desc limit {SHOWN}", FAILED)
    finally:
        await connection.close()
    return Jobs(
        schedules=[Job(**dict(row)) for row in schedules],
        waiting_count=_count(waiting),
        waiting=[_state(row, now) for row in waiting],
        failed_count=_count(failed),
        failed=[_state(row, now) for row in failed],
    )


def _schedules_of_all() -> str:
    parts = [
        f"""
        select s.name, '{entry.name}' as service, s.cron, s.next_run_at, s.last_run_at, s.last_workflow_id,
            w.status as last_outcome
        from "{entry.module}".schedules s left join dbos.workflow_status w on w.workflow_uuid = s.last_workflow_id
        """
        for entry in SERVICES
    ]
    return " union all ".join(parts) + " order by service, name"


def _count(rows: list[asyncpg.Record]) -> int:
    return int(rows[0]["count"]) if rows else 0


def _state(row: asyncpg.Record, now: datetime) -> WorkflowState:
    age = max(0, int(now.timestamp() - row["created_at"] / 1000))
    return WorkflowState(row["id"], row["name"], row["status"], age, row["attempts"], _error(row["error"]))


def _error(stored: str | None) -> str | None:
    """A workflow's error in words. What was stored in Python's own form is not opened, for that would run code."""
    if stored is None:
        return None
    try:
        document: dict[str, Any] = msgspec.json.decode(stored, type=dict[str, Any])
    except (msgspec.DecodeError, msgspec.ValidationError):
        return "its error is in the worker's log: ./patungan logs worker"
    said = " ".join(str(document[key]) for key in ("name", "message") if document.get(key))
    return said or stored


async def run_job(database_url: str, role_secret: str, name: str, now: datetime) -> Run:
    """Start a job's workflow now, beside its schedule, and wait for what comes of it; raises OperationError for an
    unknown name. A worker carries it out."""
    entry, schedule = find_schedule(name)
    workflow_id = f"job-{name}-manual-{now.strftime('%Y%m%dT%H%M%S%f')}"
    # The service's own role may start its workflows; an owner that is no superuser may not.
    service = await asyncpg.connect(service_url(database_url, role_secret, entry.module))
    try:
        async with service.transaction():
            request = msgspec.json.encode(schedule.request).decode()
            await service.execute(
                "select platform.enqueue_workflow($1, $2, $3)", schedule.workflow.name, workflow_id, request
            )
            await service.execute(
                f'update "{entry.module}".schedules set last_run_at = $2, last_workflow_id = $3 where name = $1',
                *(name, now, workflow_id),
            )
    finally:
        await service.close()
    return await _outcome(database_url, name, workflow_id)


def find_schedule(name: str) -> tuple[ServiceEntry, Schedule]:
    """The schedule of a name with its service; raises OperationError for an unknown one."""
    known: list[str] = []
    for entry in SERVICES:
        for schedule in entry.load().schedules:
            if schedule.name == name:
                return entry, schedule
            known.append(schedule.name)
    raise OperationError(f"no job is called {name}; there is {', '.join(sorted(known)) or 'none'}")


async def _outcome(database_url: str, name: str, workflow_id: str) -> Run:
    loop = asyncio.get_running_loop()
    began = loop.time()
    connection = await asyncpg.connect(owner_url(database_url))
    try:
        while True:
            row = await connection.fetchrow(
                "select w.status, coalesce(o.error, w.error) as error from dbos.workflow_status w "
                "left join dbos.workflow_output o on o.workflow_uuid = w.workflow_uuid where w.workflow_uuid = $1",
                workflow_id,
            )
            status = "ENQUEUED" if row is None else row["status"]
            seconds = loop.time() - began
            if status not in WAITING or seconds > PATIENCE_SECONDS:
                return Run(name, workflow_id, status, round(seconds, 2), _error(row["error"]) if row else None)
            await asyncio.sleep(POLL_SECONDS)
    finally:
        await connection.close()


def show_jobs(jobs: Jobs, now: datetime, console: Console) -> None:
    """The jobs as tables; times in Asia/Jakarta."""
    schedules = Table("job", "schedule", "last run", "outcome", "next run", box=SIMPLE_HEAD)
    # On a narrow screen the times give way; a job's name is what it is run by.
    schedules.columns[0].no_wrap = True
    schedules.columns[0].min_width = max((len(job.name) for job in jobs.schedules), default=0)
    for job in jobs.schedules:
        outcome = (job.last_outcome or "").lower()
        colour = {"success": "green", "error": "red"}.get(outcome, "yellow")
        schedules.add_row(
            job.name,
            job.cron,
            _moment(job.last_run_at),
            f"[{colour}]{outcome}[/]" if outcome else "",
            _until(job.next_run_at, now),
        )
    if jobs.schedules:
        console.print(schedules)
    else:
        console.print("No job is scheduled; the worker writes the schedules when it starts.")
    _show_workflows(f"Workflows that wait: {jobs.waiting_count:,}", jobs.waiting, console)
    _show_workflows(f"Workflows that failed: {jobs.failed_count:,}", jobs.failed, console)


def _show_workflows(title: str, workflows: list[WorkflowState], console: Console) -> None:
    if not workflows:
        console.print(title)
        return
    console.print(f"{title}:")
    table = Table("workflow", "kind", "state", "age", "error", box=SIMPLE_HEAD)
    for each in workflows:
        table.add_row(
            each.id, each.name, each.status.lower(), duration(each.age_seconds), escape((each.error or "")[:200])
        )
    console.print(table)


def _moment(moment: datetime | None) -> str:
    return "never" if moment is None else moment.astimezone(JAKARTA).strftime("%d %b %H:%M")


def _until(moment: datetime, now: datetime) -> str:
    seconds = int((moment - now).total_seconds())
    return f"in {duration(seconds)}" if seconds >= 0 else f"overdue by {duration(-seconds)}"


def _show_run(run: Run, console: Console) -> None:
    if run.status == "SUCCESS":
        console.print(f"[green]{run.job} has run[/] [dim]{run.seconds:.1f} s, {run.workflow_id}[/]", soft_wrap=True)
    elif run.status in WAITING:
        console.print(
            f"[yellow]{run.job} is still {run.status.lower()}[/] after {run.seconds:.0f} s: {run.workflow_id}"
        )
    else:
        console.print(f"[red]{run.job} failed[/] ({run.status.lower()}): {escape(run.error or '')}")


async def run(stack: RunningStack, *, run_name: str | None = None, json: bool = False) -> int:
    """List the jobs (``run_name`` None) or run one now; answers 1 where the job that was run did not succeed."""
    now = datetime.now(UTC)
    console = Console(highlight=False)
    if run_name is None:
        jobs = await list_jobs(stack.database_url, now)
        if json:
            _print_json(jobs)
        else:
            show_jobs(jobs, now, console)
        return 0
    done = await run_job(stack.database_url, stack.role_secret, run_name, now)
    if json:
        _print_json(done)
    else:
        _show_run(done, console)
    return 0 if done.status == "SUCCESS" else 1


def _print_json(answer: msgspec.Struct) -> None:
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(answer), indent=2) + b"\n")
