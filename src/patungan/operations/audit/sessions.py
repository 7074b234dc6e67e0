"""Sessions and their participants: counted right, charged what was paid, and none of them left with nothing or twice."""

from __future__ import annotations

from typing import Final

from patungan.operations.audit.check import SETTLING, Check
from patungan.operations.audit.payments import PLACED

CHECKS: Final = (
    Check(
        "session counts",
        "a session's paid and reserved units are those of its participants",
        "select 1 from group_buying.sessions",
        """
        with counted as (
            select session_id, coalesce(sum(quantity) filter (where status in ('paid', 'settled', 'refunded')), 0) as paid,
                coalesce(sum(quantity) filter (where status = 'held'), 0) as held
            from group_buying.participants group by session_id
        )
        select s.code as subject,
            case when s.paid_quantity <> coalesce(c.paid, 0) then 'paid units' else 'reserved units' end as detail,
            case when s.paid_quantity <> coalesce(c.paid, 0) then coalesce(c.paid, 0)
                else coalesce(c.held, 0) end as expected,
            case when s.paid_quantity <> coalesce(c.paid, 0) then s.paid_quantity else s.held_quantity end as found
        from group_buying.sessions s left join counted c on c.session_id = s.id
        where s.paid_quantity <> coalesce(c.paid, 0) or s.held_quantity <> coalesce(c.held, 0)
        """,
    ),
    Check(
        "variant demand",
        "the demand for a variant is what its participants paid or reserved",
        "select 1 from group_buying.session_variants",
        """
        with counted as (
            select session_id, position, sum(quantity) as units from group_buying.participants
            where status in ('held', 'paid', 'settled', 'refunded') group by session_id, position
        )
        select s.code || ' ' || v.sku as subject, 'not what its participants took' as detail,
            coalesce(c.units, 0) as expected, v.demand as found
        from group_buying.session_variants v join group_buying.sessions s on s.id = v.session_id
        left join counted c on c.session_id = v.session_id and c.position = v.position
        where v.demand <> coalesce(c.units, 0)
        """,
    ),
    Check(
        "charges",
        "a participant owes what the payment asks, part by part",
        "select 1 from payment.payments",
        """
        select p.code as subject, 'the participation is of another amount' as detail,
            g.product_amount + g.leg1_amount + g.leg2_amount + g.fee_amount as expected, p.total as found
        from payment.payments p left join group_buying.participants g on g.id = p.participant_id
        where p.session_id is not null and (g.product_amount, g.leg1_amount, g.leg2_amount, g.fee_amount, g.user_id, g.session_id)
            is distinct from (p.product_amount, p.leg1_amount, p.leg2_amount, p.fee_amount, p.user_id, p.session_id)
        """,
    ),
    Check(
        "participants",
        "every paid participant has exactly one of: money held, an order, the money back",
        "select 1 from group_buying.participants where status in ('paid', 'settled', 'refunded')",
        f"""
        select 'participant/' || g.id as subject,
            concat_ws(', ', 'is ' || g.status, 'has',
                case when p.id is null then 'no payment' when p.held then 'money held' end,
                case when o.id is not null then 'an order' end,
                case when p.returned > 0 then 'the money back' end,
                case when p.released then 'the money released' end) as detail,
            1 as expected,
            (case when p.held then 1 else 0 end) + (case when o.id is not null then 1 else 0 end)
                + (case when p.returned > 0 then 1 else 0 end) as found
        from group_buying.participants g left join ({PLACED}) as p on p.participant_id = g.id
        left join "order".orders o on o.participant_id = g.id
        where g.status in ('paid', 'settled', 'refunded') and g.session_id::text not in ({SETTLING})
            and not case g.status
                when 'paid' then coalesce(p.held, false) and o.id is null
                when 'settled' then coalesce(p.released, false) and o.id is not null and p.returned = 0
                else coalesce(p.returned = p.total, false) and o.id is null end
        """,
    ),
    Check(
        "unpaid participants",
        "nobody has an order without having paid, nor paid and stayed uncounted",
        "select 1 from group_buying.participants where status in ('held', 'released')",
        f"""
        select 'participant/' || g.id as subject,
            case when o.id is not null then 'has an order, and is ' else 'paid in time, and is ' end || g.status as detail,
            null as expected, p.total as found
        from group_buying.participants g left join ({PLACED}) as p on p.participant_id = g.id
        left join "order".orders o on o.participant_id = g.id
        where g.status in ('held', 'released') and (o.id is not null or p.id is not null)
            and not (o.id is null and exists (
                select 1 from payment.events e
                where e.type = 'payment.paid' and e.payload ->> 'participant_id' = g.id::text and not exists (
                    select 1 from group_buying.event_cursors c where c.subscription = 'group_buying.on_payments'
                        and (c.xid, c.position) >= (e.xid::text::bigint, e.position))))
        """,
    ),
    Check(
        "order values",
        "an order's value, shipping and fee with the cashback are what its buyer paid",
        'select 1 from "order".orders',
        f"""
        select o.number as subject, 'the buyer paid another amount' as detail,
            p.total as expected, o.total + g.cashback as found
        from "order".orders o join group_buying.participants g on g.id = o.participant_id
        left join ({PLACED}) as p on p.participant_id = g.id
        where o.total + g.cashback is distinct from p.total and g.session_id::text not in ({SETTLING})
        """,
    ),
)
