-- Accounts (owners of factories first), an address and a wallet each; every tenth wallet has money.
insert into auth.users (id, phone_number, password_hash, first_name, last_name, role, status, created_at)
select seed_large.uid(4, n), '+62819' || lpad(n::text, 7, '0'), 'no password', f.word, l.word,
    case when n <= s.factories then 'factory_owner' else 'customer' end, 'active', s.now - make_interval(mins => (n * 3) % 500000)
from seed_large.sizes s cross join generate_series(1, s.users) as n
join seed_large.words f on f.list = 'given' and f.number = n % (select count(*) from seed_large.words where list = 'given')
join seed_large.words l on l.list = 'family' and l.number = (n / 11) % (select count(*) from seed_large.words where list = 'family');

insert into address.addresses (id, user_id, label, recipient, phone, province, city, district, district_code, village,
    postal_code, line, is_default, created_at, updated_at)
select seed_large.uid(11, n), seed_large.uid(4, n), 'Rumah', u.first_name || ' ' || u.last_name, u.phone_number, p.province,
    p.city, p.district, p.district_code, p.village, p.postal_code, 'Jl. Melati No. ' || 1 + n % 300, true, u.created_at, u.created_at
from seed_large.sizes s cross join generate_series(1, s.users) as n
join auth.users u on u.id = seed_large.uid(4, n)
join seed_large.places p on p.number = n % (select count(*) from seed_large.places);

insert into wallet.wallets (user_id, balance, total_earned, opened_at)
select seed_large.uid(4, n), case when n % 10 = 0 then 25000 else 0 end, 0, s.now
from seed_large.sizes s, generate_series(1, s.users) as n;
insert into wallet.adjustments (id, code, user_id, type, amount, reason, status, requested_by, requested_at, decided_by, decided_at)
select seed_large.uid(12, n), 'ADJ-' || to_char(s.now at time zone 'Asia/Jakarta', 'YYYYMMDD') || '-' || seed_large.digits(n, 6),
    seed_large.uid(4, n), 'deposit', 25000, 'a welcome to new buyers', 'approved', seed_large.uid(13, 1), s.now,
    seed_large.uid(13, 2), s.now
from seed_large.sizes s, generate_series(10, s.users, 10) as n;
insert into wallet.wallet_transactions (id, user_id, type, amount, balance_after, reference_type, reference_id, reference,
    created_at)
select seed_large.uid(14, n), user_id, type, amount, amount, 'adjustment', id, code, decided_at
from wallet.adjustments a, lateral (select ('x' || right(a.id::text, 12))::bit(48)::bigint as n) as of_it
where a.id between seed_large.uid(12, 1) and seed_large.uid(12, 4294967295);
