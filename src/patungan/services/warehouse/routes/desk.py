"""The desk of warehouse staff: locations, transfers, stock counts, the audit log, figures."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response import Stream
from msgspec import Meta

from patungan.kernel.errors import InvalidInput
from patungan.kernel.http import Ctx, IdempotencyKey, Input, Page, PageLimit, PageNumber, SignedIn, get, patch, post
from patungan.services.warehouse.operations import counts, desk, transfers
from patungan.services.warehouse.operations.counts import CountDetail, Counted, OpenCount
from patungan.services.warehouse.operations.desk import Statistics
from patungan.services.warehouse.operations.exports import csv_lines
from patungan.services.warehouse.operations.transfers import TransferLine, TransferStock
from patungan.services.warehouse.queries import desk as queries
from patungan.services.warehouse.queries.desk import AuditEntry, Count, Discrepancy, Location, Transfer
from patungan.services.warehouse.routes.fields import (
    STAFF,
    STAFF_AND_OWNER,
    LocationCode,
    Note,
    Reason,
    SomeUnits,
    Units,
    aware,
    csv_download,
)
from patungan.services.warehouse.rules import CountStatus

A_MONTH = timedelta(days=30)

Action = Annotated[str | None, QueryParameter(max_length=60)]


class LocationInput(Input, frozen=True):
    code: LocationCode


class LocationChange(Input, frozen=True):
    code: LocationCode
    is_active: bool


class TransferLineInput(Input, frozen=True):
    quantity: SomeUnits
    variant_id: UUID | None = None


class TransferInput(Input, frozen=True):
    from_warehouse_id: UUID
    to_warehouse_id: UUID
    product_id: UUID
    lines: Annotated[list[TransferLineInput], Meta(min_length=1, max_length=200)]
    reason: Reason


class CountInput(Input, frozen=True):
    """Without products and location the whole warehouse is counted, 500 stocks at most."""

    warehouse_id: UUID
    product_ids: Annotated[list[UUID], Meta(min_length=1, max_length=200)] | None = None
    location: LocationCode | None = None
    note: Note = ""


class CountedInput(Input, frozen=True):
    """``counted`` in units."""

    inventory_id: UUID
    counted: Units
    note: Note = ""


class CountLinesInput(Input, frozen=True):
    lines: Annotated[list[CountedInput], Meta(min_length=1, max_length=500)]


class ReasonInput(Input, frozen=True):
    reason: Reason


class LocationList(Page, frozen=True, kw_only=True):
    items: list[Location]


class TransferList(Page, frozen=True, kw_only=True):
    items: list[Transfer]


class CountList(Page, frozen=True, kw_only=True):
    items: list[Count]


class DiscrepancyList(Page, frozen=True, kw_only=True):
    items: list[Discrepancy]


class AuditList(Page, frozen=True, kw_only=True):
    items: list[AuditEntry]


@get("/api/warehouse/warehouses/{warehouse_id:uuid}/locations", audience=STAFF)
async def list_locations(
    ctx: Ctx, warehouse_id: FromPath[UUID], page: PageNumber = 1, limit: PageLimit = 20
) -> LocationList:
    total = await queries.count_locations(ctx.db, warehouse_id)
    items = await queries.list_locations(ctx.db, warehouse_id, limit, (page - 1) * limit)
    return LocationList(items=items, page=page, limit=limit, total=total)


@post("/api/warehouse/warehouses/{warehouse_id:uuid}/locations", audience=STAFF, status=201)
async def open_location(
    ctx: Ctx, caller: SignedIn, warehouse_id: FromPath[UUID], data: JSONBody[LocationInput]
) -> Location:
    return await desk.open_location(ctx, caller, warehouse_id, data.code)


@patch("/api/warehouse/warehouses/{warehouse_id:uuid}/locations", audience=STAFF)
async def change_location(
    ctx: Ctx, caller: SignedIn, warehouse_id: FromPath[UUID], data: JSONBody[LocationChange]
) -> Location:
    return await desk.change_location(ctx, caller, warehouse_id, data.code, data.is_active)


@get("/api/warehouse/transfers", audience=STAFF)
async def list_transfers(
    ctx: Ctx,
    warehouse_id: FromQuery[UUID | None] = None,
    product_id: FromQuery[UUID | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> TransferList:
    total = await queries.count_transfers(ctx.db, warehouse_id, product_id)
    items = await queries.list_transfers(ctx.db, warehouse_id, product_id, limit, (page - 1) * limit)
    return TransferList(items=items, page=page, limit=limit, total=total)


@post("/api/warehouse/transfers", audience=STAFF, status=201)
async def transfer_stock(
    ctx: Ctx, caller: SignedIn, data: JSONBody[TransferInput], idempotency_key: IdempotencyKey
) -> Transfer:
    lines = [TransferLine(line.variant_id, line.quantity) for line in data.lines]
    request = TransferStock(data.from_warehouse_id, data.to_warehouse_id, data.product_id, lines, data.reason)
    return await transfers.transfer(ctx, caller, request, idempotency_key)


@get("/api/warehouse/counts", audience=STAFF)
async def list_counts(
    ctx: Ctx,
    warehouse_id: FromQuery[UUID | None] = None,
    status: FromQuery[CountStatus | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> CountList:
    total = await queries.count_counts(ctx.db, warehouse_id, status)
    items = await queries.list_counts(ctx.db, warehouse_id, status, limit, (page - 1) * limit)
    return CountList(items=items, page=page, limit=limit, total=total)


@post("/api/warehouse/counts", audience=STAFF, status=201)
async def open_count(
    ctx: Ctx, caller: SignedIn, data: JSONBody[CountInput], idempotency_key: IdempotencyKey
) -> CountDetail:
    request = OpenCount(data.warehouse_id, data.product_ids, data.location, data.note.strip())
    return await counts.open_count(ctx, caller, request, idempotency_key)


@get("/api/warehouse/counts/{count_id:uuid}", audience=STAFF)
async def one_count(ctx: Ctx, count_id: FromPath[UUID]) -> CountDetail:
    return await counts.describe(ctx.db, count_id)


@patch("/api/warehouse/counts/{count_id:uuid}/lines", audience=STAFF)
async def enter_counted(
    ctx: Ctx, caller: SignedIn, count_id: FromPath[UUID], data: JSONBody[CountLinesInput]
) -> CountDetail:
    lines = [Counted(line.inventory_id, line.counted, line.note.strip()) for line in data.lines]
    return await counts.enter(ctx, caller, count_id, lines)


@post("/api/warehouse/counts/{count_id:uuid}/submission", audience=STAFF)
async def submit_count(ctx: Ctx, caller: SignedIn, count_id: FromPath[UUID]) -> CountDetail:
    """Hand the count in."""
    return await counts.submit(ctx, caller, count_id)


@post("/api/warehouse/counts/{count_id:uuid}/posting", audience=STAFF)
async def post_count(
    ctx: Ctx, caller: SignedIn, count_id: FromPath[UUID], idempotency_key: IdempotencyKey
) -> CountDetail:
    """Correct the stock by what the count found."""
    return await counts.post(ctx, caller, count_id, idempotency_key)


@post("/api/warehouse/counts/{count_id:uuid}/cancel", audience=STAFF)
async def cancel_count(
    ctx: Ctx, caller: SignedIn, count_id: FromPath[UUID], data: JSONBody[ReasonInput]
) -> CountDetail:
    return await counts.cancel(ctx, caller, count_id, data.reason)


@get("/api/warehouse/discrepancies", audience=STAFF)
async def list_discrepancies(
    ctx: Ctx,
    warehouse_id: FromQuery[UUID | None] = None,
    product_id: FromQuery[UUID | None] = None,
    status: FromQuery[CountStatus | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> DiscrepancyList:
    """Counted stocks that did not agree with the books."""
    wanted = (warehouse_id, product_id, status)
    total = await queries.count_discrepancies(ctx.db, *wanted)
    items = await queries.list_discrepancies(ctx.db, *wanted, limit, (page - 1) * limit)
    return DiscrepancyList(items=items, page=page, limit=limit, total=total)


@get("/api/warehouse/discrepancies.csv", audience=STAFF, media_type="text/csv")
async def export_discrepancies(ctx: Ctx, warehouse_id: FromQuery[UUID | None] = None) -> Stream:
    """The discrepancies as a file."""

    async def read(limit: int, offset: int) -> list[Discrepancy]:
        return await queries.list_discrepancies(ctx.db, warehouse_id, None, None, limit, offset)

    return csv_download("discrepancies.csv", csv_lines(Discrepancy, read))


@get("/api/warehouse/audit-log", audience=STAFF)
async def list_audit_log(
    ctx: Ctx,
    subject: FromQuery[UUID | None] = None,
    action: Action = None,
    actor: FromQuery[UUID | None] = None,
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> AuditList:
    """Who changed what besides stock, newest first."""
    wanted = (subject, action, actor, since and aware(since), until and aware(until))
    total = await queries.count_audit(ctx.db, *wanted)
    items = await queries.list_audit(ctx.db, *wanted, limit, (page - 1) * limit)
    return AuditList(items=items, page=page, limit=limit, total=total)


@get("/api/warehouse/statistics", audience=STAFF_AND_OWNER)
async def show_statistics(
    ctx: Ctx,
    caller: SignedIn,
    warehouse_id: FromQuery[UUID | None] = None,
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
) -> Statistics:
    """Figures of a period, of the last 30 days if none is named."""
    end = aware(until) if until is not None else ctx.clock.now()
    begin = aware(since) if since is not None else end - A_MONTH
    if begin >= end:
        raise InvalidInput("The period ends before it begins", field="until")
    return await desk.statistics(ctx, caller, warehouse_id, begin, end)


routes = [
    list_locations,
    open_location,
    change_location,
    list_transfers,
    transfer_stock,
    list_counts,
    open_count,
    one_count,
    enter_counted,
    submit_count,
    post_count,
    cancel_count,
    list_discrepancies,
    export_discrepancies,
    list_audit_log,
    show_statistics,
]
