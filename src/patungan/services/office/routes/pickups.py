"""Pickup tasks, from the plan to the factory's opinion."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated
from uuid import UUID

from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from patungan.kernel.errors import InvalidInput
from patungan.kernel.http import Ctx, IdempotencyKey, Input, Page, PageLimit, PageNumber, SignedIn, get, post, put
from patungan.kernel.identity import Audience
from patungan.services.office.operations import access, pickups
from patungan.services.office.operations.pickups import Opinion, Pickup, Plan
from patungan.services.office.queries import pickups as queries
from patungan.services.office.queries.pickups import OfficeReview, PickupRow
from patungan.services.office.routes.fields import PhotoName, Reason, Stars
from patungan.services.office.rules import PickupStatus

STAFF_AND_ADMIN = [Audience.AGENT, Audience.ADMIN]


class PickupInput(Input, frozen=True):
    """``window_start`` and ``window_end`` in Asia/Jakarta; ``staff_id`` may be said later."""

    purchase_order_id: UUID
    scheduled_for: date
    window_start: time | None = None
    window_end: time | None = None
    notes: Annotated[str, Meta(max_length=1000)] = ""
    staff_id: UUID | None = None


class AssigneeInput(Input, frozen=True):
    staff_id: UUID


class CountInput(Input, frozen=True):
    """Units that were counted."""

    quantity: Annotated[int, Meta(ge=0, le=10_000_000)]
    note: Annotated[str, Meta(max_length=300)] = ""


class CompletionInput(Input, frozen=True):
    """A photo of the goods and the factory's signature, by the names that their uploads answered."""

    photo: PhotoName
    signature: PhotoName


class ReasonInput(Input, frozen=True):
    reason: Reason


class OpinionInput(Input, frozen=True):
    """In stars."""

    overall: Stars
    punctuality: Stars
    professionalism: Stars
    communication: Stars
    comment: Annotated[str, Meta(max_length=1000)] = ""


class PickupList(Page, frozen=True, kw_only=True):
    items: list[PickupRow]


@post("/api/pickup-tasks", audience=STAFF_AND_ADMIN, status=201)
async def plan_pickup(
    ctx: Ctx, caller: SignedIn, data: JSONBody[PickupInput], idempotency_key: IdempotencyKey
) -> Pickup:
    if (data.window_start is None) != (data.window_end is None) or (
        data.window_start is not None and data.window_end is not None and data.window_start >= data.window_end
    ):
        raise InvalidInput("A window begins before it ends", field="window_end")
    for field, moment in (("window_start", data.window_start), ("window_end", data.window_end)):
        if moment is not None and moment.tzinfo is not None:
            raise InvalidInput("A window is in the time of Asia/Jakarta", field=field)
    wanted = Plan(
        data.purchase_order_id,
        data.scheduled_for,
        data.window_start,
        data.window_end,
        data.notes.strip(),
        data.staff_id,
    )
    return await pickups.plan(ctx, caller, wanted, idempotency_key)


@get("/api/pickup-tasks", audience=[Audience.AGENT, Audience.FACTORY_OWNER, Audience.ADMIN])
async def list_pickups(
    ctx: Ctx,
    caller: SignedIn,
    status: FromQuery[PickupStatus | None] = None,
    own: FromQuery[bool] = False,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> PickupList:
    """An office's, for its staff; a factory's, for its people; all for administrators. ``own``: one was sent to."""
    offices: list[UUID] | None = None
    factories: list[UUID] | None = None
    staff_id = None
    if caller.belongs_to(Audience.AGENT) and not caller.is_admin:
        staff = await access.me(ctx, caller)
        offices, staff_id = [staff.office_id], staff.id if own else None
    elif not caller.is_admin:
        factories = await pickups.own_factories(ctx, caller)
    wanted = (offices, factories, status, staff_id)
    total = await queries.count_pickups(ctx.db, *wanted)
    items = await queries.list_pickups(ctx.db, *wanted, limit, (page - 1) * limit)
    return PickupList(items=items, page=page, limit=limit, total=total)


@get("/api/pickup-tasks/{pickup_id:uuid}", audience=[Audience.AGENT, Audience.FACTORY_OWNER, Audience.ADMIN])
async def one_pickup(ctx: Ctx, caller: SignedIn, pickup_id: FromPath[UUID]) -> Pickup:
    return await pickups.describe(ctx, caller, pickup_id)


@put("/api/pickup-tasks/{pickup_id:uuid}/assignee", audience=STAFF_AND_ADMIN)
async def assign_pickup(ctx: Ctx, caller: SignedIn, pickup_id: FromPath[UUID], data: JSONBody[AssigneeInput]) -> Pickup:
    return await pickups.assign(ctx, caller, pickup_id, data.staff_id)


@post("/api/pickup-tasks/{pickup_id:uuid}/start", audience=Audience.AGENT)
async def start_pickup(ctx: Ctx, caller: SignedIn, pickup_id: FromPath[UUID]) -> Pickup:
    return await pickups.begin(ctx, caller, pickup_id)


@put("/api/pickup-tasks/{pickup_id:uuid}/items/{position:int}", audience=Audience.AGENT)
async def verify_item(
    ctx: Ctx, caller: SignedIn, pickup_id: FromPath[UUID], position: FromPath[int], data: JSONBody[CountInput]
) -> Pickup:
    """Say how many units of an item were counted; it is verified when all are there."""
    # Positions are small numbers: anything else is no item of any list.
    place = position if 0 < position < 30_000 else 0
    return await pickups.verify_item(ctx, caller, pickup_id, place, data.quantity, data.note.strip())


@post("/api/pickup-tasks/{pickup_id:uuid}/completion", audience=Audience.AGENT)
async def complete_pickup(
    ctx: Ctx, caller: SignedIn, pickup_id: FromPath[UUID], data: JSONBody[CompletionInput]
) -> Pickup:
    return await pickups.complete(ctx, caller, pickup_id, data.photo, data.signature)


@post("/api/pickup-tasks/{pickup_id:uuid}/failure", audience=Audience.AGENT)
async def fail_pickup(ctx: Ctx, caller: SignedIn, pickup_id: FromPath[UUID], data: JSONBody[ReasonInput]) -> Pickup:
    return await pickups.fail(ctx, caller, pickup_id, data.reason)


@post("/api/pickup-tasks/{pickup_id:uuid}/cancellation", audience=STAFF_AND_ADMIN)
async def cancel_pickup(ctx: Ctx, caller: SignedIn, pickup_id: FromPath[UUID], data: JSONBody[ReasonInput]) -> Pickup:
    return await pickups.cancel(ctx, caller, pickup_id, data.reason)


@post("/api/pickup-tasks/{pickup_id:uuid}/review", audience=Audience.FACTORY_OWNER, status=201)
async def review_pickup(
    ctx: Ctx, caller: SignedIn, pickup_id: FromPath[UUID], data: JSONBody[OpinionInput]
) -> OfficeReview:
    opinion = Opinion(data.overall, data.punctuality, data.professionalism, data.communication, data.comment.strip())
    return await pickups.review(ctx, caller, pickup_id, opinion)


pickup_routes = [
    plan_pickup,
    list_pickups,
    one_pickup,
    assign_pickup,
    start_pickup,
    verify_item,
    complete_pickup,
    fail_pickup,
    cancel_pickup,
    review_pickup,
]
