"""The ledger in itself: it balances, nothing in it was altered, and the guarded balances are what their entries say."""

from __future__ import annotations

from typing import Final

from patungan.operations.audit.check import Check

CHECKS: Final = (
    Check(
        "entries",
        "the entries of every transaction sum to zero",
        "select 1 from ledger.transactions",
        """
        select t.idempotency_key as subject, 'debits and credits differ' as detail, 0 as expected,
            coalesce(sum(e.amount), 0) as found
        from ledger.transactions t left join ledger.entries e on e.transaction_id = t.id
        group by t.id having coalesce(sum(e.amount), 0) <> 0
        """,
    ),
    Check(
        "total",
        "all entries together sum to zero",
        "select 1 from ledger.entries",
        """
        select 'all entries' as subject, 'debits and credits differ' as detail, 0 as expected, sum(amount) as found
        from ledger.entries having sum(amount) <> 0
        """,
    ),
    Check(
        "lines",
        "every transaction has its lines, numbered without a gap, at least two",
        "select 1 from ledger.transactions",
        """
        select t.idempotency_key as subject,
            case count(e.line) when 0 then 'a transaction without lines' else 'lines are missing' end as detail,
            greatest(2, max(e.line)) as expected, count(e.line) as found
        from ledger.transactions t left join ledger.entries e on e.transaction_id = t.id
        group by t.id having count(e.line) < greatest(2, coalesce(max(e.line), 2))
        """,
    ),
    Check(
        "digests",
        "every transaction is as it was posted",
        "select 1 from ledger.transactions",
        """
        with written as (
            select e.transaction_id, string_agg(a.code || ':' || e.amount, ',' order by e.line) as lines
            from ledger.entries e join ledger.accounts a on a.id = e.account_id group by e.transaction_id
        )
        select t.idempotency_key as subject, 'altered since it was posted at ' || t.posted_at as detail,
            null as expected, null as found
        from ledger.transactions t left join written w on w.transaction_id = t.id
        where t.digest is distinct from ledger.digest_of(t.idempotency_key, t.kind, t.reference, t.posted_at, w.lines)
        """,
    ),
    Check(
        "balances",
        "a guarded balance is the sum of its entries and not below zero",
        "select 1 from ledger.accounts a join ledger.account_kinds k on k.kind = a.kind where k.guarded",
        """
        with moved as (select account_id, -sum(amount) as amount from ledger.entries group by account_id)
        select a.code as subject,
            case when coalesce(b.balance, 0) < 0 then 'below zero' else 'not the sum of its entries' end as detail,
            coalesce(m.amount, 0) as expected, coalesce(b.balance, 0) as found
        from ledger.accounts a join ledger.account_kinds k on k.kind = a.kind and k.guarded
        left join ledger.balances b on b.account_id = a.id left join moved m on m.account_id = a.id
        where coalesce(b.balance, 0) <> coalesce(m.amount, 0) or coalesce(b.balance, 0) < 0
        """,
    ),
)
