create table addresses (
    id uuid primary key,
    user_id uuid not null,
    label text not null check (length(label) between 1 and 50),
    recipient text not null check (length(recipient) between 2 and 100),
    phone text not null check (phone ~ '^\+628\d{8,11}$'),
    province text not null,
    city text not null,
    district text not null,
    district_code text not null check (district_code ~ '^\d{2}\.\d{2}\.\d{2}$'),
    postal_code text not null check (postal_code ~ '^\d{5}$'),
    line text not null check (length(line) between 5 and 300),
    notes text not null default '' check (length(notes) <= 200),
    is_default boolean not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index addresses_user on addresses (user_id, created_at, id);
create unique index addresses_default on addresses (user_id) where is_default;
