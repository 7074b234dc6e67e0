"""Money that came in: received once, in exactly one place, and never more given back than there was."""

from __future__ import annotations

from typing import Final

from patungan.operations.audit.check import SETTLING, Check

POSTED = "select key, account, kind, amount from pg_temp.audit_posted"
"""What each transaction moved on each account, debits positive."""

PLACED = "select * from pg_temp.audit_placed"
"""Paid payments with the place of their money: ``held`` in escrow, ``released``, or ``returned`` (the amount that goes or
has gone back)."""

PREPARED = """
    drop table if exists pg_temp.audit_posted, pg_temp.audit_placed;
    create temporary table audit_posted on commit drop as
        select t.idempotency_key as key, a.code as account, a.kind, moved.amount
        from (
            select transaction_id, account_id, sum(amount) as amount from ledger.entries group by transaction_id, account_id
        ) as moved
        join ledger.transactions t on t.id = moved.transaction_id join ledger.accounts a on a.id = moved.account_id;
    create temporary table audit_placed on commit drop as
        select p.id, p.code, p.participant_id, p.session_id, p.total,
            -- Who was paid back before the release had no part in it.
            e.released_at is not null and coalesce(r.began_at > e.released_at, true) as released,
            coalesce(r.amount, 0) as returned, e.released_at is null and coalesce(r.amount, 0) = 0 as held
        from payment.payments p left join payment.escrows e on e.session_id = p.session_id left join (
            select payment_id, sum(amount) as amount, min(requested_at) as began_at
            from payment.refunds where kind = 'session' group by payment_id
        ) as r on r.payment_id = p.id
        where p.status in ('paid', 'refunded') and p.session_id is not null;
    analyze audit_posted, audit_placed;
"""
"""What many checks need, gathered once, in the audit's own transaction."""

RECEIPT_KEY = """
    'payment/' || c.payment_id || case c.kind when 'in_time' then '/paid' else '/' || c.kind || '/' || c.invoice_id end
"""
"""The key under which a receipt's money was posted; ``c`` is the receipt."""

RECEIVED = "select * from payment.receipts where currency = 'IDR' and amount > 0"
"""The receipts that are in the books: of another currency we hold nothing that they could carry."""

CHECKS: Final = (
    Check(
        "receipts",
        "every receipt is posted once, with its amount, and nothing is posted without one",
        f"select 1 from ({RECEIVED}) as c",
        f"""
        with received as (
            select {RECEIPT_KEY} as key, sum(c.amount) as amount from ({RECEIVED}) as c group by 1
        ), posted as (
            select key, sum(amount) as amount from ({POSTED}) as p
            where kind in ('gateway_clearing', 'wallet_hold', 'quarantine') and amount > 0 and key like 'payment/%'
            group by key
        )
        select coalesce(r.key, p.key) as subject,
            case when p.key is null then 'received and not posted' when r.key is null then 'posted and not received'
                else 'another amount was posted' end as detail,
            coalesce(r.amount, 0) as expected, coalesce(p.amount, 0) as found
        from received r full join posted p on p.key = r.key
        where r.amount is distinct from p.amount
        """,
    ),
    Check(
        "paid",
        "every paid payment was received in time, in full, and its money is in exactly one place",
        "select 1 from payment.payments where status in ('paid', 'refunded')",
        f"""
        select p.code as subject,
            case when c.amount is distinct from p.total then 'not received in full'
                when p.released and p.returned > 0 then 'both released and refunded'
                else 'refunded in part' end as detail,
            p.total as expected,
            case when c.amount is distinct from p.total then coalesce(c.amount, 0) else p.returned end as found
        from ({PLACED}) as p left join (
            select payment_id, sum(amount) as amount from payment.receipts where kind = 'in_time' group by payment_id
        ) as c on c.payment_id = p.id
        where c.amount is distinct from p.total or (p.released and p.returned > 0) or p.returned not in (0, p.total)
        """,
    ),
    Check(
        "unpaid",
        "a payment that is not paid has no money in time",
        "select 1 from payment.payments where status not in ('paid', 'refunded')",
        """
        select p.code as subject, 'money came in time, and the payment is ' || p.status as detail, 0 as expected,
            c.amount as found
        from payment.payments p join payment.receipts c on c.payment_id = p.id and c.kind = 'in_time'
        where p.status not in ('paid', 'refunded')
        """,
    ),
    Check(
        "escrow",
        "a session's escrow is its paid payments that are neither released nor refunded",
        "select 1 from payment.escrows",
        f"""
        with booked as (
            select split_part(account, '/', 2) as session_id, -sum(amount) as amount
            from ({POSTED}) as p where kind = 'escrow' group by 1
        ), held as (
            select session_id::text, sum(total) filter (where held) as amount from ({PLACED}) as p group by 1
        )
        select 'escrow/' || coalesce(b.session_id, h.session_id) as subject, 'not what its payments are' as detail,
            coalesce(h.amount, 0) as expected, coalesce(b.amount, 0) as found
        from booked b full join held h on h.session_id = b.session_id
        where coalesce(b.amount, 0) <> coalesce(h.amount, 0)
        """,
    ),
    Check(
        "final sessions",
        "the escrow of a session that is over is empty",
        "select 1 from group_buying.sessions where status in ('orders_created', 'failed', 'cancelled')",
        f"""
        select s.code as subject, 'money is left in the escrow of a session that is ' || s.status as detail,
            0 as expected, -sum(p.amount) as found
        from group_buying.sessions s join ({POSTED}) as p on p.account = 'escrow/' || s.id
        where s.status in ('orders_created', 'failed', 'cancelled') and s.id::text not in ({SETTLING})
        group by s.id having sum(p.amount) <> 0
        """,
    ),
    Check(
        "releases",
        "what was released of a session is what its released payments were",
        "select 1 from payment.escrows where released_at is not null",
        f"""
        with booked as (
            select split_part(account, '/', 2) as session_id, sum(amount) as amount
            from ({POSTED}) as p where kind = 'escrow' and key like 'escrow/%/released' group by 1
        ), let_go as (
            select session_id::text, sum(total) as amount from ({PLACED}) as p where released group by 1
        ), said as (
            select session_id::text, (released ->> 'total')::bigint as amount
            from payment.escrows where released_at is not null
        )
        select 'escrow/' || coalesce(b.session_id, l.session_id, d.session_id) as subject,
            'the books, the payments and the answer to group buying differ' as detail,
            coalesce(l.amount, 0) as expected,
            case when coalesce(b.amount, 0) <> coalesce(l.amount, 0) then coalesce(b.amount, 0)
                else coalesce(d.amount, 0) end as found
        from booked b full join let_go l on l.session_id = b.session_id
        full join said d on d.session_id = coalesce(b.session_id, l.session_id)
        where coalesce(b.amount, 0) <> coalesce(l.amount, 0) or coalesce(d.amount, 0) <> coalesce(l.amount, 0)
        """,
    ),
    Check(
        "refunds",
        "no more goes back of an invoice than came in by it",
        "select 1 from payment.refunds",
        """
        select p.code as subject, 'refunded more than was paid by ' || r.invoice_id as detail,
            coalesce(c.amount, 0) as expected, sum(r.amount) as found
        from payment.refunds r join payment.payments p on p.id = r.payment_id
        left join payment.receipts c on c.invoice_id = r.invoice_id and c.kind <> 'quarantined'
        where r.status <> 'rejected'
        group by p.code, r.invoice_id, c.amount having sum(r.amount) > coalesce(c.amount, 0)
        """,
    ),
    Check(
        "refunded amounts",
        "what a payment says was refunded is what its completed refunds were",
        "select 1 from payment.payments where refunded_amount > 0",
        """
        select p.code as subject, 'the completed refunds differ' as detail,
            coalesce(sum(r.amount), 0) as expected, p.refunded_amount as found
        from payment.payments p
        left join payment.refunds r on r.payment_id = p.id and r.kind in ('session', 'order', 'goodwill')
            and r.status = 'completed'
        group by p.id having p.refunded_amount <> coalesce(sum(r.amount), 0)
        """,
    ),
    Check(
        "paid orders",
        "every paid payment of orders was received in full, and is the sum of what it holds for each",
        "select 1 from payment.payments where checkout_id is not null and status in ('paid', 'refunded')",
        """
        select p.code as subject,
            case when o.amount is distinct from p.total then 'its orders are of another sum'
                else 'not received in full' end as detail,
            p.total as expected,
            case when o.amount is distinct from p.total then coalesce(o.amount, 0) else coalesce(c.amount, 0) end as found
        from payment.payments p left join (
            select payment_id, sum(amount) as amount from payment.receipts where kind = 'in_time' group by payment_id
        ) as c on c.payment_id = p.id left join (
            select payment_id, sum(total) as amount from payment.payment_orders group by payment_id
        ) as o on o.payment_id = p.id
        where p.checkout_id is not null and (o.amount is distinct from p.total
            or (p.status in ('paid', 'refunded') and c.amount is distinct from p.total))
        """,
    ),
    Check(
        "order escrow",
        "an order's escrow is what was paid for it, less what goes back, until it is released",
        "select 1 from payment.payment_orders where live",
        f"""
        with booked as (
            select split_part(account, '/', 2) as order_id, -sum(amount) as amount
            from ({POSTED}) as p where kind = 'order_escrow' group by 1
        ), held as (
            select o.order_id::text,
                case when o.released_at is null then o.total - coalesce((
                    select sum(r.amount) from payment.refunds r where r.payment_id = o.payment_id
                        and r.order_id = o.order_id and r.kind = 'order' and r.status <> 'rejected'
                        and not r.awaits_approval), 0) else 0 end as amount
            from payment.payment_orders o join payment.payments p on p.id = o.payment_id
            where p.status in ('paid', 'refunded')
        )
        select 'order_escrow/' || coalesce(b.order_id, h.order_id) as subject, 'not what is held for it' as detail,
            coalesce(h.amount, 0) as expected, coalesce(b.amount, 0) as found
        from booked b full join held h on h.order_id = b.order_id
        where coalesce(b.amount, 0) <> coalesce(h.amount, 0)
        """,
    ),
    Check(
        "quarantine",
        "the quarantine holds the money that finance has not decided on",
        "select 1 from payment.receipts where kind = 'quarantined'",
        f"""
        with booked as (select -coalesce(sum(amount), 0) as amount from ({POSTED}) as p where kind = 'quarantine'),
        waiting as (
            select coalesce(sum(amount), 0) as amount from ({RECEIVED}) as c
            where kind = 'quarantined' and resolution is null
        )
        select 'quarantine' as subject, 'not what waits for a decision' as detail, w.amount as expected,
            b.amount as found
        from booked b, waiting w where b.amount <> w.amount
        """,
    ),
    Check(
        "wallet parts",
        "what a payment has of a wallet is held there for it, or was, and nothing is held for one that gave it back or has none",
        "select 1 from payment.payments where wallet_state is not null",
        """
        select p.code as subject,
            'its part is ' || coalesce(p.wallet_state, 'none') || ', and the hold ' || coalesce(h.status, 'is not there') as detail,
            case when p.wallet_state in ('held', 'captured') then p.wallet_amount else 0 end as expected,
            coalesce(h.amount, 0) as found
        from payment.payments p left join wallet.holds h on h.payment_id = p.id
        where (p.wallet_state in ('held', 'captured')
                and (h.amount is distinct from p.wallet_amount or h.status in ('released', 'refused')))
            or (p.wallet_state = 'held' and h.status <> 'held')
            or (p.wallet_state = 'released' and h.status not in ('released', 'refused'))
            or (p.wallet_state is null and h.status in ('held', 'captured'))
        """,
    ),
)
