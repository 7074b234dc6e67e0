"""The SQL of order, on its own schema."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.contracts.address import Address
from patungan.contracts.order import ParcelSender
from patungan.kernel import sql
from patungan.kernel.money import Rupiah
from patungan.services.order.rules import Actor, OrderStatus, Source


class OrderRow(msgspec.Struct, frozen=True):
    """An order with its item; a session's order has exactly one."""

    id: UUID
    number: str
    status: OrderStatus
    user_id: UUID
    factory_id: UUID
    factory_name: str
    session_code: str
    product_name: str
    product_slug: str
    image_url: str | None
    variant_name: str
    sku: str
    quantity: int
    unit_price: Rupiah
    subtotal: Rupiah
    shipping_cost: Rupiah
    fee: Rupiah
    total: Rupiah
    cashback: Rupiah
    courier_service: str
    address: Address
    created_at: datetime
    paid_at: datetime | None
    source: Source
    seller_id: UUID | None
    seller_name: str
    checkout_id: UUID | None
    refunded: Rupiah
    delivered_at: datetime | None
    participant_id: UUID | None


class Moved(msgspec.Struct, frozen=True):
    """A move of an order; ``by`` is what they are to the order, not who they are."""

    status: OrderStatus
    at: datetime
    by: Actor


class OrderCore(msgspec.Struct, frozen=True):
    """What a move of an order needs to know; product value in rupiah."""

    id: UUID
    number: str
    status: OrderStatus
    user_id: UUID
    factory_id: UUID
    session_id: UUID | None
    subtotal: Rupiah
    created_at: datetime
    paid_at: datetime | None
    source: Source
    seller_id: UUID | None
    checkout_id: UUID | None
    total: Rupiah
    refunded: Rupiah
    delivered_at: datetime | None
    participant_id: UUID | None
    warehouse_id: UUID | None
    shipping_cost: Rupiah
    fee: Rupiah


class ItemRow(msgspec.Struct, frozen=True):
    """A line of an order; weight in grams, size in centimetres, price in rupiah, all of one unit."""

    order_id: UUID
    id: UUID
    product_id: UUID
    variant_id: UUID | None
    factory_id: UUID
    product_name: str
    variant_name: str
    quantity: int
    unit_price: Rupiah
    subtotal: Rupiah
    weight_grams: int
    length_cm: int
    width_cm: int
    height_cm: int

    @property
    def name(self) -> str:
        return f"{self.product_name}, {self.variant_name}" if self.variant_name else self.product_name


class ParcelRow(msgspec.Struct, frozen=True):
    """An order as the one who ships it needs it."""

    id: UUID
    number: str
    user_id: UUID
    factory_id: UUID
    session_id: UUID | None
    warehouse_id: UUID | None
    status: OrderStatus
    courier_service: str
    address: Address
    sender: ParcelSender | None


class StatusCount(msgspec.Struct, frozen=True):
    status: OrderStatus
    count: int


_ORDER = """
    o.id, o.number, o.status, o.user_id, o.factory_id, o.factory_name, o.session_code, i.product_name, i.product_slug,
    i.image_url, i.variant_name, i.sku, i.quantity, i.unit_price, o.subtotal, o.shipping_cost, o.fee, o.total, o.cashback,
    o.courier_service, o.address, o.created_at, o.paid_at, o.source, o.seller_id, o.seller_name, o.checkout_id, o.refunded,
    o.delivered_at, o.participant_id
    from orders o join order_items i on i.order_id = o.id and i.line = 1
"""
_NEWEST_FIRST = "order by o.created_at desc, o.id desc"

find_order = sql.maybe(OrderRow, f"select {_ORDER} where o.id = $1")
find_order_by_number = sql.maybe(OrderRow, f"select {_ORDER} where o.number = $1")
find_orders_of_user = sql.many(
    OrderRow,
    f"select {_ORDER} where o.user_id = $1 and ($2::text is null or o.status = $2) {_NEWEST_FIRST} limit $3 offset $4",
)
count_orders_of_user = sql.one(
    int, "select count(*) from orders where user_id = $1 and ($2::text is null or status = $2)"
)
find_orders_of_factories = sql.many(
    OrderRow,
    f"""
    select {_ORDER} where o.factory_id = any($1::uuid[]) and o.source = 'session' and ($2::text is null or o.status = $2)
    {_NEWEST_FIRST} limit $3 offset $4
    """,
)
count_orders_of_factories = sql.one(
    int,
    """
    select count(*) from orders where factory_id = any($1::uuid[]) and source = 'session' and ($2::text is null or status = $2)
    """,
)
_ANY = """
    ($1::text is null or o.status = $1) and ($2::uuid is null or o.session_id = $2)
    and ($3::uuid is null or o.factory_id = $3) and ($4::text is null or o.source = $4)
    and ($5::uuid is null or o.seller_id = $5) and ($6::timestamptz is null or o.created_at >= $6)
    and ($7::timestamptz is null or o.created_at < $7)
"""
find_orders = sql.listed(
    OrderRow,
    f"""
    select {_ORDER} where o.id in (select o.id from orders o where {_ANY} {_NEWEST_FIRST} limit $8 offset $9)
    {_NEWEST_FIRST}
    """,
)
count_orders = sql.counted(f"from orders o where {_ANY}")
count_by_status = sql.many(
    StatusCount, "select status, count(*) as count from orders where user_id = $1 group by status order by status"
)
find_history = sql.many(
    Moved,
    "select status, at, actor as by from order_history where order_id = $1 and not refused order by id",
)

count_by_status_of_factories = sql.many(
    StatusCount,
    "select status, count(*) as count from orders where factory_id = any($1::uuid[]) group by status order by status",
)
count_by_status_of_all = sql.many(
    StatusCount,
    """
    select status, count(*) as count from orders where $1::uuid is null or session_id = $1
    group by status order by status
    """,
)

_CORE = """id, number, status, user_id, factory_id, session_id, subtotal, created_at, paid_at, source, seller_id, checkout_id,
    total, refunded, delivered_at, participant_id, warehouse_id, shipping_cost, fee"""
# In one order everywhere, so that two who move common orders wait for each other instead of for ever.
lock_orders = sql.many(OrderCore, f"select {_CORE} from orders where id = any($1::uuid[]) order by id for update")
find_items = sql.many(
    ItemRow,
    """
    select order_id, id, product_id, variant_id, factory_id, product_name, variant_name, quantity, unit_price, subtotal,
        weight_grams, length_cm, width_cm, height_cm
    from order_items where order_id = any($1::uuid[]) order by order_id, line
    """,
)
find_parcels = sql.many(
    ParcelRow,
    """
    select id, number, user_id, factory_id, session_id, warehouse_id, status, courier_service, address, sender
    from orders where id = any($1::uuid[]) or (session_id = $2 and ($3::uuid is null or id > $3)) order by id limit $4
    """,
)
move_orders = sql.run(
    """
    update orders set status = moved.status,
        shipped_at = coalesce(moved.shipped_at, orders.shipped_at),
        delivered_at = coalesce(moved.delivered_at, orders.delivered_at),
        cancelled_at = coalesce(moved.cancelled_at, orders.cancelled_at),
        paid_at = coalesce(orders.paid_at, moved.paid_at)
    from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[])
        as moved(id, status, shipped_at, delivered_at, cancelled_at, paid_at)
    where orders.id = moved.id
    """
)
write_history = sql.run(
    """
    insert into order_history (order_id, from_status, status, refused, actor, actor_id, note, at)
    select * from unnest($1::uuid[], $2::text[], $3::text[], $4::boolean[], $5::text[], $6::uuid[], $7::text[],
        $8::timestamptz[])
    """
)

find_orders_of_seller = sql.many(
    OrderRow,
    f"""
    select {_ORDER} where o.seller_id = $1 and o.paid_at is not null and ($2::text is null or o.status = $2)
    {_NEWEST_FIRST} limit $3 offset $4
    """,
)
count_orders_of_seller = sql.one(
    int,
    """
    select count(*) from orders where seller_id = $1 and paid_at is not null and ($2::text is null or status = $2)
    """,
)
count_by_status_of_seller = sql.many(
    StatusCount,
    """
    select status, count(*) as count from orders where seller_id = $1 and paid_at is not null
    group by status order by status
    """,
)
lock_orders_of_checkouts = sql.many(
    OrderCore, f"select {_CORE} from orders where checkout_id = any($1::uuid[]) order by id for update"
)
lock_orders_of_participants = sql.many(
    OrderCore, f"select {_CORE} from orders where participant_id = any($1::uuid[]) order by id for update"
)
find_core = sql.maybe(OrderCore, f"select {_CORE} from orders where id = $1")
add_refunded = sql.run(
    """
    update orders set refunded = least(total, refunded + more.amount)
    from (select id, sum(amount) as amount from unnest($1::uuid[], $2::bigint[]) as part (id, amount) group by id) as more
    where orders.id = more.id
    """
)
mark_released = sql.run("update orders set released_at = $2 where id = $1 and released_at is null")
