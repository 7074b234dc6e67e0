"""SQL of direct orders' money and stock, of complaints, photos and reports."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.kernel.money import Rupiah
from patungan.services.order.queries.orders import OrderCore
from patungan.services.order.rules import ComplaintReason, ComplaintStatus, Source


class Held(msgspec.Struct, frozen=True):
    """What an order's escrow was made of, and what of it goes back; rupiah."""

    number: str
    source: Source
    seller_id: UUID | None
    subtotal: Rupiah
    shipping_cost: Rupiah
    fee: Rupiah
    total: Rupiah
    promised: Rupiah


class ComplaintRow(msgspec.Struct, frozen=True):
    """A complaint; ``wanted`` is what the buyer asks for, ``refund`` what was decided, in rupiah."""

    id: UUID
    order_id: UUID
    order_number: str
    user_id: UUID
    reason: ComplaintReason
    description: str
    photo_ids: list[UUID]
    wanted: Rupiah | None
    status: ComplaintStatus
    refund: Rupiah
    note: str
    return_courier: str | None
    return_waybill: str | None
    opened_at: datetime
    decided_at: datetime | None
    closed_at: datetime | None


class Photo(msgspec.Struct, frozen=True):
    user_id: UUID
    content: bytes


class Day(msgspec.Struct, frozen=True):
    """The orders of a day in Jakarta; amounts in rupiah. ``goods``, ``shipping`` and ``fees`` are of those paid that day."""

    created: int
    paid: int
    delivered: int
    cancelled: int
    goods: Rupiah
    shipping: Rupiah
    fees: Rupiah
    complaints: int


class Sum(msgspec.Struct, frozen=True):
    """Paid orders of a source: how many, their goods in rupiah, and what went back."""

    source: Source
    orders: int
    units: int
    goods: Rupiah
    refunded: Rupiah


class ExportRow(msgspec.Struct, frozen=True):
    """An order as a line of the export."""

    id: UUID
    number: str
    source: Source
    status: str
    created_at: datetime
    paid_at: datetime | None
    delivered_at: datetime | None
    factory_name: str
    seller_name: str
    subtotal: Rupiah
    shipping_cost: Rupiah
    fee: Rupiah
    total: Rupiah
    refunded: Rupiah
    courier_service: str
    city: str


_CORE = """id, number, status, user_id, factory_id, session_id, subtotal, created_at, paid_at, source, seller_id, checkout_id,
    total, refunded, delivered_at, participant_id, warehouse_id, shipping_cost, fee"""
find_cores = sql.many(OrderCore, f"select {_CORE} from orders where id = any($1::uuid[]) order by id")
find_held = sql.maybe(
    Held,
    """
    select number, source, seller_id, subtotal, shipping_cost, fee, total, promised from orders
    where id = $1 and source <> 'session' and paid_at is not null and released_at is null
    """,
)
promise = sql.run(
    """
    update orders set promised = promised + more.amount
    from (select id, sum(amount) as amount from unnest($1::uuid[], $2::bigint[]) as part (id, amount) group by id) as more
    where orders.id = more.id
    """
)

_COMPLAINT = """c.id, c.order_id, o.number as order_number, c.user_id, c.reason, c.description, c.photo_ids, c.wanted,
    c.status, c.refund, c.note, c.return_courier, c.return_waybill, c.opened_at, c.decided_at, c.closed_at
    from complaints c join orders o on o.id = c.order_id"""
insert_complaint = sql.run(
    """
    insert into complaints (id, order_id, user_id, reason, description, photo_ids, wanted, status, opened_at)
    values ($1, $2, $3, $4, $5, $6, $7, 'open', $8) on conflict do nothing
    """
)
find_complaint = sql.maybe(ComplaintRow, f"select {_COMPLAINT} where c.id = $1")
lock_complaint = sql.maybe(ComplaintRow, f"select {_COMPLAINT} where c.id = $1 for update of c")
complaints_of_order = sql.many(ComplaintRow, f"select {_COMPLAINT} where c.order_id = $1 order by c.opened_at desc")
_COMPLAINTS = "($1::text is null or c.status = $1) and ($2::uuid is null or c.user_id = $2)"
list_complaints = sql.listed(
    ComplaintRow,
    f"""
    select {_COMPLAINT} where c.id in (
        select c.id from complaints c where {_COMPLAINTS} order by c.opened_at desc, c.id desc limit $3 offset $4
    )
    order by c.opened_at desc, c.id desc
    """,
)
count_complaints = sql.counted(f"from complaints c where {_COMPLAINTS}")
decide_complaint = sql.run(
    """
    update complaints set status = $2, refund = $3, note = $4, decided_at = $5, decided_by = $6, closed_at = $7 where id = $1
    """
)
send_return = sql.run("update complaints set return_courier = $2, return_waybill = $3 where id = $1")
close_complaint = sql.run("update complaints set status = $2, closed_at = $3 where id = $1")

insert_photo = sql.run(
    "insert into photos (id, user_id, content, width, height, created_at) values ($1, $2, $3, $4, $5, $6)"
)
find_photo = sql.maybe(Photo, "select user_id, content from photos where id = $1")
own_photos = sql.one(int, "select count(*) from photos where id = any($1::uuid[]) and user_id = $2")
photos_since = sql.one(int, "select count(*) from photos where user_id = $1 and created_at > $2")

report = sql.one(
    Day,
    """
    select (select count(*) from orders where created_at >= $1 and created_at < $2) as created,
        count(*) as paid,
        (select count(*) from orders where delivered_at >= $1 and delivered_at < $2) as delivered,
        (select count(*) from orders where cancelled_at >= $1 and cancelled_at < $2) as cancelled,
        coalesce(sum(subtotal), 0)::bigint as goods, coalesce(sum(shipping_cost), 0)::bigint as shipping,
        coalesce(sum(fee), 0)::bigint as fees,
        (select count(*) from complaints where opened_at >= $1 and opened_at < $2) as complaints
    from orders where paid_at >= $1 and paid_at < $2
    """,
)
sums = sql.many(
    Sum,
    """
    select o.source, count(*) as orders, coalesce(sum(i.units), 0)::bigint as units,
        coalesce(sum(o.subtotal), 0)::bigint as goods, coalesce(sum(o.refunded), 0)::bigint as refunded
    from orders o cross join lateral (select sum(quantity) as units from order_items where order_id = o.id) i
    where o.paid_at >= $1 and o.paid_at < $2 and o.status <> 'cancelled'
        and ($3::uuid[] is null or (o.factory_id = any($3) and o.source = 'session')) and ($4::uuid is null or o.seller_id = $4)
    group by o.source order by o.source
    """,
)
export = sql.many(
    ExportRow,
    """
    select id, number, source, status, created_at, paid_at, delivered_at, factory_name, seller_name, subtotal,
        shipping_cost, fee, total, refunded, courier_service, address ->> 'city' as city
    from orders where created_at >= $1 and created_at < $2 and ($3::text is null or status = $3)
        and ($4::text is null or source = $4) and ($5::uuid is null or id > $5)
    order by id limit $6
    """,
)
