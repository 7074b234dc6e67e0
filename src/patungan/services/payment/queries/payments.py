"""Payments: created in batches, opened, paid, expired, listed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.contracts.payment import PaymentSummary
from patungan.kernel import sql
from patungan.kernel.money import Rupiah
from patungan.services.payment.rules import PaymentStatus


class Payment(msgspec.Struct, frozen=True):
    """A payment as its use cases need it; ``invoice_asked``: the provider may have an invoice of it."""

    id: UUID
    code: str
    participant_id: UUID
    session_id: UUID
    user_id: UUID
    description: str
    status: PaymentStatus
    total: Rupiah
    expires_at: datetime
    invoice_asked: bool
    invoice_id: str | None
    invoice_url: str | None


class PaymentView(msgspec.Struct, frozen=True):
    """A payment as its buyer sees it; amounts in rupiah."""

    id: UUID
    code: str
    status: PaymentStatus
    total: Rupiah
    product_amount: Rupiah
    leg1_amount: Rupiah
    leg2_amount: Rupiah
    fee_amount: Rupiah
    description: str
    session_id: UUID
    participant_id: UUID
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    method: str | None
    channel: str | None
    invoice_url: str | None
    refunded_amount: Rupiah


class AdminPayment(msgspec.Struct, frozen=True):
    """A payment as finance sees it."""

    id: UUID
    code: str
    user_id: UUID
    status: PaymentStatus
    total: Rupiah
    product_amount: Rupiah
    leg1_amount: Rupiah
    leg2_amount: Rupiah
    fee_amount: Rupiah
    description: str
    session_id: UUID
    participant_id: UUID
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    method: str | None
    channel: str | None
    invoice_id: str | None
    escrow_released_at: datetime | None
    refunded_amount: Rupiah


_PAYMENT = """
    id, code, participant_id, session_id, user_id, description, status, total, expires_at,
    invoice_asked_at is not null as invoice_asked, invoice_id, invoice_url
"""
_QUALIFIED = """
    p.id, p.code, p.participant_id, p.session_id, p.user_id, p.description, p.status, p.total, p.expires_at,
    p.invoice_asked_at is not null as invoice_asked, p.invoice_id, p.invoice_url
"""
_VIEW = """
    id, code, status, total, product_amount, leg1_amount, leg2_amount, fee_amount, description, session_id,
    participant_id, created_at, expires_at, paid_at, method, channel, invoice_url, refunded_amount
"""

insert_payments = sql.many(
    Payment,
    f"""
    insert into payments (id, code, participant_id, session_id, user_id, description, product_amount, leg1_amount,
                          leg2_amount, fee_amount, total, status, created_at, expires_at, expired_at)
    select n.id, n.code, n.participant_id, n.session_id, n.user_id, n.description, n.product, n.leg1, n.leg2, n.fee,
           n.product + n.leg1 + n.leg2 + n.fee, case when e.closing_began_at is null and e.refunded_at is null
           then 'pending' else 'expired' end, $11::timestamptz, n.expires_at,
           case when e.closing_began_at is null and e.refunded_at is null then null else $11 end
    from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::bigint[], $8::bigint[],
                $9::bigint[], $10::bigint[], $12::timestamptz[])
        as n(id, code, participant_id, session_id, user_id, description, product, leg1, leg2, fee, expires_at)
    join escrows e on e.session_id = n.session_id
    order by n.participant_id
    on conflict do nothing
    returning {_PAYMENT}
    """,
)
known_participants = sql.many(UUID, "select participant_id from payments where participant_id = any($1::uuid[])")
find_summaries = sql.many(
    PaymentSummary,
    """
    select id, code, participant_id, status, total, expires_at from payments
    where participant_id = any($1::uuid[]) order by participant_id
    """,
)

find_payment = sql.maybe(Payment, f"select {_PAYMENT} from payments where id = $1")
find_payment_by_code = sql.maybe(Payment, f"select {_PAYMENT} from payments where code = $1")
lock_payment = sql.maybe(Payment, f"select {_PAYMENT} from payments where id = $1 for no key update")

claim_invoice = sql.maybe(
    bool,
    """
    with before as (
        select id, invoice_asked_at is not null as asked from payments
        where id = $1 and status = 'pending' and invoice_id is null
          and (invoice_claim is null or invoice_claimed_until <= $3)
        for no key update
    )
    update payments p set invoice_claim = $2, invoice_claimed_until = $4,
        invoice_asked_at = coalesce(p.invoice_asked_at, $3)
    from before where p.id = before.id returning before.asked
    """,
)
release_claim = sql.run(
    """
    update payments set invoice_claim = null, invoice_claimed_until = null,
        invoice_asked_at = case when $3 then null else invoice_asked_at end
    where id = $1 and invoice_claim = $2
    """
)
store_invoice = sql.run(
    """
    update payments set invoice_id = $2, invoice_url = $3, invoice_claim = null, invoice_claimed_until = null
    where id = $1 and status = 'pending' and invoice_id is null
    """
)
pay = sql.run(
    """
    update payments set status = 'paid', paid_at = $2, method = $3, channel = $4, next_look_at = null
    where id = $1 and status = 'pending'
    """
)
expire = sql.many(
    Payment,
    f"""
    with due as (select id from payments where id = any($1::uuid[]) and status = 'pending' order by id for no key update)
    update payments p set status = 'expired', expired_at = $2, next_look_at = null from due
    where p.id = due.id returning {_QUALIFIED}
    """,
)
expire_due = sql.many(
    Payment,
    f"""
    with due as (
        select id from payments
        where status = 'pending' and invoice_asked_at is null and expires_at <= $1
        order by expires_at limit $2 for no key update skip locked
    )
    update payments p set status = 'expired', expired_at = $1 from due where p.id = due.id returning {_QUALIFIED}
    """,
)
claim_overdue = sql.many(
    Payment,
    f"""
    with due as (
        select id from payments
        where status = 'pending' and invoice_asked_at is not null and expires_at <= $2
          and (next_look_at is null or next_look_at <= $1)
        order by expires_at limit $4 for no key update skip locked
    )
    update payments p set next_look_at = $3 from due where p.id = due.id returning {_QUALIFIED}
    """,
)
pending_of_participants = sql.many(
    UUID, "select id from payments where participant_id = any($1::uuid[]) and status = 'pending' order by id"
)
mark_released = sql.run(
    "update payments set escrow_released_at = $2 where session_id = $1 and status = 'paid' and escrow_released_at is null"
)
add_refunded = sql.run(
    """
    update payments set refunded_amount = refunded_amount + $2,
        status = case when refunded_amount + $2 = total then 'refunded' else status end
    where id = $1 and status = 'paid'
    """
)
list_own = sql.many(
    PaymentView,
    f"""
    select {_VIEW} from payments where user_id = $1 and ($2::text is null or status = $2)
    order by created_at desc, id desc limit $3 offset $4
    """,
)
count_own = sql.one(int, "select count(*) from payments where user_id = $1 and ($2::text is null or status = $2)")
find_own = sql.maybe(PaymentView, f"select {_VIEW} from payments where id = $1 and user_id = $2")
list_all = sql.many(
    AdminPayment,
    """
    select id, code, user_id, status, total, product_amount, leg1_amount, leg2_amount, fee_amount, description,
        session_id, participant_id, created_at, expires_at, paid_at, method, channel, invoice_id, escrow_released_at,
        refunded_amount
    from payments where ($1::text is null or status = $1) and ($2::uuid is null or session_id = $2)
    order by created_at desc, id desc limit $3 offset $4
    """,
)
count_all = sql.one(
    int,
    "select count(*) from payments where ($1::text is null or status = $1) and ($2::uuid is null or session_id = $2)",
)
