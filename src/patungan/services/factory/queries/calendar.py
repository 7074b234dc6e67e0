"""The SQL of what a factory can make on which day."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import msgspec

from patungan.kernel import sql


class DayRow(msgspec.Struct, frozen=True):
    """A day that is not as the week says; ``capacity`` in units, 0 for a holiday."""

    day: date
    capacity: int
    reason: str


class Capacity(msgspec.Struct, frozen=True):
    """What a factory makes a day (units) on which ISO weekdays."""

    factory_id: UUID
    daily_capacity: int | None
    working_days: list[int]


class FactoryDay(msgspec.Struct, frozen=True):
    factory_id: UUID
    day: date
    capacity: int


find_capacities = sql.many(
    Capacity,
    "select id as factory_id, daily_capacity, working_days from factories where id = any($1::uuid[]) order by id",
)
find_days_of = sql.many(
    FactoryDay,
    """
    select factory_id, day, capacity from factory_days
    where factory_id = any($1::uuid[]) and day > $2 and day <= $3 order by factory_id, day
    """,
)
count_days = sql.one(int, "select count(*) from factory_days where factory_id = $1 and day >= $2")
list_days = sql.many(
    DayRow,
    """
    select day, capacity, reason from factory_days where factory_id = $1 and day >= $2
    order by day limit $3 offset $4
    """,
)
set_day = sql.run(
    """
    insert into factory_days (factory_id, day, capacity, reason) values ($1, $2, $3, $4)
    on conflict (factory_id, day) do update set capacity = excluded.capacity, reason = excluded.reason
    """
)
delete_day = sql.run("delete from factory_days where factory_id = $1 and day = $2")
update_capacity = sql.run("update factories set daily_capacity = $2, working_days = $3, updated_at = $4 where id = $1")
