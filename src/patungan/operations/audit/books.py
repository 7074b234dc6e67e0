"""The ledger in itself: it balances, nothing in it was altered, and the guarded balances are what their entries say."""

from __future__ import annotations

from typing import Final

from patungan.operations.audit.check import Check

WRITTEN = "pg_temp.audit_transactions"
"""Every transaction with what its entries say: ``amount`` (their sum), ``lines``, ``last_line``, and ``content``, the
digest that it ought to have."""

PREPARED: Final = """
    drop table if exists pg_temp.audit_transactions, pg_temp.audit_balances;
    create temporary table audit_transactions on commit drop as
        select t.id, t.idempotency_key as key, t.posted_at, t.position, t.digest, coalesce(w.amount, 0) as amount,
            coalesce(w.lines, 0) as lines, w.last_line, s.seal, s.fingerprint, c.content,
            sha256(convert_to(concat_ws('|', t.id, t.position, t.posted_by), 'UTF8') || c.content) as print
        from ledger.transactions t
        left join (
            select e.transaction_id, sum(e.amount) as amount, count(*) as lines, max(e.line) as last_line,
                string_agg(a.code || ':' || e.amount, ',' order by e.line) as text
            from ledger.entries e join ledger.accounts a on a.id = e.account_id group by e.transaction_id
        ) as w on w.transaction_id = t.id
        left join ledger.sealed s on s.transaction_id = t.id
        cross join lateral (
            select sha256(convert_to(concat_ws('|', t.idempotency_key, t.kind, t.reference,
                (extract(epoch from t.posted_at) * 1000000)::bigint::text, w.text), 'UTF8')) as content
        ) as c;
    create temporary table audit_balances on commit drop as
        select account_id, sum(amount) as amount, count(*) as lines from ledger.entries group by account_id;
    analyze audit_transactions, audit_balances;
"""
"""What the checks of the ledger share, gathered once. The digest and the fingerprint are written out as
``ledger.digest_of`` and ``ledger.fingerprint_of`` make them: a function call for every row would take most of the time."""

CHECKS: Final = (
    Check(
        "entries",
        "the entries of every transaction sum to zero",
        f"select 1 from {WRITTEN}",
        f"""
        select key as subject, 'debits and credits differ' as detail, 0 as expected, amount as found
        from {WRITTEN} where amount <> 0
        """,
    ),
    Check(
        "orphans",
        "every entry and every balance is of a transaction and an account that exist",
        "select 1 from ledger.entries",
        """
        select 'transaction ' || e.transaction_id as subject, 'is gone, its entries are not' as detail, 0 as expected,
            sum(abs(e.amount)) as found
        from ledger.entries e left join ledger.transactions t on t.id = e.transaction_id
        where t.id is null group by e.transaction_id
        union all
        select 'account ' || moved.account_id, 'is gone, what it held is not', 0, moved.amount
        from (
            select account_id, sum(abs(amount)) as amount from ledger.entries group by account_id
            union all select account_id, balance from ledger.balances
        ) as moved left join ledger.accounts a on a.id = moved.account_id where a.id is null
        """,
    ),
    Check(
        "total",
        "all entries together sum to zero",
        "select 1 from ledger.entries",
        """
        select 'all entries' as subject, 'debits and credits differ' as detail, 0 as expected, sum(amount) as found
        from pg_temp.audit_balances having sum(amount) <> 0
        """,
    ),
    Check(
        "lines",
        "every transaction has its lines, numbered without a gap, at least two",
        f"select 1 from {WRITTEN}",
        f"""
        select key as subject,
            case lines when 0 then 'a transaction without lines' else 'lines are missing' end as detail,
            greatest(2, last_line) as expected, lines as found
        from {WRITTEN} where lines < greatest(2, coalesce(last_line, 2))
        """,
    ),
    Check(
        "digests",
        "every transaction is as it was posted",
        f"select 1 from {WRITTEN}",
        f"""
        select key as subject, 'altered since it was posted at ' || posted_at as detail,
            null as expected, null as found
        from {WRITTEN} where digest is distinct from content
        """,
    ),
    Check(
        "seals",
        "every sealed transaction is as it was sealed, and the seals make one unbroken chain",
        "select 1 from ledger.sealed",
        f"""
        select coalesce(w.key, 'transaction ' || s.transaction_id) as subject,
            case when w.id is null then 'sealed under seal ' || s.seal || ', and gone'
                else 'altered since it was sealed under seal ' || s.seal end as detail,
            null::bigint as expected, null::bigint as found
        from ledger.sealed s left join {WRITTEN} w on w.id = s.transaction_id
        where w.id is null or w.print <> s.fingerprint
        union all
        select key, 'slipped in behind transactions that are sealed', null, null
        from {WRITTEN}, ledger.sealing where seal is null and position < floor
        union all
        select 'seal ' || c.number, c.detail, c.expected, c.found
        from (
            select k.number, k.transactions::bigint as expected, coalesce(m.members, 0) as found,
                case when coalesce(m.members, 0) <> k.transactions then 'holds another number of transactions'
                    when k.number <> k.place then 'a seal before it is missing'
                    when k.previous is distinct from k.before then 'does not follow from the seal before it'
                    when k.hash is distinct from ledger.seal_hash(k.previous, k.number, k.sealed_at, m.prints)
                        then 'is not the hash of what it seals' end as detail
            from (
                select *, row_number() over (order by number) as place,
                    coalesce(lag(hash) over (order by number), '\\x') as before from ledger.seals
            ) as k left join (
                select seal, count(*) as members, string_agg(fingerprint, '' order by place) as prints
                from ledger.sealed group by seal
            ) as m on m.seal = k.number
        ) as c where c.detail is not null
        """,
    ),
    Check(
        "balances",
        "a guarded balance is the sum of its entries and not below zero",
        "select 1 from ledger.accounts a join ledger.account_kinds k on k.kind = a.kind where k.guarded",
        """
        select a.code as subject,
            case when coalesce(b.balance, 0) < 0 then 'below zero' else 'not the sum of its entries' end as detail,
            coalesce(-m.amount, 0) as expected, coalesce(b.balance, 0) as found
        from ledger.accounts a join ledger.account_kinds k on k.kind = a.kind and k.guarded
        left join ledger.balances b on b.account_id = a.id left join pg_temp.audit_balances m on m.account_id = a.id
        where coalesce(b.balance, 0) <> coalesce(-m.amount, 0) or coalesce(b.balance, 0) < 0
        """,
    ),
    Check(
        "blocks",
        "the blocks of an account hold what its sealed entries say",
        "select 1 from ledger.account_blocks",
        f"""
        with unsealed as (
            select e.account_id, sum(e.amount) as amount, count(*) as lines
            from {WRITTEN} w join ledger.entries e on e.transaction_id = w.id where w.seal is null group by e.account_id
        ), blocks as (
            select account_id, sum(debits - credits) as amount, sum(lines) as lines
            from ledger.account_blocks group by account_id
        )
        select a.code as subject,
            case when coalesce(m.lines, 0) - coalesce(u.lines, 0) <> coalesce(b.lines, 0) then 'other lines than were sealed'
                else 'not the sum of what was sealed' end as detail,
            coalesce(m.amount, 0) - coalesce(u.amount, 0) as expected, coalesce(b.amount, 0) as found
        from ledger.accounts a join ledger.account_kinds k on k.kind = a.kind and k.in_blocks
        left join pg_temp.audit_balances m on m.account_id = a.id left join unsealed u on u.account_id = a.id
        left join blocks b on b.account_id = a.id
        where coalesce(m.lines, 0) - coalesce(u.lines, 0) <> coalesce(b.lines, 0)
            or coalesce(m.amount, 0) - coalesce(u.amount, 0) <> coalesce(b.amount, 0)
        """,
    ),
    Check(
        "daily closings",
        "every closed day holds what was recorded when it was closed",
        "select 1 from ledger.daily_closings",
        f"""
        with written as (
            select (posted_at at time zone 'Asia/Jakarta')::date as day, count(*) as transactions
            from {WRITTEN} where exists (select 1 from ledger.daily_closings) group by 1
        )
        select 'day ' || d.day as subject, 'transactions were added or taken away since' as detail,
            d.transactions as expected, coalesce(w.transactions, 0) as found
        from ledger.daily_closings d left join written w on w.day = d.day
        where d.transactions <> coalesce(w.transactions, 0)
        """,
    ),
)
