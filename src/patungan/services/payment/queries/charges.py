"""The provider's fees of payments beside those that buyers paid, and whether a refund is open."""

from __future__ import annotations

from patungan.contracts.payment import Charge
from patungan.kernel import sql

# Asked for and not decided, decided and not at its end, or failed and still owed.
_OPEN = """
    exists (select 1 from refunds r where r.payment_id = p.id and r.status in ('pending', 'processing', 'failed') {refund})
    or exists (select 1 from refund_requests q where q.payment_id = p.id and q.status = 'pending' {request})
"""

of_participants = sql.many(
    Charge,
    f"""
    select p.participant_id as id, coalesce(f.fee, 0)::bigint as provider_fee, p.fee_amount as collected_fee,
        ({_OPEN.format(refund="", request="")}) as refund_open
    from payments p
    left join lateral (select sum(c.provider_fee) as fee from receipts c where c.payment_id = p.id) f on true
    where p.participant_id = any($1::uuid[]) and p.paid_at is not null order by p.participant_id
    """,
)
# An order bears its share of its payment's fee by its share of the total; what rounding leaves is the last order's.
of_orders = sql.many(
    Charge,
    f"""
    select o.order_id as id, coalesce(f.fee * s.until / p.total - f.fee * (s.until - o.total) / p.total, 0)::bigint
        as provider_fee, o.fee_amount as collected_fee,
        ({_OPEN.format(refund="and r.order_id = o.order_id", request="and q.order_id = o.order_id")}) as refund_open
    from payment_orders o join payments p on p.id = o.payment_id
    join lateral (
        select sum(e.total)::bigint as until from payment_orders e
        where e.payment_id = o.payment_id and e.order_id <= o.order_id
    ) s on true
    left join lateral (select sum(c.provider_fee)::bigint as fee from receipts c where c.payment_id = p.id) f on true
    where o.order_id = any($1::uuid[]) and o.live and p.paid_at is not null order by o.order_id
    """,
)
