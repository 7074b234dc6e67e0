"""The SQL of what was received and of the reminders to review it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql


class ReceivedItem(msgspec.Struct, frozen=True):
    """Goods that somebody received, with what they have said of them so far."""

    order_item_id: UUID
    order_id: UUID
    order_number: str
    user_id: UUID
    product_id: UUID
    variant_id: UUID | None
    factory_id: UUID
    quantity: int
    delivered_at: datetime
    product_review_id: UUID | None
    factory_review_id: UUID | None


class DueReminder(msgspec.Struct, frozen=True):
    order_id: UUID
    order_number: str
    user_id: UUID
    is_reviewed: bool


_ITEM = """i.order_item_id, i.order_id, i.order_number, i.user_id, i.product_id, i.variant_id, i.factory_id, i.quantity,
    i.delivered_at,
    (select r.id from reviews r where r.subject = 'product' and r.order_item_id = i.order_item_id) as product_review_id,
    (select r.id from reviews r where r.subject = 'factory' and r.order_id = i.order_id
        and r.factory_id = i.factory_id) as factory_review_id"""
find_item = sql.maybe(ReceivedItem, f"select {_ITEM} from received_items i where i.order_item_id = $1")
find_items_of_order = sql.many(
    ReceivedItem, f"select {_ITEM} from received_items i where i.order_id = $1 order by i.order_item_id"
)
_OWN = """
    from received_items i where i.user_id = $1 and ($2::text is null or i.order_number = $2)
      and (not $3 or not exists (
        select from reviews r where r.subject = 'product' and r.order_item_id = i.order_item_id))
"""
count_own = sql.one(int, f"select count(*) {_OWN}")
list_own = sql.many(
    ReceivedItem, f"select {_ITEM} {_OWN} order by i.delivered_at desc, i.order_item_id limit $4 offset $5"
)

insert_items = sql.run(
    """
    insert into received_items (
        order_item_id, order_id, order_number, user_id, product_id, variant_id, factory_id, quantity, delivered_at)
    select * from unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[], $7::uuid[], $8::int[], $9::timestamptz[])
    on conflict do nothing
    """
)
insert_reminders = sql.run(
    """
    insert into reminders (order_id, order_number, user_id, due_at)
    select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::timestamptz[]) on conflict do nothing
    """
)
take_due_reminders = sql.many(
    DueReminder,
    """
    update reminders set done_at = $1
    where order_id in (
        select order_id from reminders where done_at is null and due_at <= $1
        order by due_at, order_id limit $2 for update skip locked)
    returning order_id, order_number, user_id, not exists (
        select from received_items i where i.order_id = reminders.order_id and not exists (
            select from reviews r where r.subject = 'product' and r.order_item_id = i.order_item_id)) as is_reviewed
    """,
)
