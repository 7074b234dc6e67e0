"""The SQL of an office's work: visits, verifications on site, tasks."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.services.office.rules import CheckedItem, InteractionKind, TaskStatus


class InteractionRow(msgspec.Struct, frozen=True):
    """What a member of staff did with a factory; ``checklist`` and ``passed`` only of a verification on site."""

    id: UUID
    office_id: UUID
    staff_id: UUID
    staff_name: str
    factory_id: UUID
    kind: InteractionKind
    notes: str
    photos: list[str]
    latitude: float | None
    longitude: float | None
    checklist: list[CheckedItem] | None
    passed: bool | None
    happened_at: datetime
    recorded_at: datetime


class TaskRow(msgspec.Struct, frozen=True):
    id: UUID
    office_id: UUID
    factory_id: UUID | None
    title: str
    details: str
    status: TaskStatus
    assignee_id: UUID | None
    due_at: datetime | None
    created_by: UUID
    created_at: datetime
    ended_at: datetime | None


_INTERACTION = """i.id, i.office_id, i.staff_id, s.name as staff_name, i.factory_id, i.kind, i.notes, i.photos,
    i.latitude, i.longitude, i.checklist, i.passed, i.happened_at, i.recorded_at"""
_TASK = "id, office_id, factory_id, title, details, status, assignee_id, due_at, created_by, created_at, ended_at"

insert_interaction = sql.run(
    """
    insert into interactions (
        id, office_id, staff_id, factory_id, kind, notes, photos, latitude, longitude, checklist, passed, happened_at,
        recorded_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    """
)
find_interaction = sql.one(
    InteractionRow, f"select {_INTERACTION} from interactions i join staff s on s.id = i.staff_id where i.id = $1"
)
_SEEN = """
    from interactions i
    where ($1::uuid is null or i.office_id = $1) and ($2::uuid is null or i.factory_id = $2)
      and ($3::text is null or i.kind = $3) and (not $4 or i.checklist is not null)
"""
count_interactions = sql.counted(_SEEN)
list_interactions = sql.listed(
    InteractionRow,
    f"""
    select {_INTERACTION} from interactions i join staff s on s.id = i.staff_id
    where i.id in (select i.id {_SEEN} order by i.happened_at desc, i.id limit $5 offset $6)
    order by i.happened_at desc, i.id
    """,
)
photo_is_known = sql.one(
    bool,
    """
    select exists (select from interactions where ($2::uuid is null or office_id = $2) and photos @> array[$1::text])
        or exists (select from pickups where ($2::uuid is null or office_id = $2) and (photo = $1 or signature = $1))
    """,
)

insert_task = sql.run(
    """
    insert into tasks (id, office_id, factory_id, title, details, status, assignee_id, due_at, created_by, created_at)
    values ($1, $2, $3, $4, $5, 'open', $6, $7, $8, $9)
    """
)
find_task = sql.maybe(TaskRow, f"select {_TASK} from tasks where id = $1")
lock_task = sql.maybe(TaskRow, f"select {_TASK} from tasks where id = $1 for update")
_TASKS = (
    "from tasks where office_id = $1 and ($2::text is null or status = $2) and ($3::uuid is null or assignee_id = $3)"
)
count_tasks = sql.one(int, f"select count(*) {_TASKS}")
list_tasks = sql.many(TaskRow, f"select {_TASK} {_TASKS} order by due_at nulls last, created_at, id limit $4 offset $5")
update_task = sql.run("update tasks set status = $2, assignee_id = $3, ended_at = $4 where id = $1")
