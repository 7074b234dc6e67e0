create table messages (
    id uuid primary key,
    phone text not null check (phone ~ '^\+628\d{8,11}$'),
    template text not null,
    language text not null check (language in ('id', 'en')),
    -- Empty where the template carries a secret.
    parameters text[] not null,
    status text not null default 'queued' check (status in ('queued', 'sent', 'delivered', 'read', 'failed')),
    failure text check ((status = 'failed') = (failure is not null)),
    error_code text,
    attempts integer not null default 0 check (attempts >= 0),
    unknown_outcomes integer not null default 0 check (unknown_outcomes between 0 and attempts),
    provider_id text unique,
    dedupe_key text not null unique check (length(dedupe_key) between 1 and 200),
    created_at timestamptz not null,
    -- Null for a message that somebody waits for: it is not tried again by itself.
    deliver_until timestamptz,
    next_attempt_at timestamptz,
    claimed_until timestamptz,
    sent_at timestamptz,
    delivered_at timestamptz,
    read_at timestamptz,
    failed_at timestamptz
);
create index messages_due on messages (next_attempt_at) where status = 'queued' and next_attempt_at is not null;
create index messages_status_created_at on messages (status, created_at);
create index messages_created_at on messages (created_at);
