-- Factories with their owners, and products on sale with stock and prices.
insert into product.categories (id, slug, name, name_en, display_order, created_at)
select seed_large.uid(1, number), 'ramai-' || number, word, word_en, 100 + number, s.now
from seed_large.words, seed_large.sizes s where list = 'category'
on conflict do nothing;

insert into warehouse.warehouses (id, code, name, city, province, postal_code, created_at)
select seed_large.uid(2, 1), 'WH-RAMAI', 'Gudang Ramai', 'Kabupaten Bekasi', 'Jawa Barat', '17530', now from seed_large.sizes
on conflict do nothing;

insert into factory.factories (id, owner_id, code, name, description, description_en, status, verification_status, nib, npwp,
    licence_url, logo_url, phone, line, district, city, province, postal_code, wholesale_unit, default_warehouse_id,
    created_at, updated_at, verified_at)
select seed_large.uid(3, n), seed_large.uid(4, n), 'FACT-RAM-AIS-' || lpad(n::text, 6, '0'),
    'CV ' || a.word || ' ' || f.word || ' ' || n, 'Pabrik ' || a.word || ' di ' || p.city, 'Maker in ' || p.city,
    'active', 'verified', '9' || lpad(n::text, 12, '0'), '9' || lpad(n::text, 14, '0'), '/api/images/licence.svg',
    '/api/images/logo.svg', '+62819' || lpad(n::text, 7, '0'), 'Jl. Industri No. ' || 1 + n % 200, p.district, p.city,
    p.province, p.postal_code, 12, seed_large.uid(2, 1), s.now - make_interval(days => 400 - n % 300), s.now,
    s.now - make_interval(days => 90)
from seed_large.sizes s cross join generate_series(1, s.factories) as n
join seed_large.places p on p.number = n % (select count(*) from seed_large.places)
join seed_large.words a on a.list = 'adjective' and a.number = n % (select count(*) from seed_large.words where list = 'adjective')
join seed_large.words f on f.list = 'family' and f.number = n % (select count(*) from seed_large.words where list = 'family');

insert into product.factory_names (factory_id, name, city, province)
select id, name, city, province from factory.factories, seed_large.sizes s
where id between seed_large.uid(3, 1) and seed_large.uid(3, s.factories);

insert into product.products (id, factory_id, category_id, sku, slug, name, name_en, description, description_en, status,
    base_price, price_tier_25, price_tier_50, price_tier_75, price_tier_100, cost_price, min_order_quantity,
    group_duration_hours, weight_grams, length_cm, width_cm, height_cm, renews, has_variants, created_at, updated_at,
    published_at)
select seed_large.uid(5, n), seed_large.uid(3, 1 + n % s.factories),
    seed_large.uid(1, n % (select count(*) from seed_large.words where list = 'category')),
    'RAMAI-' || n, 'ramai-' || n, g.word || ' ' || a.word || ' ' || f.word || ' ' || n, a.word_en || ' ' || g.word_en || ' ' || n,
    g.word || ' ' || a.word || ', dibuat dengan teliti dan dijual bersama-sama.', 'Made with care, sold together.',
    'active', price, price, price * 95 / 100, price * 90 / 100, price * 85 / 100, price * 70 / 100, 50, 48,
    200 + n % 1800, 10 + n % 30, 10 + n % 20, 5 + n % 10, false, false, made, made, made
from seed_large.sizes s cross join generate_series(1, s.products) as n
cross join lateral (select (20 + n % 480) * 1000 as price, s.now - make_interval(hours => (n * 7) % 7000) as made) as of_it
join seed_large.words g on g.list = 'goods' and g.number = n % (select count(*) from seed_large.words where list = 'goods')
join seed_large.words a on a.list = 'adjective'
    and a.number = (n / 7) % (select count(*) from seed_large.words where list = 'adjective')
join seed_large.words f on f.list = 'family' and f.number = (n / 3) % (select count(*) from seed_large.words where list = 'family');

insert into product.product_history (product_id, at, actor, before, after)
select p.id, p.created_at, f.owner_id, 'draft', 'active' from product.products p
join factory.factories f on f.id = p.factory_id where p.sku like 'RAMAI-%';
insert into product.price_history (product_id, at, actor, base_price, price_tier_25, price_tier_50, price_tier_75,
    price_tier_100, min_order_quantity)
select p.id, p.created_at, f.owner_id, p.base_price, p.price_tier_25, p.price_tier_50, p.price_tier_75, p.price_tier_100,
    p.min_order_quantity from product.products p join factory.factories f on f.id = p.factory_id where p.sku like 'RAMAI-%';

insert into warehouse.inventory (id, warehouse_id, product_id, quantity)
select seed_large.uid(6, n), seed_large.uid(2, 1), seed_large.uid(5, n), 20 + n % 400
from seed_large.sizes s, generate_series(1, s.products) as n;
insert into warehouse.stock_movements (at, inventory_id, type, units, quantity_change, reserved_change, quantity_after,
    reserved_after, reason)
select s.now - interval '30 days', seed_large.uid(6, n), 'purchase', 20 + n % 400, 20 + n % 400, 0, 20 + n % 400, 0, 'opening stock'
from seed_large.sizes s, generate_series(1, s.products) as n;
