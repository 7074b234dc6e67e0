-- The ledger's transactions, each with the digest that ledger.post gives it: money received, escrow released, deposits.
-- What falls on a day that is closed already is posted at the seed's own time.
create unlogged table seed_large.journals as
with closed as (select coalesce(max(day), '-infinity'::date) as last from ledger.daily_closings)
select seed_large.uid(16, o.n) as id, 'payment/' || o.payment_id || '/paid' as key, 'payment_received' as kind,
    o.code as reference, o.joined + interval '5 minutes' as at, array['gateway_clearing', 'escrow/' || o.session_id] as accounts,
    array[o.total, -o.total] as amounts
from seed_large.orders o
union all
select seed_large.uid(17, e.n), 'escrow/' || e.id || '/released', 'escrow_released', e.id::text, e.ends,
    array['escrow/' || e.id, 'payable_factory/' || e.factory_id, 'payable_warehouse', 'payable_courier', 'commission_revenue',
        'fee_income'],
    array[c.total, c.commission - c.product, -c.leg1, -c.leg2, -c.commission, -c.fee]
from seed_large.sessions e join seed_large.sums c on c.session = e.n where not e.open
union all
select seed_large.uid(18, n), 'adjustment/' || seed_large.uid(12, n), 'adjustment', seed_large.uid(12, n)::text, s.now,
    array['goodwill', 'wallet/' || seed_large.uid(4, n)], array[25000::bigint, -25000]
from seed_large.sizes s, generate_series(10, s.users, 10) as n;
update seed_large.journals set at = s.now from seed_large.sizes s
where at < (select coalesce(max(day) + 1, '-infinity'::date) from ledger.daily_closings) at time zone 'Asia/Jakarta';

insert into ledger.accounts (code, kind)
select code, split_part(code, '/', 1) from (select distinct unnest(accounts) as code from seed_large.journals) as named
where not exists (select 1 from ledger.accounts known where known.code = named.code);

insert into ledger.transactions (id, idempotency_key, kind, reference, posted_at, posted_by, digest)
select j.id, j.key, j.kind, j.reference, j.at, case j.kind when 'adjustment' then 'patungan_wallet' else 'patungan_payment' end,
    sha256(convert_to(concat_ws('|', j.key, j.kind, j.reference, (extract(epoch from j.at) * 1000000)::bigint::text, (
        select string_agg(a || ':' || m, ',' order by place) from unnest(j.accounts, j.amounts) with ordinality as l(a, m, place)
    )), 'UTF8'))
from seed_large.journals j order by j.at;

insert into ledger.entries (transaction_id, line, account_id, amount)
select j.id, l.place, a.id, l.amount
from seed_large.journals j cross join lateral unnest(j.accounts, j.amounts) with ordinality as l(code, amount, place)
join ledger.accounts a on a.code = l.code;

insert into ledger.balances (account_id, balance)
select a.id, 25000 from seed_large.sizes s cross join generate_series(10, s.users, 10) as n
join ledger.accounts a on a.code = 'wallet/' || seed_large.uid(4, n);
