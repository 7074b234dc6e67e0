-- What was paid: payments, receipts and escrows.
insert into payment.escrows (session_id, opened_at, closing_began_at, closed_at, paid_count, paid_amount, released_at, released)
select e.id, e.began, case when not e.open then e.ends end, case when not e.open then e.ends end,
    case when not e.open then c.count end, case when not e.open then c.total end, case when not e.open then e.ends end,
    case when not e.open then jsonb_build_object('session_id', e.id, 'total', c.total, 'cashback', 0, 'factory',
        c.product - c.commission, 'warehouse', c.leg1, 'commission', c.commission, 'courier', c.leg2, 'fee_income', c.fee) end
from seed_large.sessions e join seed_large.sums c on c.session = e.n;

insert into payment.payments (id, code, participant_id, session_id, user_id, description, product_amount, leg1_amount,
    leg2_amount, fee_amount, total, status, created_at, expires_at, paid_at, method, channel, invoice_asked_at, invoice_id,
    invoice_url)
select payment_id, code, participant_id, session_id, user_id, 'Patungan', product_amount, leg1, leg2, fee, total, 'paid', joined,
    joined + interval '1 day', joined + interval '5 minutes', 'BANK_TRANSFER', 'BCA', joined, 'seed-invoice-' || n,
    'https://checkout.example/' || n
from seed_large.orders;

insert into payment.receipts (invoice_id, payment_id, kind, amount, currency, method, channel, paid_at, recorded_at)
select 'seed-invoice-' || n, payment_id, 'in_time', total, 'IDR', 'BANK_TRANSFER', 'BCA', joined + interval '5 minutes',
    joined + interval '5 minutes'
from seed_large.orders;
