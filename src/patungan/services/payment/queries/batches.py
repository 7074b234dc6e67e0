"""The payments of a session that ends, a batch at a time; rows go from table to table and into the event log by themselves."""

from __future__ import annotations

from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.services.payment.queries.payments import Payment, payment_columns

_PAYMENT = payment_columns("payments")
_FACTS = """jsonb_build_object('payment_id', p.id, 'code', {code}, 'participant_id', p.participant_id,
            'session_id', p.session_id, 'user_id', p.user_id, 'amount', {amount})"""


class Refunded(msgspec.Struct, frozen=True):
    """How many payments a batch went through, the last of them, and how many refunds were made, posted and started."""

    looked_at: int
    last: UUID | None
    made: int
    posted: int
    started: int


has_pending = sql.one(bool, "select exists (select 1 from payments where session_id = $1 and status = 'pending')")
expire_unopened = sql.run(
    f"""
    with due as materialized (
        select id from payments
        where session_id = $1 and status = 'pending' and invoice_asked_at is null and wallet_state is null
        order by id limit $2 for no key update
    ), expired as (
        update payments p set status = 'expired', expired_at = $3, next_look_at = null from due where p.id = due.id
        returning p.*
    )
    insert into events (id, type, version, occurred_at, payload)
    select platform.derived_id($4, 'expired', p.id, $3, row_number() over (order by p.id)), 'payment.expired', 1,
        $3::timestamptz, {_FACTS.format(code="p.code", amount="p.total")}
    from expired p order by p.id
    """
)
unopened_with_wallet = sql.many(
    UUID,
    """
    select id from payments
    where session_id = $1 and status = 'pending' and invoice_asked_at is null and wallet_state is not null
    order by id limit $2
    """,
)
opened_after = sql.many(
    Payment,
    f"""
    select {_PAYMENT} from payments
    where session_id = $1 and status = 'pending' and invoice_asked_at is not null and id > $2 order by id limit $3
    """,
)
pending_batch = sql.many(
    Payment, f"select {_PAYMENT} from payments where session_id = $1 and status = 'pending' order by id limit $2"
)
methods = sql.many(
    str,
    """
    with batch as materialized (
        select id from payments where session_id = $1 and status = 'paid' and id > $2 order by id limit $3
    )
    select distinct c.method from batch join receipts c on c.payment_id = batch.id and c.kind = 'in_time' order by 1
    """,
)
lacks_refunds = sql.one(
    bool,
    """
    select exists (
        select 1 from payments p join receipts c on c.payment_id = p.id and c.kind = 'in_time'
        where p.session_id = $1 and p.status = 'paid' and p.id > $2 and p.id <= $3
            and not exists (select 1 from refunds r where r.invoice_id = c.invoice_id and r.kind = 'session')
    )
    """,
)
# A code that is taken already leaves its refund out, which is then made with another secret. So is the second part of what
# was paid in part from the wallet: a payment's parts have one code to a secret.
refund = sql.one(
    Refunded,
    f"""
    with batch as materialized (
        select id from payments where session_id = $1 and status = 'paid' and id > $2
        order by id limit $3 for no key update
    ), due as materialized (
        select p.*, c.invoice_id as receipt, c.amount, row_number() over (order by p.id, c.invoice_id) as place,
            case when c.method = any($9::text[]) then 'source' else 'wallet' end as way
        from batch join payments p on p.id = batch.id
        join receipts c on c.payment_id = p.id and c.kind = 'in_time'
        where not exists (select 1 from refunds r where r.invoice_id = c.invoice_id and r.kind = 'session')
    ), named as materialized (
        select d.*, platform.derived_id($5, 'refund', id, $4, place) as refund_id,
            $6 || platform.derived_code($5, id, $7) as refund_code
        from due d
    ), made as (
        insert into refunds (id, code, payment_id, invoice_id, kind, amount, reason, status, destination, next_look_at,
                             requested_at)
        select refund_id, refund_code, id, receipt, 'session', amount, $8, 'pending', way, $4::timestamptz, $4
        from named order by place
        on conflict do nothing
        returning invoice_id
    ), whole as materialized (
        -- By a hash table: the planner, which takes the batch for a row or two, would join by comparing all with all.
        select * from named where (receipt in (select invoice_id from made)) is true
    ), told as (
        insert into events (id, type, version, occurred_at, payload)
        select platform.derived_id($5, 'event', p.id, $4, place), 'refund.requested', 1, $4,
            {_FACTS.format(code="p.refund_code", amount="p.amount")}
                || jsonb_build_object('refund_id', p.refund_id, 'reason', $8::text)
        from whole p order by place
    )
    select (select count(*)::int from batch) as looked_at, (select id from batch order by id desc limit 1) as last,
        count(*)::int as made,
        ledger.post_transfers(
            coalesce(array_agg(platform.derived_id($5, 'journal', p.id, $4, place)), '{{}}'),
            array_agg('refund/' || p.refund_id || '/requested'), 'refund_issued', array_agg(p.refund_code), $4,
            array_agg($10::text), array_agg($11::text), array_agg(p.amount)) as posted,
        count(platform.enqueue_workflow($12, 'refund-' || p.refund_id,
            jsonb_build_object('refund_id', p.refund_id)::text))::int as started
    from whole p
    """,
)
