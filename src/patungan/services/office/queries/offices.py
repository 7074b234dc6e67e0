"""The SQL of offices, their staff, and the factories that they look after."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.contracts.office import Office, Share
from patungan.kernel import sql
from patungan.services.office.rules import OfficeStatus, StaffRole, StaffStatus


class OfficeRow(msgspec.Struct, frozen=True):
    """An office whole; ``commission_percent`` of the platform's commission, ratings of its pickups by factories."""

    id: UUID
    code: str
    name: str
    status: OfficeStatus
    phone: str
    whatsapp: str | None
    line: str
    city: str
    province: str
    postal_code: str
    operating_hours: str
    regions: list[str]
    manager_id: UUID | None
    commission_percent: int
    review_count: int
    review_total: int
    created_at: datetime


class StaffRow(msgspec.Struct, frozen=True):
    """A member of an office's staff."""

    id: UUID
    office_id: UUID
    user_id: UUID
    code: str
    name: str
    role: StaffRole
    status: StaffStatus
    is_available: bool
    last_check_in: datetime | None
    joined_at: datetime


class AssignedFactory(msgspec.Struct, frozen=True):
    factory_id: UUID
    factory_name: str
    assigned_at: datetime
    visits: int
    last_visit: datetime | None


class OfficeHistoryRow(msgspec.Struct, frozen=True):
    at: datetime
    actor: UUID
    subject: str
    before: str | None
    after: str
    reason: str


class Figures(msgspec.Struct, frozen=True):
    """What an office has done since a moment, and how many factories it looks after now."""

    factories: int
    brought_in: int
    visits: int
    verifications: int
    pickups_completed: int
    pickups_failed: int
    open_pickups: int
    open_tasks: int


_OFFICE = """id, code, name, status, phone, whatsapp, line, city, province, postal_code, operating_hours, regions,
    manager_id, commission_percent, review_count, review_total, created_at"""
_STAFF = "id, office_id, user_id, code, name, role, status, is_available, last_check_in, joined_at"

find_contract_offices = sql.many(
    Office,
    "select id, code, name, status, city, province, manager_id from offices where id = any($1::uuid[]) order by id",
)
find_managed_offices = sql.many(
    Office,
    """
    select id, code, name, status, city, province, manager_id from offices where manager_id = $1 order by id
    """,
)
find_shares = sql.many(
    Share,
    """
    select a.factory_id, a.office_id, o.commission_percent::int from assignments a join offices o on o.id = a.office_id
    where a.factory_id = any($1::uuid[]) and o.status <> 'inactive' order by a.factory_id
    """,
)
find_office = sql.maybe(OfficeRow, f"select {_OFFICE} from offices where id = $1")
lock_office = sql.maybe(OfficeRow, f"select {_OFFICE} from offices where id = $1 for update")
_WANTED = """
    from offices where ($1::text is null or status = $1) and ($2::text is null or lower(city) = lower($2))
      and ($3::text is null or regions @> array[$3])
"""
count_offices = sql.one(int, f"select count(*) {_WANTED}")
list_offices = sql.many(OfficeRow, f"select {_OFFICE} {_WANTED} order by lower(name), id limit $4 offset $5")
insert_office = sql.run(
    """
    insert into offices (
        id, code, name, status, phone, whatsapp, line, city, province, postal_code, operating_hours, regions,
        commission_percent, created_at, updated_at)
    values ($1, $2, $3, 'active', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13) on conflict (code) do nothing
    """
)
update_office = sql.run(
    """
    update offices set name = $2, phone = $3, whatsapp = $4, line = $5, city = $6, province = $7, postal_code = $8,
        operating_hours = $9, regions = $10, commission_percent = $11, updated_at = $12
    where id = $1
    """
)
update_office_status = sql.run("update offices set status = $2, updated_at = $3 where id = $1")
update_manager = sql.run("update offices set manager_id = $2, updated_at = $3 where id = $1")
add_office_review = sql.run(
    "update offices set review_count = review_count + 1, review_total = review_total + $2::int where id = $1"
)
write_history = sql.run(
    """
    insert into office_history (office_id, at, actor, subject, before, after, reason)
    values ($1, $2, $3, $4, $5, $6, $7)
    """
)
count_history = sql.one(int, "select count(*) from office_history where office_id = $1")
list_history = sql.many(
    OfficeHistoryRow,
    """
    select at, actor, subject, before, after, reason from office_history where office_id = $1
    order by id desc limit $2 offset $3
    """,
)

find_staff = sql.maybe(StaffRow, f"select {_STAFF} from staff where id = $1")
find_staff_of_user = sql.maybe(StaffRow, f"select {_STAFF} from staff where user_id = $1 and status <> 'resigned'")
lock_staff = sql.maybe(StaffRow, f"select {_STAFF} from staff where id = $1 for update")
count_staff = sql.one(int, "select count(*) from staff where office_id = $1 and ($2::text is null or status = $2)")
list_staff = sql.many(
    StaffRow,
    f"""
    select {_STAFF} from staff where office_id = $1 and ($2::text is null or status = $2)
    order by joined_at, id limit $3 offset $4
    """,
)
insert_staff = sql.run(
    """
    insert into staff (id, office_id, user_id, code, name, role, status, joined_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, 'active', $7, $7) on conflict do nothing
    """
)
update_staff = sql.run(
    """
    update staff set role = $2, status = $3, is_available = is_available and $3 = 'active', updated_at = $4
    where id = $1
    """
)
update_availability = sql.run("update staff set is_available = $2, updated_at = $3 where id = $1")
check_in = sql.run(
    """
    update staff set last_check_in = $2, last_latitude = $3, last_longitude = $4, is_available = true, updated_at = $2
    where id = $1
    """
)

keep_assignments = sql.run(
    """
    insert into assignments (factory_id, office_id, factory_name, assigned_at)
    select n.factory_id, n.office_id, n.name, n.at
    from unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[]) as n(factory_id, office_id, name, at)
    join offices o on o.id = n.office_id
    on conflict (factory_id) do update set office_id = excluded.office_id, factory_name = excluded.factory_name,
        assigned_at = excluded.assigned_at
    """
)
forget_assignments = sql.run("delete from assignments where factory_id = any($1::uuid[])")
find_managers = sql.many(
    Office,
    """
    select id, code, name, status, city, province, manager_id from offices
    where id = any($1::uuid[]) and manager_id is not null order by id
    """,
)
looks_after = sql.one(bool, "select exists (select from assignments where office_id = $1 and factory_id = $2)")
find_office_of_factory = sql.maybe(UUID, "select office_id from assignments where factory_id = $1")
count_assignments = sql.one(int, "select count(*) from assignments where office_id = $1")
list_assignments = sql.many(
    AssignedFactory,
    """
    select a.factory_id, a.factory_name, a.assigned_at, count(i.id)::int as visits, max(i.happened_at) as last_visit
    from assignments a
    left join interactions i on i.factory_id = a.factory_id and i.office_id = a.office_id
    where a.office_id = $1 group by a.factory_id order by a.assigned_at desc, a.factory_id limit $2 offset $3
    """,
)
insert_registration = sql.run(
    """
    insert into registrations (factory_id, office_id, staff_id, registered_at) values ($1, $2, $3, $4)
    on conflict do nothing
    """
)
figures = sql.one(
    Figures,
    """
    select (select count(*) from assignments where office_id = $1)::int as factories,
        (select count(*) from registrations where office_id = $1 and registered_at >= $2)::int as brought_in,
        (select count(*) from interactions where office_id = $1 and kind = 'factory_visit' and happened_at >= $2)::int as visits,
        (select count(*) from interactions where office_id = $1 and checklist is not null and happened_at >= $2)::int as verifications,
        (select count(*) from pickups where office_id = $1 and status = 'completed' and ended_at >= $2)::int as pickups_completed,
        (select count(*) from pickups where office_id = $1 and status = 'failed' and ended_at >= $2)::int as pickups_failed,
        (select count(*) from pickups where office_id = $1 and status in ('scheduled', 'in_progress'))::int as open_pickups,
        (select count(*) from tasks where office_id = $1 and status in ('open', 'in_progress'))::int as open_tasks
    """,
)
