"""Parcels over the public API: the warehouse makes and steers them, buyers and factories see their own."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from patungan.contracts import logistics as contract
from patungan.kernel.http import Ctx, IdempotencyKey, Input, PageLimit, PageNumber, SignedIn, get, post
from patungan.kernel.identity import Audience
from patungan.kernel.service import Context
from patungan.providers.couriers.status import ShipmentStatus
from patungan.services.logistics.operations import bulk, cases, labels, shipments
from patungan.services.logistics.operations.shipments import BatchReply
from patungan.services.logistics.queries import following
from patungan.services.logistics.queries import shipments as queries
from patungan.services.logistics.queries.shipments import Shipment
from patungan.services.logistics.routes.views import (
    FactoryShipment,
    FactoryShipments,
    OwnShipment,
    ServiceName,
    StaffShipment,
    StaffShipmentDetail,
    StaffShipments,
    Why,
    shown,
    steps_of,
)
from patungan.services.logistics.rules import Booking

STAFF = Audience.WAREHOUSE
LABELS_AT_ONCE = 200

PictureUrl = Annotated[str, Meta(max_length=500, pattern=r"^(https?://|/)\S+$")]


class ShipmentInput(Input, frozen=True):
    """``service`` (``jne:reg``) instead of the one that the buyer chose; ``insured`` for the goods' whole value."""

    order_id: UUID
    service: ServiceName | None = None
    insured: bool = False


class ReasonInput(Input, frozen=True):
    reason: Why


class CourierInput(Input, frozen=True):
    service: ServiceName
    reason: Why


class WaybillInput(Input, frozen=True):
    """A number that was taken out with the courier by contract."""

    waybill: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{6,40}$")]


class ReportInput(Input, frozen=True):
    """What is known of a parcel, and since when if not now."""

    status: ShipmentStatus
    note: Why
    at: datetime | None = None


class ProofInput(Input, frozen=True):
    """Who took the parcel, with a photo or a signature."""

    receiver_name: Annotated[str, Meta(min_length=2, max_length=100, pattern=r"^\S(.*\S)?$")]
    photo_url: PictureUrl | None = None
    signature_url: PictureUrl | None = None
    at: datetime | None = None


async def _detail(ctx: Context, row: Shipment) -> StaffShipmentDetail:
    return shown(StaffShipmentDetail, row, events=await following.find_events(ctx.db, row.id))


@post("/api/logistics/shipments", audience=STAFF, status=201)
async def create_shipment(
    ctx: Ctx, caller: SignedIn, data: JSONBody[ShipmentInput], idempotency_key: IdempotencyKey
) -> StaffShipmentDetail:
    made = await shipments.create(ctx, caller, data.order_id, data.service, data.insured, idempotency_key)
    return await _detail(ctx, made)


@get("/api/logistics/shipments", audience=STAFF)
async def list_shipments(
    ctx: Ctx,
    status: FromQuery[ShipmentStatus | None] = None,
    courier: FromQuery[str | None] = None,
    session_id: FromQuery[UUID | None] = None,
    booking: FromQuery[Booking | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> StaffShipments:
    wanted = (status, courier, session_id, booking)
    total = await queries.count_shipments(ctx.db, *wanted)
    rows = await queries.list_shipments(ctx.db, *wanted, limit, (page - 1) * limit)
    return StaffShipments(items=[shown(StaffShipment, row) for row in rows], page=page, limit=limit, total=total)


@get("/api/logistics/factory/shipments", audience=Audience.FACTORY_OWNER)
async def factory_shipments(
    ctx: Ctx,
    caller: SignedIn,
    status: FromQuery[ShipmentStatus | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> FactoryShipments:
    wanted = (await bulk.factories_of(ctx, caller), status)
    total = await queries.count_of_factories(ctx.db, *wanted)
    rows = await queries.list_of_factories(ctx.db, *wanted, limit, (page - 1) * limit)
    return FactoryShipments(items=[shown(FactoryShipment, row) for row in rows], page=page, limit=limit, total=total)


@get("/api/logistics/shipments/{shipment_id:uuid}", audience=STAFF)
async def one_shipment(ctx: Ctx, shipment_id: FromPath[UUID]) -> StaffShipmentDetail:
    return await _detail(ctx, await shipments.shipment_or_404(ctx, shipment_id))


@get("/api/logistics/orders/{order_id:uuid}/shipment", audience=Audience.CUSTOMER)
async def shipment_of_order(ctx: Ctx, caller: SignedIn, order_id: FromPath[UUID]) -> OwnShipment:
    row = await queries.find_newest_of_order(ctx.db, order_id)
    if row is None or (row.user_id != caller.user_id and not caller.belongs_to(STAFF)):
        raise contract.ShipmentNotFound()
    return shown(OwnShipment, row, steps=steps_of(await following.find_events(ctx.db, row.id)))


def _pdf(content: bytes, name: str) -> Response[bytes]:
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)


@get("/api/logistics/shipments/{shipment_id:uuid}/label", audience=STAFF, media_type="application/pdf")
async def label(ctx: Ctx, shipment_id: FromPath[UUID]) -> Response[bytes]:
    row = await shipments.shipment_or_404(ctx, shipment_id)
    if row.booking is not Booking.BOOKED:
        raise contract.ShipmentRefused("A label is printed once a courier has taken the order for the parcel")
    return _pdf(await labels.labels_of([row]), row.waybill or row.reference)


@get("/api/logistics/sessions/{session_id:uuid}/labels", audience=STAFF, media_type="application/pdf")
async def session_labels(ctx: Ctx, session_id: FromPath[UUID], after: FromQuery[UUID | None] = None) -> Response[bytes]:
    """Up to 200 labels of a session's booked parcels, by id, those after ``after``; the next one's place is in the header
    ``X-Next-After``."""
    rows = await queries.find_of_session(ctx.db, session_id, after, LABELS_AT_ONCE)
    if not rows:
        raise contract.ShipmentNotFound("No parcel of this session is booked")
    answer = _pdf(await labels.labels_of(rows), f"session-{session_id}")
    if len(rows) == LABELS_AT_ONCE:
        answer.headers["X-Next-After"] = str(rows[-1].id)
    return answer


@post("/api/logistics/sessions/{session_id:uuid}/shipments", audience=STAFF, status=202)
async def create_session_shipments(
    ctx: Ctx, caller: SignedIn, session_id: FromPath[UUID], idempotency_key: IdempotencyKey
) -> BatchReply:
    return await shipments.create_for_session(ctx, caller, session_id, idempotency_key)


@post("/api/logistics/shipments/{shipment_id:uuid}/cancel", audience=STAFF)
async def cancel_shipment(
    ctx: Ctx,
    caller: SignedIn,
    shipment_id: FromPath[UUID],
    data: JSONBody[ReasonInput],
    idempotency_key: IdempotencyKey,
) -> StaffShipmentDetail:
    await shipments.asked_once(ctx, caller, "shipment-cancel", idempotency_key, shipment_id, data.reason)
    return await _detail(ctx, await shipments.cancel(ctx, caller, shipment_id, data.reason))


@post("/api/logistics/shipments/{shipment_id:uuid}/courier", audience=STAFF)
async def change_courier(
    ctx: Ctx,
    caller: SignedIn,
    shipment_id: FromPath[UUID],
    data: JSONBody[CourierInput],
    idempotency_key: IdempotencyKey,
) -> StaffShipmentDetail:
    made = await shipments.change_courier(ctx, caller, shipment_id, data.service, data.reason, idempotency_key)
    return await _detail(ctx, made)


@post("/api/logistics/shipments/{shipment_id:uuid}/waybill", audience=STAFF)
async def enter_waybill(
    ctx: Ctx,
    caller: SignedIn,
    shipment_id: FromPath[UUID],
    data: JSONBody[WaybillInput],
    idempotency_key: IdempotencyKey,
) -> StaffShipmentDetail:
    await shipments.asked_once(ctx, caller, "shipment-waybill", idempotency_key, shipment_id, data.waybill)
    return await _detail(ctx, await shipments.enter_waybill(ctx, shipment_id, data.waybill))


@post("/api/logistics/shipments/{shipment_id:uuid}/status", audience=STAFF)
async def report(
    ctx: Ctx,
    caller: SignedIn,
    shipment_id: FromPath[UUID],
    data: JSONBody[ReportInput],
    idempotency_key: IdempotencyKey,
) -> StaffShipmentDetail:
    moved = await shipments.report(ctx, caller, shipment_id, data.status, data.note, data.at, idempotency_key)
    return await _detail(ctx, moved)


@post("/api/logistics/shipments/{shipment_id:uuid}/proof", audience=STAFF)
async def prove(
    ctx: Ctx,
    caller: SignedIn,
    shipment_id: FromPath[UUID],
    data: JSONBody[ProofInput],
    idempotency_key: IdempotencyKey,
) -> StaffShipmentDetail:
    given = (data.receiver_name, data.photo_url, data.signature_url, data.at)
    await shipments.asked_once(ctx, caller, "shipment-proof", idempotency_key, shipment_id, *given)
    return await _detail(ctx, await shipments.prove(ctx, caller, shipment_id, *given))


@post("/api/logistics/shipments/{shipment_id:uuid}/loss", audience=STAFF)
async def declare_lost(
    ctx: Ctx,
    caller: SignedIn,
    shipment_id: FromPath[UUID],
    data: JSONBody[ReasonInput],
    idempotency_key: IdempotencyKey,
) -> StaffShipmentDetail:
    await shipments.asked_once(ctx, caller, "shipment-loss", idempotency_key, shipment_id, data.reason)
    return await _detail(ctx, await cases.declare_lost(ctx, caller, shipment_id, data.reason))


routes = [
    create_shipment,
    list_shipments,
    factory_shipments,
    one_shipment,
    shipment_of_order,
    label,
    session_labels,
    create_session_shipments,
    cancel_shipment,
    change_courier,
    enter_waybill,
    report,
    prove,
    declare_lost,
]
