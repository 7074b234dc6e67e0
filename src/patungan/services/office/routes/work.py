"""What agents write down and what they are given to do."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, Meta, UnsetType

from patungan.contracts import auth
from patungan.contracts.factory import Factory
from patungan.kernel.errors import InvalidInput
from patungan.kernel.http import (
    Ctx,
    IdempotencyKey,
    Input,
    Page,
    PageLimit,
    PageNumber,
    SignedIn,
    get,
    patch,
    post,
)
from patungan.kernel.identity import Audience
from patungan.kernel.phones import normalise_phone
from patungan.providers.storage.keeping import MAX_PHOTO_BYTES, media_type
from patungan.services.office.operations import access, work
from patungan.services.office.operations.work import Registration, Seen, TaskData
from patungan.services.office.queries import work as queries
from patungan.services.office.queries.work import InteractionRow, TaskRow
from patungan.services.office.routes.fields import (
    Latitude,
    Line,
    Longitude,
    Name,
    Notes,
    Phone,
    PhotoName,
    Place,
    PostalCode,
)
from patungan.services.office.rules import CheckedItem, InteractionKind, TaskStatus

STAFF_AND_ADMIN = [Audience.AGENT, Audience.ADMIN]
Photos = Annotated[list[PhotoName], Meta(max_length=10)]


class RegistrationInput(Input, frozen=True):
    """A factory that an agent brings in; its papers are uploaded by its owner, whose account has ``owner_phone``."""

    owner_phone: Phone
    name: Name
    nib: Annotated[str, Meta(pattern=r"^[0-9]{13}$")]
    line: Line
    district: Place
    city: Place
    province: Place
    postal_code: PostalCode
    description: Notes = ""
    npwp: Annotated[str, Meta(pattern=r"^[0-9]{15,16}$")] | None = None
    phone: Phone | None = None
    email: Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=200)] | None = None


class CheckedInput(Input, frozen=True):
    item: Annotated[str, Meta(min_length=2, max_length=120)]
    passed: bool
    note: Annotated[str, Meta(max_length=300)] = ""


class InteractionInput(Input, frozen=True):
    """``checklist`` makes it a verification on site; place in degrees; ``happened_at`` now unless it is said."""

    factory_id: UUID
    type: InteractionKind
    notes: Notes = ""
    photos: Photos = msgspec.field(default_factory=list)
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    checklist: Annotated[list[CheckedInput], Meta(min_length=1, max_length=50)] | None = None
    happened_at: datetime | None = None


class TaskInput(Input, frozen=True):
    title: Annotated[str, Meta(min_length=3, max_length=120, pattern=r"^\S(.*\S)?$")]
    details: Notes = ""
    factory_id: UUID | None = None
    assignee_id: UUID | None = None
    due_at: datetime | None = None


class TaskChange(Input, frozen=True):
    status: TaskStatus | UnsetType = UNSET
    assignee_id: UUID | None | UnsetType = UNSET


class PhotoView(msgspec.Struct, frozen=True):
    name: str


class InteractionList(Page, frozen=True, kw_only=True):
    items: list[InteractionRow]


class TaskList(Page, frozen=True, kw_only=True):
    items: list[TaskRow]


@post("/api/offices/registrations", audience=Audience.AGENT, status=201)
async def bring_in_factory(
    ctx: Ctx, caller: SignedIn, data: JSONBody[RegistrationInput], idempotency_key: IdempotencyKey
) -> Factory:
    given = {name: getattr(data, name) for name in Registration.__struct_fields__}
    number = normalise_phone(data.owner_phone)
    if number is None:
        raise auth.PhoneInvalid(field="owner_phone")
    given["owner_phone"] = number
    return await work.bring_in(ctx, caller, Registration(**given), idempotency_key)


@post("/api/offices/photos", audience=Audience.AGENT, status=201, request_max_body_size=MAX_PHOTO_BYTES)
async def upload_photo(ctx: Ctx, caller: SignedIn, request: Request[Any, Any, Any]) -> PhotoView:
    """Send a photo or a signature as the body; its name goes into what it belongs to."""
    return PhotoView(await work.upload_photo(ctx, caller, await request.body()))


@get("/api/offices/photos/{name:str}", audience=STAFF_AND_ADMIN)
async def office_photo(ctx: Ctx, caller: SignedIn, name: FromPath[str]) -> Response[bytes]:
    content = await work.photo(ctx, caller, name)
    headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
    return Response(content, headers=headers, media_type=media_type(name))


@post("/api/interactions", audience=Audience.AGENT, status=201)
async def record_interaction(
    ctx: Ctx, caller: SignedIn, data: JSONBody[InteractionInput], idempotency_key: IdempotencyKey
) -> InteractionRow:
    if (data.latitude is None) != (data.longitude is None):
        raise InvalidInput("A place has a latitude and a longitude", field="latitude")
    if data.happened_at is not None and data.happened_at.tzinfo is None:
        raise InvalidInput("The time needs its offset from UTC", field="happened_at")
    checklist = None
    if data.checklist is not None:
        checklist = [CheckedItem(each.item, each.passed, each.note) for each in data.checklist]
    seen = Seen(
        data.factory_id,
        data.type,
        data.notes.strip(),
        data.photos,
        data.latitude,
        data.longitude,
        checklist,
        data.happened_at,
    )
    return await work.record(ctx, caller, seen, idempotency_key)


@get("/api/interactions", audience=STAFF_AND_ADMIN)
async def list_interactions(
    ctx: Ctx,
    caller: SignedIn,
    factory_id: FromQuery[UUID | None] = None,
    type: FromQuery[InteractionKind | None] = None,
    verifications: FromQuery[bool] = False,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> InteractionList:
    """What the caller's office did, everything for administrators; ``verifications``: only those on site."""
    office_id = None if caller.is_admin else (await access.me(ctx, caller)).office_id
    wanted = (office_id, factory_id, type, verifications)
    total = await queries.count_interactions(ctx.db, *wanted)
    items = await queries.list_interactions(ctx.db, *wanted, limit, (page - 1) * limit)
    return InteractionList(items=items, page=page, limit=limit, total=total)


@post("/api/offices/tasks", audience=Audience.AGENT, status=201)
async def add_task(ctx: Ctx, caller: SignedIn, data: JSONBody[TaskInput], idempotency_key: IdempotencyKey) -> TaskRow:
    if data.due_at is not None and data.due_at.tzinfo is None:
        raise InvalidInput("The time needs its offset from UTC", field="due_at")
    task = TaskData(data.title, data.details.strip(), data.factory_id, data.assignee_id, data.due_at)
    return await work.add_task(ctx, caller, task, idempotency_key)


@get("/api/offices/tasks", audience=Audience.AGENT)
async def list_tasks(
    ctx: Ctx,
    caller: SignedIn,
    status: FromQuery[TaskStatus | None] = None,
    own: FromQuery[bool] = False,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> TaskList:
    """The tasks of the caller's office; ``own``: only the caller's."""
    staff = await access.me(ctx, caller)
    wanted = (staff.office_id, status, staff.id if own else None)
    total = await queries.count_tasks(ctx.db, *wanted)
    items = await queries.list_tasks(ctx.db, *wanted, limit, (page - 1) * limit)
    return TaskList(items=items, page=page, limit=limit, total=total)


@patch("/api/offices/tasks/{task_id:uuid}", audience=Audience.AGENT)
async def change_task(ctx: Ctx, caller: SignedIn, task_id: FromPath[UUID], data: JSONBody[TaskChange]) -> TaskRow:
    changes = {
        name: value for name in TaskChange.__struct_fields__ if not isinstance(value := getattr(data, name), UnsetType)
    }
    if not changes:
        raise InvalidInput("Name what changes")
    return await work.change_task(ctx, caller, task_id, changes)


work_routes = [
    bring_in_factory,
    upload_photo,
    office_photo,
    record_interaction,
    list_interactions,
    add_task,
    list_tasks,
    change_task,
]
