"""The SQL of order, on its own schema."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.contracts.address import Address
from patungan.kernel import sql
from patungan.kernel.money import Rupiah
from patungan.services.order.rules import Actor, OrderStatus


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


class Moved(msgspec.Struct, frozen=True):
    """A move of an order; ``by`` is what they are to the order, not who they are."""

    status: OrderStatus
    at: datetime
    by: Actor


class StatusCount(msgspec.Struct, frozen=True):
    status: OrderStatus
    count: int


_ORDER = """
    o.id, o.number, o.status, o.user_id, o.factory_id, o.factory_name, o.session_code, i.product_name, i.product_slug,
    i.image_url, i.variant_name, i.sku, i.quantity, i.unit_price, o.subtotal, o.shipping_cost, o.fee, o.total, o.cashback,
    o.courier_service, o.address, o.created_at, o.paid_at
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
    select {_ORDER} where o.factory_id = any($1::uuid[]) and ($2::text is null or o.status = $2)
    {_NEWEST_FIRST} limit $3 offset $4
    """,
)
count_orders_of_factories = sql.one(
    int, "select count(*) from orders where factory_id = any($1::uuid[]) and ($2::text is null or status = $2)"
)
_ANY = """
    ($1::text is null or o.status = $1) and ($2::uuid is null or o.session_id = $2)
    and ($3::uuid is null or o.factory_id = $3)
"""
find_orders = sql.many(OrderRow, f"select {_ORDER} where {_ANY} {_NEWEST_FIRST} limit $4 offset $5")
count_orders = sql.one(int, f"select count(*) from orders o where {_ANY}")
count_by_status = sql.many(
    StatusCount, "select status, count(*) as count from orders where user_id = $1 group by status order by status"
)
find_history = sql.many(
    Moved,
    "select status, at, actor as by from order_history where order_id = $1 and not refused order by id",
)

move_order = sql.run(
    """
    update orders set status = $3,
        shipped_at = case when $3 = 'picked_up' then $4 else shipped_at end,
        delivered_at = case when $3 = 'delivered' then $4 else delivered_at end
    where id = $1 and status = $2
    """
)
write_history = sql.run(
    """
    insert into order_history (order_id, from_status, status, refused, actor, actor_id, note, at)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    """
)
