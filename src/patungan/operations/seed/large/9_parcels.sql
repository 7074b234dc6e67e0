-- What went to the buyers: parcels with their news, goods received, what is said of them, complaints.
insert into logistics.shipments (id, reference, order_id, order_number, user_id, factory_id, session_id, warehouse_id, courier, service,
    provider, booking, booking_attempts, waybill, status, sender, recipient, items, weight_grams, chargeable_kilograms, value, cost,
    created_at, booked_at, promised_at, picked_up_at, delivered_at, ended_at, last_event_at)
select seed_large.uid(30, o.n), 'SEED-' || seed_large.digits(o.n, 8), o.order_id, o.number, o.user_id, o.factory_id, o.session_id,
    seed_large.uid(2, 1), 'jne', 'reg', '', 'booked', 1, 'JNE' || seed_large.digits(o.n, 10),
    case o.status when 'processing' then 'pending' else o.status end, w.sender, r.address,
    jsonb_build_array(jsonb_build_object('name', (e.goods).name, 'quantity', o.quantity, 'unit_price', o.price, 'weight_grams',
        (e.goods).weight_grams, 'length_cm', (e.goods).length_cm, 'width_cm', (e.goods).width_cm, 'height_cm', (e.goods).height_cm)),
    o.quantity * (e.goods).weight_grams, 1 + o.quantity * (e.goods).weight_grams / 1000, o.product_amount, o.leg2,
    o.ended + interval '1 day', o.ended + interval '1 day', o.ended + interval '6 days',
    case when o.status <> 'processing' then o.ended + interval '2 days' end,
    case when o.status = 'delivered' then o.ended + interval '5 days' end,
    case when o.status = 'delivered' then o.ended + interval '5 days' end, o.ended + interval '2 days'
from seed_large.orders o join seed_large.sessions e on e.n = o.session join "order".orders r on r.id = o.order_id
cross join (select jsonb_build_object('id', id, 'code', code, 'name', name, 'city', city, 'province', province, 'postal_code',
    postal_code) as sender from warehouse.warehouses where id = seed_large.uid(2, 1)) as w
where not o.open and o.status <> 'paid';
insert into logistics.shipment_events (shipment_id, status, at, source, moved, received_at)
select id, 'delivered', delivered_at, 'webhook', true, delivered_at from logistics.shipments
where delivered_at is not null and id between seed_large.uid(30, 1) and seed_large.uid(30, 4294967295);
insert into logistics.shipment_cases (id, shipment_id, kind, status, detail, opened_at, resolution, resolved_by, resolved_at)
select seed_large.uid(31, o.n), seed_large.uid(30, o.n), 'failed', case when o.n % 3 = 0 then 'open' else 'resolved' end,
    'nobody at home', o.ended + interval '4 days', case when o.n % 3 > 0 then 'went_on' end,
    case when o.n % 3 > 0 then seed_large.uid(13, 1) end, case when o.n % 3 > 0 then o.ended + interval '5 days' end
from seed_large.orders o where o.status = 'in_transit' and o.n % 20 = 1 and o.n % 7 = 0;
insert into logistics.pickups (id, code, warehouse_id, courier, starts_at, ends_at, status, requested_by, requested_at, ended_at)
select seed_large.uid(32, n), 'PT-' || to_char(s.now - make_interval(days => n), 'YYYYMMDD') || '-' || seed_large.digits(n, 5),
    seed_large.uid(2, 1), 'jne', s.now - make_interval(days => n), s.now - make_interval(days => n, hours => -2), 'completed',
    seed_large.uid(13, 1), s.now - make_interval(days => n + 1), s.now - make_interval(days => n, hours => -1)
from seed_large.sizes s, generate_series(1, 300) as n;

insert into review.received_items (order_item_id, order_id, order_number, user_id, product_id, factory_id, quantity, delivered_at)
select seed_large.uid(15, n), order_id, number, user_id, product_id, factory_id, quantity, ended + interval '5 days'
from seed_large.orders where status = 'delivered';
-- One of ten says something; of a hundred, one waits to be looked at.
insert into review.reviews (id, subject, subject_id, product_id, factory_id, order_id, order_item_id, user_id, author, rating, title,
    comment, photos, status, helpful, created_at)
select seed_large.uid(33, o.n), 'product', o.product_id, o.product_id, o.factory_id, o.order_id, seed_large.uid(15, o.n), o.user_id,
    u.first_name, 1 + (3 + o.n) % 5, 'Bagus', 'Sesuai gambar, sampai dengan baik.', '{}',
    case when o.n % 100 = 3 then 'pending' else 'approved' end, o.n % 40, o.ended + interval '6 days'
from seed_large.orders o join auth.users u on u.id = o.user_id where o.status = 'delivered' and o.n % 10 = 3;
insert into review.reviews (id, subject, subject_id, factory_id, order_id, user_id, author, rating, title, comment, photos, status,
    helpful, answer, answered_at, created_at)
select seed_large.uid(34, o.n), 'factory', o.factory_id, o.factory_id, o.order_id, o.user_id, u.first_name, 1 + (3 + o.n) % 5, 'Bagus',
    'Barangnya rapi.', '{}', 'approved', o.n % 40, 'Terima kasih.', o.ended + interval '7 days', o.ended + interval '6 days'
from seed_large.orders o join auth.users u on u.id = o.user_id where o.status = 'delivered' and o.n % 20 = 3;
insert into review.summaries (subject, subject_id, count, total, stars_1, stars_2, stars_3, stars_4, stars_5, revision)
select subject, subject_id, count(*), sum(rating), count(*) filter (where rating = 1), count(*) filter (where rating = 2),
    count(*) filter (where rating = 3), count(*) filter (where rating = 4), count(*) filter (where rating = 5), 1
from review.reviews where status = 'approved' and id between seed_large.uid(33, 1) and seed_large.uid(34, 4294967295)
group by subject, subject_id;

insert into "order".complaints (id, order_id, user_id, reason, description, status, note, opened_at, decided_at, decided_by, closed_at)
select seed_large.uid(35, n), order_id, user_id, 'other', 'Kemasannya penyok di satu sisi.', 'rejected', 'the goods are whole',
    ended + interval '6 days', ended + interval '7 days', seed_large.uid(13, 1), ended + interval '7 days'
from seed_large.orders where status = 'delivered' and n % 50 = 7;
insert into payment.refund_requests (id, payment_id, amount, reason, note, status, needed, requested_by, requested_at, decided_at,
    decided_by, decision_note)
select seed_large.uid(48, n), payment_id, product_amount, 'quality_issue', 'Kemasannya penyok.', 'rejected', 1, user_id,
    ended + interval '6 days', ended + interval '7 days', seed_large.uid(13, 1), 'the goods are whole'
from seed_large.orders where status = 'delivered' and n % 50 = 7;
