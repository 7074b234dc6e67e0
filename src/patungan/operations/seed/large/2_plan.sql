-- Every order in one row: who takes how much of what in which session, at which price and when. Sessions after the ended
-- ones are open; what is paid there waits in escrow.
create unlogged table seed_large.sessions as
select n, seed_large.uid(7, n) as id, p.id as product_id, p.base_price as price, p.factory_id, n > s.sessions as open,
    case when n > s.sessions then s.now - interval '20 hours'
        else s.now - make_interval(days => 10 + n % 300, hours => n % 24) end as began,
    case when n > s.sessions then s.now + make_interval(hours => 24 + n % 72)
        else s.now - make_interval(days => 8 + n % 300, hours => n % 24) end as ends,
    p as goods
from seed_large.sizes s cross join generate_series(1, s.sessions + s.open_sessions) as n
join product.products p on p.id = seed_large.uid(5, 1 + n % s.products);
create index on seed_large.sessions (n);
analyze seed_large.sessions;

create unlogged table seed_large.orders as
select i as n, e.n as session, e.id as session_id, e.open, e.factory_id, e.product_id,
    seed_large.uid(8, i) as participant_id, seed_large.uid(9, i) as payment_id, seed_large.uid(10, i) as order_id,
    seed_large.uid(4, 1 + s.factories + (i * 7919) % (s.users - s.factories)) as user_id, q.quantity, e.price,
    q.quantity * e.price as product_amount, q.quantity * 500::bigint as leg1, 9000 + (i % 20) * 1000::bigint as leg2,
    -- Three of a hundred, rounded up (DOMAIN.md 1.1).
    (q.quantity * e.price * 3 + 99) / 100 as fee,
    e.began + make_interval(mins => 10 + (i % 1000)::int) as joined, e.ends as ended,
    case when e.open then null when i % 20 = 0 then 'processing' when i % 20 = 1 then 'in_transit' when i % 50 = 2 then 'paid'
        else 'delivered' end as status,
    'PAY-' || to_char(e.began at time zone 'Asia/Jakarta', 'YYYYMMDD') || '-' || seed_large.digits(i, 6) as code,
    'ORD-' || to_char(e.ends at time zone 'Asia/Jakarta', 'YYYYMMDD') || '-' || seed_large.digits(i, 7) as number
from seed_large.sizes s cross join generate_series(1::bigint, s.orders + s.open_sessions * 10) as i
cross join lateral (select 1 + i % 3 as quantity) as q
join seed_large.sessions e on e.n = case when i <= s.orders then 1 + (i - 1) % s.sessions
    else 1 + s.sessions + (i - s.orders - 1) % s.open_sessions end;
alter table seed_large.orders add column total bigint;
update seed_large.orders set total = product_amount + leg1 + leg2 + fee;
create index on seed_large.orders (session);
analyze seed_large.orders;

create unlogged table seed_large.sums as
select session, count(*) as count, sum(quantity) as units, sum(product_amount)::bigint as product, sum(leg1)::bigint as leg1,
    sum(leg2)::bigint as leg2, sum(fee)::bigint as fee, sum(total)::bigint as total,
    -- A tenth of the product value is commission, rounded half up.
    (sum(product_amount) * 10 + 50)::bigint / 100 as commission
from seed_large.orders group by session;
create index on seed_large.sums (session);
analyze seed_large.sums;
