"""Orders of sessions, created by the batch: rows come as a JSON array and go from statement to statement in the database."""

from __future__ import annotations

import msgspec

from patungan.kernel import sql
from patungan.kernel.contract import Rows

_GIVEN = """json_to_recordset($1::json) as given(participant_id uuid, user_id uuid, variant_id uuid, variant_name text,
    sku text, quantity bigint, unit_price bigint, shipping_cost bigint, fee bigint, courier_service text, address jsonb,
    cashback bigint)"""


class Fault(msgspec.Struct, frozen=True):
    """What is wrong with a batch: an order of no units, or one for the platform's own user."""

    without_units: bool
    of_platform: bool


class Standing(msgspec.Struct, frozen=True):
    """How many participants of a batch have no order yet, and the orders of the others."""

    missing: int
    orders: Rows


find_fault = sql.one(
    Fault,
    f"""
    select coalesce(bool_or(quantity < 1), false) as without_units, coalesce(bool_or(user_id = $2), false) as of_platform
    from {_GIVEN}
    """,
)
# A number that is taken already leaves its order out; it is drawn anew with another secret.
create_orders = sql.one(
    int,
    f"""
    with given as materialized (
        select distinct on (participant_id) * from {_GIVEN}
        where not exists (select 1 from orders known where known.participant_id = given.participant_id)
        order by participant_id
    ), placed as materialized (
        select g.*, row_number() over (order by participant_id) as place, quantity * unit_price as subtotal,
            quantity * unit_price + shipping_cost + fee as total
        from given g
    ), named as materialized (
        select p.*, platform.derived_id($3, 'order', participant_id, $2, place) as id,
            $4 || platform.derived_code($3, participant_id, $5) as number
        from placed p
    ), created as (
        insert into orders (id, number, participant_id, user_id, session_id, session_code, factory_id, factory_name,
            status, subtotal, shipping_cost, fee, total, cashback, courier_service, address, created_at, paid_at,
            warehouse_id)
        select id, number, participant_id, user_id, $6, $7, $8, $9, 'paid', subtotal, shipping_cost, fee, total,
            coalesce(cashback, 0), courier_service, address, $2::timestamptz, $2, $18::uuid
        from named order by place
        on conflict do nothing
        returning participant_id
    ), whole as materialized (
        -- By a hash table: the planner, which takes the batch for a row or two, would join by comparing all with all.
        select * from named where (participant_id in (select participant_id from created)) is true
    ), items as (
        insert into order_items (order_id, line, id, product_id, variant_id, factory_id, sku, product_name,
            product_slug, variant_name, image_url, weight_grams, length_cm, width_cm, height_cm, quantity,
            unit_price, subtotal)
        select id, 1, platform.derived_id($3, 'item', participant_id, $2, place), $10, variant_id, $8, sku, $11, $12,
            variant_name, $13, $14, $15, $16, $17, quantity, unit_price, subtotal
        from whole order by place
    ), births as (
        insert into order_history (order_id, status, actor, note, at)
        select id, 'paid', 'system', 'session ' || $7, $2 from whole order by place
    ), told as (
        insert into events (id, type, version, occurred_at, payload)
        select platform.derived_id($3, 'event', participant_id, $2, place), 'order.created', 1, $2,
            jsonb_build_object('order_id', id, 'number', number, 'user_id', user_id, 'factory_id', $8::uuid,
                'session_id', $6::uuid, 'product_name', $11::text, 'quantity', quantity, 'total', total)
        from whole order by place
    )
    select count(*) from created
    """,
)
_CREATED = "json_build_object('participant_id', o.participant_id, 'order_id', o.id, 'number', o.number)"
find_standing = sql.one(
    Standing,
    f"""
    select count(*) filter (where o.id is null) as missing,
        coalesce(json_agg({_CREATED} order by o.participant_id) filter (where o.id is not null), '[]') as orders
    from (select distinct participant_id from {_GIVEN}) wanted
    left join orders o on o.participant_id = wanted.participant_id
    """,
)
