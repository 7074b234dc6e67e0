alter table factories
    add column office_id uuid,
    add column assigned_at timestamptz,
    -- What an administrator found wrong, by field: [{"field": ..., "reason": ...}].
    add column rejected_fields jsonb not null default '[]',
    add column status_reason text,
    -- A copy of the ratings that review keeps; of two the one with the greater revision is the newer.
    add column review_count integer not null default 0,
    add column review_total bigint not null default 0,
    add column review_revision bigint not null default 0,
    add column daily_capacity integer check (daily_capacity between 1 and 1000000),
    -- ISO weekdays on which goods are made, Monday 1.
    add column working_days integer[] not null default '{1,2,3,4,5,6}'
        check (working_days <@ '{1,2,3,4,5,6,7}'::integer[]);
create index factories_office on factories (office_id) where office_id is not null;

alter table factory_history drop constraint factory_history_subject_check;
alter table factory_history add constraint factory_history_subject_check
    check (subject in ('status', 'verification', 'office', 'documents', 'members')) not valid;

-- Private papers in the store; the newest of a kind counts, the others are kept as they were judged.
create table factory_documents (
    id uuid primary key,
    factory_id uuid not null references factories,
    kind text not null check (kind in ('licence', 'npwp_card', 'logo')),
    name text not null,
    media_type text not null,
    bytes integer not null check (bytes > 0),
    uploaded_by uuid not null,
    uploaded_at timestamptz not null
);
create index factory_documents_factory on factory_documents (factory_id, kind, uploaded_at desc);
create index factory_documents_logos on factory_documents (name) where kind = 'logo';

create table factory_members (
    id uuid primary key,
    factory_id uuid not null references factories,
    phone text not null check (phone ~ '^\+628\d{8,11}$'),
    user_id uuid,
    role text not null check (role in ('manager', 'operator')),
    status text not null check (status in ('invited', 'active', 'declined', 'removed')),
    invited_by uuid not null,
    invited_at timestamptz not null,
    expires_at timestamptz not null,
    joined_at timestamptz,
    ended_at timestamptz,
    check (status <> 'active' or user_id is not null)
);
create unique index factory_members_once on factory_members (factory_id, phone) where status in ('invited', 'active');
create index factory_members_user on factory_members (user_id) where status = 'active';
create index factory_members_phone on factory_members (phone) where status = 'invited';

-- Days that are not as the week says: a holiday has no capacity.
create table factory_days (
    factory_id uuid not null references factories,
    day date not null,
    capacity integer not null check (capacity between 0 and 1000000),
    reason text not null check (length(reason) <= 200),
    primary key (factory_id, day)
);

-- What the rating is made of, from the warehouse's news.
create table factory_purchase_orders (
    id uuid primary key,
    factory_id uuid not null,
    code text not null,
    created_at timestamptz not null,
    answered_at timestamptz,
    ended_at timestamptz,
    outcome text check (outcome in ('received', 'cancelled'))
);
create index factory_purchase_orders_factory on factory_purchase_orders (factory_id);

create table factory_sessions (
    id uuid primary key,
    factory_id uuid not null,
    code text not null,
    product_id uuid not null,
    product_name text not null,
    opened_at timestamptz not null,
    ends_at timestamptz not null,
    status text not null check (status in ('open', 'succeeded', 'failed', 'cancelled')),
    ended_at timestamptz,
    units integer not null default 0
);
create index factory_sessions_factory on factory_sessions (factory_id, opened_at desc, id);
