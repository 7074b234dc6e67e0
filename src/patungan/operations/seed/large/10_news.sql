-- What was told: a notification of each order, messages to telephones and from them, the provider's callbacks.
insert into notification.notifications (id, event_id, user_id, type, title, title_en, message, message_en, action_url, related_id,
    created_at, read_at)
select seed_large.uid(36, n), seed_large.uid(37, n), user_id, 'order_created', 'Pesanan dibuat', 'Order created',
    'Pesanan ' || number || ' telah dibuat.', 'Order ' || number || ' was created.', '/orders/' || number, order_id, ended,
    case when n % 3 > 0 then ended + interval '1 hour' end
from seed_large.orders where not open;
insert into whatsapp.messages (id, phone, template, language, parameters, status, attempts, provider_id, dedupe_key, created_at, sent_at,
    delivered_at, read_at)
select seed_large.uid(38, n), '+62819' || lpad(n::text, 7, '0'), 'otp', 'id', '{}', 'read', 1, 'seed-' || n, 'seed-' || n,
    s.now - make_interval(mins => (n * 3) % 500000), s.now - make_interval(mins => (n * 3) % 500000),
    s.now - make_interval(mins => (n * 3) % 500000), s.now - make_interval(mins => (n * 3) % 500000)
from seed_large.sizes s cross join lateral generate_series(1, s.users) as n;
insert into whatsapp.inbound_messages (id, provider_id, phone, kind, text, outcome, sent_at, received_at, handled_by, handled_at)
select seed_large.uid(39, n), 'seed-in-' || n, '+62819' || lpad(n::text, 7, '0'), 'text', 'Apakah masih ada?', 'free',
    s.now - make_interval(mins => n), s.now - make_interval(mins => n), case when n % 4 > 0 then seed_large.uid(13, 1) end,
    case when n % 4 > 0 then s.now end
from seed_large.sizes s cross join lateral generate_series(1, s.users / 20) as n;
insert into payment.webhook_events (id, fingerprint, webhook_id, news, body, received_at, attempts, processed_at, outcome)
select seed_large.uid(40, n), sha256(convert_to('seed-invoice-' || n, 'UTF8')), 'seed-' || n, 'invoice:seed-invoice-' || n || ':PAID',
    '{}', joined + interval '5 minutes', 1, joined + interval '5 minutes', 'paid'
from seed_large.orders;
