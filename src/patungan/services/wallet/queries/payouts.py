"""Batches, and the way of their withdrawals through the provider: claimed, sent, asked for and ended, many at a time."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.kernel.money import Rupiah
from patungan.services.wallet.rules import WithdrawalStatus


class Batch(msgspec.Struct, frozen=True):
    """A run over the pending withdrawals; ``left`` did not fit into our money at the provider. Rupiah, net."""

    id: UUID
    cause: str
    cut_at: datetime
    started_at: datetime
    finished_at: datetime | None
    claimed_count: int
    claimed_amount: Rupiah
    left_count: int
    left_amount: Rupiah


class Sending(msgspec.Struct, frozen=True):
    """A withdrawal to be sent, or to be asked for: ``asked`` says whether the provider may know of the attempt,
    ``arrived_at`` when it was completed, after which it may only come back."""

    id: UUID
    code: str
    net_amount: Rupiah
    channel_code: str
    number_sealed: bytes
    holder_name: str
    attempt: int
    asked: bool
    payout_id: str | None
    looks: int
    arrived_at: datetime | None


class Payable(msgspec.Struct, frozen=True):
    """A withdrawal under lock, as the provider's word finds it; rupiah."""

    id: UUID
    code: str
    user_id: UUID
    amount: Rupiah
    fee: Rupiah
    net_amount: Rupiah
    bank_code: str
    number_last4: str
    status: WithdrawalStatus
    attempt: int
    payout_id: str | None
    reversed: bool
    looks: int


_BATCH = """
    id, cause, cut_at, started_at, finished_at, claimed_count, claimed_amount, left_count, left_amount
"""

open_batch = sql.one(
    Batch,
    f"""
    insert into withdrawal_batches (id, workflow_id, cause, cut_at, started_at) values ($1, $2, $3, $4, $5)
    on conflict (workflow_id) do update set workflow_id = excluded.workflow_id returning {_BATCH}
    """,
)
find_batch = sql.one(Batch, f"select {_BATCH} from withdrawal_batches where id = $1")
list_batches = sql.many(
    Batch, f"select {_BATCH} from withdrawal_batches order by started_at desc, id desc limit $1 offset $2"
)
count_batches = sql.one(int, "select count(*) from withdrawal_batches")
claim_in_turn = sql.run("select pg_advisory_xact_lock(hashtextextended('withdrawal-batch', 0))")
unsent = sql.one(
    int,
    """
    select coalesce(sum(net_amount + $1::bigint), 0)::bigint from withdrawals
    where status = 'processing' and payout_id is null
    """,
)
claim_pending = sql.run(
    """
    with waiting as (
        select id, net_amount, requested_at from withdrawals where status = 'pending' and requested_at < $2
        for update skip locked
    ), running as (
        select id, sum(net_amount + $4::bigint) over (order by requested_at, id) as sum from waiting
    )
    update withdrawals w set status = 'processing', batch_id = $1, claimed_at = $3
    from running where running.id = w.id and ($5::bigint is null or running.sum <= $5)
    """
)
count_claims = sql.one(
    Batch,
    f"""
    with claimed as (
        select count(*) as count, coalesce(sum(net_amount), 0)::bigint as amount from withdrawals where batch_id = $1
    ), left_over as (
        select count(*) as count, coalesce(sum(net_amount), 0)::bigint as amount
        from withdrawals where status = 'pending' and requested_at < $2
    )
    update withdrawal_batches b set claimed_count = claimed.count, claimed_amount = claimed.amount,
        left_count = left_over.count, left_amount = left_over.amount
    from claimed, left_over where b.id = $1 returning {_BATCH}
    """,
)
finish_batch = sql.run("update withdrawal_batches set finished_at = $2 where id = $1 and finished_at is null")

_TAKEN = """
    taken.id, taken.code, taken.net_amount, taken.channel_code, taken.number_sealed, taken.holder_name, taken.attempt,
    taken.asked_at is not null as asked, taken.payout_id, taken.looks, taken.ended_at as arrived_at
"""
take_unsent = sql.many(
    Sending,
    f"""
    with taken as (
        select * from withdrawals where batch_id = $1 and status = 'processing' and asked_at is null
        order by requested_at limit $2 for update skip locked
    )
    update withdrawals w set asked_at = $3, next_look_at = $4 from taken where w.id = taken.id returning {_TAKEN}
    """,
)
take_due = sql.many(
    Sending,
    f"""
    with taken as (
        select * from withdrawals where status in ('processing', 'completed') and next_look_at <= $1
        order by next_look_at limit $2 for update skip locked
    )
    update withdrawals w set asked_at = coalesce(w.asked_at, $1), next_look_at = $3, looks = w.looks + 1
    from taken where w.id = taken.id returning {_TAKEN}
    """,
)
look_again = sql.run(
    """
    update withdrawals w set next_look_at = n.at from unnest($1::uuid[], $2::timestamptz[]) as n(id, at)
    where w.id = n.id and w.status in ('processing', 'completed')
    """
)
lock_payable = sql.many(
    Payable,
    """
    select id, code, user_id, amount, fee, net_amount, bank_code, number_last4, status, attempt, payout_id,
        reversed_at is not null as reversed, looks
    from withdrawals where code = any($1::text[]) order by id for update
    """,
)
store_payouts = sql.run(
    """
    update withdrawals w set payout_id = n.payout_id, next_look_at = n.look_at
    from unnest($1::uuid[], $2::text[], $3::timestamptz[]) as n(id, payout_id, look_at) where w.id = n.id
    """
)
complete = sql.run(
    """
    update withdrawals w set status = 'completed', ended_at = $3, payout_id = n.payout_id, next_look_at = $4
    from unnest($1::uuid[], $2::text[]) as n(id, payout_id) where w.id = n.id
    """
)
fail = sql.run(
    """
    update withdrawals w set status = 'failed', ended_at = $4, failure_reason = n.reason, next_look_at = null,
        payout_id = coalesce(n.payout_id, w.payout_id), reversed_at = case when n.reversed then $4::timestamptz end
    from unnest($1::uuid[], $2::text[], $3::text[], $5::bool[]) as n(id, payout_id, reason, reversed)
    where w.id = n.id
    """
)
try_anew = sql.run(
    """
    update withdrawals set attempt = attempt + 1, asked_at = null, payout_id = null, looks = 0, next_look_at = $2
    where id = any($1::uuid[])
    """
)
