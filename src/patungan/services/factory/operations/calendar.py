"""What a factory can make on which day, and when so many units would be made."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from patungan.contracts import factory as contract
from patungan.contracts.factory import Right
from patungan.kernel.errors import InvalidInput
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context, implements
from patungan.kernel.time import JAKARTA
from patungan.services.factory.operations.factories import locked, with_right
from patungan.services.factory.queries import calendar as queries
from patungan.services.factory.rules import LONGEST_WAIT_DAYS, expected_day


def today(ctx: Context) -> date:
    """The calendar day in Asia/Jakarta."""
    return ctx.clock.now().astimezone(JAKARTA).date()


async def set_capacity(
    ctx: Context, caller: Caller, factory_id: UUID, daily_capacity: int | None, working_days: list[int]
) -> None:
    """Say what the factory makes a day, in units, on which ISO weekdays; raises FactoryNotFound for another's."""
    await with_right(ctx, caller, factory_id, Right.MANAGE)
    async with ctx.db.transaction() as tx:
        await locked(tx, factory_id)
        await queries.update_capacity(tx, factory_id, daily_capacity, sorted(set(working_days)), ctx.clock.now())


async def set_day(ctx: Context, caller: Caller, factory_id: UUID, day: date, capacity: int, reason: str) -> None:
    """Say that a day is not as the week says; raises FactoryNotFound for another's, InvalidInput for a day that is
    past or more than two years ahead."""
    await with_right(ctx, caller, factory_id, Right.MANAGE)
    if not today(ctx) <= day <= today(ctx) + timedelta(days=2 * LONGEST_WAIT_DAYS):
        raise InvalidInput("The day is from today to two years ahead", field="day")
    await queries.set_day(ctx.db, factory_id, day, capacity, reason)


async def clear_day(ctx: Context, caller: Caller, factory_id: UUID, day: date) -> None:
    """Have a day be as the week says; raises FactoryNotFound for another's."""
    await with_right(ctx, caller, factory_id, Right.MANAGE)
    await queries.delete_day(ctx.db, factory_id, day)


@implements(contract.get_expected_dates)
async def get_expected_dates(ctx: Context, request: contract.GetExpectedDates) -> contract.ExpectedDates:
    if not request.questions:
        return contract.ExpectedDates(dates=[])
    ids = sorted({each.factory_id for each in request.questions})
    first = min(each.after for each in request.questions)
    last = max(each.after for each in request.questions) + timedelta(days=LONGEST_WAIT_DAYS)
    capacities = {each.factory_id: each for each in await queries.find_capacities(ctx.db, ids)}
    days: dict[UUID, dict[date, int]] = {each: {} for each in ids}
    for row in await queries.find_days_of(ctx.db, ids, first, last):
        days[row.factory_id][row.day] = row.capacity
    answers = []
    for each in request.questions:
        known = capacities.get(each.factory_id)
        day = None
        if known is not None:
            day = expected_day(
                each.quantity, each.after, known.daily_capacity, known.working_days, days[each.factory_id]
            )
        answers.append(contract.ExpectedDate(factory_id=each.factory_id, quantity=each.quantity, day=day))
    return contract.ExpectedDates(dates=answers)
