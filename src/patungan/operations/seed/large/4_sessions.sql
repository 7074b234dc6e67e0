-- Sessions, ended and open, with those who take part.
insert into group_buying.sessions (id, code, product_id, product, factory_id, factory_name, factory_city, warehouse_id,
    warehouse_city, warehouse_postal_code, status, target_moq, base_price, price_tier_25, price_tier_50, price_tier_75,
    price_tier_100, bulk_shipping_cost, starts_at, ends_at, started_at, paid_quantity, participant_count, tier_reached,
    moq_reached_at, claimed_at, finalised_at, created_by, created_at)
select e.id, 'GB-' || to_char(e.began at time zone 'Asia/Jakarta', 'YYYYMMDD') || '-' || seed_large.digits(e.n, 5), e.product_id,
    jsonb_build_object('id', p.id, 'factory_id', p.factory_id, 'category_id', p.category_id, 'sku', p.sku, 'slug', p.slug,
        'name', p.name, 'name_en', p.name_en, 'status', p.status, 'base_price', p.base_price,
        'price_tier_25', p.price_tier_25, 'price_tier_50', p.price_tier_50, 'price_tier_75', p.price_tier_75,
        'price_tier_100', p.price_tier_100, 'min_order_quantity', p.min_order_quantity,
        'group_duration_hours', p.group_duration_hours, 'weight_grams', p.weight_grams, 'length_cm', p.length_cm,
        'width_cm', p.width_cm, 'height_cm', p.height_cm, 'renews', p.renews, 'image_url', null, 'variants', '[]'::jsonb),
    e.factory_id, f.name, f.city, seed_large.uid(2, 1), 'Kabupaten Bekasi', '17530',
    case when e.open then 'forming' else 'orders_created' end,
    -- An ended session reached its smallest tier, whose price is the base price, and had no need to be filled.
    case when e.open then 1000 else greatest(2, c.units * 2) end, p.base_price, p.price_tier_25, p.price_tier_50,
    p.price_tier_75, p.price_tier_100, 500 * greatest(2, c.units * 2), e.began, e.ends, e.began, c.units, c.count,
    case when not e.open then 25 end, null, case when not e.open then e.ends end, case when not e.open then e.ends end,
    f.owner_id, e.began
from seed_large.sessions e join seed_large.sums c on c.session = e.n join product.products p on p.id = e.product_id
join factory.factories f on f.id = e.factory_id;

insert into group_buying.session_variants (session_id, position, name, sku, price_adjustment, free_stock, demand)
select e.id, 0, (e.goods).name, (e.goods).sku, 0, 0, c.units
from seed_large.sessions e join seed_large.sums c on c.session = e.n;
insert into group_buying.session_history (session_id, at, from_status, to_status, reason, transition)
select id, began, null, 'forming', 'opened', 'open' from seed_large.sessions
union all select id, ends, 'forming', 'orders_created', 'ended', 'close' from seed_large.sessions where not open;

insert into group_buying.participants (id, session_id, user_id, position, quantity, unit_price, product_amount, leg1_amount,
    leg2_amount, fee_amount, courier_service, address, status, idempotency_key, input_hash, joined_at, expires_at, paid_at,
    final_unit_price, cashback, order_number)
select o.participant_id, o.session_id, o.user_id, 0, o.quantity, o.price, o.product_amount, o.leg1, o.leg2, o.fee, 'jne:reg',
    seed_large.home(a), case when o.open then 'paid' else 'settled' end, 'seed-' || o.n, '\x00', o.joined,
    o.joined + interval '1 day', o.joined + interval '5 minutes', case when not o.open then o.price end,
    case when not o.open then 0 end, case when not o.open then o.number end
from seed_large.orders o join address.addresses a on a.user_id = o.user_id;
