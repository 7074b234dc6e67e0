"""What payees are owed: the books against the lines of settlements, and settlements against their payouts."""

from __future__ import annotations

from typing import Final

from patungan.operations.audit.check import Check
from patungan.operations.audit.payments import POSTED

_ACCOUNT: Final = "'payable_' || {0}.payee_kind || '/' || {0}.payee_id"

CHECKS: Final = (
    Check(
        "settlement lines",
        "every settlement is the sum of its lines, and pays out what it does not carry over",
        "select 1 from settlement.settlements where status <> 'cancelled'",
        """
        select s.code as subject, 'not the sum of its lines' as detail, coalesce(sum(l.amount), 0) as expected,
            s.net_amount as found
        from settlement.settlements s left join settlement.lines l on l.settlement_id = s.id
        where s.status <> 'cancelled' group by s.id having coalesce(sum(l.amount), 0) <> s.net_amount
        union all
        select s.code, 'cancelled, and it has lines', 0, count(*)
        from settlement.settlements s join settlement.lines l on l.settlement_id = s.id
        where s.status = 'cancelled' group by s.id
        """,
    ),
    Check(
        "settlement books",
        "every line is in the books with its amount, and a sale's lines are within what was credited for it",
        "select 1 from settlement.lines where kind <> 'carried_over'",
        f"""
        with due as (
            select l.ledger_key as key, {_ACCOUNT.format("l")} as account, min(l.kind) as kind,
                sum(l.amount) as amount, min(l.description) as label
            from settlement.lines l left join settlement.settlements s on s.id = l.settlement_id
            where l.kind <> 'carried_over' and (l.kind <> 'gateway_fee' or s.status = 'completed' or s.reversed_at is not null)
            group by 1, 2
        ), booked as (
            select key, account, -sum(amount) as amount from ({POSTED}) as p
            where kind in ('payable_factory', 'payable_seller', 'payable_office') group by 1, 2
        )
        select d.label || ' ' || d.key as subject,
            case when b.key is null then 'not in the books' else 'another amount is in the books' end as detail,
            d.amount as expected, coalesce(b.amount, 0) as found
        from due d left join booked b on b.key = d.key and b.account = d.account
        where b.key is null or (d.kind <> 'order' and b.amount <> d.amount) or (d.kind = 'order' and b.amount < d.amount)
        union all
        select b.key, 'posted to a payee for no line', 0, b.amount
        from booked b left join due d on d.key = b.key and d.account = b.account
        where d.key is null
            and (b.key like 'surplus/%' or b.key like 'settlement-%' or b.key like 'settlement/%/gateway-fee'
                or b.key like 'settlement/%/office-share')
        """,
    ),
    Check(
        "settlement payouts",
        "a completed settlement left its payee's account once, and no other is out of the books",
        "select 1 from settlement.settlements where payout_amount > 0",
        f"""
        with booked as (
            select split_part(key, '/', 2) as id, account, sum(amount) as amount from ({POSTED}) as p
            where key like 'settlement/%/paid/%' or key like 'settlement/%/reversed/%' group by 1, 2
        ), due as (
            select s.id::text, s.code, d.account, d.amount
            from settlement.settlements s, lateral (values
                ({_ACCOUNT.format("s")}, case when s.status = 'completed' then s.payout_amount else 0 end),
                ('gateway_clearing', case when s.status = 'completed' then -s.payout_amount else 0 end)) as d(account, amount)
        )
        select coalesce(d.code, 'settlement/' || b.id) || ' ' || coalesce(d.account, b.account) as subject,
            case when d.id is null then 'posted for a settlement that is not known'
                else 'another amount was posted' end as detail,
            coalesce(d.amount, 0) as expected, coalesce(b.amount, 0) as found
        from due d full join booked b on b.id = d.id and b.account = d.account
        where coalesce(d.amount, 0) <> coalesce(b.amount, 0)
        """,
    ),
    Check(
        "office shares",
        "an office has its share of the commission of every settlement that ended, once",
        "select 1 from settlement.settlements where office_id is not null and office_share <> 0",
        f"""
        with booked as (
            select split_part(key, '/', 2) as id, -sum(amount) as amount from ({POSTED}) as p
            where kind = 'payable_office' and key like 'settlement/%/office-share' group by 1
        ), due as (
            select s.id::text, s.code, s.office_share as amount,
                exists (select from settlement.history h where h.settlement_id = s.id and h.status = 'completed') as ended
            from settlement.settlements s where s.office_id is not null
        )
        select coalesce(d.code, 'settlement/' || b.id) as subject, 'another share was posted' as detail,
            case when d.ended then d.amount else 0 end as expected, coalesce(b.amount, 0) as found
        from due d full join booked b on b.id = d.id
        where coalesce(case when d.ended then d.amount end, 0) <> coalesce(b.amount, 0)
        """,
    ),
    Check(
        "carried over",
        "what a settlement carries over is a line of its payee, once",
        "select 1 from settlement.settlements where carried_out <> 0",
        """
        select s.code as subject, 'not carried over whole' as detail, s.carried_out as expected,
            coalesce(sum(l.amount), 0) as found
        from settlement.settlements s
        left join settlement.lines l on l.from_settlement_id = s.id and l.kind = 'carried_over'
        where s.status = 'completed' group by s.id having coalesce(sum(l.amount), 0) <> s.carried_out
        """,
    ),
)
