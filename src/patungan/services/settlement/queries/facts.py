"""What other services told: sales, stock, deliveries and refunds, until they are reckoned into lines."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.services.settlement.rules import PayeeKind


class Sale(msgspec.Struct, frozen=True):
    """A session's sale under lock, with everything known; rupiah."""

    session_id: UUID
    factory_id: UUID
    revenue: int
    commission_percent: int
    delivered_value: int


class StockLeft(msgspec.Struct, frozen=True):
    session_id: UUID
    variant_id: UUID | None
    units_left: int


class DeliveredItem(msgspec.Struct, frozen=True):
    """A line of an order that is not reckoned yet."""

    order_id: UUID
    number: str
    session_id: UUID | None
    participant_id: UUID | None
    product_value: int
    delivered_at: datetime
    order_item_id: UUID
    variant_id: UUID | None
    quantity: int
    unit_price: int


class OrderRelease(msgspec.Struct, frozen=True):
    order_id: UUID
    seller_id: UUID
    revenue: int
    payable: int
    commission_percent: int


class Chargeable(msgspec.Struct, frozen=True):
    """A refund that is to be charged, with its order as it was reckoned; rupiah."""

    refund_id: UUID
    code: str
    amount: int
    completed_at: datetime
    order_id: UUID
    number: str
    session_id: UUID | None
    participant_id: UUID | None
    delivered_at: datetime
    payee_kind: PayeeKind | None
    payee_id: UUID | None
    product_value: int
    value: int
    commission: int
    refunded: int
    order_item_id: UUID | None


ensure_sessions = sql.run(
    "insert into sessions (session_id) select unnest($1::uuid[]) order by 1 on conflict do nothing"
)
store_release = sql.run(
    """
    update sessions set factory_id = $2, revenue = $3, payable = $4, commission_percent = $5
    where session_id = $1 and revenue is null
    """
)
plan_session = sql.run("update sessions set planned = true where session_id = $1 and not planned")
insert_stock = sql.run(
    """
    insert into session_stock (session_id, variant_id, units_left)
    select $1, l.variant_id, l.units from unnest($2::uuid[], $3::bigint[]) as l(variant_id, units)
    """
)
insert_order_release = sql.run(
    """
    insert into order_releases (order_id, seller_id, revenue, payable, commission_percent) values ($1, $2, $3, $4, $5)
    on conflict do nothing
    """
)
insert_order = sql.run(
    """
    insert into orders (order_id, number, session_id, participant_id, factory_id, product_value, delivered_at)
    values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing
    """
)
insert_items = sql.run(
    """
    insert into order_items (order_item_id, order_id, product_id, variant_id, quantity, unit_price)
    select i.id, $1, i.product_id, i.variant_id, i.quantity, i.unit_price
    from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[], $6::bigint[])
        as i(id, product_id, variant_id, quantity, unit_price)
    """
)
insert_refund = sql.run(
    """
    insert into refunds (refund_id, code, participant_id, order_id, amount, completed_at) values ($1, $2, $3, $4, $5, $6)
    on conflict do nothing
    """
)

lock_sales = sql.many(
    Sale,
    """
    select session_id, factory_id, revenue, commission_percent, delivered_value from sessions
    where session_id = any($1::uuid[]) and planned and factory_id is not null order by session_id for update
    """,
)
stock_of = sql.many(
    StockLeft,
    "select session_id, variant_id, units_left from session_stock where session_id = any($1::uuid[])",
)
use_stock = sql.run(
    """
    update session_stock set units_left = units_left - $3::bigint
    where session_id = $1 and variant_id is not distinct from $2
    """
)
add_delivered = sql.run("update sessions set delivered_value = delivered_value + $2::bigint where session_id = $1")
_ITEM = """
    o.order_id, o.number, o.session_id, o.participant_id, o.product_value, o.delivered_at, i.order_item_id, i.variant_id,
    i.quantity, i.unit_price
"""
unreckoned_of_sessions = sql.many(
    DeliveredItem,
    f"""
    select {_ITEM} from orders o join order_items i using (order_id)
    where o.session_id = any($1::uuid[]) and o.reckoned_at is null
    order by o.session_id, o.delivered_at, o.order_id, i.order_item_id
    """,
)
unreckoned_orders = sql.many(
    DeliveredItem,
    f"""
    select {_ITEM} from orders o join order_items i using (order_id)
    where o.order_id = any($1::uuid[]) and o.session_id is null and o.reckoned_at is null
    order by o.order_id, i.order_item_id
    """,
)
lock_orders = sql.run("select 1 from orders where order_id = any($1::uuid[]) order by order_id for update")
releases_of = sql.many(
    OrderRelease,
    """
    select order_id, seller_id, revenue, payable, commission_percent from order_releases
    where order_id = any($1::uuid[]) and seller_id is not null
    """,
)
mark_reckoned = sql.run(
    """
    update orders set reckoned_at = $2, payee_kind = $3, payee_id = $4, value = $5, commission = $6
    where order_id = $1 and reckoned_at is null
    """
)
chargeable = sql.many(
    Chargeable,
    """
    select r.refund_id, r.code, r.amount, r.completed_at, o.order_id, o.number, o.session_id, o.participant_id,
        o.delivered_at, o.payee_kind, o.payee_id, o.product_value, o.value, o.commission, o.refunded,
        (select (array_agg(i.order_item_id))[1] from order_items i where i.order_id = o.order_id having count(*) = 1)
            as order_item_id
    from refunds r join orders o on o.order_id = r.order_id or o.participant_id = r.participant_id
    where r.charged_at is null and o.reckoned_at is not null
        and (o.order_id = any($1::uuid[]) or o.participant_id = any($2::uuid[]))
    order by o.order_id, r.completed_at, r.refund_id for update of o, r
    """,
)
mark_charged = sql.run("update refunds set charged_at = $2 where refund_id = $1 and charged_at is null")
add_refunded = sql.run("update orders set refunded = refunded + $2::bigint where order_id = $1")
