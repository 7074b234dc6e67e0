"""Participants who have paid, in bulk, straight into the tables of all services, as joins and webhooks leave them."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from benchmarks.frame.crowd import CHANCE
from patungan.kernel.time import jakarta_day

_CROWD = """
    with terms as (
        select s.*, coalesce(-(-s.bulk_shipping_cost / s.target_moq), 0) as leg1,
            (select array_agg(position order by position) from group_buying.session_variants where session_id = s.id) as positions
        from group_buying.sessions s where s.id = $1
    ), drawn as (
        select platform.derived_id($2, 'participant', s.id, $3, number) as id,
            platform.derived_id($2, 'user', s.id, $3, number) as user_id,
            s.positions[1 + number % cardinality(s.positions)] as position, 1 + number % 3 as quantity, s.base_price, s.leg1, s.ends_at
        from terms s, generate_series(1, $4::int) as number
    )
    insert into group_buying.participants (id, session_id, user_id, position, variant_id, quantity, unit_price,
        product_amount, leg1_amount, leg2_amount, fee_amount, courier_service, address, status, idempotency_key,
        input_hash, joined_at, expires_at, paid_at)
    select d.id, $1, d.user_id, d.position, v.variant_id, d.quantity, d.base_price + v.price_adjustment,
        d.quantity * (d.base_price + v.price_adjustment), d.leg1 * d.quantity, 15000,
        ceil(0.03 * d.quantity * (d.base_price + v.price_adjustment)), 'jne:reg',
        jsonb_build_object('id', d.id, 'label', 'Rumah', 'recipient', 'Sari Wijaya', 'phone', '+6281234567890',
            'province', 'DKI Jakarta', 'city', 'Kota Jakarta Pusat', 'district', 'Gambir', 'postal_code', '10110',
            'line', 'Jl. Medan Merdeka No. 1', 'notes', ''),
        'paid', 'bench', sha256('bench'), $3, d.ends_at, $3
    from drawn d join group_buying.session_variants v on v.session_id = $1 and v.position = d.position order by d.id
"""
_COUNTS = """
    with counted as (
        select position, sum(quantity) as quantity, count(*) as people from group_buying.participants
        where session_id = $1 group by position
    ), demand as (
        update group_buying.session_variants v set demand = c.quantity from counted c
        where v.session_id = $1 and v.position = c.position
    )
    update group_buying.sessions set status = 'moq_reached', moq_reached_at = $2,
        paid_quantity = (select sum(quantity) from counted), participant_count = (select sum(people) from counted)
    where id = $1
"""
_PAYMENTS = """
    with opened as (
        insert into payment.escrows (session_id, opened_at) values ($1, $3)
    ), paid as (
        insert into payment.payments (id, code, participant_id, session_id, user_id, description, product_amount,
            leg1_amount, leg2_amount, fee_amount, total, status, created_at, expires_at, paid_at, method, channel,
            invoice_asked_at, invoice_id, invoice_url)
        select platform.derived_id($2, 'payment', id, $3, number), $4 || upper(lpad(to_hex($5 + number), 6, '0')), id,
            session_id, user_id, 'Patungan', product_amount, leg1_amount, leg2_amount, fee_amount,
            product_amount + leg1_amount + leg2_amount + fee_amount, 'paid', $3, expires_at, $3, 'ewallet_ovo', 'OVO', $3,
            'bench-' || id, 'https://example.test/' || id
        from (select *, row_number() over (order by id) as number from group_buying.participants where session_id = $1) p
        order by number
        returning id, invoice_id, total
    ), received as (
        insert into payment.receipts (invoice_id, payment_id, kind, amount, currency, method, channel, paid_at, recorded_at)
        select invoice_id, id, 'in_time', total, 'IDR', 'ewallet_ovo', 'OVO', $3, $3 from paid
    )
    select ledger.post_transfers(array_agg(platform.derived_id($2, 'journal', id, $3, number)),
        array_agg('payment/' || id || '/paid'), 'payment_received', array_agg('payment/' || id), $3,
        array_agg('gateway_clearing'::text), array_agg('escrow/' || $1::uuid), array_agg(total))
    from (select *, row_number() over (order by id) as number from paid) p
"""


async def make_paid_participants(owner: asyncpg.Connection[asyncpg.Record], session_id: UUID, people: int) -> None:
    """Fill a session with people who have paid, one to three units each, with their payments and the books; no wallets."""
    now = datetime.now(UTC)
    taken = await owner.fetchval("select count(*) from payment.payments")
    async with owner.transaction():
        await owner.execute(_CROWD, session_id, CHANCE.secret(), now, people)
        await owner.execute(_COUNTS, session_id, now)
        await owner.execute(_PAYMENTS, session_id, CHANCE.secret(), now, f"PAY-{jakarta_day(now)}-", taken)


_MINE = "(select * from group_buying.participants where session_id = $1)"
_WRITTEN = {
    "group_buying.participants": f"select * from {_MINE} p",
    "group_buying.events": "select e.* from group_buying.events e where e.type = 'participant.confirmed'"
    " and e.payload ->> 'session_id' = $1::text",
    "payment.payments": "select * from payment.payments where session_id = $1",
    '"order".orders': 'select * from "order".orders where session_id = $1',
    '"order".order_items': 'select i.* from "order".order_items i join "order".orders o on o.id = i.order_id'
    " where o.session_id = $1",
    '"order".order_history': 'select h.* from "order".order_history h join "order".orders o on o.id = h.order_id'
    " where o.session_id = $1",
    '"order".events': "select e.* from \"order\".events e where e.payload ->> 'session_id' = $1::text",
    "wallet.wallets": f"select w.* from wallet.wallets w where w.user_id in (select user_id from {_MINE} p)",
    "wallet.wallet_transactions": "select t.* from wallet.wallet_transactions t"
    f" where t.reference_id in (select id from {_MINE} p)",
    "wallet.events": "select e.* from wallet.events e where e.payload ->> 'user_id'"
    f" in (select user_id::text from {_MINE} p)",
    "ledger.accounts": f"select a.* from ledger.accounts a where a.code in (select 'wallet/' || user_id from {_MINE} p)",
    "ledger.transactions": "select t.* from ledger.transactions t"
    " where t.kind = 'refund_issued' and t.reference = 'session/' || $1::text",
    "ledger.entries": "select e.* from ledger.entries e join ledger.transactions t on t.id = e.transaction_id"
    " where t.kind = 'refund_issued' and t.reference = 'session/' || $1::text",
    "ledger.balances": "select b.* from ledger.balances b join ledger.accounts a on a.id = b.account_id"
    f" where a.code in (select 'wallet/' || user_id from {_MINE} p)",
}
"""What a close writes, table by table: new rows, and new versions of participants and payments."""


async def close_reference(owner: asyncpg.Connection[asyncpg.Record], session_id: UUID) -> float:
    """Seconds that one statement takes to insert all rows that the close of a session wrote, into copies of their tables.

    What it selects is gathered before, so that its time is that of the inserts.
    """
    await owner.execute("drop schema if exists bench cascade")
    await owner.execute("create schema bench")
    inserts: list[str] = []
    for number, (table, chosen) in enumerate(_WRITTEN.items()):
        columns = ", ".join(
            row["attname"]
            for row in await owner.fetch(
                "select attname from pg_attribute where attrelid = $1::text::regclass and attnum > 0"
                " and not attisdropped and attgenerated = '' order by attnum",
                table,
            )
        )
        await owner.execute(f"create table bench.given_{number} as {chosen.replace('$1', _literal(session_id))}")
        await owner.execute(f"create table bench.copy_{number} (like {table} including all)")
        inserts.append(
            f"i{number} as (insert into bench.copy_{number} ({columns}) overriding system value"
            f" select {columns} from bench.given_{number})"
        )
    await owner.execute("vacuum analyze")
    await owner.execute("checkpoint")
    began = time.monotonic()
    await owner.execute(f"with {', '.join(inserts)} select 1")
    took = time.monotonic() - began
    await owner.execute("drop schema bench cascade")
    return took


def _literal(session_id: UUID) -> str:
    return f"'{session_id}'::uuid"
