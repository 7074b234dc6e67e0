"""The SQL of pickup tasks: goods of a purchase order, collected at the factory."""

from __future__ import annotations

from datetime import date, datetime, time
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.services.office.rules import PickupStatus


class PickupRow(msgspec.Struct, frozen=True):
    """A pickup task; ``shipped_at`` is when the warehouse knew of it."""

    id: UUID
    code: str
    office_id: UUID
    factory_id: UUID
    purchase_order_id: UUID
    purchase_order_code: str
    staff_id: UUID | None
    status: PickupStatus
    scheduled_for: date
    window_start: time | None
    window_end: time | None
    notes: str
    photo: str | None
    signature: str | None
    reason: str | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    shipped_at: datetime | None


class PickupItem(msgspec.Struct, frozen=True):
    """Goods to collect, in units."""

    position: int
    name: str
    quantity: int
    verified_quantity: int | None
    is_verified: bool
    note: str


class PickupStep(msgspec.Struct, frozen=True):
    at: datetime
    actor: UUID
    before: PickupStatus | None
    after: PickupStatus
    reason: str


_ROW = """id, code, office_id, factory_id, purchase_order_id, purchase_order_code, staff_id, status, scheduled_for,
    window_start, window_end, notes, photo, signature, reason, created_at, started_at, ended_at, shipped_at"""
find_pickup = sql.maybe(PickupRow, f"select {_ROW} from pickups where id = $1")
lock_pickup = sql.maybe(PickupRow, f"select {_ROW} from pickups where id = $1 for update")
_SEEN = """
    from pickups where ($1::uuid[] is null or office_id = any($1)) and ($2::uuid[] is null or factory_id = any($2))
      and ($3::text is null or status = $3) and ($4::uuid is null or staff_id = $4)
"""
count_pickups = sql.one(int, f"select count(*) {_SEEN}")
list_pickups = sql.many(PickupRow, f"select {_ROW} {_SEEN} order by scheduled_for desc, id desc limit $5 offset $6")
insert_pickup = sql.run(
    """
    insert into pickups (
        id, code, office_id, factory_id, purchase_order_id, purchase_order_code, staff_id, status, scheduled_for,
        window_start, window_end, notes, created_by, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, 'scheduled', $8, $9, $10, $11, $12, $13) on conflict do nothing
    """
)
pickup_exists = sql.one(
    bool,
    """
    select exists (select from pickups
        where purchase_order_id = $1 and status in ('scheduled', 'in_progress', 'completed'))
    """,
)
insert_items = sql.run(
    """
    insert into pickup_items (pickup_id, position, name, quantity)
    select $1, * from unnest($2::integer[], $3::text[], $4::int[])
    """
)
list_items = sql.many(
    PickupItem,
    """
    select position::int, name, quantity, verified_quantity, is_verified, note from pickup_items
    where pickup_id = $1 order by position
    """,
)
verify_item = sql.run(
    """
    update pickup_items set verified_quantity = $3, is_verified = $3 = quantity, note = $4, verified_by = $5,
        verified_at = $6
    where pickup_id = $1 and position = $2 and $3 <= quantity
    """
)
assign_pickup = sql.run("update pickups set staff_id = $2 where id = $1")
start_pickup = sql.run("update pickups set status = 'in_progress', started_at = $2 where id = $1")
complete_pickup = sql.run(
    "update pickups set status = 'completed', photo = $2, signature = $3, ended_at = $4 where id = $1"
)
end_pickup = sql.run("update pickups set status = $2, reason = $3, ended_at = $4 where id = $1")
mark_shipped = sql.run("update pickups set shipped_at = $2 where id = $1 and shipped_at is null")
write_step = sql.run(
    "insert into pickup_history (pickup_id, at, actor, before, after, reason) values ($1, $2, $3, $4, $5, $6)"
)
list_steps = sql.many(
    PickupStep,
    "select at, actor, before, after, reason from pickup_history where pickup_id = $1 order by id limit 200",
)
insert_review = sql.run(
    """
    insert into office_reviews (
        pickup_id, office_id, factory_id, user_id, overall, punctuality, professionalism, communication, comment,
        created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing
    """
)


class OfficeReview(msgspec.Struct, frozen=True):
    """A factory's opinion of a pickup, in stars."""

    pickup_id: UUID
    office_id: UUID
    factory_id: UUID
    overall: int
    punctuality: int
    professionalism: int
    communication: int
    comment: str
    created_at: datetime


_REVIEW = """pickup_id, office_id, factory_id, overall::int, punctuality::int, professionalism::int, communication::int,
    comment, created_at"""
find_review = sql.one(OfficeReview, f"select {_REVIEW} from office_reviews where pickup_id = $1")
count_reviews = sql.one(int, "select count(*) from office_reviews where office_id = $1")
list_reviews = sql.many(
    OfficeReview,
    f"select {_REVIEW} from office_reviews where office_id = $1 order by created_at desc, pickup_id limit $2 offset $3",
)
