"""SQL of couriers as data, of leg one, and of the reports."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.kernel.money import Rupiah
from patungan.providers.couriers.status import ShipmentStatus


class ServiceRow(msgspec.Struct, frozen=True):
    """A courier's service with the most days that it takes."""

    service: str
    name: str
    max_days: int
    is_active: bool


class CourierRow(msgspec.Struct, frozen=True):
    """A courier with its services."""

    code: str
    name: str
    is_active: bool
    services: list[ServiceRow]


class BulkShipment(msgspec.Struct, frozen=True):
    """A factory's goods on their way to the warehouse; the cost (rupiah) is of the whole purchase order."""

    id: UUID
    purchase_order_id: UUID
    purchase_order_code: str
    factory_id: UUID
    session_id: UUID | None
    status: str
    carrier: str
    waybill: str
    cost: Rupiah
    cost_is_estimated: bool
    created_at: datetime
    shipped_at: datetime | None
    ended_at: datetime | None


class DueQuote(msgspec.Struct, frozen=True):
    """A bulk shipment whose cost is to be asked for."""

    id: UUID
    purchase_order_id: UUID


class Delayed(msgspec.Struct, frozen=True):
    """A parcel that should have arrived; ``days_late`` are begun days."""

    id: UUID
    order_id: UUID
    order_number: str
    courier: str
    service: str
    waybill: str
    status: ShipmentStatus
    promised_at: datetime
    last_event_at: datetime | None
    days_late: int


class Performance(msgspec.Struct, frozen=True):
    """How a courier did with the parcels booked in a period; hours from booking to delivery, on time in basis points of the
    delivered ones (None where none was delivered), cost in rupiah."""

    courier: str
    booked: int
    delivered: int
    on_time: int
    failed: int
    lost: int
    returned: int
    cancelled: int
    under_way: int
    average_hours: int | None
    on_time_basis_points: int | None
    cost: Rupiah


_COURIER = """
    select code, name, is_active, coalesce((
        select jsonb_agg(jsonb_build_object('service', service, 'name', s.name, 'max_days', max_days, 'is_active', s.is_active)
            order by service)
        from courier_services s where s.courier = couriers.code
    ), '[]') as services
    from couriers
"""
find_couriers = sql.many(CourierRow, f"{_COURIER} order by code")
find_courier = sql.maybe(CourierRow, f"{_COURIER} where code = $1")
find_switched_off = sql.many(
    str,
    """
    select code as off from couriers where not is_active
    union all select courier || ':' || service from courier_services where not is_active
    order by off
    """,
)
find_service_days = sql.maybe(int, "select max_days from courier_services where courier = $1 and service = $2")
insert_courier = sql.run(
    "insert into couriers (code, name, is_active, created_at) values ($1, $2, true, $3) on conflict do nothing"
)
update_courier = sql.run(
    "update couriers set name = coalesce($2, name), is_active = coalesce($3, is_active) where code = $1"
)
put_service = sql.run(
    """
    insert into courier_services (courier, service, name, max_days, is_active) values ($1, $2, $3, $4, $5)
    on conflict (courier, service) do update
        set name = excluded.name, max_days = excluded.max_days, is_active = excluded.is_active
    """
)

_BULK = """
    select id, purchase_order_id, purchase_order_code, factory_id, session_id, status, carrier, waybill, cost,
        cost_is_estimated, created_at, shipped_at, ended_at
    from bulk_shipments
"""
ensure_bulk = sql.run(
    """
    insert into bulk_shipments (id, purchase_order_id, purchase_order_code, factory_id, session_id, status, cost,
        cost_is_estimated, created_at, quote_due_at)
    values ($1, $2, $3, $4, $5, 'pending', $6, true, $7, $7) on conflict (purchase_order_id) do nothing
    """
)
move_bulk = sql.run(
    """
    update bulk_shipments set status = $2,
        shipped_at = case when $2 = 'in_transit' then $3 else shipped_at end,
        ended_at = case when $2 in ('delivered', 'failed') then $3 else ended_at end,
        quote_due_at = case when $2 not in ('delivered', 'failed') then quote_due_at end
    where purchase_order_id = $1 and status not in ('delivered', 'failed') and status <> $2
    """
)
find_bulk_of_order = sql.one(BulkShipment, f"{_BULK} where purchase_order_id = $1")
find_bulk = sql.maybe(BulkShipment, f"{_BULK} where id = $1")
update_bulk = sql.run(
    """
    update bulk_shipments set carrier = coalesce($2, carrier), waybill = coalesce($3, waybill), cost = coalesce($4, cost),
        cost_is_estimated = cost_is_estimated and $4 is null,
        cost_set_by = case when $4 is null then cost_set_by else $5 end,
        quote_due_at = case when $4 is null then quote_due_at end
    where id = $1
    """
)
claim_quotes = sql.many(
    DueQuote,
    """
    update bulk_shipments set quote_due_at = $2
    where id in (
        select id from bulk_shipments where quote_due_at <= $1 order by quote_due_at, id limit $3 for update skip locked)
    returning id, purchase_order_id
    """,
)
# A cost that was recorded meanwhile stays.
store_quote = sql.run("update bulk_shipments set cost = $2, quote_due_at = null where id = $1 and cost_is_estimated")
_WANTED_BULK = "($1::uuid[] is null or factory_id = any($1)) and ($2::text is null or status = $2)"
list_bulk = sql.many(BulkShipment, f"{_BULK} where {_WANTED_BULK} order by created_at desc, id desc limit $3 offset $4")
count_bulk = sql.one(int, f"select count(*) from bulk_shipments where {_WANTED_BULK}")

_LATE = "is_live and ended_at is null and promised_at < $1"
list_delayed = sql.listed(
    Delayed,
    f"""
    select id, order_id, order_number, courier, service, waybill, status, promised_at, last_event_at,
        ceil(extract(epoch from $1 - promised_at) / 86400)::int as days_late
    from shipments where id in (select id from shipments where {_LATE} order by promised_at, id limit $2 offset $3)
    order by promised_at, id
    """,
)
count_delayed = sql.counted(f"from shipments where {_LATE}")
courier_performance = sql.many(
    Performance,
    """
    select courier, count(*) as booked,
        count(*) filter (where status = 'delivered') as delivered,
        count(*) filter (where status = 'delivered' and delivered_at <= promised_at) as on_time,
        count(*) filter (where status = 'failed' and reason = 'failed') as failed,
        count(*) filter (where reason = 'lost') as lost,
        count(*) filter (where status = 'returned') as returned,
        count(*) filter (where reason = 'cancelled') as cancelled,
        count(*) filter (where status not in ('delivered', 'failed', 'returned')) as under_way,
        (avg(extract(epoch from delivered_at - booked_at) / 3600) filter (where status = 'delivered'))::int
            as average_hours,
        count(*) filter (where status = 'delivered' and delivered_at <= promised_at) * 10000
            / nullif(count(*) filter (where status = 'delivered'), 0) as on_time_basis_points,
        coalesce(sum(cost), 0)::bigint as cost
    from shipments where booked_at >= $1 and booked_at < $2 group by courier order by courier
    """,
)
