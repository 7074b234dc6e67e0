-- Paying for a session, from its first payment until its escrow is released or refunded; one row a session.
create table escrows (
    session_id uuid primary key,
    opened_at timestamptz not null,
    closing_began_at timestamptz,
    closed_at timestamptz,
    paid_count int,
    paid_amount bigint,
    released_at timestamptz,
    released jsonb, -- how it was divided: the answer to every later request
    refunded_at timestamptz,
    refund_reason text check (refund_reason in ('group_failed_moq', 'order_cancelled', 'out_of_stock', 'quality_issue',
                                                'delivery_failed', 'customer_request', 'other')),
    constraint closed_with_result check ((closed_at is null) = (paid_count is null)
        and (closed_at is null) = (paid_amount is null) and (closed_at is null or closing_began_at is not null)),
    constraint released_with_result check ((released_at is null) = (released is null)
        and (released_at is null or closed_at is not null)),
    constraint refunded_with_reason check ((refunded_at is null) = (refund_reason is null)),
    constraint released_or_refunded check (released_at is null or refunded_at is null)
);

create table payments (
    id uuid primary key,
    code text not null unique check (code ~ '^PAY-\d{8}-[0-9A-Z]{6}$'),
    participant_id uuid not null unique,
    session_id uuid not null references escrows,
    user_id uuid not null,
    description text not null,
    product_amount bigint not null check (product_amount >= 0),
    leg1_amount bigint not null check (leg1_amount >= 0),
    leg2_amount bigint not null check (leg2_amount >= 0),
    fee_amount bigint not null check (fee_amount >= 0),
    total bigint not null check (total > 0),
    status text not null check (status in ('pending', 'processing', 'paid', 'failed', 'expired', 'refunded')),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    expired_at timestamptz,
    paid_at timestamptz,
    method text,
    channel text,
    invoice_asked_at timestamptz, -- since when the provider may have an invoice, whether its answer came or was lost
    invoice_claim uuid, -- who is asking for it now
    invoice_claimed_until timestamptz,
    invoice_id text unique,
    invoice_url text,
    next_look_at timestamptz, -- when an overdue invoice of which no news came is looked at again
    escrow_released_at timestamptz,
    refunded_amount bigint not null default 0,
    constraint total_is_the_sum check (total = product_amount + leg1_amount + leg2_amount + fee_amount),
    constraint paid_at_a_time check ((status in ('paid', 'refunded')) = (paid_at is not null)),
    constraint refunded_within_total check (refunded_amount between 0 and total),
    constraint refunded_in_full check (status <> 'refunded' or refunded_amount = total),
    constraint invoice_was_asked_for check (invoice_id is null or (invoice_asked_at is not null and invoice_url is not null))
);
create index payments_user on payments (user_id, created_at desc);
create index payments_session on payments (session_id, status);
create index payments_created on payments (created_at desc);
create index payments_pending on payments (expires_at) where status = 'pending';

-- Money that came in, one row an invoice: in time, late, twice for one payment, or (quarantined) not what was asked.
create table receipts (
    invoice_id text primary key,
    payment_id uuid not null references payments,
    kind text not null check (kind in ('in_time', 'late', 'twice', 'quarantined')),
    amount bigint not null check (amount >= 0),
    currency text not null,
    method text not null,
    channel text not null,
    paid_at timestamptz not null,
    recorded_at timestamptz not null
);
create unique index receipts_in_time on receipts (payment_id) where kind = 'in_time';
create index receipts_payment on receipts (payment_id);

create table refunds (
    id uuid primary key,
    code text not null unique check (code ~ '^REF-\d{8}-[0-9A-Z]{6}$'),
    payment_id uuid not null references payments,
    invoice_id text not null references receipts,
    kind text not null check (kind in ('session', 'late', 'twice')),
    amount bigint not null check (amount > 0),
    reason text not null check (reason in ('group_failed_moq', 'order_cancelled', 'out_of_stock', 'quality_issue',
                                           'delivery_failed', 'customer_request', 'other')),
    status text not null check (status in ('pending', 'processing', 'completed', 'failed', 'rejected')),
    destination text not null check (destination in ('source', 'wallet')),
    attempt int not null default 1 check (attempt > 0),
    asked_at timestamptz, -- since when the provider may know this attempt, whether its answer came or was lost
    provider_refund_id text unique,
    looks int not null default 0, -- how often this attempt was taken up, which spaces the next time
    next_look_at timestamptz not null,
    requested_at timestamptz not null,
    completed_at timestamptz,
    failed_at timestamptz,
    failure text,
    unique (invoice_id, kind),
    constraint completed_at_a_time check ((status = 'completed') = (completed_at is not null))
);
create index refunds_payment on refunds (payment_id);
create index refunds_requested on refunds (requested_at desc);
create index refunds_open on refunds (next_look_at) where status in ('pending', 'processing');

-- What goes back of an invoice never exceeds what came in by it, however many ask at once: the payment's row is locked
-- first, so that of two the second sees the first.
create function refuse_excess_refund() returns trigger language plpgsql set search_path from current as $$
declare
    received bigint;
    going_back bigint;
begin
    perform 1 from payments where id = new.payment_id for no key update;
    select amount into received from receipts
        where invoice_id = new.invoice_id and payment_id = new.payment_id and kind <> 'quarantined';
    select coalesce(sum(amount), 0) into going_back from refunds
        where invoice_id = new.invoice_id and id <> new.id and status not in ('failed', 'rejected');
    if received is null or going_back + new.amount > received then
        raise exception 'payment: refund % exceeds what was paid', new.code using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger refund_within_receipt before insert on refunds
    for each row when (new.status not in ('failed', 'rejected')) execute function refuse_excess_refund();
create trigger refund_within_receipt_again before update of status, amount, invoice_id, payment_id on refunds
    for each row when (new.status not in ('failed', 'rejected')
        and (old.status in ('failed', 'rejected') or new.amount <> old.amount or new.invoice_id <> old.invoice_id
             or new.payment_id <> old.payment_id))
    execute function refuse_excess_refund();

-- What the provider told us, as it arrived: stored before it is processed, so that nothing told is lost.
create table webhook_events (
    id uuid primary key,
    fingerprint bytea not null unique, -- of the news and its content: the same for every delivery of it
    webhook_id text,
    news text not null, -- what it is about: invoice:<id>:<status>, refund:<id>:<status>
    body bytea not null,
    received_at timestamptz not null,
    deliveries int not null default 1,
    attempts int not null default 0,
    next_attempt_at timestamptz,
    processed_at timestamptz,
    outcome text,
    constraint processed_with_outcome check ((processed_at is null) = (outcome is null))
);
create index webhook_events_open on webhook_events (next_attempt_at) where processed_at is null;
create index webhook_events_news on webhook_events (news);

-- The names of an event, each held by the first that bore it: another content under the same name is quarantined.
create table webhook_names (
    name text primary key,
    event_id uuid not null references webhook_events
);
