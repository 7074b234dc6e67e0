"""What a factory makes on which day."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from patungan.contracts import factory as contract
from patungan.contracts.factory import Right
from patungan.kernel.http import Ctx, Input, PageLimit, PageNumber, SignedIn, delete, get, put
from patungan.kernel.identity import Audience, Caller
from patungan.kernel.service import Context
from patungan.services.factory.operations import calendar
from patungan.services.factory.operations.factories import with_right_or_admin
from patungan.services.factory.queries import calendar as queries
from patungan.services.factory.queries.calendar import DayRow

Units = Annotated[int, Meta(ge=1, le=1_000_000)]
OWNER_AND_ADMIN = [Audience.FACTORY_OWNER, Audience.ADMIN]


class CapacityInput(Input, frozen=True):
    """``daily_capacity`` in units, null where nothing is promised; ``working_days`` from 1, Monday, to 7."""

    daily_capacity: Units | None
    working_days: Annotated[list[Annotated[int, Meta(ge=1, le=7)]], Meta(min_length=1, max_length=7)]


class DayInput(Input, frozen=True):
    """``capacity`` in units; 0 makes the day a holiday."""

    capacity: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    reason: Annotated[str, Meta(max_length=200)] = ""


class CalendarView(msgspec.Struct, frozen=True):
    """What a factory makes a day, and the days from today that are not as the week says."""

    daily_capacity: int | None
    working_days: list[int]
    items: list[DayRow]
    page: int
    limit: int
    total: int


class Expected(msgspec.Struct, frozen=True):
    """The day on which the last of so many units would be made; null where that cannot be told."""

    quantity: int
    day: date | None


async def _calendar(ctx: Context, caller: Caller, factory_id: UUID, page: int, limit: int) -> CalendarView:
    factory = await with_right_or_admin(ctx, caller, factory_id, Right.FULFIL)
    first = calendar.today(ctx)
    total = await queries.count_days(ctx.db, factory_id, first)
    days = await queries.list_days(ctx.db, factory_id, first, limit, (page - 1) * limit)
    return CalendarView(factory.daily_capacity, factory.working_days, days, page, limit, total)


@get("/api/factories/{factory_id:uuid}/calendar", audience=OWNER_AND_ADMIN)
async def factory_calendar(
    ctx: Ctx, caller: SignedIn, factory_id: FromPath[UUID], page: PageNumber = 1, limit: PageLimit = 20
) -> CalendarView:
    return await _calendar(ctx, caller, factory_id, page, limit)


@put("/api/factories/{factory_id:uuid}/calendar", audience=Audience.FACTORY_OWNER)
async def set_capacity(
    ctx: Ctx, caller: SignedIn, factory_id: FromPath[UUID], data: JSONBody[CapacityInput]
) -> CalendarView:
    await calendar.set_capacity(ctx, caller, factory_id, data.daily_capacity, data.working_days)
    return await _calendar(ctx, caller, factory_id, 1, 20)


@put("/api/factories/{factory_id:uuid}/calendar/days/{day:date}", audience=Audience.FACTORY_OWNER)
async def set_day(
    ctx: Ctx, caller: SignedIn, factory_id: FromPath[UUID], day: FromPath[date], data: JSONBody[DayInput]
) -> CalendarView:
    await calendar.set_day(ctx, caller, factory_id, day, data.capacity, data.reason.strip())
    return await _calendar(ctx, caller, factory_id, 1, 20)


@delete("/api/factories/{factory_id:uuid}/calendar/days/{day:date}", audience=Audience.FACTORY_OWNER)
async def clear_day(ctx: Ctx, caller: SignedIn, factory_id: FromPath[UUID], day: FromPath[date]) -> None:
    await calendar.clear_day(ctx, caller, factory_id, day)


@get("/api/factories/{factory_id:uuid}/expected-date", audience=OWNER_AND_ADMIN)
async def expected_date(
    ctx: Ctx,
    caller: SignedIn,
    factory_id: FromPath[UUID],
    quantity: Annotated[int, QueryParameter(ge=1, le=100_000_000)],
) -> Expected:
    """When so many units would be made, begun tomorrow."""
    await with_right_or_admin(ctx, caller, factory_id, Right.FULFIL)
    question = contract.CapacityQuestion(factory_id=factory_id, quantity=quantity, after=calendar.today(ctx))
    answer = await calendar.get_expected_dates(ctx, contract.GetExpectedDates(questions=[question]))
    return Expected(quantity, answer.dates[0].day)


calendar_routes = [factory_calendar, set_capacity, set_day, clear_day, expected_date]
