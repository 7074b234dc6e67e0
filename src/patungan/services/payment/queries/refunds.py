"""Refunds: requested in batches, carried out one by one, told by the provider."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.kernel.money import Rupiah
from patungan.services.payment.queries.escrows import Sum
from patungan.services.payment.rules import Destination, RefundKind, RefundReason, RefundStatus


class Refund(msgspec.Struct, frozen=True):
    """A refund with what its events and its way need of its payment; ``asked``: the provider may know this attempt."""

    id: UUID
    code: str
    payment_id: UUID
    participant_id: UUID | None
    session_id: UUID | None
    order_id: UUID | None
    order_ids: list[UUID]
    user_id: UUID
    invoice_id: str
    kind: RefundKind
    amount: Rupiah
    reason: RefundReason
    status: RefundStatus
    destination: Destination
    attempt: int
    asked: bool
    provider_refund_id: str | None
    looks: int


class AdminRefund(msgspec.Struct, frozen=True):
    """A refund as finance sees it."""

    id: UUID
    code: str
    payment_id: UUID
    payment_code: str
    session_id: UUID | None
    order_id: UUID | None
    request_id: UUID | None
    user_id: UUID
    kind: RefundKind
    amount: Rupiah
    reason: RefundReason
    status: RefundStatus
    destination: Destination
    attempt: int
    requested_at: datetime
    completed_at: datetime | None
    failed_at: datetime | None
    failure: str | None


_REFUND = """
    r.id, r.code, r.payment_id, p.participant_id, p.session_id, r.order_id,
    array(select o.order_id from payment_orders o where o.payment_id = r.payment_id
          and (r.order_id is null or o.order_id = r.order_id) order by 1) as order_ids, p.user_id, r.invoice_id, r.kind, r.amount, r.reason,
    r.status, r.destination, r.attempt, r.asked_at is not null as asked, r.provider_refund_id, r.looks
"""

insert_refunds = sql.many(
    UUID,
    """
    insert into refunds (id, code, payment_id, invoice_id, kind, amount, reason, status, destination, next_look_at,
                         requested_at, order_id, request_id, awaits_approval)
    select n.id, n.code, n.payment_id, n.invoice_id, $5, n.amount, $6, 'pending', n.destination, $9, $9, $10, $11, $12
    from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $7::bigint[], $8::text[])
        as n(id, code, payment_id, invoice_id, amount, destination)
    order by n.payment_id
    on conflict do nothing returning id
    """,
)
find_refunds = sql.many(
    Refund, f"select {_REFUND} from refunds r join payments p on p.id = r.payment_id where r.id = any($1::uuid[])"
)
known_invoices = sql.many(
    str,
    """
    select invoice_id from refunds
    where invoice_id = any($1::text[]) and kind = $2 and request_id is not distinct from $3::uuid
    """,
)
sum_of_session = sql.one(
    Sum,
    """
    select count(*), coalesce(sum(r.amount), 0)::bigint as amount
    from refunds r join payments p on p.id = r.payment_id where p.session_id = $1 and r.kind = 'session'
    """,
)
take_up = sql.maybe(
    Refund,
    f"""
    update refunds r set status = 'processing', looks = r.looks + 1, next_look_at = $3
    from payments p
    where p.id = r.payment_id and r.id = $1 and r.status in ('pending', 'processing') and r.next_look_at <= $2
      and not r.awaits_approval
    returning {_REFUND}
    """,
)
due_refunds = sql.many(
    UUID,
    """
    select id from refunds where status in ('pending', 'processing') and next_look_at <= $1 and not awaits_approval
    order by next_look_at limit $2
    """,
)
mark_asked = sql.run("update refunds set asked_at = $2 where id = $1 and asked_at is null")
store_provider_refund = sql.run(
    "update refunds set provider_refund_id = $2 where id = $1 and attempt = $3 and provider_refund_id is null"
)
send_to_wallet = sql.run(
    "update refunds set destination = 'wallet', next_look_at = $2 where id = $1 and status = 'processing'"
)
look_again = sql.run("update refunds set next_look_at = $2 where id = $1 and status = 'processing'")
complete = sql.run(
    """
    update refunds set status = 'completed', completed_at = $2, failure = null
    where id = $1 and status in ('pending', 'processing', 'failed')
    """
)
fail = sql.run(
    """
    update refunds set status = 'failed', failed_at = $2, failure = $3
    where id = $1 and status in ('pending', 'processing')
    """
)
retry = sql.run(
    """
    update refunds set status = 'processing', attempt = attempt + 1, asked_at = null, provider_refund_id = null,
        looks = 0, next_look_at = $2, destination = coalesce($3, destination), failure = null, failed_at = null
    where id = $1 and status = 'failed'
    """
)
find_refund_by_code = sql.maybe(
    Refund, f"select {_REFUND} from refunds r join payments p on p.id = r.payment_id where r.code = $1"
)

list_refunds = sql.many(
    AdminRefund,
    """
    select r.id, r.code, r.payment_id, p.code as payment_code, p.session_id, r.order_id, r.request_id, p.user_id, r.kind, r.amount, r.reason,
        r.status, r.destination, r.attempt, r.requested_at, r.completed_at, r.failed_at, r.failure
    from refunds r join payments p on p.id = r.payment_id
    where ($1::text is null or r.status = $1) and ($2::uuid is null or p.session_id = $2)
    order by r.requested_at desc, r.id desc limit $3 offset $4
    """,
)
count_refunds = sql.one(
    int,
    """
    select count(*) from refunds r join payments p on p.id = r.payment_id
    where ($1::text is null or r.status = $1) and ($2::uuid is null or p.session_id = $2)
    """,
)
find_admin_refund = sql.maybe(
    AdminRefund,
    """
    select r.id, r.code, r.payment_id, p.code as payment_code, p.session_id, r.order_id, r.request_id, p.user_id, r.kind, r.amount, r.reason,
        r.status, r.destination, r.attempt, r.requested_at, r.completed_at, r.failed_at, r.failure
    from refunds r join payments p on p.id = r.payment_id where r.id = $1
    """,
)
