"""Jobs: the schedules of all services, what waits and what failed, and a job run by hand."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from rich.console import Console

from patungan.kernel import forgetting
from patungan.kernel.forgetting import KEYS_KEPT, MONEY_KEYS_KEPT
from patungan.kernel.workflows import Schedule
from patungan.operations import jobs
from patungan.operations.jobs import Job, Jobs, WorkflowState, find_schedule, list_jobs, run_job, show_jobs
from patungan.operations.layout import OperationError
from patungan.registry import SERVICES
from tests.house import House
from tests.operations.stacks import stack_of

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


async def _listed(house: House) -> Jobs:
    return await list_jobs(house.environment["DATABASE_URL"], house.clock.now())


async def test_the_schedules_of_all_services_are_listed(one_house: House) -> None:
    declared = {(entry.name, schedule.name, schedule.cron) for entry in SERVICES for schedule in entry.load().schedules}
    assert {
        ("group-buying", "process-near-expiration", "*/2 * * * *"),
        ("group-buying", "process-expired", "*/5 * * * *"),
    } <= declared
    found = await _listed(one_house)
    assert {(each.service, each.name, each.cron) for each in found.schedules} == declared
    due = {each.name: each.next_run_at for each in found.schedules}
    assert due["process-expired"] - one_house.clock.now() <= timedelta(minutes=5)


async def test_a_job_is_run_by_hand_and_leaves_its_trace(one_house: House) -> None:
    before = {each.name: each.next_run_at for each in (await _listed(one_house)).schedules}
    environment = one_house.environment
    done = await run_job(environment["DATABASE_URL"], environment["DATABASE_ROLE_SECRET"], "process-expired", NOW)
    assert (done.job, done.status, done.error) == ("process-expired", "SUCCESS", None)
    assert done.workflow_id == "job-process-expired-manual-20261123T030000000000"
    job = next(each for each in (await _listed(one_house)).schedules if each.name == "process-expired")
    assert (job.last_run_at, job.last_workflow_id, job.last_outcome) == (NOW, done.workflow_id, "SUCCESS")
    # The schedule goes on as it would have.
    assert job.next_run_at == before["process-expired"]


async def test_a_job_that_fails_says_why_and_exits_1(
    one_house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    entry, schedule = find_schedule("process-expired")
    closing = next(each for each in entry.load().workflows if each.name == "group-buying.close-session")
    broken = Schedule(schedule.name, schedule.cron, closing, schedule.request)
    monkeypatch.setattr(jobs, "find_schedule", lambda _name: (entry, broken))
    assert await jobs.run(stack_of(one_house, tmp_path), run_name="process-expired") == 1
    said = capsys.readouterr().out
    assert "process-expired failed (error)" in said and "session_id" in said
    owner = await one_house.owner()
    try:
        await owner.execute("delete from dbos.workflow_status where status = 'ERROR'")
    finally:
        await owner.close()


def test_an_unknown_job_is_refused_with_what_there_is() -> None:
    with pytest.raises(
        OperationError, match=r"no job is called nothing; there is .*process-expired, process-near-expiration"
    ):
        find_schedule("nothing")


async def test_what_failed_is_listed_with_its_error(one_house: House) -> None:
    owner = await one_house.owner()
    try:
        await owner.execute(
            "select platform.enqueue_workflow('group-buying.close-session', 'close-nonsense', '{\"a\": 1}')"
        )

        async def has_failed() -> bool:
            return bool((await _listed(one_house)).failed_count)

        await one_house.eventually(has_failed)
        found = await _listed(one_house)
        (failed,) = found.failed
        assert (failed.id, failed.name, failed.status) == ("close-nonsense", "group-buying.close-session", "ERROR")
        assert "session_id" in (failed.error or "")
        assert 0 <= failed.age_seconds < 60
    finally:
        await owner.execute("delete from dbos.workflow_status where workflow_uuid = 'close-nonsense'")
        await owner.close()


async def test_what_waits_is_listed_oldest_first(one_house: House) -> None:
    owner = await one_house.owner()
    insert = (
        "insert into dbos.workflow_status (workflow_uuid, status, name, created_at, updated_at, recovery_attempts) "
        "values ($1, $2, 'group-buying.close-session', $3, $3, 1)"
    )
    now = int(one_house.clock.now().timestamp() * 1000)
    try:
        await owner.execute(insert, "close-young", "DELAYED", now - 60_000)
        await owner.execute(insert, "close-old", "DELAYED", now - 7_200_000)
        found = await _listed(one_house)
        waiting = [each for each in found.waiting if each.id in ("close-young", "close-old")]
        assert [each.id for each in waiting] == ["close-old", "close-young"]
        assert 7_200 <= waiting[0].age_seconds < 7_260
        assert found.waiting_count >= 2
    finally:
        await owner.execute("delete from dbos.workflow_status where workflow_uuid in ('close-young', 'close-old')")
        await owner.close()


async def test_the_command_prints_for_people_and_for_programs(
    one_house: House, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    stack = stack_of(one_house, tmp_path)
    assert await jobs.run(stack) == 0
    assert b"process-near-expiration" in capsysbinary.readouterr().out
    assert await jobs.run(stack, json=True) == 0
    listed: dict[str, Any] = msgspec.json.decode(capsysbinary.readouterr().out)
    assert {"process-expired", "process-near-expiration"} <= {each["name"] for each in listed["schedules"]}
    assert await jobs.run(stack, run_name="process-near-expiration", json=True) == 0
    done: dict[str, Any] = msgspec.json.decode(capsysbinary.readouterr().out)
    assert done["status"] == "SUCCESS"
    with pytest.raises(OperationError):
        await jobs.run(stack, run_name="nothing")


def test_times_are_told_as_people_read_them() -> None:
    late = Job("a-job", "wallet", "0 10 * * 2,5", NOW - timedelta(minutes=3), NOW - timedelta(days=1), "job-a", "ERROR")
    soon = Job("b-job", "wallet", "*/2 * * * *", NOW + timedelta(seconds=70), None, None, None)
    stuck = WorkflowState("refund-1", "payment.carry-out-refund", "ERROR", 90_000, 1, "ValueError [no] such thing")
    said = io.StringIO()
    show_jobs(Jobs([late, soon], 0, [], 7, [stuck]), NOW, Console(file=said, width=160))
    text = said.getvalue()
    assert "overdue by 3 min" in text and "22 Nov 10:00" in text and "in 1 min" in text and "never" in text
    assert "Workflows that wait: 0" in text and "Workflows that failed: 7" in text
    assert "1 d 1 h" in text and "ValueError [no] such thing" in text
    said = io.StringIO()
    show_jobs(Jobs([], 0, [], 0, []), NOW, Console(file=said, width=160))
    assert "No job is scheduled" in said.getvalue()


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (None, None),
        ('{"name": "ValueError", "message": "no such thing"}', "ValueError no such thing"),
        ('{"other": 1}', '{"other": 1}'),
        ("gASVJAAAAAAAAACM", "its error is in the worker's log: ./patungan logs worker"),
    ],
)
def test_an_error_in_pythons_own_form_is_never_opened(stored: str | None, said: str | None) -> None:
    assert jobs._error(stored) == said


KEY = "insert into {}.idempotency_keys values ($1, 'POST /api/things', $2, '\\x00', $3, $4)"
LIVES = {"address": KEYS_KEPT, "wallet": MONEY_KEYS_KEPT}


def test_every_service_forgets_its_keys_and_those_that_keep_books_later() -> None:
    source = Path(__file__).parents[2] / "src/patungan/services"
    for entry in SERVICES:
        service = entry.load()
        (job,) = (each for each in service.schedules if each.name == f"forget-keys-{entry.name}")
        assert job.workflow in service.workflows
        keeps_books = any("patungan.ledger" in file.read_text() for file in (source / entry.module).rglob("*.py"))
        assert service.keys_kept == (MONEY_KEYS_KEPT if keeps_books else KEYS_KEPT), entry.name
    assert timedelta(days=30) < KEYS_KEPT < MONEY_KEYS_KEPT


@pytest.mark.parametrize("service", LIVES)
async def test_the_job_deletes_the_keys_that_are_older_than_their_life(
    one_house: House, monkeypatch: pytest.MonkeyPatch, service: str
) -> None:
    monkeypatch.setattr(forgetting, "BATCH", 3)
    environment, now, who = one_house.environment, one_house.clock.now(), uuid4()
    life = LIVES[service]
    owner = await one_house.owner()

    async def left() -> list[str]:
        found = await owner.fetch(f"select key from {service}.idempotency_keys where actor = $1 order by key", who)
        return [each["key"] for each in found]

    try:
        rows: list[tuple[Any, ...]] = [
            (who, f"old-{number}", "{}", now - life - timedelta(seconds=1)) for number in range(7)
        ]
        rows.append((who, "old-and-unanswered", None, now - life - timedelta(days=90)))
        rows += [(who, "of-the-last-day", "{}", now - life + timedelta(hours=1)), (who, "of-today", "{}", now)]
        await owner.executemany(KEY.format(service), rows)
        name = f"forget-keys-{service}"
        # A request that holds its key is passed over and not waited for.
        async with owner.transaction():
            await owner.execute(
                f"select from {service}.idempotency_keys where actor = $1 and key = 'old-0' for update", who
            )
            done = await run_job(environment["DATABASE_URL"], environment["DATABASE_ROLE_SECRET"], name, NOW)
            assert (done.status, done.error) == ("SUCCESS", None)
            assert await left() == ["of-the-last-day", "of-today", "old-0"]
        await run_job(environment["DATABASE_URL"], environment["DATABASE_ROLE_SECRET"], name, NOW + timedelta(hours=1))
        assert await left() == ["of-the-last-day", "of-today"]
        job = next(each for each in (await _listed(one_house)).schedules if each.name == name)
        assert (job.service, job.last_outcome) == (service, "SUCCESS")
    finally:
        await owner.close()
