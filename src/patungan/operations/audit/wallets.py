"""Money on its way to buyers and in their wallets: cashback, refunds, and the history that a wallet shows."""

from __future__ import annotations

from typing import Final

from patungan.operations.audit.check import SETTLING, Check
from patungan.operations.audit.payments import POSTED

CHECKS: Final = (
    Check(
        "wallets",
        "a wallet's history, its balance and the ledger's account are equal",
        "select 1 from wallet.wallets",
        f"""
        with booked as (
            select split_part(account, '/', 2) as user_id, -sum(amount) as amount
            from ({POSTED}) as p where kind = 'wallet' group by 1
        ), told as (
            select w.user_id::text, w.balance, coalesce(sum(t.amount), 0) as amount
            from wallet.wallets w left join wallet.wallet_transactions t on t.user_id = w.user_id group by w.user_id
        )
        select 'wallet/' || coalesce(b.user_id, t.user_id) as subject,
            case when coalesce(t.amount, 0) <> coalesce(b.amount, 0) then 'its history differs from the ledger'
                else 'its balance differs from the ledger' end as detail,
            coalesce(b.amount, 0) as expected,
            case when coalesce(t.amount, 0) <> coalesce(b.amount, 0) then coalesce(t.amount, 0)
                else coalesce(t.balance, 0) end as found
        from booked b full join told t on t.user_id = b.user_id
        where coalesce(t.amount, 0) <> coalesce(b.amount, 0) or coalesce(t.balance, 0) <> coalesce(b.amount, 0)
        """,
    ),
    Check(
        "holds",
        "what is held for payments is what the ledger's accounts of holds carry",
        "select 1 from wallet.holds",
        f"""
        with booked as (
            select split_part(account, '/', 2) as user_id, -sum(amount) as amount
            from ({POSTED}) as p where kind = 'wallet_hold' group by 1
        ), held as (
            select user_id::text, sum(amount) as amount from wallet.holds where status = 'held' group by user_id
        )
        select 'wallet_hold/' || coalesce(b.user_id, h.user_id) as subject, 'not the sum of the open holds' as detail,
            coalesce(h.amount, 0) as expected, coalesce(b.amount, 0) as found
        from booked b full join held h on h.user_id = b.user_id
        where coalesce(h.amount, 0) <> coalesce(b.amount, 0)
        """,
    ),
    Check(
        "withdrawals",
        "every withdrawal moved what its state says: out of the wallet, on its way, at the bank, or back whole",
        "select 1 from wallet.withdrawals",
        f"""
        with booked as (
            select split_part(key, '/', 2) as id, kind, sum(amount) as amount from ({POSTED}) as p
            where key like 'withdrawal/%' and key not like '%/payout-fee' group by 1, 2
        ), due as (
            select id::text, code, d.kind, d.amount from wallet.withdrawals w, lateral (values
                ('wallet', case when status in ('failed', 'cancelled') then 0 else w.amount end),
                ('withdrawal_fee_income', case when status in ('failed', 'cancelled') then 0 else -fee end),
                ('withdrawal_clearing', case when status in ('pending', 'processing') then -net_amount else 0 end),
                ('gateway_clearing', case when status = 'completed' then -net_amount else 0 end)) as d(kind, amount)
        )
        select coalesce(d.code, 'withdrawal/' || b.id) || ' ' || coalesce(d.kind, b.kind) as subject,
            case when d.id is null then 'posted for a withdrawal that is not known'
                else 'another amount was posted' end as detail,
            coalesce(d.amount, 0) as expected, coalesce(b.amount, 0) as found
        from due d full join booked b on b.id = d.id and b.kind = d.kind
        where coalesce(d.amount, 0) <> coalesce(b.amount, 0) or (d.id is null and b.amount <> 0)
        """,
    ),
    Check(
        "cashback",
        "every settled participant was credited the cashback once, and nobody else was",
        "select 1 from group_buying.participants where status = 'settled' and cashback > 0",
        f"""
        with due as (
            select id, session_id, user_id, cashback from group_buying.participants
            where status = 'settled' and cashback > 0 and session_id::text not in ({SETTLING})
        ), credited as (
            select t.reference_id as id, t.user_id, t.amount from wallet.wallet_transactions t
            join group_buying.participants p on p.id = t.reference_id
            where t.type = 'cashback' and p.session_id::text not in ({SETTLING})
        )
        select 'participant/' || coalesce(d.id, c.id) as subject,
            case when d.user_id is distinct from c.user_id and d.id is not null and c.id is not null
                then 'credited to another wallet' else 'the wallet was credited another amount' end as detail,
            coalesce(d.cashback, 0) as expected, coalesce(c.amount, 0) as found
        from due d full join credited c on c.id = d.id
        where coalesce(d.cashback, 0) <> coalesce(c.amount, 0) or d.user_id is distinct from c.user_id
        """,
    ),
    Check(
        "cashback payable",
        "no cashback is left on its way once a session's orders are created",
        "select 1 from group_buying.sessions where status = 'orders_created'",
        f"""
        select p.account as subject, 'the session is ' || coalesce(s.status, 'not known') as detail, 0 as expected,
            -sum(p.amount) as found
        from ({POSTED}) as p left join group_buying.sessions s on s.id::text = split_part(p.account, '/', 2)
        where p.kind = 'cashback_payable'
        group by p.account, s.status
        having sum(p.amount) > 0
            or (sum(p.amount) <> 0 and coalesce(s.status, 'orders_created') = 'orders_created')
        """,
    ),
    Check(
        "refund postings",
        "a completed refund left refund clearing once, by the way that it took, and no other did",
        "select 1 from payment.refunds where status = 'completed'",
        f"""
        with going as (
            select id::text, code, status, destination, amount,
                -- The wallet credits first and payment notes it afterwards.
                status = 'processing' and destination = 'wallet' as being_noted
            from payment.refunds
        ), gone as (
            select split_part(key, '/', 2) as id, sum(amount) as amount,
                case split_part(key, '/', 3) when 'wallet' then 'wallet' else 'source' end as way
            from ({POSTED}) as p
            where kind = 'refund_clearing' and key like 'refund/%' and split_part(key, '/', 3) in ('completed', 'wallet')
            group by 1, 3
        )
        select coalesce(g.code, 'refund/' || o.id) as subject,
            case when o.id is null then 'completed and not posted'
                when g.id is null then 'posted for a refund that is not known'
                when g.status <> 'completed' then 'posted, and the refund is ' || g.status
                when g.destination <> o.way then 'posted by another way than ' || g.destination
                else 'another amount was posted' end as detail,
            case when g.status = 'completed' then g.amount else 0 end as expected, coalesce(o.amount, 0) as found
        from going g full join gone o on o.id = g.id
        where (coalesce(g.status = 'completed', false) or o.id is not null)
            and (g.amount is distinct from o.amount or g.status <> 'completed' or g.destination <> o.way)
            and not (coalesce(g.being_noted, false) and g.amount = o.amount and o.way = 'wallet')
        """,
    ),
    Check(
        "refund clearing",
        "refund clearing holds the refunds that are not completed",
        "select 1 from payment.refunds",
        f"""
        with booked as (select -coalesce(sum(amount), 0) as amount from ({POSTED}) as p where kind = 'refund_clearing'),
        gone as (
            select split_part(key, '/', 2) as id from ({POSTED}) as p
            where kind = 'refund_clearing' and key like 'refund/%/wallet'
        ), open as (
            select coalesce(sum(amount), 0) as amount from payment.refunds
            where status not in ('completed', 'rejected') and not awaits_approval and id::text not in (select id from gone)
        )
        select 'refund_clearing' as subject, 'not the sum of the open refunds' as detail, o.amount as expected,
            b.amount as found
        from booked b, open o where b.amount <> o.amount
        """,
    ),
)
