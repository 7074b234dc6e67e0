"""Offices, where they are, their staff and their figures."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import UNSET, UnsetType

from patungan.contracts import auth
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
    put,
)
from patungan.kernel.identity import Audience
from patungan.kernel.phones import normalise_phone
from patungan.services.office.operations import access, offices
from patungan.services.office.operations.offices import OfficeData
from patungan.services.office.queries import offices as queries
from patungan.services.office.queries import pickups as pickup_queries
from patungan.services.office.queries.offices import (
    AssignedFactory,
    Figures,
    OfficeHistoryRow,
    OfficeRow,
    StaffRow,
)
from patungan.services.office.queries.pickups import OfficeReview
from patungan.services.office.routes.fields import (
    Hours,
    Latitude,
    Line,
    Longitude,
    Name,
    Percent,
    Phone,
    Place,
    PostalCode,
    Reason,
    Regions,
)
from patungan.services.office.rules import DEFAULT_COMMISSION_PERCENT, OfficeStatus, StaffRole, StaffStatus

STAFF_AND_ADMIN = [Audience.AGENT, Audience.ADMIN]


class OfficeInput(Input, frozen=True):
    """``regions`` are codes of provinces (two digits) and regencies (four)."""

    name: Name
    phone: Phone
    line: Line
    city: Place
    province: Place
    postal_code: PostalCode
    whatsapp: Phone | None = None
    operating_hours: Hours = ""
    regions: Regions = msgspec.field(default_factory=list)
    commission_percent: Percent = DEFAULT_COMMISSION_PERCENT


class OfficeChange(Input, frozen=True):
    """A change of some fields; what is left out stays."""

    name: Name | UnsetType = UNSET
    phone: Phone | UnsetType = UNSET
    line: Line | UnsetType = UNSET
    city: Place | UnsetType = UNSET
    province: Place | UnsetType = UNSET
    postal_code: PostalCode | UnsetType = UNSET
    whatsapp: Phone | None | UnsetType = UNSET
    operating_hours: Hours | UnsetType = UNSET
    regions: Regions | UnsetType = UNSET
    commission_percent: Percent | UnsetType = UNSET


class OfficeStatusChange(Input, frozen=True):
    status: OfficeStatus
    reason: Reason


class StaffInput(Input, frozen=True):
    """Somebody with an account, by phone number."""

    phone: Phone
    role: StaffRole


class StaffChange(Input, frozen=True):
    role: StaffRole | None = None
    status: StaffStatus | None = None
    reason: Annotated[str, msgspec.Meta(max_length=300)] = ""


class CheckInInput(Input, frozen=True):
    """Where one is, in degrees; both or neither."""

    latitude: Latitude | None = None
    longitude: Longitude | None = None


class AvailabilityInput(Input, frozen=True):
    is_available: bool


class PublicOffice(msgspec.Struct, frozen=True):
    """What everybody may see of an office; ``rating`` in stars by the factories, None without any."""

    id: UUID
    name: str
    status: OfficeStatus
    phone: str
    whatsapp: str | None
    line: str
    city: str
    province: str
    postal_code: str
    operating_hours: str
    rating: float | None


class PublicOffices(Page, frozen=True, kw_only=True):
    items: list[PublicOffice]


class OfficeList(Page, frozen=True, kw_only=True):
    items: list[OfficeRow]


class StaffList(Page, frozen=True, kw_only=True):
    items: list[StaffRow]


class FactoryList(Page, frozen=True, kw_only=True):
    items: list[AssignedFactory]


class OfficeHistory(Page, frozen=True, kw_only=True):
    items: list[OfficeHistoryRow]


class OfficeReviews(Page, frozen=True, kw_only=True):
    items: list[OfficeReview]


class OfficeFigures(msgspec.Struct, frozen=True):
    """What an office has done in the last so many days; ``commission_percent`` is its share of the commission."""

    days: int
    commission_percent: int
    rating: float | None
    figures: Figures


def _rating(row: OfficeRow) -> float | None:
    count, total = row.review_count, row.review_total
    return None if count == 0 else ((200 * total + count) // (2 * count)) / 100


def _phone(text: str, field: str) -> str:
    number = normalise_phone(text)
    if number is None:
        raise auth.PhoneInvalid(field=field)
    return number


@get("/api/offices", audience=Audience.PUBLIC)
async def find_offices(
    ctx: Ctx,
    city: Annotated[str | None, QueryParameter(max_length=100)] = None,
    region: Annotated[str | None, QueryParameter(max_length=5)] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> PublicOffices:
    """Offices that are open, in a city or for a province's or regency's code."""
    wanted = (OfficeStatus.ACTIVE, city or None, region or None)
    total = await queries.count_offices(ctx.db, *wanted)
    rows = await queries.list_offices(ctx.db, *wanted, limit, (page - 1) * limit)
    items = [
        PublicOffice(
            row.id,
            row.name,
            row.status,
            row.phone,
            row.whatsapp,
            row.line,
            row.city,
            row.province,
            row.postal_code,
            row.operating_hours,
            _rating(row),
        )
        for row in rows
    ]
    return PublicOffices(items=items, page=page, limit=limit, total=total)


@get("/api/offices/all", audience=Audience.ADMIN)
async def all_offices(
    ctx: Ctx,
    status: FromQuery[OfficeStatus | None] = None,
    city: Annotated[str | None, QueryParameter(max_length=100)] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> OfficeList:
    wanted = (status, city or None, None)
    total = await queries.count_offices(ctx.db, *wanted)
    rows = await queries.list_offices(ctx.db, *wanted, limit, (page - 1) * limit)
    return OfficeList(items=rows, page=page, limit=limit, total=total)


@post("/api/offices", audience=Audience.ADMIN, status=201)
async def open_office(
    ctx: Ctx, caller: SignedIn, data: JSONBody[OfficeInput], idempotency_key: IdempotencyKey
) -> OfficeRow:
    given = {name: getattr(data, name) for name in OfficeData.__struct_fields__}
    given["phone"] = _phone(data.phone, "phone")
    given["whatsapp"] = None if data.whatsapp is None else _phone(data.whatsapp, "whatsapp")
    return await offices.open_office(ctx, caller, OfficeData(**given), idempotency_key)


@get("/api/offices/{office_id:uuid}", audience=STAFF_AND_ADMIN)
async def one_office(ctx: Ctx, caller: SignedIn, office_id: FromPath[UUID]) -> OfficeRow:
    return await access.office_seen(ctx, caller, office_id)


@patch("/api/offices/{office_id:uuid}", audience=Audience.ADMIN)
async def change_office(
    ctx: Ctx, caller: SignedIn, office_id: FromPath[UUID], data: JSONBody[OfficeChange]
) -> OfficeRow:
    changes = {
        name: value
        for name in OfficeChange.__struct_fields__
        if not isinstance(value := getattr(data, name), UnsetType)
    }
    for field in ("phone", "whatsapp"):
        if changes.get(field) is not None:
            changes[field] = _phone(changes[field], field)
    return await offices.change_office(ctx, caller, office_id, changes)


@post("/api/offices/{office_id:uuid}/status", audience=Audience.ADMIN)
async def change_office_status(
    ctx: Ctx, caller: SignedIn, office_id: FromPath[UUID], data: JSONBody[OfficeStatusChange]
) -> OfficeRow:
    return await offices.change_office_status(ctx, caller, office_id, data.status, data.reason)


@get("/api/offices/{office_id:uuid}/history", audience=Audience.ADMIN)
async def office_history(
    ctx: Ctx, caller: SignedIn, office_id: FromPath[UUID], page: PageNumber = 1, limit: PageLimit = 20
) -> OfficeHistory:
    await access.office_seen(ctx, caller, office_id)
    total = await queries.count_history(ctx.db, office_id)
    items = await queries.list_history(ctx.db, office_id, limit, (page - 1) * limit)
    return OfficeHistory(items=items, page=page, limit=limit, total=total)


@get("/api/offices/{office_id:uuid}/staff", audience=STAFF_AND_ADMIN)
async def list_staff(
    ctx: Ctx,
    caller: SignedIn,
    office_id: FromPath[UUID],
    status: FromQuery[StaffStatus | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> StaffList:
    await access.office_seen(ctx, caller, office_id)
    total = await queries.count_staff(ctx.db, office_id, status)
    items = await queries.list_staff(ctx.db, office_id, status, limit, (page - 1) * limit)
    return StaffList(items=items, page=page, limit=limit, total=total)


@post("/api/offices/{office_id:uuid}/staff", audience=STAFF_AND_ADMIN, status=201)
async def hire_staff(
    ctx: Ctx,
    caller: SignedIn,
    office_id: FromPath[UUID],
    data: JSONBody[StaffInput],
    idempotency_key: IdempotencyKey,
) -> StaffRow:
    phone = _phone(data.phone, "phone")
    return await offices.hire_staff(ctx, caller, office_id, phone, data.role, idempotency_key)


@patch("/api/offices/{office_id:uuid}/staff/{staff_id:uuid}", audience=STAFF_AND_ADMIN)
async def change_staff(
    ctx: Ctx, caller: SignedIn, office_id: FromPath[UUID], staff_id: FromPath[UUID], data: JSONBody[StaffChange]
) -> StaffRow:
    if data.role is None and data.status is None:
        raise InvalidInput("Name a role or a status")
    return await offices.change_staff(ctx, caller, office_id, staff_id, data.role, data.status, data.reason.strip())


@get("/api/offices/staff/me", audience=Audience.AGENT)
async def who_am_i(ctx: Ctx, caller: SignedIn) -> StaffRow:
    return await access.me(ctx, caller)


@post("/api/offices/staff/check-ins", audience=Audience.AGENT)
async def check_in(ctx: Ctx, caller: SignedIn, data: JSONBody[CheckInInput]) -> StaffRow:
    if (data.latitude is None) != (data.longitude is None):
        raise InvalidInput("A place has a latitude and a longitude", field="latitude")
    return await offices.check_in(ctx, caller, data.latitude, data.longitude)


@put("/api/offices/staff/availability", audience=Audience.AGENT)
async def set_availability(ctx: Ctx, caller: SignedIn, data: JSONBody[AvailabilityInput]) -> StaffRow:
    return await offices.set_availability(ctx, caller, is_available=data.is_available)


@get("/api/offices/{office_id:uuid}/factories", audience=STAFF_AND_ADMIN)
async def office_factories(
    ctx: Ctx, caller: SignedIn, office_id: FromPath[UUID], page: PageNumber = 1, limit: PageLimit = 20
) -> FactoryList:
    await access.office_seen(ctx, caller, office_id)
    total = await queries.count_assignments(ctx.db, office_id)
    items = await queries.list_assignments(ctx.db, office_id, limit, (page - 1) * limit)
    return FactoryList(items=items, page=page, limit=limit, total=total)


@get("/api/offices/{office_id:uuid}/figures", audience=STAFF_AND_ADMIN)
async def office_figures(
    ctx: Ctx,
    caller: SignedIn,
    office_id: FromPath[UUID],
    days: Annotated[int, QueryParameter(ge=1, le=3650)] = 30,
) -> OfficeFigures:
    office = await access.office_seen(ctx, caller, office_id)
    done = await queries.figures(ctx.db, office_id, ctx.clock.now() - timedelta(days=days))
    return OfficeFigures(days, office.commission_percent, _rating(office), done)


@get("/api/offices/{office_id:uuid}/reviews", audience=STAFF_AND_ADMIN)
async def office_reviews(
    ctx: Ctx, caller: SignedIn, office_id: FromPath[UUID], page: PageNumber = 1, limit: PageLimit = 20
) -> OfficeReviews:
    await access.office_seen(ctx, caller, office_id)
    total = await pickup_queries.count_reviews(ctx.db, office_id)
    items = await pickup_queries.list_reviews(ctx.db, office_id, limit, (page - 1) * limit)
    return OfficeReviews(items=items, page=page, limit=limit, total=total)


office_routes = [
    find_offices,
    all_offices,
    open_office,
    one_office,
    change_office,
    change_office_status,
    office_history,
    list_staff,
    hire_staff,
    change_staff,
    who_am_i,
    check_in,
    set_availability,
    office_factories,
    office_figures,
    office_reviews,
]
