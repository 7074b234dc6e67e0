-- What was made, brought and looked after: purchase orders with invoices, offices with their people and rounds, stores.
insert into warehouse.purchase_orders (id, code, session_id, product_id, product_name, factory_id, factory_name, warehouse_id,
    bundles, wholesale_unit, status, created_at, expected_at, notified_at, received_at)
select seed_large.uid(19, e.n), 'PO-' || to_char(e.ends at time zone 'Asia/Jakarta', 'YYYYMMDD') || '-' || seed_large.digits(e.n, 5),
    e.id, e.product_id, (e.goods).name, e.factory_id, f.name, seed_large.uid(2, 1), (c.units + 11) / 12, 12, 'received', e.ends,
    e.ends + interval '7 days', e.ends, e.ends + interval '36 hours'
from seed_large.sessions e join seed_large.sums c on c.session = e.n join factory.factories f on f.id = e.factory_id
where not e.open;
insert into warehouse.purchase_order_lines (purchase_order_id, position, variant_name, ordered, received, unit_cost)
select seed_large.uid(19, e.n), 0, (e.goods).name, c.units, c.units, (e.goods).cost_price
from seed_large.sessions e join seed_large.sums c on c.session = e.n where not e.open;
insert into warehouse.invoices (id, code, purchase_order_id, status, subtotal, tax_percent, tax, total, lines, created_at, paid_at,
    payment_reference)
select seed_large.uid(20, e.n), 'INV-' || to_char(e.ends at time zone 'Asia/Jakarta', 'YYYYMMDD') || '-' || seed_large.digits(e.n, 6),
    seed_large.uid(19, e.n), 'paid', c.units * (e.goods).cost_price, 0, 0, c.units * (e.goods).cost_price, '[]',
    e.ends + interval '2 days', e.ends + interval '5 days', 'BCA ' || e.n
from seed_large.sessions e join seed_large.sums c on c.session = e.n where not e.open;
insert into warehouse.audit_logs (at, actor, action, subject)
select e.ends, f.owner_id, 'purchase_order.received', seed_large.uid(19, e.n)
from seed_large.sessions e join factory.factories f on f.id = e.factory_id where not e.open;
insert into factory.factory_sessions (id, factory_id, code, product_id, product_name, opened_at, ends_at, status, ended_at, units)
select s.id, s.factory_id, s.code, s.product_id, (e.goods).name, e.began, e.ends, case when e.open then 'open' else 'succeeded' end,
    case when not e.open then e.ends end, s.paid_quantity
from seed_large.sessions e join group_buying.sessions s on s.id = e.id;
insert into factory.factory_purchase_orders (id, factory_id, code, created_at, answered_at, ended_at, outcome)
select id, factory_id, code, created_at, created_at + interval '1 hour', received_at, 'received'
from warehouse.purchase_orders where id between seed_large.uid(19, 1) and seed_large.uid(19, 4294967295);
insert into logistics.bulk_shipments (id, purchase_order_id, purchase_order_code, factory_id, session_id, status, carrier, waybill,
    cost, cost_is_estimated, created_at, shipped_at, ended_at)
select seed_large.uid(21, e.n), p.id, p.code, p.factory_id, p.session_id, 'delivered', 'Truk Ramai', 'TR' || e.n, c.leg1, false,
    p.created_at, p.created_at + interval '12 hours', p.received_at
from seed_large.sessions e join seed_large.sums c on c.session = e.n
join warehouse.purchase_orders p on p.id = seed_large.uid(19, e.n);

insert into office.offices (id, code, name, status, phone, line, city, province, postal_code, operating_hours, regions, manager_id,
    review_count, review_total, created_at, updated_at)
select seed_large.uid(22, n), 'OFF-' || seed_large.digits(n, 6), 'Kantor ' || p.city || ' ' || n, 'active',
    '+62818' || lpad(n::text, 7, '0'), 'Jl. Kantor No. ' || n, p.city, p.province, p.postal_code, '08-17', array[left(p.district_code, 2)],
    seed_large.uid(4, s.users - 4 * (n - 1)), 0, 0, s.now - interval '400 days', s.now
from seed_large.sizes s cross join lateral generate_series(1, s.offices) as n
join seed_large.places p on p.number = n % (select count(*) from seed_large.places);
insert into office.office_history (office_id, at, actor, subject, after, reason)
select id, created_at, manager_id, 'status', 'active', 'opened' from office.offices
where id between seed_large.uid(22, 1) and seed_large.uid(22, 4294967295);
-- The last of the people work for offices and keep stores.
insert into office.staff (id, office_id, user_id, code, name, role, status, is_available, last_check_in, joined_at, updated_at)
select seed_large.uid(23, m), seed_large.uid(22, 1 + m / 4), u.id, 'STF-' || seed_large.digits(m + 1, 6),
    u.first_name || ' ' || u.last_name, case m % 4 when 0 then 'office_manager' when 1 then 'field_coordinator' else 'logistics_staff' end,
    'active', true, s.now, s.now - interval '300 days', s.now
from seed_large.sizes s cross join lateral generate_series(0, s.offices * 4 - 1) as m
join auth.users u on u.id = seed_large.uid(4, s.users - m);
update auth.users set role = 'office_staff' from office.staff where user_id = users.id;
update factory.factories f set office_id = seed_large.uid(22, 1 + n % s.offices), assigned_at = f.created_at
from seed_large.sizes s, lateral generate_series(1, s.factories) as n where f.id = seed_large.uid(3, n);
insert into office.assignments (factory_id, office_id, factory_name, assigned_at)
select id, office_id, name, created_at from factory.factories
where id between seed_large.uid(3, 1) and seed_large.uid(3, 4294967295);
insert into factory.factory_history (factory_id, at, actor, subject, before, after, reason)
select id, created_at, owner_id, 'status', null, 'active', 'registered' from factory.factories
where id between seed_large.uid(3, 1) and seed_large.uid(3, 4294967295);
analyze office.staff;
analyze factory.factories;
insert into office.interactions (id, office_id, staff_id, factory_id, kind, notes, photos, happened_at, recorded_at)
select seed_large.uid(24, i), f.office_id, t.id, f.id, 'factory_visit', 'Kunjungan berkala', '{}', s.now - make_interval(hours => i),
    s.now - make_interval(hours => i)
from seed_large.sizes s cross join lateral generate_series(1, s.factories * 5) as i
join factory.factories f on f.id = seed_large.uid(3, 1 + i % s.factories)
join office.staff t on t.office_id = f.office_id and t.role = 'field_coordinator';
insert into office.tasks (id, office_id, factory_id, title, details, status, assignee_id, due_at, created_by, created_at, ended_at)
select seed_large.uid(25, i), f.office_id, f.id, 'Kunjungi ' || f.code, '', case when i % 5 = 0 then 'open' else 'done' end, t.id, s.now,
    t.user_id, s.now - make_interval(hours => i), case when i % 5 > 0 then s.now end
from seed_large.sizes s cross join lateral generate_series(1, s.factories * 5) as i
join factory.factories f on f.id = seed_large.uid(3, 1 + i % s.factories)
join office.staff t on t.office_id = f.office_id and t.role = 'field_coordinator';
insert into office.pickups (id, code, office_id, factory_id, purchase_order_id, purchase_order_code, staff_id, status, scheduled_for,
    notes, photo, signature, created_by, created_at, started_at, ended_at, shipped_at)
select seed_large.uid(26, e.n), 'PT-' || to_char(e.ends at time zone 'Asia/Jakarta', 'YYYYMMDD') || '-' || seed_large.digits(e.n, 6),
    f.office_id, f.id, p.id, p.code, t.id, 'completed', (e.ends at time zone 'Asia/Jakarta')::date, '', repeat('0', 64) || '.jpg',
    repeat('0', 64) || '.jpg', t.user_id, e.ends, e.ends, e.ends, e.ends
from seed_large.sessions e join factory.factories f on f.id = e.factory_id
join warehouse.purchase_orders p on p.id = seed_large.uid(19, e.n)
join office.staff t on t.office_id = f.office_id and t.role = 'field_coordinator';
insert into office.pickup_items (pickup_id, position, name, quantity, verified_quantity, is_verified, verified_by, verified_at)
select seed_large.uid(26, e.n), 1, (e.goods).name, c.units, c.units, true, p.created_by, e.ends
from seed_large.sessions e join seed_large.sums c on c.session = e.n join office.pickups p on p.id = seed_large.uid(26, e.n);
insert into office.office_reviews (pickup_id, office_id, factory_id, user_id, overall, punctuality, professionalism, communication,
    comment, created_at)
select p.id, p.office_id, p.factory_id, f.owner_id, 5, 5, 4, 5, 'Tepat waktu', p.ended_at
from office.pickups p join factory.factories f on f.id = p.factory_id
where p.id between seed_large.uid(26, 1) and seed_large.uid(26, 4294967295);
update office.offices o set review_count = r.count, review_total = 5 * r.count
from (select office_id, count(*) from office.office_reviews group by office_id) as r where r.office_id = o.id;

insert into seller.sellers (id, user_id, type, status, verification_status, name, slug, nib, phone, line, district, city, province,
    postal_code, created_at, updated_at, verified_at, verified_by)
select seed_large.uid(27, n), u.id, 'business', 'active', 'verified', 'Toko ' || u.last_name || ' ' || n, 'toko-ramai-' || n,
    '8' || lpad(n::text, 12, '0'), u.phone_number, 'Jl. Pasar No. ' || n, p.district, p.city, p.province, p.postal_code,
    s.now - interval '200 days', s.now, s.now - interval '190 days', seed_large.uid(13, 1)
from seed_large.sizes s cross join lateral generate_series(1, s.stores) as n
join auth.users u on u.id = seed_large.uid(4, s.users - s.offices * 4 - n)
join seed_large.places p on p.number = n % (select count(*) from seed_large.places);
update auth.users set role = 'seller' from seller.sellers where user_id = users.id;
insert into seller.seller_history (seller_id, at, actor, subject, before, after, reason)
select id, verified_at, verified_by, 'verification', 'pending', 'verified', 'papers in order' from seller.sellers
where id between seed_large.uid(27, 1) and seed_large.uid(27, 4294967295);
insert into seller.inventory (id, seller_id, product_id, factory_id, product_name, price, created_at, updated_at)
select seed_large.uid(28, i), seed_large.uid(27, 1 + i % s.stores), p.id, p.factory_id, p.name, p.base_price * 3 / 2, s.now, s.now
from seed_large.sizes s cross join lateral generate_series(1, least(s.stores * 20, s.products)) as i
join product.products p on p.id = seed_large.uid(5, i);
insert into seller.inventory_variants (id, inventory_id, stock)
select seed_large.uid(29, i), seed_large.uid(28, i), 5 + i % 50
from seed_large.sizes s cross join lateral generate_series(1, least(s.stores * 20, s.products)) as i;
insert into seller.stock_movements (at, stock_id, type, units, stock_change, reserved_change, stock_after, reserved_after, reason)
select s.now - make_interval(days => 30 - 10 * (case k.type when 'purchase' then 0 else 1 end)), seed_large.uid(29, i), k.type, k.units,
    k.change, 0, k.after, 0, k.reason
from seed_large.sizes s cross join lateral generate_series(1, least(s.stores * 20, s.products)) as i
cross join lateral (values ('purchase', 6 + i % 50, 6 + i % 50, 6 + i % 50, 'opening stock'),
    ('damaged', 1, -1, 5 + i % 50, 'broken')) as k (type, units, change, after, reason);

-- What an office, a factory and a warehouse keep besides: people invited, days without work, places, a count that found a difference.
insert into factory.factory_members (id, factory_id, phone, user_id, role, status, invited_by, invited_at, expires_at, joined_at)
select seed_large.uid(46, n), f.id, u.phone_number, u.id, 'operator', 'active', f.owner_id, s.now - interval '90 days',
    s.now - interval '83 days', s.now - interval '89 days'
from seed_large.sizes s cross join lateral generate_series(1, s.factories) as n
join factory.factories f on f.id = seed_large.uid(3, n)
join auth.users u on u.id = seed_large.uid(4, s.users - s.offices * 4 - s.stores - n % (s.users / 4));
insert into factory.factory_days (factory_id, day, capacity, reason)
select f.id, (s.now + make_interval(days => d))::date, 0, 'Libur' from seed_large.sizes s cross join factory.factories f
cross join generate_series(1, 5) as d where f.id between seed_large.uid(3, 1) and seed_large.uid(3, s.factories);
insert into warehouse.locations (warehouse_id, code, created_at)
select seed_large.uid(2, 1), 'RAK-' || n, s.now - interval '300 days' from seed_large.sizes s, generate_series(1, 200) as n;
insert into warehouse.stock_counts (id, code, warehouse_id, status, opened_by, opened_at, submitted_by, submitted_at, closed_by, closed_at)
select seed_large.uid(47, n), 'CC-' || to_char(s.now - make_interval(days => n), 'YYYYMMDD') || '-' || seed_large.digits(n, 6),
    seed_large.uid(2, 1), 'cancelled', seed_large.uid(13, 1), s.now - make_interval(days => n), seed_large.uid(13, 1),
    s.now - make_interval(days => n), seed_large.uid(13, 1), s.now - make_interval(days => n)
from seed_large.sizes s, generate_series(1, 300) as n;
insert into warehouse.stock_count_lines (count_id, inventory_id, expected, counted, counted_by, counted_at)
select seed_large.uid(47, n), seed_large.uid(6, 1 + (n * 31 + m) % s.products), 10, 9 + m % 2, seed_large.uid(13, 1),
    s.now - make_interval(days => n)
from seed_large.sizes s, generate_series(1, 300) as n, generate_series(1, 20) as m;
insert into address.refused_places (day, field, code, times)
select (s.now - make_interval(days => n))::date, 'postal_code', 'postal_code_unknown', 1 + n % 7
from seed_large.sizes s, generate_series(1, 300) as n;
