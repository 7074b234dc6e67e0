-- The orders of the ended sessions.
insert into "order".orders (id, number, participant_id, user_id, session_id, session_code, factory_id, factory_name, status,
    subtotal, shipping_cost, fee, total, cashback, courier_service, address, created_at, paid_at, shipped_at, delivered_at,
    warehouse_id)
select o.order_id, o.number, o.participant_id, o.user_id, o.session_id, s.code, o.factory_id, s.factory_name, o.status,
    o.product_amount, o.leg1 + o.leg2, o.fee, o.total, 0, 'jne:reg', seed_large.home(a), o.ended, o.joined + interval '5 minutes',
    case when o.status in ('in_transit', 'delivered') then o.ended + interval '2 days' end,
    case when o.status = 'delivered' then o.ended + interval '5 days' end, seed_large.uid(2, 1)
from seed_large.orders o join group_buying.sessions s on s.id = o.session_id join address.addresses a on a.user_id = o.user_id
where not o.open;

insert into "order".order_items (order_id, line, id, product_id, factory_id, sku, product_name, product_slug, variant_name,
    weight_grams, quantity, unit_price, subtotal)
select o.order_id, 1, seed_large.uid(15, o.n), o.product_id, o.factory_id, (e.goods).sku, (e.goods).name, (e.goods).slug, '',
    (e.goods).weight_grams, o.quantity, o.price, o.product_amount
from seed_large.orders o join seed_large.sessions e on e.n = o.session where not o.open;

insert into "order".order_history (order_id, from_status, status, actor, at)
select order_id, null, 'paid', 'system', ended from seed_large.orders where not open
union all
select order_id, 'paid', status, 'courier', ended + interval '5 days' from seed_large.orders where not open and status <> 'paid';
