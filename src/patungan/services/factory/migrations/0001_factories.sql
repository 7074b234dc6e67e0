create table factories (
    id uuid primary key,
    owner_id uuid not null,
    code text not null unique check (code ~ '^FACT-[A-Z]{3}-[A-Z]{3}-\d{6}$'),
    name text not null check (length(name) between 3 and 120),
    description text not null default '' check (length(description) <= 2000),
    description_en text not null default '' check (length(description_en) <= 2000),
    status text not null check (status in ('pending', 'active', 'inactive', 'suspended')),
    verification_status text not null check (verification_status in ('unverified', 'pending', 'verified', 'rejected')),
    nib text not null unique check (nib ~ '^\d{13}$'),
    npwp text check (npwp ~ '^\d{15,16}$'),
    licence_url text,
    logo_url text,
    phone text not null check (phone ~ '^\+628\d{8,11}$'),
    email text check (email ~ '^[^@\s]+@[^@\s]+\.[^@\s]+$'),
    line text not null check (length(line) between 3 and 300),
    district text not null,
    city text not null,
    province text not null,
    postal_code text not null check (postal_code ~ '^\d{5}$'),
    bank_code text,
    bank_account_name text,
    bank_account bytea,
    bank_account_last4 text,
    wholesale_unit integer not null check (wholesale_unit between 1 and 10000),
    default_warehouse_id uuid,
    -- Hundredths of a star. Null until there are reviews to compute it from.
    rating_hundredths integer check (rating_hundredths between 0 and 500),
    rejection_reason text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    verified_at timestamptz,
    verified_by uuid,
    check (num_nulls(bank_code, bank_account_name, bank_account, bank_account_last4) in (0, 4)),
    check (verification_status in ('unverified', 'rejected')
           or num_nulls(npwp, licence_url, logo_url) = 0)
);
create index factories_owner on factories (owner_id);
create index factories_status on factories (status, name);
create index factories_verification on factories (verification_status, created_at);

-- Who changed a factory's standing, when and why. Append only.
create table factory_history (
    id bigint generated always as identity primary key,
    factory_id uuid not null references factories,
    at timestamptz not null,
    actor uuid not null,
    subject text not null check (subject in ('status', 'verification')),
    before text,
    after text not null,
    reason text not null
);
create index factory_history_factory on factory_history (factory_id, id);
