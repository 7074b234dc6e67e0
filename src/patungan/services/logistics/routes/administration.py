"""Couriers as data, cases, pick-ups, leg one, and the reports."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from patungan.kernel.errors import InvalidInput
from patungan.kernel.http import Ctx, IdempotencyKey, Input, Page, PageLimit, PageNumber, SignedIn, get, patch, post
from patungan.kernel.identity import Audience
from patungan.services.logistics.operations import bulk, cases, couriers, pickups
from patungan.services.logistics.operations.bulk import BulkDetails
from patungan.services.logistics.operations.cases import Resolved
from patungan.services.logistics.operations.couriers import ChangedCourier
from patungan.services.logistics.operations.pickups import PickupWish
from patungan.services.logistics.queries import couriers as queries
from patungan.services.logistics.queries import following
from patungan.services.logistics.queries.couriers import BulkShipment, CourierRow, Delayed, Performance, ServiceRow
from patungan.services.logistics.queries.following import Case, Pickup
from patungan.services.logistics.routes.views import ServiceName, Why
from patungan.services.logistics.rules import CaseKind, PickupStatus, Resolution

STAFF = Audience.WAREHOUSE
LONGEST_REPORT = timedelta(days=400)
Code = Annotated[str, Meta(pattern=r"^[a-z0-9_]{2,20}$")]
Name = Annotated[str, Meta(min_length=2, max_length=60, pattern=r"^\S(.*\S)?$")]
Rupiahs = Annotated[int, Meta(ge=0, le=1_000_000_000)]


class ServiceInput(Input, frozen=True):
    """A service and the most days that it takes."""

    service: Code
    name: Name
    max_days: Annotated[int, Meta(ge=0, le=60)]
    is_active: bool = True

    @property
    def row(self) -> ServiceRow:
        return ServiceRow(self.service, self.name, self.max_days, self.is_active)


Services = Annotated[list[ServiceInput], Meta(max_length=50)]


class CourierInput(Input, frozen=True):
    code: Code
    name: Name
    services: Services = msgspec.field(default_factory=list)


class CourierChange(Input, frozen=True):
    """``services`` are added, or changed where they exist."""

    name: Name | None = None
    is_active: bool | None = None
    services: Services = msgspec.field(default_factory=list)


class ResolutionInput(Input, frozen=True):
    """``resolution`` is reshipped or closed; ``service`` for another courier than the first."""

    resolution: Resolution
    note: Why
    service: ServiceName | None = None


class PickupInput(Input, frozen=True):
    warehouse_id: UUID
    courier: Code
    starts_at: datetime
    ends_at: datetime
    note: Annotated[str, Meta(max_length=300)] = ""


class PickupChange(Input, frozen=True):
    status: PickupStatus


class BulkChange(Input, frozen=True):
    """Who carries a factory's goods, under which number, and what it costs for the whole purchase order."""

    carrier: Annotated[str, Meta(min_length=2, max_length=60)] | None = None
    waybill: Annotated[str, Meta(max_length=60)] | None = None
    cost: Rupiahs | None = None


class CourierList(msgspec.Struct, frozen=True):
    items: list[CourierRow]


class CaseList(Page, frozen=True, kw_only=True):
    items: list[Case]


class PickupList(Page, frozen=True, kw_only=True):
    items: list[Pickup]


class BulkList(Page, frozen=True, kw_only=True):
    items: list[BulkShipment]


class DelayedList(Page, frozen=True, kw_only=True):
    items: list[Delayed]


class PerformanceReport(msgspec.Struct, frozen=True):
    """Parcels booked from one moment up to another, by courier."""

    since: datetime
    until: datetime
    items: list[Performance]


@get("/api/logistics/couriers", audience=STAFF)
async def list_couriers(ctx: Ctx) -> CourierList:
    return CourierList(await queries.find_couriers(ctx.db))


@post("/api/logistics/couriers", audience=Audience.ADMIN, status=201)
async def add_courier(
    ctx: Ctx, caller: SignedIn, data: JSONBody[CourierInput], idempotency_key: IdempotencyKey
) -> CourierRow:
    added = CourierRow(data.code, data.name, is_active=True, services=[each.row for each in data.services])
    return await couriers.add(ctx, caller, added, idempotency_key)


@patch("/api/logistics/couriers/{code:str}", audience=Audience.ADMIN)
async def change_courier(
    ctx: Ctx,
    caller: SignedIn,
    code: FromPath[str],
    data: JSONBody[CourierChange],
    idempotency_key: IdempotencyKey,
) -> CourierRow:
    wanted = ChangedCourier(code, data.name, data.is_active, [each.row for each in data.services])
    return await couriers.change(ctx, caller, wanted, idempotency_key)


@get("/api/logistics/cases", audience=STAFF)
async def list_cases(
    ctx: Ctx,
    is_open: FromQuery[bool | None] = None,
    kind: FromQuery[CaseKind | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> CaseList:
    status = None if is_open is None else "open" if is_open else "resolved"
    total = await following.count_cases(ctx.db, status, kind)
    items = await following.list_cases(ctx.db, status, kind, limit, (page - 1) * limit)
    return CaseList(items=items, page=page, limit=limit, total=total)


@get("/api/logistics/cases/{case_id:uuid}", audience=STAFF)
async def one_case(ctx: Ctx, case_id: FromPath[UUID]) -> Case:
    return await cases.case_or_404(ctx, case_id)


@post("/api/logistics/cases/{case_id:uuid}/resolution", audience=Audience.ADMIN)
async def resolve_case(
    ctx: Ctx,
    caller: SignedIn,
    case_id: FromPath[UUID],
    data: JSONBody[ResolutionInput],
    idempotency_key: IdempotencyKey,
) -> Resolved:
    if data.resolution is Resolution.WENT_ON:
        raise InvalidInput("A case is reshipped or closed; parcels go on by themselves", field="resolution")
    return await cases.resolve(ctx, caller, case_id, data.resolution, data.service, data.note, idempotency_key)


@post("/api/logistics/pickups", audience=STAFF, status=201)
async def request_pickup(
    ctx: Ctx, caller: SignedIn, data: JSONBody[PickupInput], idempotency_key: IdempotencyKey
) -> Pickup:
    if data.starts_at.tzinfo is None or data.ends_at.tzinfo is None:
        raise InvalidInput("A time names its zone", field="starts_at")
    wish = PickupWish(data.warehouse_id, data.courier, data.starts_at, data.ends_at, data.note.strip())
    return await pickups.request(ctx, caller, wish, idempotency_key)


@get("/api/logistics/pickups", audience=STAFF)
async def list_pickups(
    ctx: Ctx, status: FromQuery[PickupStatus | None] = None, page: PageNumber = 1, limit: PageLimit = 20
) -> PickupList:
    total = await following.count_pickups(ctx.db, status)
    items = await following.list_pickups(ctx.db, status, limit, (page - 1) * limit)
    return PickupList(items=items, page=page, limit=limit, total=total)


@get("/api/logistics/pickups/{pickup_id:uuid}", audience=STAFF)
async def one_pickup(ctx: Ctx, pickup_id: FromPath[UUID]) -> Pickup:
    return await pickups.pickup_or_404(ctx, pickup_id)


@post("/api/logistics/pickups/{pickup_id:uuid}/status", audience=STAFF)
async def change_pickup(
    ctx: Ctx,
    caller: SignedIn,
    pickup_id: FromPath[UUID],
    data: JSONBody[PickupChange],
    idempotency_key: IdempotencyKey,
) -> Pickup:
    return await pickups.change_status(ctx, caller, pickup_id, data.status, idempotency_key)


@get("/api/logistics/bulk-shipments", audience=[STAFF, Audience.FACTORY_OWNER])
async def list_bulk(
    ctx: Ctx,
    caller: SignedIn,
    status: FromQuery[str | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> BulkList:
    factories = await bulk.factories_of(ctx, caller)
    total = await queries.count_bulk(ctx.db, factories, status)
    items = await queries.list_bulk(ctx.db, factories, status, limit, (page - 1) * limit)
    return BulkList(items=items, page=page, limit=limit, total=total)


@patch("/api/logistics/bulk-shipments/{bulk_id:uuid}", audience=[STAFF, Audience.FACTORY_OWNER])
async def change_bulk(
    ctx: Ctx, caller: SignedIn, bulk_id: FromPath[UUID], data: JSONBody[BulkChange], idempotency_key: IdempotencyKey
) -> BulkShipment:
    details = BulkDetails(bulk_id, data.carrier, data.waybill, data.cost)
    return await bulk.change(ctx, caller, details, idempotency_key)


@get("/api/logistics/reports/delayed", audience=STAFF)
async def delayed(ctx: Ctx, page: PageNumber = 1, limit: PageLimit = 20) -> DelayedList:
    now = ctx.clock.now()
    total = await queries.count_delayed(ctx.db, now)
    items = await queries.list_delayed(ctx.db, now, limit, (page - 1) * limit)
    return DelayedList(items=items, page=page, limit=limit, total=total)


@get("/api/logistics/reports/couriers", audience=Audience.ADMIN)
async def courier_performance(
    ctx: Ctx, since: FromQuery[datetime | None] = None, until: FromQuery[datetime | None] = None
) -> PerformanceReport:
    """The last thirty days unless other moments are named, which name their zone."""
    end = until or ctx.clock.now()
    start = since or end - timedelta(days=30)
    if start.tzinfo is None or end.tzinfo is None:
        raise InvalidInput("A time names its zone", field="since")
    if not timedelta(0) < end - start <= LONGEST_REPORT:
        raise InvalidInput("A report is of up to 400 days", field="until")
    return PerformanceReport(start, end, await queries.courier_performance(ctx.db, start, end))


routes = [
    list_couriers,
    add_courier,
    change_courier,
    list_cases,
    one_case,
    resolve_case,
    request_pickup,
    list_pickups,
    one_pickup,
    change_pickup,
    list_bulk,
    change_bulk,
    delayed,
    courier_performance,
]
