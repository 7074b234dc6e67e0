"""Settlements: made, moved, approved, sent and followed to their end."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.kernel.money import Rupiah
from patungan.services.settlement.rules import Cycle, PayeeKind, SettlementStatus


class Settlement(msgspec.Struct, frozen=True):
    """A settlement without the number that it is paid to. ``net_amount``, the sum of its lines, is ``payout_amount`` +
    ``carried_out``; ``value`` is of goods, ``commission`` what is taken of them; rupiah."""

    id: UUID
    code: str
    payee_kind: PayeeKind
    payee_id: UUID
    payee_name: str
    cycle: Cycle
    period_start: date
    period_end: date
    pay_on: date
    status: SettlementStatus
    value: Rupiah
    commission: Rupiah
    net_amount: Rupiah
    payout_amount: Rupiah
    carried_out: Rupiah
    requires_approval: bool
    approvals: int
    hold_reason: str | None
    office_id: UUID | None
    office_share: Rupiah
    bank_code: str | None
    number_last4: str | None
    attempt: int
    payout_id: str | None
    failure_reason: str | None
    created_at: datetime
    sent_at: datetime | None
    ended_at: datetime | None


class Sending(msgspec.Struct, frozen=True):
    """A settlement to be sent, or to be asked for: ``asked`` says whether the provider may know of the attempt,
    ``arrived_at`` when it was completed, after which it may only come back."""

    id: UUID
    code: str
    payout_amount: Rupiah
    channel_code: str
    number_sealed: bytes
    holder_name: str
    attempt: int
    asked: bool
    payout_id: str | None
    looks: int
    arrived_at: datetime | None


class UnderWay(msgspec.Struct, frozen=True):
    """What only the provider's word needs of a settlement."""

    id: UUID
    looks: int
    reversed: bool


class Move(msgspec.Struct, frozen=True):
    """A step of a settlement's life; ``actor`` None is the platform."""

    from_status: SettlementStatus | None
    status: SettlementStatus
    actor: UUID | None
    note: str
    at: datetime


class Total(msgspec.Struct, frozen=True):
    """Settlements of a status; rupiah."""

    status: SettlementStatus
    count: int
    value: Rupiah
    commission: Rupiah
    net_amount: Rupiah
    payout_amount: Rupiah
    office_share: Rupiah


class Waiting(msgspec.Struct, frozen=True):
    """Lines that no settlement has taken up; rupiah."""

    payees: int
    lines: int
    amount: Rupiah


_ROW = """
    s.id, s.code, s.payee_kind, s.payee_id, s.payee_name, s.cycle, s.period_start, s.period_end, s.pay_on, s.status, s.value,
    s.commission, s.net_amount, s.payout_amount, s.carried_out, s.requires_approval,
    (select count(*) from approvals a where a.settlement_id = s.id) as approvals, s.hold_reason, s.office_id, s.office_share,
    s.bank_code, s.number_last4, s.attempt, s.payout_id, s.failure_reason, s.created_at, s.asked_at as sent_at, s.ended_at
"""

lock_payee = sql.run("select pg_advisory_xact_lock(hashtextextended('settlement ' || $1::text || $2::uuid, 0))")
insert_settlement = sql.run(
    """
    insert into settlements (id, code, payee_kind, payee_id, payee_name, cycle, period_start, period_end, pay_on, status,
        value, commission, net_amount, payout_amount, carried_out, requires_approval, hold_reason, office_id, office_share,
        created_at, ended_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
    on conflict (code) do nothing
    """
)
set_account = sql.run(
    """
    update settlements set bank_code = $2, channel_code = $3, number_sealed = $4, number_last4 = $5, holder_name = $6
    where id = $1
    """
)
find_live = sql.maybe(
    Settlement,
    f"""
    select {_ROW} from settlements s
    where payee_kind = $1 and payee_id = $2 and cycle = $3 and period_start = $4 and status <> 'cancelled'
    """,
)
find_settlement = sql.maybe(Settlement, f"select {_ROW} from settlements s where id = $1")
lock_settlement = sql.maybe(Settlement, f"select {_ROW} from settlements s where id = $1 for update of s")
lock_by_code = sql.maybe(Settlement, f"select {_ROW} from settlements s where code = $1 for update of s")
under_way = sql.one(UnderWay, "select id, looks, reversed_at is not null as reversed from settlements where id = $1")
_WANTED = """
    from settlements s where ($1::uuid[] is null or payee_id = any($1)) and ($2::text is null or status = $2)
        and ($3::text is null or payee_kind = $3)
"""
list_settlements = sql.many(Settlement, f"select {_ROW} {_WANTED} order by created_at desc, id desc limit $4 offset $5")
count_settlements = sql.one(int, f"select count(*) {_WANTED}")
totals = sql.many(
    Total,
    """
    select status, count(*) as count, sum(value)::bigint as value, sum(commission)::bigint as commission,
        sum(net_amount)::bigint as net_amount, sum(payout_amount)::bigint as payout_amount,
        sum(office_share)::bigint as office_share
    from settlements where ($1::date is null or pay_on >= $1) and ($2::date is null or pay_on <= $2)
    group by status order by status
    """,
)
waiting = sql.one(
    Waiting,
    """
    select count(distinct (payee_kind, payee_id)) as payees, count(*) as lines, coalesce(sum(amount), 0)::bigint as amount
    from lines where settlement_id is null
    """,
)

insert_approval = sql.run(
    "insert into approvals (settlement_id, approver_id, approved_at) values ($1, $2, $3) on conflict do nothing"
)
write_history = sql.run(
    "insert into history (settlement_id, from_status, status, actor, note, at) values ($1, $2, $3, $4, $5, $6)"
)
history_of = sql.many(
    Move, "select from_status, status, actor, note, at from history where settlement_id = $1 order by id"
)
move = sql.run("update settlements set status = $2, hold_reason = $3 where id = $1")
cancel = sql.run("update settlements set status = 'cancelled', hold_reason = null, ended_at = $2 where id = $1")
retry = sql.run(
    """
    update settlements set status = 'scheduled', attempt = attempt + 1, asked_at = null, payout_id = null, looks = 0,
        next_look_at = null, failure_reason = null, ended_at = null, reversed_at = null
    where id = $1
    """
)

_TAKEN = """
    taken.id, taken.code, taken.payout_amount, taken.channel_code, taken.number_sealed, taken.holder_name, taken.attempt,
    taken.asked_at is not null as asked, taken.payout_id, taken.looks, taken.ended_at as arrived_at
"""
take_scheduled = sql.many(
    Sending,
    f"""
    with taken as (
        select * from settlements
        where status = 'scheduled' and payout_amount > 0 and pay_on <= $1 and ($5::uuid is null or id = $5)
        order by pay_on, id limit $2 for update skip locked
    )
    update settlements s set status = 'processing', asked_at = $3, next_look_at = $4
    from taken where s.id = taken.id returning {_TAKEN}
    """,
)
take_due = sql.many(
    Sending,
    f"""
    with taken as (
        select * from settlements where status in ('processing', 'completed') and next_look_at <= $1
        order by next_look_at limit $2 for update skip locked
    )
    update settlements s set asked_at = coalesce(s.asked_at, $1), next_look_at = $3, looks = s.looks + 1
    from taken where s.id = taken.id returning {_TAKEN}
    """,
)
look_again = sql.run("update settlements set next_look_at = $2 where id = $1 and status in ('processing', 'completed')")
note_payout = sql.run(
    "insert into payouts (settlement_id, attempt, payout_id) values ($1, $2, $3) on conflict do nothing"
)
store_payout = sql.run("update settlements set payout_id = $2, next_look_at = $3 where id = $1")
complete = sql.run(
    """
    update settlements set status = 'completed', ended_at = $3, payout_id = coalesce($2, payout_id), next_look_at = $4
    where id = $1
    """
)
fail = sql.run(
    """
    update settlements set status = 'failed', ended_at = $4, failure_reason = $3, next_look_at = null,
        payout_id = coalesce($2, payout_id), reversed_at = case when $5::boolean then $4::timestamptz end
    where id = $1
    """
)
try_anew = sql.run(
    """
    update settlements set attempt = attempt + 1, asked_at = null, payout_id = null, looks = 0, next_look_at = $2
    where id = $1
    """
)
