"""Payments: created in batches, opened, paid, expired, listed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.contracts.payment import PaymentSummary
from patungan.kernel import sql
from patungan.kernel.money import Rupiah
from patungan.services.payment.rules import PaymentStatus, WalletState


class Payment(msgspec.Struct, frozen=True):
    """A payment as its use cases need it, of a session's participant or of a checkout's orders; ``invoice_asked``: the
    provider may have an invoice of it. ``total`` = ``wallet_amount`` + ``xendit_amount``; ``wallet_attempt`` counts how often
    a wallet part was chosen."""

    id: UUID
    code: str
    participant_id: UUID | None
    session_id: UUID | None
    checkout_id: UUID | None
    order_ids: list[UUID]
    user_id: UUID
    description: str
    status: PaymentStatus
    total: Rupiah
    wallet_amount: Rupiah
    xendit_amount: Rupiah
    wallet_state: WalletState | None
    wallet_attempt: int
    expires_at: datetime
    invoice_asked: bool
    invoice_id: str | None
    invoice_url: str | None
    escrow_released_at: datetime | None


class OrderPart(msgspec.Struct, frozen=True):
    """What a payment holds for one of its orders, in rupiah."""

    order_id: UUID
    order_number: str
    product_amount: Rupiah
    shipping_amount: Rupiah
    fee_amount: Rupiah
    total: Rupiah
    refunded_amount: Rupiah


class OwnPayment(msgspec.Struct, frozen=True):
    """A payment as its buyer sees it, with what says whether anything is under way; amounts in rupiah."""

    id: UUID
    code: str
    status: PaymentStatus
    total: Rupiah
    product_amount: Rupiah
    leg1_amount: Rupiah
    leg2_amount: Rupiah
    fee_amount: Rupiah
    wallet_amount: Rupiah
    xendit_amount: Rupiah
    description: str
    session_id: UUID | None
    participant_id: UUID | None
    checkout_id: UUID | None
    orders: list[OrderPart]
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    method: str | None
    channel: str | None
    invoice_url: str | None
    refunded_amount: Rupiah
    user_id: UUID
    wallet_state: WalletState | None
    invoice_asked: bool
    quarantined: bool
    refunding: bool


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
    wallet_amount: Rupiah
    xendit_amount: Rupiah
    wallet_state: WalletState | None
    description: str
    session_id: UUID | None
    participant_id: UUID | None
    checkout_id: UUID | None
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    method: str | None
    channel: str | None
    invoice_id: str | None
    escrow_released_at: datetime | None
    refunded_amount: Rupiah


def released_at(alias: str) -> str:
    """When the escrow that holds a paid payment was released, for the table under that name; the escrow alone knows."""
    escrow = f"(select e.released_at from escrows e where e.session_id = {alias}.session_id)"
    return f"case when {alias}.paid_at is not null then {escrow} end"


def payment_columns(alias: str) -> str:
    """The columns of a Payment, of the table under that name."""
    plain = "id, code, participant_id, session_id, checkout_id"
    rest = "user_id, description, status, total, wallet_amount, xendit_amount, wallet_state, wallet_attempt, expires_at"
    orders = f"array(select o.order_id from payment_orders o where o.payment_id = {alias}.id order by 1) as order_ids"
    named = (
        [f"{alias}.{name.strip()}" for name in plain.split(",")],
        [f"{alias}.{name.strip()}" for name in rest.split(",")],
    )
    asked = f"{alias}.invoice_asked_at is not null as invoice_asked"
    last = f"{alias}.invoice_id, {alias}.invoice_url, {released_at(alias)} as escrow_released_at"
    return ", ".join([*named[0], orders, *named[1], asked, last])


_PAYMENT = payment_columns("payments")
_QUALIFIED = payment_columns("p")
_VIEW = """
    p.id, p.code, p.status, p.total, p.product_amount, p.leg1_amount, p.leg2_amount, p.fee_amount, p.wallet_amount,
    p.xendit_amount, p.description, p.session_id, p.participant_id, p.checkout_id,
    (select coalesce(jsonb_agg(jsonb_build_object('order_id', o.order_id, 'order_number', o.order_number,
        'product_amount', o.product_amount, 'shipping_amount', o.shipping_amount, 'fee_amount', o.fee_amount,
        'total', o.total, 'refunded_amount', o.refunded_amount) order by o.order_number), '[]')
     from payment_orders o where o.payment_id = p.id) as orders,
    p.created_at, p.expires_at, p.paid_at, p.method, p.channel, p.invoice_url, p.refunded_amount, p.user_id,
    p.wallet_state, p.invoice_asked_at is not null as invoice_asked,
    exists (select 1 from receipts c where c.payment_id = p.id and c.kind = 'quarantined' and c.resolution is null)
        as quarantined,
    exists (select 1 from refunds r where r.payment_id = p.id and not r.awaits_approval
            and r.status in ('pending', 'processing', 'failed')) as refunding
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
find_payments_by_code = sql.many(Payment, f"select {_PAYMENT} from payments where code = any($1::text[])")
lock_free_payments = sql.many(
    Payment,
    f"select {_PAYMENT} from payments where id = any($1::uuid[]) order by id for no key update skip locked",
)
lock_payment = sql.maybe(Payment, f"select {_PAYMENT} from payments where id = $1 for no key update")

claim_invoice = sql.maybe(
    bool,
    """
    with before as (
        select id, invoice_asked_at is not null as asked from payments
        where id = $1 and status = 'pending' and invoice_id is null and wallet_state is distinct from 'asked'
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
    update payments p set status = 'paid', paid_at = n.paid_at, method = n.method, channel = n.channel,
        next_look_at = null, wallet_state = case when p.wallet_state is null then null else 'captured' end
    from unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[]) as n(id, paid_at, method, channel)
    where p.id = any($1) and p.id = n.id and p.status = 'pending'
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
add_refunded = sql.run(
    """
    update payments set refunded_amount = refunded_amount + $2,
        status = case when refunded_amount + $2 = total then 'refunded' else status end
    where id = $1 and status = 'paid'
    """
)
list_own = sql.many(
    OwnPayment,
    f"""
    select {_VIEW} from payments p where p.user_id = $1 and ($2::text is null or p.status = $2)
    order by p.created_at desc, p.id desc limit $3 offset $4
    """,
)
count_own = sql.one(int, "select count(*) from payments where user_id = $1 and ($2::text is null or status = $2)")
find_own = sql.maybe(OwnPayment, f"select {_VIEW} from payments p where p.id = $1 and p.user_id = $2")
find_by_code = sql.maybe(OwnPayment, f"select {_VIEW} from payments p where p.code = $1")
list_of_order = sql.many(
    OwnPayment,
    f"""
    select {_VIEW} from payments p join payment_orders mine on mine.payment_id = p.id
    where mine.order_id = $1 and p.user_id = $2 order by p.created_at desc, p.id desc
    """,
)
list_all = sql.listed(
    AdminPayment,
    f"""
    select id, code, user_id, status, total, product_amount, leg1_amount, leg2_amount, fee_amount, wallet_amount,
        xendit_amount, wallet_state, description, session_id, participant_id, checkout_id, created_at, expires_at, paid_at, method, channel,
        invoice_id, {released_at("payments")} as escrow_released_at, refunded_amount
    from payments where id in (
        select id from payments where ($1::text is null or status = $1) and ($2::uuid is null or session_id = $2)
        order by created_at desc, id desc limit $3 offset $4
    )
    order by created_at desc, id desc
    """,
)
count_all = sql.counted(
    "from payments where ($1::text is null or status = $1) and ($2::uuid is null or session_id = $2)",
)
