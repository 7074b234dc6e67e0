-- Both languages are stored: the reader's is chosen when they look.
create table notifications (
    id uuid primary key,
    event_id uuid not null,
    user_id uuid not null check (user_id <> '00000000-0000-0000-0000-000000000001'),
    type text not null check (type in ('order_created', 'payment_success', 'payment_failed', 'moq_reached',
        'group_expiring', 'group_confirmed', 'group_failed', 'production_started', 'production_completed',
        'ready_for_pickup', 'picked_up', 'shipped', 'delivered', 'refund_initiated', 'refund_completed',
        'order_cancelled', 'cashback_credited', 'session_opened', 'purchase_order_changed', 'factory_verified',
        'factory_status_changed')),
    title text not null check (length(title) between 1 and 100),
    title_en text not null check (length(title_en) between 1 and 100),
    message text not null check (length(message) between 1 and 500),
    message_en text not null check (length(message_en) between 1 and 500),
    action_url text check (action_url like '/%' and length(action_url) <= 200),
    related_id uuid not null, -- the payment, participant, refund, order, session, factory or purchase order it tells of
    created_at timestamptz not null,
    read_at timestamptz,
    unique (event_id, user_id)
);
create index notifications_user on notifications (user_id, created_at desc, id desc);
create index notifications_unread on notifications (user_id, created_at desc, id desc) where read_at is null;

-- What went, or should have gone, to a telephone. The text is not kept: it may carry a one-time password.
create table deliveries (
    id uuid primary key,
    channel text not null check (channel in ('sms')),
    recipient text not null check (recipient ~ '^\+628\d{8,11}$'),
    dedupe_key text not null unique check (length(dedupe_key) between 1 and 200),
    status text not null default 'queued' check (status in ('queued', 'sent', 'failed')),
    failure text check (failure in ('unavailable', 'outcome_unknown', 'refused_recipient', 'refused')
        and (status = 'failed') = (failure is not null)),
    error_code text,
    provider_id text,
    attempts integer not null default 0 check (attempts >= 0),
    claimed_until timestamptz,
    created_at timestamptz not null,
    sent_at timestamptz check ((status = 'sent') = (sent_at is not null)),
    failed_at timestamptz check ((status = 'failed') = (failed_at is not null))
);
create index deliveries_status on deliveries (status, created_at);
