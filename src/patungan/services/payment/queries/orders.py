"""Payments of checkouts and what they hold for each order."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.contracts.payment import OrderPaymentSummary, OrderReleased
from patungan.kernel import sql
from patungan.kernel.money import Rupiah
from patungan.services.payment.queries.payments import Payment, payment_columns


class Allocation(msgspec.Struct, frozen=True):
    """What a payment holds for an order; amounts in rupiah."""

    payment_id: UUID
    order_id: UUID
    total: Rupiah
    released_at: datetime | None
    released: OrderReleased | None


_SUMMARY = """
    p.id, p.code, p.checkout_id,
    array(select o.order_id from payment_orders o where o.payment_id = p.id order by 1) as order_ids,
    p.status, p.total, p.wallet_amount, p.xendit_amount, p.expires_at
"""

insert_checkout = sql.maybe(
    UUID,
    """
    insert into payments (id, code, checkout_id, user_id, description, product_amount, leg1_amount, leg2_amount,
                          fee_amount, total, wallet_amount, wallet_state, status, created_at, expires_at)
    values ($1, $2, $3, $4, $5, $6, 0, $7, $8, $6::bigint + $7::bigint + $8::bigint, $9,
            case when $9::bigint > 0 then 'asked' end, 'pending', $10, $11)
    on conflict do nothing returning id
    """,
)
insert_allocations = sql.run(
    """
    insert into payment_orders (payment_id, order_id, order_number, product_amount, shipping_amount, fee_amount)
    select $1, n.order_id, n.number, n.product, n.shipping, n.fee
    from unnest($2::uuid[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[])
        as n(order_id, number, product, shipping, fee)
    order by n.order_id on conflict do nothing
    """
)
find_checkout = sql.maybe(Payment, f"select {payment_columns('p')} from payments p where p.checkout_id = $1")
summary_of_checkout = sql.one(OrderPaymentSummary, f"select {_SUMMARY} from payments p where p.checkout_id = $1")
summaries_of_checkouts = sql.many(
    OrderPaymentSummary,
    f"select {_SUMMARY} from payments p where p.checkout_id = any($1::uuid[]) order by p.checkout_id",
)
summaries_of_orders = sql.many(
    OrderPaymentSummary,
    f"""
    select {_SUMMARY} from payments p
    where p.id in (select o.payment_id from payment_orders o where o.order_id = any($1::uuid[]))
    order by p.created_at desc, p.id desc
    """,
)
pending_of_checkouts = sql.many(
    UUID, "select id from payments where checkout_id = any($1::uuid[]) and status = 'pending' order by id"
)
end_allocations = sql.run("update payment_orders set live = false where payment_id = any($1::uuid[]) and live")
fail_payment = sql.run("update payments set status = 'failed' where id = $1 and status = 'pending'")

_ALLOCATION = "payment_id, order_id, total, released_at, released"
allocations_of = sql.many(
    Allocation,
    f"select {_ALLOCATION} from payment_orders where payment_id = any($1::uuid[]) order by payment_id, order_id",
)
live_allocation = sql.maybe(Allocation, f"select {_ALLOCATION} from payment_orders where order_id = $1 and live")
store_release = sql.run(
    """
    update payment_orders set released_at = $3, released = $4
    where payment_id = $1 and order_id = $2 and released_at is null
    """
)
add_refunded = sql.run(
    "update payment_orders set refunded_amount = refunded_amount + $3 where payment_id = $1 and order_id = $2"
)
