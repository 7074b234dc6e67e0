"""Complaints and their photos: buyers open them, administrators decide."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from patungan.kernel.http import Ctx, IdempotencyKey, Input, Page, PageLimit, PageNumber, SignedIn, get, post
from patungan.kernel.identity import Audience
from patungan.services.order.operations import complaints, photos
from patungan.services.order.operations.complaints import MOST_PHOTOS, Complain, Decide, SentBack
from patungan.services.order.operations.complaints import Received as ReceivedReturn
from patungan.services.order.queries import direct as queries
from patungan.services.order.queries.direct import ComplaintRow
from patungan.services.order.rules import ComplaintReason, ComplaintStatus

Amount = Annotated[int, Meta(ge=1)]
Note = Annotated[str, Meta(min_length=3, max_length=1000, pattern=r"^\S(.|\n)*\S$")]
Short = Annotated[str, Meta(min_length=3, max_length=60, pattern=r"^\S(.*\S)?$")]


class ComplaintInput(Input, frozen=True):
    """``wanted`` rupiah, or none for all that was paid; photos are sent before."""

    reason: ComplaintReason
    description: Annotated[str, Meta(min_length=10, max_length=2000)]
    photo_ids: Annotated[list[UUID], Meta(max_length=MOST_PHOTOS)] = msgspec.field(default_factory=list)
    wanted: Amount | None = None


class DecisionInput(Input, frozen=True):
    """``refund`` in rupiah, or none for what was asked for; ``with_return``: once the goods are back."""

    accept: bool
    note: Note
    refund: Amount | None = None
    with_return: bool = False


class ReturnInput(Input, frozen=True):
    courier: Short
    waybill: Short


class ReceiptInput(Input, frozen=True):
    """``sound``: the goods may be sold again."""

    sound: bool


class PhotoView(msgspec.Struct, frozen=True):
    id: UUID
    url: str


class ComplaintList(msgspec.Struct, frozen=True):
    items: list[ComplaintRow]


class ComplaintPage(Page, frozen=True, kw_only=True):
    items: list[ComplaintRow]


@post("/api/orders/photos", audience=Audience.CUSTOMER, status=201)
async def send_photo(
    ctx: Ctx, caller: SignedIn, request: Request[Any, Any, Any], idempotency_key: IdempotencyKey
) -> PhotoView:
    """A JPEG, PNG or WebP as the body; what a second sending keeps nobody names."""
    photo_id = await photos.keep(ctx, caller, await request.body())
    return PhotoView(photo_id, f"/api/orders/photos/{photo_id}")


@get("/api/orders/photos/{photo_id:uuid}", audience=Audience.CUSTOMER)
async def one_photo(ctx: Ctx, caller: SignedIn, photo_id: FromPath[UUID]) -> Response[bytes]:
    headers = {"Cache-Control": "private, max-age=86400", "X-Content-Type-Options": "nosniff"}
    return Response(await photos.show(ctx, caller, photo_id), media_type="image/webp", headers=headers)


@post("/api/orders/{order_id:uuid}/complaints", audience=Audience.CUSTOMER, status=201)
async def open_complaint(
    ctx: Ctx,
    caller: SignedIn,
    order_id: FromPath[UUID],
    data: JSONBody[ComplaintInput],
    idempotency_key: IdempotencyKey,
) -> ComplaintRow:
    wanted = Complain(order_id, data.reason, data.description, data.photo_ids, data.wanted)
    return await complaints.complain(ctx, caller, wanted, idempotency_key)


@get("/api/orders/{order_id:uuid}/complaints", audience=Audience.CUSTOMER)
async def complaints_of_order(ctx: Ctx, caller: SignedIn, order_id: FromPath[UUID]) -> ComplaintList:
    return ComplaintList(await complaints.of_order(ctx, caller, order_id))


@get("/api/orders/complaints", audience=Audience.CUSTOMER)
async def my_complaints(
    ctx: Ctx,
    caller: SignedIn,
    status: FromQuery[ComplaintStatus | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> ComplaintPage:
    items = await queries.list_complaints(ctx.db, status, caller.user_id, limit, (page - 1) * limit)
    total = await queries.count_complaints(ctx.db, status, caller.user_id)
    return ComplaintPage(items=items, page=page, limit=limit, total=total)


@get("/api/orders/complaints/all", audience=[Audience.ADMIN, Audience.WAREHOUSE])
async def all_complaints(
    ctx: Ctx,
    status: FromQuery[ComplaintStatus | None] = None,
    user_id: FromQuery[UUID | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> ComplaintPage:
    items = await queries.list_complaints(ctx.db, status, user_id, limit, (page - 1) * limit)
    total = await queries.count_complaints(ctx.db, status, user_id)
    return ComplaintPage(items=items, page=page, limit=limit, total=total)


@get("/api/orders/complaints/{complaint_id:uuid}", audience=Audience.CUSTOMER)
async def one_complaint(ctx: Ctx, caller: SignedIn, complaint_id: FromPath[UUID]) -> ComplaintRow:
    return await complaints.look(ctx, caller, complaint_id)


@post("/api/orders/complaints/{complaint_id:uuid}/decision", audience=Audience.ADMIN)
async def decide_complaint(
    ctx: Ctx,
    caller: SignedIn,
    complaint_id: FromPath[UUID],
    data: JSONBody[DecisionInput],
    idempotency_key: IdempotencyKey,
) -> ComplaintRow:
    wanted = Decide(complaint_id, data.accept, data.refund, data.with_return, data.note)
    return await complaints.decide(ctx, caller, wanted, idempotency_key)


@post("/api/orders/complaints/{complaint_id:uuid}/withdrawal", audience=Audience.CUSTOMER)
async def withdraw_complaint(
    ctx: Ctx, caller: SignedIn, complaint_id: FromPath[UUID], idempotency_key: IdempotencyKey
) -> ComplaintRow:
    return await complaints.withdraw(ctx, caller, complaint_id, idempotency_key)


@post("/api/orders/complaints/{complaint_id:uuid}/return", audience=Audience.CUSTOMER)
async def send_back(
    ctx: Ctx,
    caller: SignedIn,
    complaint_id: FromPath[UUID],
    data: JSONBody[ReturnInput],
    idempotency_key: IdempotencyKey,
) -> ComplaintRow:
    wanted = SentBack(complaint_id, data.courier, data.waybill)
    return await complaints.send_back(ctx, caller, wanted, idempotency_key)


@post("/api/orders/complaints/{complaint_id:uuid}/return-receipt", audience=[Audience.ADMIN, Audience.WAREHOUSE])
async def receive_return(
    ctx: Ctx,
    caller: SignedIn,
    complaint_id: FromPath[UUID],
    data: JSONBody[ReceiptInput],
    idempotency_key: IdempotencyKey,
) -> ComplaintRow:
    wanted = ReceivedReturn(complaint_id, data.sound)
    return await complaints.receive_return(ctx, caller, wanted, idempotency_key)


routes = [
    send_photo,
    one_photo,
    open_complaint,
    complaints_of_order,
    my_complaints,
    all_complaints,
    one_complaint,
    decide_complaint,
    withdraw_complaint,
    send_back,
    receive_return,
]
