"""The audit over a million entries, beside a plain sum of the same entries by account in the same minute.

Sessions of a hundred buyers each, every second one settled: paid through the gateway, fee by fee, released, cashback in
wallets, orders made; posted by ``ledger.post``, sealed, and compared with as many movements of the provider.
"""

from __future__ import annotations

import time
from typing import Annotated, Any

import asyncpg
import msgspec

from benchmarks.frame.database import bench_database
from benchmarks.frame.figures import ratio
from patungan.operations.audit import ROOM, audit_moment
from patungan.operations.audit.provider import Movement
from patungan.operations.audit.report import Report
from patungan.operations.progress import Progress

BUYERS = 100
"""Of each session; with them a settled session has 607 entries, an open one 400."""
AT_ONCE = 100
"""Sessions written in one go."""
TOTAL, FEE = 118_000, 1_770
"""What each buyer pays, and what the gateway keeps of it, in rupiah."""


class Options(msgspec.Struct, frozen=True):
    entries: Annotated[int, "entries of the ledger, about"] = 1_000_000
    runs: Annotated[int, "audits, of which the fastest counts"] = 3


ROWS = """
    create temporary table rows on commit drop as
    select s as session, n as number, md5('session' || s)::uuid as session_id, s % 2 = 1 as settled,
        md5('participant' || s || '/' || n)::uuid as participant_id, md5('payment' || s || '/' || n)::uuid as payment_id,
        md5('user' || (s * 7919 + n) % 20000)::uuid as user_id,
        'PAY-20260101-' || upper(lpad(to_hex(s * 100 + n), 6, '0')) as code, 'invoice-' || s || '-' || n as invoice_id
    from generate_series($1::int, $2::int) as s, generate_series(1, 100) as n
"""

STATE = (
    """
    insert into group_buying.sessions (id, code, product_id, product, factory_id, factory_name, factory_city,
        warehouse_id, warehouse_city, warehouse_postal_code, status, target_moq, base_price, price_tier_25, price_tier_50,
        price_tier_75, price_tier_100, bulk_shipping_cost, starts_at, ends_at, paid_quantity, tier_reached, created_by,
        created_at)
    select distinct session_id, 'GB-20260101-' || upper(lpad(to_hex(session), 5, '0')), md5('product')::uuid, '{}'::jsonb,
        md5('factory' || session % 50)::uuid, 'Pabrik', 'Bandung', md5('warehouse')::uuid, 'Jakarta', '10110',
        case when settled then 'orders_created' else 'forming' end, 120, 100000, 100000, 90000, 80000, 70000, 600000,
        $1::timestamptz, $1::timestamptz + interval '2 days', 100, 75, user_id, $1::timestamptz
    from rows where number = 1
    """,
    """
    insert into group_buying.session_variants (session_id, position, name, sku, price_adjustment, demand)
    select session_id, 0, '', 'SKU', 0, 100 from rows where number = 1 and $1::timestamptz is not null
    """,
    """
    insert into group_buying.participants (id, session_id, user_id, position, quantity, unit_price, product_amount,
        leg1_amount, leg2_amount, fee_amount, courier_service, address, status, idempotency_key, input_hash, joined_at,
        expires_at, paid_at, final_unit_price, cashback)
    select participant_id, session_id, user_id, 0, 1, 100000, 100000, 5000, 10000, 3000, 'reguler', '{}'::jsonb,
        case when settled then 'settled' else 'paid' end, participant_id::text, '\\x00', $1::timestamptz, $1::timestamptz, $1::timestamptz,
        case when settled then 80000 end, case when settled then 20000 end
    from rows
    """,
    """
    insert into "order".orders (id, number, participant_id, user_id, session_id, factory_id, factory_name, status,
        subtotal, shipping_cost, fee, total, cashback, courier_service, address, created_at, paid_at)
    select participant_id, 'ORD-20260101-' || upper(lpad(to_hex(session * 100 + number), 7, '0')), participant_id, user_id,
        session_id, md5('factory' || session % 50)::uuid, 'Pabrik', 'paid', 80000, 15000, 3000, 98000, 20000, 'reguler',
        '{}'::jsonb, $1::timestamptz, $1::timestamptz
    from rows where settled
    """,
    """
    insert into payment.escrows (session_id, opened_at, closing_began_at, closed_at, paid_count, paid_amount, released_at,
        released)
    select session_id, $1::timestamptz, case when settled then $1::timestamptz end, case when settled then $1::timestamptz end, case when settled then 100 end,
        case when settled then 11800000 end, case when settled then $1::timestamptz end,
        case when settled then '{"total": 11800000}'::jsonb end
    from rows where number = 1
    """,
    """
    insert into payment.payments (id, code, participant_id, session_id, user_id, description, product_amount, leg1_amount,
        leg2_amount, fee_amount, total, status, created_at, expires_at, paid_at, method, channel, invoice_asked_at,
        invoice_id, invoice_url)
    select payment_id, code, participant_id, session_id, user_id, '1 x Kopi Gayo', 100000, 5000, 10000, 3000, 118000, 'paid',
        $1::timestamptz, $1::timestamptz, $1::timestamptz, 'ewallet_ovo', 'OVO', $1::timestamptz, invoice_id, 'http://127.0.0.1/' || invoice_id
    from rows
    """,
    """
    insert into payment.receipts (invoice_id, payment_id, kind, amount, currency, method, channel, paid_at, recorded_at,
        provider_fee)
    select invoice_id, payment_id, 'in_time', 118000, 'IDR', 'ewallet_ovo', 'OVO', $1::timestamptz, $1::timestamptz, 1770 from rows
    """,
)
"""What the services hold of the sessions in ``rows``, as their own statements would have left it."""

POSTINGS = """
    create temporary table postings on commit drop as
    with journals as (
        select 1 as step, 'payment/' || payment_id || '/paid' as key, 'payment_received' as kind, code as reference,
            array['gateway_clearing', 'escrow/' || session_id] as accounts, array[118000, -118000]::bigint[] as amounts
        from rows
        union all
        select 2, 'fee/' || invoice_id, 'fee_charged', invoice_id, array['gateway_expense', 'gateway_clearing'],
            array[1770, -1770]::bigint[] from rows
        union all
        select 3, 'escrow/' || session_id || '/released', 'escrow_released', session_id::text,
            array['escrow/' || session_id, 'cashback_payable/' || session_id,
                'payable_factory/' || md5('factory' || session % 50)::uuid, 'payable_warehouse', 'payable_courier',
                'commission_revenue', 'fee_income'],
            array[11800000, -2000000, -7200000, -500000, -1000000, -800000, -300000]::bigint[]
        from rows where number = 1 and settled
        union all
        select 4, 'cashback/' || participant_id, 'refund_issued', 'participant/' || participant_id,
            array['cashback_payable/' || session_id, 'wallet/' || user_id], array[20000, -20000]::bigint[]
        from rows where settled
    )
    select row_number() over (order by step, key)::int as place, * from journals
"""

POST = """
    select ledger.post(
        (select array_agg(md5('transaction' || key)::uuid order by place) from postings),
        (select array_agg(key order by place) from postings), (select array_agg(kind order by place) from postings),
        (select array_agg(reference order by place) from postings), $1::timestamptz,
        (select array_agg(p.place order by p.place, l.n) from postings p, unnest(p.accounts) with ordinality as l(a, n)),
        (select array_agg(l.a order by p.place, l.n) from postings p, unnest(p.accounts) with ordinality as l(a, n)),
        (select array_agg(l.a order by p.place, l.n) from postings p, unnest(p.amounts) with ordinality as l(a, n)))
"""

WALLETS = (
    """
    insert into wallet.wallets (user_id, balance, total_earned, opened_at)
    select user_id, 20000 * count(*), 20000 * count(*), $1::timestamptz from group_buying.participants where status = 'settled'
    group by user_id
    """,
    """
    insert into wallet.wallet_transactions (id, user_id, type, amount, balance_after, reference_type, reference_id,
        reference, created_at)
    select id, user_id, 'cashback', 20000, 20000 * row_number() over (partition by user_id order by id), 'participant', id,
        'GB-20260101', $1::timestamptz
    from group_buying.participants where status = 'settled'
    """,
)

PLAIN_SUM = """
    select a.code, sum(e.amount) from ledger.entries e join ledger.accounts a on a.id = e.account_id group by a.code
"""


async def write_books(owner: asyncpg.Connection[asyncpg.Record], progress: Progress, entries: int) -> int:
    """Write sessions until the ledger has about that many entries, and seal them; answers how many sessions."""
    at = await owner.fetchval("select clock_timestamp() - interval '1 hour'")
    sessions = max(2, round(entries / 1007) * 2)
    with progress.step(f"wrote {sessions:,} sessions of {BUYERS} buyers"):
        for first in range(1, sessions + 1, AT_ONCE):
            async with owner.transaction():
                await owner.execute(
                    ROWS.replace("$1", str(first)).replace("$2", str(min(sessions, first + AT_ONCE - 1)))
                )
                for statement in STATE:
                    await owner.execute(statement, at)
                await owner.execute(POSTINGS)
                await owner.execute(POST, at)
        for statement in WALLETS:
            await owner.execute(statement, at)
    with progress.step("sealed them"):
        while await owner.fetchval("select ledger.seal($1, 1000)", at):
            pass
        await owner.execute("vacuum analyze")
    return sessions


async def provider_movements(owner: asyncpg.Connection[asyncpg.Record]) -> list[Movement]:
    """The provider's side of what was written."""
    movements: list[Movement] = []
    for number, row in enumerate(await owner.fetch("select invoice_id from payment.receipts")):
        invoice = row["invoice_id"]
        for kind, amount in (("payment", TOTAL), ("payment_fee", FEE)):
            movements.append(
                Movement(number, f"{invoice}-{kind}", kind, f"{invoice}-p", amount, "SUCCEEDED", invoice_id=invoice)
            )
    return movements


async def _audited(url: str, movements: list[Movement]) -> tuple[float, Report]:
    began = time.perf_counter()
    report = await audit_moment(url, movements)
    return time.perf_counter() - began, report


async def run(progress: Progress, options: Options) -> dict[str, Any]:
    """Write the books, audit them, and change one sealed entry with its digest to see that the audit is not blind."""
    async with bench_database(progress) as url:
        owner = await asyncpg.connect(url, server_settings=ROOM)
        try:
            sessions = await write_books(owner, progress, options.entries)
            movements = await provider_movements(owner)
            audits, sums = [], []
            with progress.step(f"audited them {options.runs} times"):
                for _ in range(options.runs):
                    seconds, report = await _audited(url, movements)
                    audits.append(seconds)
                    began = time.perf_counter()
                    await owner.fetch(PLAIN_SUM)
                    sums.append(time.perf_counter() - began)
            entries = await owner.fetchval("select count(*) from ledger.entries")
            await owner.execute("set session_replication_role = replica")
            await owner.execute("update ledger.transactions set reference = reference || '!' where position = 12345")
            await owner.execute(
                "update ledger.transactions set digest = ledger.digest_of(idempotency_key, kind, reference, posted_at, "
                "(select string_agg(a.code || ':' || e.amount, ',' order by e.line) from ledger.entries e join "
                "ledger.accounts a on a.id = e.account_id where e.transaction_id = transactions.id)) where position = 12345"
            )
            _, altered = await _audited(url, movements)
        finally:
            await owner.close()
    return {
        "sessions": sessions,
        "entries": entries,
        "transactions": report.finding("entries").examined,
        "seconds": round(min(audits), 3),
        "all_runs": [round(each, 3) for each in audits],
        "plain_sum_seconds": round(min(sums), 3),
        "ratio_to_plain_sum": ratio(min(audits), min(sums)),
        "holds": {
            "the books are whole": report.whole,
            "under ten seconds": min(audits) < 10,
            "an altered transaction is named": set(altered.broken()) == {"seals"},
        },
        "broken": report.broken(),
    }
