-- Settlements of every fifth session, that wait for the factory's bank account; and the days that are over, closed.
create unlogged table seed_large.settled as
select e.n, e.id as session_id, e.factory_id, f.name, date_trunc('week', e.ends at time zone 'Asia/Jakarta')::date + 7 as monday
from seed_large.sessions e join factory.factories f on f.id = e.factory_id where not e.open and e.n % 5 = 0;
insert into settlement.sessions (session_id, factory_id, revenue, payable, commission_percent, planned, delivered_value)
select t.session_id, t.factory_id, c.product, c.product - c.commission, 10, true, coalesce(d.value, 0)
from seed_large.settled t join seed_large.sums c on c.session = t.n left join (
    select session, sum(product_amount)::bigint as value from seed_large.orders where status = 'delivered' group by session
) as d on d.session = t.n;
insert into settlement.agreements (payee_kind, payee_id, cycle, set_by, set_at)
select distinct 'factory', factory_id, 'weekly', seed_large.uid(13, 1), s.now from seed_large.settled, seed_large.sizes s;
insert into settlement.orders (order_id, number, session_id, participant_id, factory_id, product_value, delivered_at, reckoned_at,
    payee_kind, payee_id, value, commission)
select o.order_id, o.number, o.session_id, o.participant_id, o.factory_id, o.product_amount, o.ended + interval '5 days',
    o.ended + interval '5 days', 'factory', o.factory_id, o.product_amount, o.product_amount / 10
from seed_large.orders o join seed_large.settled t on t.n = o.session where o.status = 'delivered';
insert into settlement.order_items (order_item_id, order_id, product_id, quantity, unit_price)
select seed_large.uid(15, o.n), o.order_id, o.product_id, o.quantity, o.price
from seed_large.orders o join seed_large.settled t on t.n = o.session where o.status = 'delivered';
insert into settlement.settlements (id, code, payee_kind, payee_id, payee_name, cycle, period_start, period_end, pay_on, status, value,
    commission, net_amount, payout_amount, carried_out, requires_approval, hold_reason, created_at)
select seed_large.uid(41, t.n), 'SET-' || to_char(t.monday, 'YYYYMMDD') || '-' || seed_large.digits(t.n, 6), 'factory', t.factory_id,
    t.name, 'weekly', t.monday, t.monday + 6, t.monday + 4, 'on_hold', d.value, d.commission, d.value - d.commission,
    d.value - d.commission, 0, false, 'the factory has no bank account yet', s.now
from seed_large.settled t cross join seed_large.sizes s join (
    select session, sum(product_amount)::bigint as value, sum(product_amount / 10)::bigint as commission
    from seed_large.orders where status = 'delivered' group by session
) as d on d.session = t.n
on conflict do nothing;
insert into settlement.history (settlement_id, from_status, status, note, at)
select id, null, 'on_hold', hold_reason, created_at from settlement.settlements
where id between seed_large.uid(41, 1) and seed_large.uid(41, 4294967295);
-- Prices are whole thousands: a tenth of each sale is exact, so the lines are what the release credited.
insert into settlement.lines (id, payee_kind, payee_id, kind, description, order_id, order_item_id, session_id, participant_id, quantity,
    unit_price, before, percent, value, commission, amount, ledger_key, occurred_at, due_on, settlement_id)
select seed_large.uid(42, o.n), 'factory', o.factory_id, 'order', o.number, o.order_id, seed_large.uid(15, o.n), o.session_id,
    o.participant_id, o.quantity, o.price, 0, 10, o.product_amount, o.product_amount / 10, o.product_amount - o.product_amount / 10,
    'escrow/' || o.session_id || '/released', o.ended + interval '5 days', (o.ended + interval '12 days')::date, x.id
from seed_large.orders o join seed_large.settled t on t.n = o.session
left join settlement.settlements x on x.id = seed_large.uid(41, t.n) where o.status = 'delivered';
insert into settlement.adjustments (id, code, payee_kind, payee_id, amount, reason, status, requested_by, requested_at, decided_by, decided_at)
select seed_large.uid(49, n), 'ADJ-' || to_char(s.now at time zone 'Asia/Jakarta', 'YYYYMMDD') || '-' || seed_large.digits(n, 6), 'factory',
    seed_large.uid(3, n), -10000, 'a label that was missing', 'rejected', seed_large.uid(13, 1), s.now, seed_large.uid(13, 2), s.now
from seed_large.sizes s, lateral generate_series(1, s.factories) as n;

create unlogged table seed_large.days as
select d::date as day, seed_large.uid(43, row_number() over (order by d)) as audit_id, (d + interval '1 day') at time zone 'Asia/Jakarta' as ends
from seed_large.sizes s, generate_series(date_trunc('day', (s.now - interval '320 days') at time zone 'Asia/Jakarta'),
    date_trunc('day', (s.now - interval '2 days') at time zone 'Asia/Jakarta'), interval '1 day') as d
where not exists (select from ledger.daily_closings known where known.day = d::date);
insert into payment.audits (id, trigger, began_at, ended_at, whole, broken, report)
select audit_id, 'nightly', ends, ends + interval '1 minute', true, '{}', '{}' from seed_large.days;
create unlogged table seed_large.moved as
select (t.posted_at at time zone 'Asia/Jakarta')::date as day, e.account_id,
    coalesce(sum(e.amount) filter (where e.amount > 0), 0)::bigint as debits,
    coalesce(-sum(e.amount) filter (where e.amount < 0), 0)::bigint as credits
from ledger.transactions t join ledger.entries e on e.transaction_id = t.id group by 1, 2;
insert into ledger.daily_closings (day, closed_at, audit_id, seal, transactions, debits)
select d.day, d.ends + interval '1 minute', d.audit_id, 0, coalesce(t.count, 0), coalesce(m.debits, 0)
from seed_large.days d
left join (select day, sum(debits)::bigint as debits from seed_large.moved group by day) as m on m.day = d.day
left join (select (posted_at at time zone 'Asia/Jakarta')::date as day, count(*)::int from ledger.transactions group by 1) as t
    on t.day = d.day;
insert into ledger.daily_totals (day, account_id, debits, credits, balance)
select h.day, h.account_id, h.debits, h.credits, ledger.normal_sign(k.class) * h.balance
from (select *, sum(debits - credits) over (partition by account_id order by day)::bigint as balance from seed_large.moved) as h
join seed_large.days d on d.day = h.day join ledger.accounts a on a.id = h.account_id join ledger.account_kinds k on k.kind = a.kind;
insert into payment.reconciliations (id, trigger, from_at, to_at, began_at, ended_at, listed, matched, found, repaired)
select seed_large.uid(44, row_number() over (order by day)), 'nightly', ends - interval '1 day', ends, ends, ends + interval '1 minute', 0, 0,
    0, 0
from seed_large.days;
insert into payment.reconciliation_findings (id, reconciliation_id, last_reconciliation_id, kind, transaction_type, provider_id, reference,
    theirs, ours, occurred_at, status, found_at, resolved_at, note)
select seed_large.uid(45, o.n), r.id, r.id, 'late', 'payment', 'seed-invoice-' || o.n, o.code, o.total, o.total, o.joined, 'resolved',
    r.ended_at, r.ended_at + interval '1 day', 'the callback came later'
from seed_large.orders o cross join (select * from payment.reconciliations where id = seed_large.uid(44, 1)) as r
where o.n % 250 = 0;
