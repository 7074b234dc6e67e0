create table sessions (
    id uuid primary key,
    code text not null unique,
    product_id uuid not null,
    product jsonb not null, -- as it was when the session was created: its rules and prices do not move under its buyers
    factory_id uuid not null,
    factory_name text not null,
    factory_city text not null,
    warehouse_id uuid not null,
    warehouse_city text not null,
    warehouse_postal_code text not null,
    status text not null check (status in ('forming', 'moq_reached', 'pending_stock', 'stock_received', 'success',
                                           'orders_created', 'failed', 'cancelled')),
    target_moq int not null check (target_moq >= 2),
    base_price bigint not null,
    price_tier_25 bigint not null,
    price_tier_50 bigint not null,
    price_tier_75 bigint not null,
    price_tier_100 bigint not null check (price_tier_100 > 0),
    bulk_shipping_cost bigint not null check (bulk_shipping_cost >= 0),
    starts_at timestamptz not null,
    ends_at timestamptz not null check (ends_at > starts_at),
    paid_quantity int not null default 0 check (paid_quantity >= 0),
    held_quantity int not null default 0 check (held_quantity >= 0),
    platform_quantity int not null default 0 check (platform_quantity >= 0),
    participant_count int not null default 0 check (participant_count >= 0),
    tier_reached int check (tier_reached in (25, 50, 75, 100)),
    moq_reached_at timestamptz,
    expiring_at timestamptz, -- when its buyers were told that it ends soon
    claimed_at timestamptz, -- when the closing took it; no joins from then on
    finalised_at timestamptz,
    purchase_order_code text,
    production_state text check (production_state in ('started', 'completed')),
    parent_session_id uuid unique references sessions,
    created_by uuid not null,
    created_at timestamptz not null,
    constraint tiers_in_order check (base_price >= price_tier_25 and price_tier_25 >= price_tier_50
        and price_tier_50 >= price_tier_75 and price_tier_75 >= price_tier_100)
);
create index sessions_due on sessions (ends_at) where status in ('forming', 'moq_reached') and claimed_at is null;
create index sessions_status on sessions (status, ends_at);
create index sessions_product on sessions (product_id);
create index sessions_factory on sessions (factory_id);

-- What joins of a variant are bound by, taken when the session was created. variant_id is null for a product without
-- variants; units_per_bundle is null where the product is not sold in bundles.
create table session_variants (
    session_id uuid not null references sessions on delete cascade,
    position smallint not null,
    variant_id uuid,
    name text not null,
    sku text not null,
    price_adjustment bigint not null,
    units_per_bundle int check (units_per_bundle > 0),
    max_excess_units int check (max_excess_units >= 0),
    free_stock int not null default 0 check (free_stock >= 0),
    demand int not null default 0 check (demand >= 0), -- units accepted: paid, and reserved unpaid
    primary key (session_id, position),
    unique (session_id, variant_id)
);

create table participants (
    id uuid primary key,
    session_id uuid not null references sessions,
    user_id uuid not null,
    position smallint not null,
    variant_id uuid,
    quantity int not null check (quantity > 0),
    unit_price bigint not null check (unit_price > 0),
    product_amount bigint not null,
    leg1_amount bigint not null check (leg1_amount >= 0),
    leg2_amount bigint not null check (leg2_amount >= 0),
    fee_amount bigint not null check (fee_amount >= 0),
    courier_service text not null,
    address jsonb not null,
    status text not null check (status in ('held', 'paid', 'released', 'settled', 'refunded')),
    idempotency_key text not null,
    input_hash bytea not null,
    joined_at timestamptz not null,
    expires_at timestamptz not null,
    paid_at timestamptz,
    released_at timestamptz,
    final_unit_price bigint,
    cashback bigint,
    order_number text,
    unique (user_id, idempotency_key),
    constraint product_amount_is_quantity_times_price check (product_amount = quantity * unit_price)
);
create index participants_session on participants (session_id, id);
create index participants_user on participants (user_id, joined_at desc);
create index participants_open_holds on participants (session_id, user_id) where status = 'held';

-- Units that the platform guarantees under its own user, published as what they are; no money, stock or order.
create table platform_fills (
    session_id uuid primary key references sessions,
    user_id uuid not null,
    quantity int not null check (quantity > 0),
    filled_at timestamptz not null
);

create table session_history (
    id bigint generated always as identity primary key,
    session_id uuid not null references sessions on delete cascade,
    at timestamptz not null,
    from_status text,
    to_status text not null,
    actor uuid,
    reason text not null
);
create index session_history_session on session_history (session_id, at);
