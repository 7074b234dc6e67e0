"""SQL of parcels: wanted, booked, seen."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.contracts.address import Address
from patungan.contracts.order import ParcelItem
from patungan.contracts.warehouse import Warehouse
from patungan.kernel import sql
from patungan.providers.couriers.status import ShipmentStatus
from patungan.services.logistics.rules import Booking, Reason


class Proof(msgspec.Struct, frozen=True):
    """Who took a parcel, with the pictures of it."""

    receiver_name: str
    photo_url: str | None
    signature_url: str | None
    at: datetime


class Shipment(msgspec.Struct, frozen=True):
    """A parcel whole; grams, rupiah. ``cost`` is None until the courier names it."""

    id: UUID
    reference: str
    order_id: UUID
    order_number: str
    user_id: UUID
    factory_id: UUID
    session_id: UUID | None
    warehouse_id: UUID
    follows: UUID | None
    again: bool
    is_live: bool
    courier: str
    service: str
    provider: str
    booking: Booking
    booking_attempts: int
    booking_problem: str
    waybill: str
    provider_order_id: str
    tracking_id: str
    status: ShipmentStatus
    reason: Reason
    sender: Warehouse
    recipient: Address
    items: list[ParcelItem]
    weight_grams: int
    chargeable_kilograms: int
    value: int
    insured_value: int
    cost: int | None
    pickup_id: UUID | None
    created_at: datetime
    booked_at: datetime | None
    promised_at: datetime | None
    picked_up_at: datetime | None
    delivered_at: datetime | None
    last_event_at: datetime | None
    looks: int
    proof: Proof | None


class NewShipment(msgspec.Struct, frozen=True):
    """A parcel that is wanted."""

    id: UUID
    reference: str
    order_id: UUID
    order_number: str
    user_id: UUID
    factory_id: UUID
    session_id: UUID | None
    warehouse_id: UUID
    follows: UUID | None
    again: bool
    courier: str
    service: str
    sender: Warehouse
    recipient: Address
    items: list[ParcelItem]
    weight_grams: int
    chargeable_kilograms: int
    value: int
    insured_value: int


COLUMNS = """id, reference, order_id, order_number, user_id, factory_id, session_id, warehouse_id, follows, again, is_live,
    courier, service, provider, booking, booking_attempts, booking_problem, waybill, provider_order_id, tracking_id, status,
    reason, sender, recipient, items, weight_grams, chargeable_kilograms, value, insured_value, cost, pickup_id, created_at,
    booked_at, promised_at, picked_up_at, delivered_at, last_event_at, looks, proof"""

insert_shipments = sql.many(
    UUID,
    """
    insert into shipments (id, reference, order_id, order_number, user_id, factory_id, session_id, warehouse_id, follows,
        again, courier, service, booking, next_booking_at, status, sender, recipient, items, weight_grams,
        chargeable_kilograms, value, insured_value, created_at)
    select id, reference, order_id, order_number, user_id, factory_id, session_id, warehouse_id, follows,
        again, courier, service, 'wanted', $2, 'pending', sender, recipient, items, weight_grams, chargeable_kilograms,
        value, insured_value, $2
    from jsonb_to_recordset($1::jsonb) as new(id uuid, reference text, order_id uuid, order_number text, user_id uuid,
        factory_id uuid, session_id uuid, warehouse_id uuid, follows uuid, again boolean, courier text, service text,
        sender jsonb, recipient jsonb, items jsonb, weight_grams bigint, chargeable_kilograms bigint, value bigint,
        insured_value bigint)
    order by order_id
    on conflict do nothing
    returning order_id
    """,
)
find_shipment = sql.maybe(Shipment, f"select {COLUMNS} from shipments where id = $1")
lock_shipment = sql.maybe(Shipment, f"select {COLUMNS} from shipments where id = $1 for update")
find_live = sql.maybe(Shipment, f"select {COLUMNS} from shipments where order_id = $1 and is_live")
find_newest_of_order = sql.maybe(
    Shipment,
    f"select {COLUMNS} from shipments where order_id = $1 order by is_live desc, created_at desc, id desc limit 1",
)
find_by_waybill = sql.maybe(Shipment, f"select {COLUMNS} from shipments where waybill = $1 and waybill <> ''")
find_by_provider_order = sql.maybe(
    Shipment, f"select {COLUMNS} from shipments where provider = $1 and provider_order_id = $2 and $2 <> ''"
)
find_of_session = sql.many(
    Shipment,
    f"""
    select {COLUMNS} from shipments where session_id = $1 and is_live and booking = 'booked'
        and ($2::uuid is null or id > $2)
    order by id limit $3
    """,
)

# The lease: whoever claims a parcel has it for so long, and another takes it up should the process die.
claim_bookings = sql.many(
    Shipment,
    f"""
    update shipments set next_booking_at = $2, booking_attempts = booking_attempts + 1
    where id in (
        select id from shipments where booking = 'wanted' and next_booking_at <= $1
        order by next_booking_at, id limit $3 for update skip locked
    )
    returning {COLUMNS}
    """,
)
claim_booking = sql.maybe(
    Shipment,
    f"""
    update shipments set next_booking_at = $3, booking_attempts = booking_attempts + 1
    where id = $1 and booking = 'wanted' and next_booking_at <= $2
    returning {COLUMNS}
    """,
)
mark_booked = sql.run(
    """
    update shipments set booking = 'booked', booked_at = $2, provider = $3, courier = $4, service = $5, waybill = $6,
        provider_order_id = $7, tracking_id = $8, cost = coalesce($9, cost), promised_at = $10, next_look_at = $11,
        booking_problem = '', next_booking_at = null, is_live = true
    where id = $1 and booking in ('wanted', 'refused')
    """
)
postpone_booking = sql.run(
    "update shipments set next_booking_at = $2, booking_problem = $3 where id = $1 and booking = 'wanted'"
)
choose_service = sql.run("update shipments set courier = $2, service = $3 where id = $1 and booking = 'wanted'")
refuse_booking = sql.run(
    """
    update shipments set booking = 'refused', is_live = false, booking_problem = $2, next_booking_at = null,
        status = 'failed', reason = 'refused', ended_at = $3
    where id = $1 and booking = 'wanted'
    """
)
withdraw = sql.run(
    """
    update shipments set booking = 'cancelled', is_live = false, next_booking_at = null, next_look_at = null,
        status = 'failed', reason = 'cancelled', ended_at = $2
    where id = $1 and booking_attempts = 0 and booking = 'wanted'
    """
)
reopen = sql.run("update shipments set status = 'pending', reason = '', ended_at = null where id = $1")
give_way = sql.run("update shipments set is_live = false, next_look_at = null where id = $1")
set_proof = sql.run("update shipments set proof = $2 where id = $1")
set_cost = sql.run("update shipments set cost = $2 where id = $1 and cost is distinct from $2")
set_waybill = sql.run("update shipments set waybill = $2 where id = $1 and waybill <> $2")

_WANTED = """
    ($1::text is null or status = $1) and ($2::text is null or courier = $2) and ($3::uuid is null or session_id = $3)
    and ($4::text is null or booking = $4)
"""
list_shipments = sql.listed(
    Shipment,
    f"""
    select {COLUMNS} from shipments
    where id in (select id from shipments where {_WANTED} order by created_at desc, id desc limit $5 offset $6)
    order by created_at desc, id desc
    """,
)
count_shipments = sql.counted(f"from shipments where {_WANTED}")

# An owner has a few factories: the newest of each, merged, whatever the statistics say of how many a factory has.
list_of_factories = sql.listed(
    Shipment,
    f"""
    select {COLUMNS} from shipments where id in (
        select newest.id from unnest($1::uuid[]) as own (factory) cross join lateral (
            select id, created_at from shipments
            where factory_id = own.factory and ($2::text is null or status = $2)
            order by created_at desc, id desc limit $3::int + $4::int
        ) as newest
        order by newest.created_at desc, newest.id desc limit $3 offset $4
    )
    order by created_at desc, id desc
    """,
)
count_of_factories = sql.counted(
    "from shipments where factory_id = any($1::uuid[]) and ($2::text is null or status = $2)"
)
