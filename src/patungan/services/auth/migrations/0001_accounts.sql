create table users (
    id uuid primary key,
    phone_number text not null unique check (phone_number ~ '^\+628\d{8,11}$'),
    email text unique check (email ~ '^[^@\s]+@[^@\s]+\.[^@\s]+$'),
    password_hash text not null,
    first_name text not null check (length(first_name) between 1 and 100),
    last_name text not null default '' check (length(last_name) <= 100),
    role text not null check (role in ('customer', 'office_staff', 'factory_owner', 'admin', 'seller')),
    scopes text[] not null default '{}',
    status text not null check (status in ('active', 'suspended', 'deleted')),
    created_at timestamptz not null,
    last_login_at timestamptz
);

create table otps (
    phone_number text not null,
    purpose text not null check (purpose in ('signup', 'reset_password')),
    code_hash bytea not null,
    attempts smallint not null default 0,
    expires_at timestamptz not null,
    sent_at timestamptz not null,
    used_at timestamptz,
    primary key (phone_number, purpose)
);
create index otps_expires_at on otps (expires_at);

-- Codes of the last hour, counted over all purposes.
create table otp_sendings (
    phone_number text not null,
    sent_at timestamptz not null,
    primary key (phone_number, sent_at)
);

create table refresh_tokens (
    id uuid primary key,
    family uuid not null,
    user_id uuid not null references users,
    token_hash bytea not null unique,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    rotated_at timestamptz,
    revoked_at timestamptz
);
create index refresh_tokens_family on refresh_tokens (family);
create index refresh_tokens_user on refresh_tokens (user_id) where revoked_at is null;

create table audit_logs (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    actor uuid,
    action text not null,
    subject uuid,
    changes jsonb not null default '{}'
);
create index audit_logs_subject on audit_logs (subject, at);

-- The platform's own user of the deployment guide: it stands for units that the platform guarantees. No password
-- can match this hash, and login and OTP for it are refused.
insert into users (id, phone_number, password_hash, first_name, role, status, created_at)
values ('00000000-0000-0000-0000-000000000001', '+628001234567', 'bot-no-password', 'Platform Bot', 'customer',
        'active', '2025-01-01T00:00:00Z');
