"""The close of a session, by the batch: what it hands to wallet and order, and what comes back, as JSON arrays that go from
database to database; no row becomes a value on the way."""

from __future__ import annotations

from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.kernel.contract import Rows


class Batch(msgspec.Struct, frozen=True):
    """Paid participants of a session: how many, the last of them, their orders and their cashbacks (wallet.Cashback,
    order.SessionOrder)."""

    people: int
    last: UUID | None
    orders: Rows
    cashbacks: Rows


_EVERYBODY = """jsonb_build_object('participant_id', id, 'user_id', user_id, 'quantity', quantity)"""

# What was settled before is in the batch as well: a step that was cut off asks again, and gets the same.
next_batch = sql.one(
    Batch,
    """
    with batch as materialized (
        select p.id as participant_id, p.user_id, p.variant_id, v.name as variant_name, v.sku, p.quantity,
            p.unit_price - $4::bigint as unit_price, p.leg1_amount + p.leg2_amount as shipping_cost, p.fee_amount as fee,
            p.courier_service, p.address, p.quantity * $4::bigint as cashback
        from participants p join session_variants v on v.session_id = p.session_id and v.position = p.position
        where p.session_id = $1 and p.id > $2 and p.status in ('paid', 'settled') order by p.id limit $3
    )
    select (select count(*)::int from batch) as people,
        (select participant_id from batch order by participant_id desc limit 1) as last,
        (select coalesce(json_agg(batch), '[]') from batch) as orders,
        (select coalesce(json_agg(due), '[]') from (
            select participant_id, user_id, cashback as amount from batch where cashback > 0) due) as cashbacks
    """,
)
ends_of_batches = sql.many(
    UUID,
    """
    select id from (
        select id, row_number() over (order by id) as place from participants
        where session_id = $1 and id > $2 and status in ('paid', 'settled') order by id limit $3::int * $4::int
    ) as next where place % $3::int = 0 order by id
    """,
)
# The participant is told in the statement that settles them, so neither is there without the other.
settle = sql.run(
    f"""
    with settled as (
        update participants p set status = 'settled', final_unit_price = p.unit_price - $3::bigint,
            cashback = p.quantity * $3::bigint, order_number = made.number
        from json_to_recordset($2::json) as made(participant_id uuid, number text)
        where p.id = made.participant_id and p.session_id = $1 and p.status = 'paid'
        returning p.id, p.user_id, p.quantity, p.final_unit_price, p.cashback
    )
    insert into events (id, type, version, occurred_at, payload)
    select platform.derived_id($5, 'settled', id, $4, row_number() over (order by id)), $6, 1, $4::timestamptz,
        $7::jsonb || {_EVERYBODY} || jsonb_build_object('unit_price', final_unit_price, 'cashback', cashback)
    from settled order by id
    """
)
# Everybody who paid, or those of them who are named.
refund = sql.run(
    f"""
    with refunded as (
        update participants set status = 'refunded'
        where session_id = $1 and status = 'paid' and ($6::uuid[] is null or id = any($6))
        returning id, user_id, quantity
    )
    insert into events (id, type, version, occurred_at, payload)
    select platform.derived_id($3, 'refunded', id, $2, row_number() over (order by id)), $4, 1, $2::timestamptz,
        $5::jsonb || {_EVERYBODY}
    from refunded order by id
    """
)
# An event to every participant of a session at once: the struct's fields are put together by the database.
publish_to_participants = sql.run(
    f"""
    insert into events (id, type, version, occurred_at, payload)
    select platform.derived_id($3, $4, id, $2, row_number() over (order by id)), $4, 1, $2::timestamptz,
        $5::jsonb || {_EVERYBODY}
    from participants where session_id = $1 and status = any($6::text[]) order by id
    """
)
