"""What agents do: bring factories in, visit them, verify them on site, and see to tasks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from patungan.contracts import auth, factory
from patungan.contracts import office as contract
from patungan.contracts.factory import FactoryAssigned
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Forbidden, InvalidInput, NotFound
from patungan.kernel.events import Received
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.kernel.sql import unzip
from patungan.providers.storage.keeping import keep_photo, store_of
from patungan.services.office.operations.access import at_work, leader, looked_after, me
from patungan.services.office.operations.offices import locked_staff
from patungan.services.office.queries import offices as office_queries
from patungan.services.office.queries import work as queries
from patungan.services.office.queries.offices import StaffRow
from patungan.services.office.queries.work import InteractionRow, TaskRow
from patungan.services.office.rules import TASK_MOVES, CheckedItem, InteractionKind, TaskStatus, all_passed, may_lead

PHOTOS = "office-photos"
"""The folder of the store that holds photos and signatures of agents' work; never shown to the public."""

LATE_RECORD = timedelta(days=7)
"""How long after it happened a visit may be written down."""


class Registration(msgspec.Struct, frozen=True):
    """A factory that an agent brings in; its owner has an account with ``owner_phone``."""

    owner_phone: str
    name: str
    nib: str
    line: str
    district: str
    city: str
    province: str
    postal_code: str
    description: str
    npwp: str | None
    phone: str | None
    email: str | None


class Seen(msgspec.Struct, frozen=True):
    """What an agent writes down of a visit; place in degrees, photos by the names that their uploads answered."""

    factory_id: UUID
    kind: InteractionKind
    notes: str
    photos: list[str]
    latitude: float | None
    longitude: float | None
    checklist: list[CheckedItem] | None
    happened_at: datetime | None


class TaskData(msgspec.Struct, frozen=True):
    title: str
    details: str
    factory_id: UUID | None
    assignee_id: UUID | None
    due_at: datetime | None


async def bring_in(ctx: Context, caller: Caller, data: Registration, key: str) -> factory.Factory:
    """Register a factory in its owner's name; the agent's office looks after it from then on.

    Raises StaffNotFound, Forbidden, UnknownUser, and what factory refuses.
    """
    staff = await at_work(ctx, caller)
    owners = (await ctx.call(auth.find_user, auth.FindUser(phone=data.owner_phone))).users
    if not owners:
        raise auth.UnknownUser(field="owner_phone")

    async def claim(tx: Transaction) -> UUID:
        return ctx.chance.new_id()

    # The id is kept under the key before factory is asked: asked again, factory answers the factory of that id.
    factory_id = await once(ctx.db, caller.user_id, "bring-in", key, data, ctx.clock.now(), UUID, claim)
    made = await ctx.call(
        factory.register_factory,
        factory.RegisterFactory(
            factory_id=factory_id,
            owner_id=owners[0].id,
            office_id=staff.office_id,
            agent_id=caller.user_id,
            name=data.name,
            nib=data.nib,
            line=data.line,
            district=data.district,
            city=data.city,
            province=data.province,
            postal_code=data.postal_code,
            description=data.description,
            npwp=data.npwp,
            phone=data.phone,
            email=data.email,
        ),
    )
    await office_queries.insert_registration(ctx.db, made.id, staff.office_id, staff.id, ctx.clock.now())
    return made


async def note_assignments(ctx: Context, tx: Transaction, events: Sequence[Received[FactoryAssigned]]) -> None:
    """Keep which office looks after which factory, and tell the managers of those that are new to theirs."""
    latest = {each.body.factory_id: each for each in events}
    rows = [
        (each.body.factory_id, each.body.office_id, each.body.name, each.occurred_at)
        for each in latest.values()
        if each.body.office_id is not None
    ]
    await office_queries.keep_assignments(tx, *unzip(rows, 4))
    await office_queries.forget_assignments(tx, [key for key, each in latest.items() if each.body.office_id is None])
    managers = {each.id: each.manager_id for each in await office_queries.find_managers(tx, [row[1] for row in rows])}
    await ctx.publish(
        tx,
        *(
            contract.OfficeFactoryAssigned(
                office_id=office_id, factory_id=factory_id, factory_name=name, user_id=manager
            )
            for factory_id, office_id, name, _at in rows
            if (manager := managers.get(office_id)) is not None
        ),
    )


async def record(ctx: Context, caller: Caller, seen: Seen, key: str) -> InteractionRow:
    """Write down what was done with a factory that the office looks after.

    Raises StaffNotFound, Forbidden, FactoryNotLookedAfter, InvalidInput for a time that is ahead or a week ago.
    """
    staff = await at_work(ctx, caller)
    await looked_after(ctx.db, staff.office_id, seen.factory_id)
    now = ctx.clock.now()
    happened_at = seen.happened_at or now
    if not now - LATE_RECORD <= happened_at <= now + timedelta(minutes=5):
        raise InvalidInput("It happened within the last week", field="happened_at")
    await photos_are_there(ctx, seen.photos)

    async def work(tx: Transaction) -> InteractionRow:
        interaction_id = ctx.chance.new_id()
        await queries.insert_interaction(
            tx,
            interaction_id,
            staff.office_id,
            staff.id,
            seen.factory_id,
            seen.kind,
            seen.notes,
            seen.photos,
            seen.latitude,
            seen.longitude,
            seen.checklist,
            None if seen.checklist is None else all_passed(seen.checklist),
            happened_at,
            now,
        )
        return await queries.find_interaction(tx, interaction_id)

    return await once(ctx.db, caller.user_id, "interaction", key, seen, now, InteractionRow, work)


async def upload_photo(ctx: Context, caller: Caller, content: bytes) -> str:
    """Keep a photo or a signature of the caller's work; raises StaffNotFound, Forbidden, ImageRefused."""
    await at_work(ctx, caller)
    return await keep_photo(ctx, PHOTOS, content)


async def photos_are_there(ctx: Context, names: Sequence[str]) -> None:
    """Raises InvalidInput where a photo was not uploaded."""
    for name in names:
        if await store_of(ctx).size(f"{PHOTOS}/{name}") is None:
            raise InvalidInput("Upload the photo first", field="photos")


async def photo(ctx: Context, caller: Caller, name: str) -> bytes:
    """A photo of the caller's office, any for administrators; raises NotFound."""
    office_id = None if caller.is_admin else (await me(ctx, caller)).office_id
    known = await queries.photo_is_known(ctx.db, name, office_id)
    content = await store_of(ctx).get(f"{PHOTOS}/{name}") if known else None
    if content is None:
        raise NotFound("There is no such photo")
    return content


async def add_task(ctx: Context, caller: Caller, data: TaskData, key: str) -> TaskRow:
    """Hand out a task within the own office; raises StaffNotFound, Forbidden, FactoryNotLookedAfter."""
    staff = await leader(ctx, caller)
    if data.factory_id is not None:
        await looked_after(ctx.db, staff.office_id, data.factory_id)

    async def work(tx: Transaction) -> TaskRow:
        await _is_colleague(tx, staff, data.assignee_id)
        task_id = ctx.chance.new_id()
        await queries.insert_task(
            tx,
            task_id,
            staff.office_id,
            data.factory_id,
            data.title,
            data.details,
            data.assignee_id,
            data.due_at,
            caller.user_id,
            ctx.clock.now(),
        )
        return await _locked_task(tx, task_id)

    return await once(ctx.db, caller.user_id, "office-task", key, data, ctx.clock.now(), TaskRow, work)


async def change_task(ctx: Context, caller: Caller, task_id: UUID, changes: dict[str, Any]) -> TaskRow:
    """Move a task on or give it to somebody else, by those who lead and by whose it is.

    Raises TaskNotFound, TaskStatusRefused, StaffNotFound, Forbidden.
    """
    staff = await at_work(ctx, caller)
    async with ctx.db.transaction() as tx:
        task = await _locked_task(tx, task_id)
        if task.office_id != staff.office_id:
            raise contract.TaskNotFound()
        if not may_lead(staff.role) and (task.assignee_id != staff.id or "assignee_id" in changes):
            raise Forbidden("This is another's task")
        after: TaskRow = msgspec.structs.replace(task, **changes)
        if "assignee_id" in changes:
            await _is_colleague(tx, staff, after.assignee_id)
        if after.status not in TASK_MOVES[task.status] and (
            after.status is not task.status or not TASK_MOVES[task.status]
        ):
            raise contract.TaskStatusRefused(f"From {task.status} to {after.status} is no move", field="status")
        ended = ctx.clock.now() if after.status in (TaskStatus.DONE, TaskStatus.CANCELLED) else None
        await queries.update_task(tx, task_id, after.status, after.assignee_id, ended)
        return await _locked_task(tx, task_id)


async def _is_colleague(tx: Transaction, staff: StaffRow, assignee_id: UUID | None) -> None:
    if assignee_id is not None and (await locked_staff(tx, assignee_id)).office_id != staff.office_id:
        raise contract.StaffNotFound(field="assignee_id")


async def _locked_task(tx: Transaction, task_id: UUID) -> TaskRow:
    found = await queries.lock_task(tx, task_id)
    if found is None:
        raise contract.TaskNotFound()
    return found
