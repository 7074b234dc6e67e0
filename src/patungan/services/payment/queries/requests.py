"""Refunds that somebody asked for, and who agreed to them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.kernel.money import Rupiah
from patungan.services.payment.queries.escrows import Sum
from patungan.services.payment.rules import RefundReason, RequestStatus


class RefundRequest(msgspec.Struct, frozen=True):
    """A refund request; ``needed`` persons of finance must agree, ``approvals`` have. Rupiah."""

    id: UUID
    payment_id: UUID
    payment_code: str
    order_id: UUID | None
    user_id: UUID
    amount: Rupiah
    reason: RefundReason
    note: str
    status: RequestStatus
    needed: int
    approvals: int
    requested_by: UUID | None
    requested_at: datetime
    decided_at: datetime | None
    decision_note: str | None


_REQUEST = """
    q.id, q.payment_id, p.code as payment_code, q.order_id, p.user_id, q.amount, q.reason, q.note, q.status, q.needed,
    (select count(*) from refund_approvals a where a.request_id = q.id) as approvals, q.requested_by, q.requested_at,
    q.decided_at, q.decision_note
"""

insert_request = sql.run(
    """
    insert into refund_requests (id, request_key, payment_id, order_id, amount, reason, note, status, needed,
                                 requested_by, requested_at)
    values ($1, $2, $3, $4, $5, $6, $7, 'pending', $8, $9, $10)
    """
)
insert_approval = sql.run(
    """
    insert into refund_approvals (request_id, approver_id, approved_at) values ($1, $2, $3) on conflict do nothing
    """
)
decide = sql.run(
    """
    update refund_requests set status = $2, decided_at = $3, decided_by = $4, decision_note = $5
    where id = $1 and status = 'pending'
    """
)
find_request = sql.maybe(
    RefundRequest,
    f"select {_REQUEST} from refund_requests q join payments p on p.id = q.payment_id where q.id = $1",
)
find_request_by_key = sql.maybe(
    RefundRequest,
    f"select {_REQUEST} from refund_requests q join payments p on p.id = q.payment_id where q.request_key = $1",
)
order_has_pending = sql.one(
    bool, "select exists (select 1 from refund_requests where order_id = $1 and status = 'pending')"
)
refunds_of = sql.many(UUID, "select id from refunds where request_id = $1 order by id")
sum_of = sql.one(
    Sum,
    """
    select count(*), coalesce(sum(amount), 0)::bigint as amount from refunds where request_id = $1
    """,
)
promised = sql.one(
    int,
    """
    select coalesce(sum(amount), 0)::bigint from refunds
    where payment_id = $1 and ($2::uuid is null or order_id = $2) and kind in ('session', 'order', 'goodwill')
      and status <> 'rejected'
    """,
)
send_off = sql.run("update refunds set awaits_approval = false, next_look_at = $2 where request_id = $1")
reject_refunds = sql.run(
    """
    update refunds set status = 'rejected', awaits_approval = false, failure = $2
    where request_id = $1 and status = 'pending' and awaits_approval
    """
)
_WANTED = """
    from refund_requests q where ($1::text is null or q.status = $1)
        and ($2::uuid is null or q.payment_id in (select id from payments where user_id = $2))
"""
list_requests = sql.listed(
    RefundRequest,
    f"""
    select {_REQUEST} from refund_requests q join payments p on p.id = q.payment_id
    where q.id in (select q.id {_WANTED} order by q.requested_at desc, q.id desc limit $3 offset $4)
    order by q.requested_at desc, q.id desc
    """,
)
count_requests = sql.counted(_WANTED)
