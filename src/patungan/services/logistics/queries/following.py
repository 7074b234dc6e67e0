"""SQL of what is told of parcels: news, looks at the courier's, cases, pick-ups."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.providers.couriers.status import ShipmentStatus
from patungan.services.logistics.queries.shipments import COLUMNS, Shipment
from patungan.services.logistics.rules import CaseKind, PickupStatus, Resolution


class EventRow(msgspec.Struct, frozen=True):
    """A piece of news; ``note`` is the courier's own text and may name the receiver."""

    status: ShipmentStatus
    at: datetime
    note: str
    source: str
    moved: bool


class Case(msgspec.Struct, frozen=True):
    """Something that a person has to look at."""

    id: UUID
    shipment_id: UUID
    order_id: UUID
    order_number: str
    courier: str
    waybill: str
    kind: CaseKind
    status: str
    detail: str
    opened_at: datetime
    resolution: Resolution | None
    note: str
    resolved_by: UUID | None
    resolved_at: datetime | None


class Pickup(msgspec.Struct, frozen=True):
    """A courier's visit to a warehouse; ``parcels`` are those that it is for."""

    id: UUID
    code: str
    warehouse_id: UUID
    courier: str
    starts_at: datetime
    ends_at: datetime
    status: PickupStatus
    note: str
    requested_at: datetime
    parcels: int


insert_event = sql.run(
    """
    insert into shipment_events (shipment_id, status, at, note, source, actor_id, moved, received_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing
    """
)
find_events = sql.many(
    EventRow,
    "select status, at, note, source, moved from shipment_events where shipment_id = $1 order by at, id",
)
move_shipment = sql.run(
    """
    update shipments set status = $2, reason = $3, last_event_at = greatest(last_event_at, $4),
        picked_up_at = case when $2 in ('picked_up', 'in_transit', 'out_for_delivery', 'delivered')
            then coalesce(picked_up_at, $4) else picked_up_at end,
        delivered_at = case when $2 = 'delivered' then $4 else delivered_at end,
        ended_at = case when $2 in ('delivered', 'returned', 'failed') then $4 end,
        next_look_at = case when $2 in ('delivered', 'returned') then null else next_look_at end
    where id = $1
    """
)
cancel_shipment = sql.run(
    "update shipments set booking = 'cancelled', is_live = false, reason = 'cancelled', next_look_at = null where id = $1"
)
touch = sql.run("update shipments set last_event_at = greatest(last_event_at, $2) where id = $1")
lose = sql.run("update shipments set reason = 'lost', next_look_at = null where id = $1")

claim_looks = sql.many(
    Shipment,
    f"""
    update shipments set next_look_at = $2
    where id in (
        select id from shipments where next_look_at <= $1 and booking = 'booked'
        order by next_look_at, id limit $3 for update skip locked
    )
    returning {COLUMNS}
    """,
)
schedule_look = sql.run("update shipments set next_look_at = $2, looks = $3 where id = $1 and next_look_at is not null")
look_soon = sql.run("update shipments set next_look_at = $2 where id = $1 and booking = 'booked'")

_CASE = """
    select c.id, c.shipment_id, s.order_id, s.order_number, s.courier, s.waybill, c.kind, c.status, c.detail, c.opened_at,
        c.resolution, c.note, c.resolved_by, c.resolved_at
    from shipment_cases c join shipments s on s.id = c.shipment_id
"""
open_case = sql.run(
    """
    insert into shipment_cases (id, shipment_id, kind, status, detail, opened_at) values ($1, $2, $3, 'open', $4, $5)
    on conflict (shipment_id) where status = 'open' do update set kind = excluded.kind, detail = excluded.detail
    """
)
resolve_case_of = sql.run(
    """
    update shipment_cases set status = 'resolved', resolution = $2, note = $3, resolved_by = $4, resolved_at = $5
    where shipment_id = $1 and status = 'open'
    """
)
find_case = sql.maybe(Case, f"{_CASE} where c.id = $1")
lock_case = sql.maybe(Case, f"{_CASE} where c.id = $1 for update of c")
list_cases = sql.many(
    Case,
    f"{_CASE} where ($1::text is null or c.status = $1) and ($2::text is null or c.kind = $2)"
    " order by c.opened_at desc, c.id desc limit $3 offset $4",
)
count_cases = sql.one(
    int,
    "select count(*) from shipment_cases where ($1::text is null or status = $1) and ($2::text is null or kind = $2)",
)

_PICKUP = """
    select p.id, p.code, p.warehouse_id, p.courier, p.starts_at, p.ends_at, p.status, p.note, p.requested_at,
        (select count(*) from shipments where pickup_id = p.id) as parcels
    from pickups p
"""
insert_pickup = sql.run(
    """
    insert into pickups (id, code, warehouse_id, courier, starts_at, ends_at, status, note, requested_by, requested_at)
    values ($1, $2, $3, $4, $5, $6, 'scheduled', $7, $8, $9) on conflict (code) do nothing
    """
)
gather_parcels = sql.run(
    """
    update shipments set pickup_id = $1
    where warehouse_id = $2 and courier = $3 and is_live and booking = 'booked' and status = 'pending' and pickup_id is null
    """
)
scatter_parcels = sql.run("update shipments set pickup_id = null where pickup_id = $1 and status = 'pending'")
find_pickup = sql.maybe(Pickup, f"{_PICKUP} where p.id = $1")
lock_pickup = sql.maybe(Pickup, f"{_PICKUP} where p.id = $1 for update of p")
list_pickups = sql.many(
    Pickup,
    f"{_PICKUP} where ($1::text is null or p.status = $1) order by p.requested_at desc, p.id desc limit $2 offset $3",
)
count_pickups = sql.one(int, "select count(*) from pickups where $1::text is null or status = $1")
move_pickup = sql.run(
    """
    update pickups set status = $2, ended_at = case when $2 in ('completed', 'failed', 'cancelled') then $3::timestamptz end
    where id = $1
    """
)
complete_pickup = sql.run(
    """
    update pickups set status = 'completed', ended_at = $2 where id = $1 and status in ('scheduled', 'in_progress')
        and not exists (select from shipments where pickup_id = $1 and is_live and status = 'pending')
    """
)
parcels_to_hand_over = sql.many(
    UUID, "select id from shipments where pickup_id = $1 and is_live and status = 'pending' order by id"
)
