"""Cashbacks, credited by the batch: rows come as a JSON array and go from statement to statement in the database alone."""

from __future__ import annotations

import msgspec

from patungan.kernel import sql
from patungan.kernel.money import Rupiah

_GIVEN = """rows from (json_to_recordset($1::json) as (participant_id uuid, user_id uuid, amount bigint))
    with ordinality as given(participant_id, user_id, amount, place)"""


class Fault(msgspec.Struct, frozen=True):
    """What is wrong with a batch: an amount below one rupiah, or a participant credited otherwise before or twice in it."""

    below_one: bool
    differs: bool


class Sum(msgspec.Struct, frozen=True):
    """How many credits were new, their sum in rupiah, and whether a journal was posted for them."""

    count: int
    amount: Rupiah
    posted: int


open_wallets = sql.run(
    f"""
    insert into wallets (user_id, opened_at) select distinct user_id, $2::timestamptz from {_GIVEN} order by user_id
    on conflict do nothing
    """
)
lock_wallets = sql.one(
    int,
    f"""
    select count(*) from (
        select 1 from wallets where user_id in (select user_id from {_GIVEN}) order by user_id for update
    ) as locked
    """,
)
find_fault = sql.one(
    Fault,
    f"""
    select coalesce(bool_or(given.amount < 1), false) as below_one,
        coalesce(bool_or((known.user_id, known.amount) is distinct from (given.user_id, given.amount)
                         and known.id is not null), false)
            or count(distinct participant_id) < count(distinct (participant_id, given.user_id, given.amount)) as differs
    from {_GIVEN} left join wallet_transactions known on known.type = 'cashback'
        and known.reference_type = 'participant' and known.reference_id = given.participant_id
    """,
)
# One journal for what is new of a batch, named by the first of its participants: since each is credited once, in this same
# statement, no other journal can bear that name.
credit = sql.one(
    Sum,
    f"""
    with fresh as materialized (
        select distinct on (given.participant_id) given.*
        from {_GIVEN}
        where not exists (select 1 from wallet_transactions known where known.type = 'cashback'
            and known.reference_type = 'participant' and known.reference_id = given.participant_id)
        order by given.participant_id, given.place
    ), placed as materialized (
        select f.participant_id, f.user_id, f.amount, f.place,
            w.balance + sum(f.amount) over (partition by f.user_id order by f.place) as balance_after
        from fresh f join wallets w on w.user_id = f.user_id
    ), written as (
        insert into wallet_transactions (id, user_id, type, amount, balance_after, reference_type, reference_id,
            reference, created_at)
        select platform.derived_id($4, 'transaction', participant_id, $3, place), user_id, 'cashback', amount,
            balance_after, 'participant', participant_id, $2, $3::timestamptz
        from placed order by place
    ), added as (
        update wallets w set balance = w.balance + a.amount, total_earned = w.total_earned + a.amount
        from (select user_id, sum(amount)::bigint as amount from placed group by user_id) a
        where w.user_id = a.user_id
    ), told as (
        insert into events (id, type, version, occurred_at, payload)
        select platform.derived_id($4, 'event', participant_id, $3, place), 'wallet.credited', 1, $3,
            jsonb_build_object('user_id', user_id, 'amount', amount, 'balance', balance_after, 'type', 'cashback',
                'reference', $2::text)
        from placed order by place
    )
    select count(*), coalesce(sum(amount), 0)::bigint as amount, ledger.post_split(
        platform.derived_id($4, 'journal', (array_agg(participant_id order by place))[1], $3, 0),
        'cashback/' || (array_agg(participant_id order by place))[1], 'refund_issued', 'session/' || $6::uuid, $3, $5,
        coalesce(array_agg('wallet/' || user_id order by place), '{{}}'), coalesce(array_agg(amount order by place), '{{}}')) as posted
    from placed
    """,
)
