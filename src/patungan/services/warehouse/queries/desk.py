"""SQL of the warehouse's desk: locations, transfers, stock counts, the audit log and figures."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.kernel.money import Rupiah
from patungan.services.warehouse.rules import CountStatus


class Location(msgspec.Struct, frozen=True):
    """A place in a warehouse; how many stocks lie there, and their units in all."""

    warehouse_id: UUID
    code: str
    is_active: bool
    stocks: int
    units: int


class Transfer(msgspec.Struct, frozen=True):
    """A product's units that went from one warehouse to another."""

    id: UUID
    code: str
    from_warehouse_id: UUID
    to_warehouse_id: UUID
    product_id: UUID
    units: int
    actor: UUID
    reason: str
    at: datetime


class Count(msgspec.Struct, frozen=True):
    """A stock count; ``differing`` lines do not agree with the stock, by ``difference`` units taken without their sign."""

    id: UUID
    code: str
    warehouse_id: UUID
    status: CountStatus
    note: str
    opened_by: UUID
    opened_at: datetime
    submitted_by: UUID | None
    submitted_at: datetime | None
    closed_by: UUID | None
    closed_at: datetime | None
    lines: int
    counted: int
    differing: int
    difference: int


class CountLine(msgspec.Struct, frozen=True):
    """A stock in a count; ``expected`` is what the books said when it was counted."""

    count_id: UUID
    inventory_id: UUID
    product_id: UUID
    variant_id: UUID | None
    location: str
    expected: int | None
    counted: int | None
    difference: int | None
    note: str
    counted_by: UUID | None
    counted_at: datetime | None


class Discrepancy(msgspec.Struct, frozen=True):
    """A counted stock that did not agree with the books."""

    count_id: UUID
    count_code: str
    count_status: CountStatus
    warehouse_id: UUID
    product_id: UUID
    variant_id: UUID | None
    expected: int
    counted: int
    difference: int
    note: str
    counted_by: UUID
    counted_at: datetime


class AuditEntry(msgspec.Struct, frozen=True):
    """Who changed what besides stock, and why; ``actor`` None is the platform."""

    id: int
    at: datetime
    actor: UUID | None
    action: str
    subject: UUID
    note: str
    changes: dict[str, object]


class StockFigures(msgspec.Struct, frozen=True):
    """What lies in the warehouses, in units; ``low`` counts stocks at or below their level."""

    stocks: int
    quantity: int
    reserved: int
    available: int
    damaged: int
    low: int


class OrderFigures(msgspec.Struct, frozen=True):
    """Purchase orders of a period; units sound, damaged and short, value in rupiah, hours until the factory answered."""

    orders: int
    open: int
    late: int
    rejected: int
    ordered: int
    received: int
    damaged: int
    short: int
    surplus: int
    value: Rupiah
    received_in_time: int
    received_orders: int
    answer_hours: float | None


class Moved(msgspec.Struct, frozen=True):
    """How often and by how many units stock moved in a period, by kind."""

    type: str
    movements: int
    units: int


use_location = sql.run(
    """
    insert into locations (warehouse_id, code, created_at) select warehouse_id, $2, $3 from inventory where id = $1
    on conflict (warehouse_id, code) do update set code = excluded.code where locations.is_active
    """
)
insert_location = sql.run(
    "insert into locations (warehouse_id, code, created_at) values ($1, $2, $3) on conflict do nothing"
)
close_location = sql.run("update locations set is_active = $3 where warehouse_id = $1 and code = $2")
_LOCATION = """
    select locations.warehouse_id, code, is_active, count(inventory.id) as stocks,
        coalesce(sum(quantity), 0)::bigint as units
    from locations left join inventory on inventory.warehouse_id = locations.warehouse_id and location = code
    """
list_locations = sql.many(
    Location,
    f"{_LOCATION} where locations.warehouse_id = $1 group by 1, 2, 3 order by code limit $2 offset $3",
)
count_locations = sql.one(int, "select count(*) from locations where warehouse_id = $1")
find_location = sql.one(Location, f"{_LOCATION} where locations.warehouse_id = $1 and code = $2 group by 1, 2, 3")

insert_transfer = sql.run(
    """
    insert into transfers (id, code, from_warehouse_id, to_warehouse_id, product_id, units, actor, reason, at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (code) do nothing
    """
)
_TRANSFER = "id, code, from_warehouse_id, to_warehouse_id, product_id, units, actor, reason, at"
_WANTED_TRANSFERS = """
    from transfers where ($1::uuid is null or $1 in (from_warehouse_id, to_warehouse_id))
        and ($2::uuid is null or product_id = $2)
    """
find_transfer = sql.one(Transfer, f"select {_TRANSFER} from transfers where id = $1")
list_transfers = sql.many(
    Transfer, f"select {_TRANSFER} {_WANTED_TRANSFERS} order by at desc, id desc limit $3 offset $4"
)
count_transfers = sql.one(int, f"select count(*) {_WANTED_TRANSFERS}")

# Two counts of one stock at once would each find the same difference, so a warehouse's counts are opened one by one.
lock_counting = sql.run("select pg_advisory_xact_lock(hashtextextended('count ' || $1::uuid, 0))")
insert_count = sql.run(
    """
    insert into stock_counts (id, code, warehouse_id, status, note, opened_by, opened_at)
    values ($1, $2, $3, 'open', $4, $5, $6) on conflict (code) do nothing
    """
)
insert_count_lines = sql.run(
    """
    insert into stock_count_lines (count_id, inventory_id)
    select $1, id from inventory
    where warehouse_id = $2 and ($3::uuid[] is null or product_id = any($3)) and ($4::text is null or location = $4)
        and not exists (
            select from stock_count_lines join stock_counts on stock_counts.id = count_id
            where inventory_id = inventory.id and status in ('open', 'submitted'))
    order by id limit $5
    """
)
_COUNT = """
    select stock_counts.id, code, warehouse_id, status, stock_counts.note, opened_by, opened_at, submitted_by,
        submitted_at, closed_by, closed_at, count(inventory_id) as lines, count(counted) as counted,
        count(*) filter (where difference <> 0) as differing, coalesce(sum(abs(difference)), 0)::bigint as difference
    from stock_counts left join stock_count_lines on count_id = stock_counts.id
    """
find_count = sql.maybe(Count, f"{_COUNT} where stock_counts.id = $1 group by stock_counts.id")
lock_count = sql.maybe(CountStatus, "select status from stock_counts where id = $1 for update")
_WANTED_COUNTS = "where ($1::uuid is null or warehouse_id = $1) and ($2::text is null or status = $2)"
list_counts = sql.many(
    Count,
    f"{_COUNT} {_WANTED_COUNTS} group by stock_counts.id order by opened_at desc, stock_counts.id desc limit $3 offset $4",
)
count_counts = sql.one(int, f"select count(*) from stock_counts {_WANTED_COUNTS}")
find_count_lines = sql.many(
    CountLine,
    """
    select count_id, inventory_id, product_id, variant_id, location, expected, counted, difference, note, counted_by,
        counted_at
    from stock_count_lines join inventory on inventory.id = inventory_id
    where count_id = $1 order by location, product_id, variant_id nulls first
    """,
)
# What the books say is read with the row locked, so that the difference is of this very moment.
enter_counted = sql.run(
    """
    with given as (
        select * from unnest($2::uuid[], $3::bigint[], $4::text[]) as row (inventory_id, counted, note)
    ), stock as (
        select id, quantity from inventory where id = any($2::uuid[])
        order by warehouse_id, product_id, variant_id nulls first for share
    )
    update stock_count_lines set expected = stock.quantity, counted = given.counted, note = given.note,
        counted_by = $5, counted_at = $6
    from given join stock on stock.id = given.inventory_id
    where count_id = $1 and stock_count_lines.inventory_id = given.inventory_id
    """
)
submit_count = sql.run(
    "update stock_counts set status = 'submitted', submitted_by = $2, submitted_at = $3 where id = $1"
)
close_count = sql.run("update stock_counts set status = $2, closed_by = $3, closed_at = $4 where id = $1")

_DISCREPANCIES = """
    from stock_count_lines join stock_counts on stock_counts.id = count_id join inventory on inventory.id = inventory_id
    where difference <> 0 and ($1::uuid is null or stock_counts.warehouse_id = $1)
        and ($2::uuid is null or product_id = $2) and ($3::text is null or status = $3)
    """
list_discrepancies = sql.many(
    Discrepancy,
    f"""
    select count_id, code as count_code, status as count_status, stock_counts.warehouse_id, product_id, variant_id,
        expected, counted, difference, stock_count_lines.note, counted_by, counted_at
    {_DISCREPANCIES} order by counted_at desc, inventory_id limit $4 offset $5
    """,
)
count_discrepancies = sql.one(int, f"select count(*) {_DISCREPANCIES}")

_AUDIT = """
    from audit_logs where ($1::uuid is null or subject = $1) and ($2::text is null or action = $2)
        and ($3::uuid is null or actor = $3) and ($4::timestamptz is null or at >= $4)
        and ($5::timestamptz is null or at < $5)
    """
list_audit = sql.many(
    AuditEntry,
    f"select id, at, actor, action, subject, note, changes {_AUDIT} order by id desc limit $6 offset $7",
)
count_audit = sql.one(int, f"select count(*) {_AUDIT}")

stock_figures = sql.one(
    StockFigures,
    """
    select count(*) as stocks, coalesce(sum(quantity), 0)::bigint as quantity,
        coalesce(sum(reserved), 0)::bigint as reserved, coalesce(sum(available), 0)::bigint as available,
        coalesce(sum(damaged), 0)::bigint as damaged, count(*) filter (where available <= min_stock_level) as low
    from inventory where ($1::uuid is null or warehouse_id = $1)
    """,
)
order_figures = sql.one(
    OrderFigures,
    """
    with wanted as (
        select * from purchase_orders
        where ($1::uuid[] is null or factory_id = any($1)) and ($2::uuid is null or warehouse_id = $2)
            and created_at >= $3 and created_at < $4
    ), units as (
        select coalesce(sum(ordered), 0)::bigint as ordered, coalesce(sum(received), 0)::bigint as received,
            coalesce(sum(damaged), 0)::bigint as damaged, coalesce(sum(short), 0)::bigint as short,
            coalesce(sum(surplus), 0)::bigint as surplus,
            coalesce(sum((received + surplus) * unit_cost), 0)::bigint as value
        from wanted join purchase_order_lines on purchase_order_id = id
    ), answers as (
        select avg(extract(epoch from answered.at - wanted.created_at) / 3600)::float8 as hours
        from wanted cross join lateral (
            select min(at) as at from audit_logs where subject = wanted.id
                and action in ('purchase_order.confirmed', 'purchase_order.rejected')
        ) as answered
    )
    select count(wanted.id) as orders, count(wanted.id) filter (where status not in ('received', 'cancelled')) as open,
        count(*) filter (where status not in ('received', 'cancelled') and expected_at < $5) as late,
        count(*) filter (where rejected_at is not null) as rejected, units.ordered, units.received, units.damaged,
        units.short, units.surplus, units.value,
        count(*) filter (where status = 'received' and received_at <= expected_at) as received_in_time,
        count(*) filter (where status = 'received') as received_orders, answers.hours as answer_hours
    from units cross join answers left join wanted on true
    group by units.ordered, units.received, units.damaged, units.short, units.surplus, units.value, answers.hours
    """,
)
moved_figures = sql.many(
    Moved,
    """
    select type, count(*) as movements, sum(units)::bigint as units
    from stock_movements join inventory on inventory.id = inventory_id
    where ($1::uuid is null or warehouse_id = $1) and at >= $2 and at < $3 group by type order by type
    """,
)
