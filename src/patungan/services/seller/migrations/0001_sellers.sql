create table sellers (
    id uuid primary key,
    user_id uuid not null unique,
    type text not null check (type in ('individual', 'business')),
    status text not null check (status in ('pending', 'active', 'inactive', 'suspended')),
    verification_status text not null check (verification_status in ('unverified', 'pending', 'verified', 'rejected')),
    name text not null check (length(name) between 3 and 120),
    slug text not null unique check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) between 3 and 60),
    description text not null default '' check (length(description) <= 2000),
    nib text unique check (nib ~ '^\d{13}$'),
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
    rejection_reason text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    verified_at timestamptz,
    verified_by uuid,
    check (num_nulls(bank_code, bank_account_name, bank_account, bank_account_last4) in (0, 4))
);
create index sellers_status on sellers (status, name);
create index sellers_verification on sellers (verification_status, created_at);

-- Who changed a store's standing, when and why. Append only.
create table seller_history (
    id bigint generated always as identity primary key,
    seller_id uuid not null references sellers,
    at timestamptz not null,
    actor uuid not null,
    subject text not null check (subject in ('status', 'verification')),
    before text,
    after text not null,
    reason text not null
);
create index seller_history_seller on seller_history (seller_id, id);

create table inventory (
    id uuid primary key,
    seller_id uuid not null references sellers,
    product_id uuid not null,
    factory_id uuid not null,
    product_name text not null,
    price bigint not null check (price >= 1),
    cost_price bigint check (cost_price >= 0),
    low_stock_threshold bigint not null default 10 check (low_stock_threshold >= 0),
    is_active boolean not null default true,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    unique (seller_id, product_id)
);
create index inventory_product on inventory (product_id) where is_active;

-- A product without variants has one row without one.
create table inventory_variants (
    id uuid primary key,
    inventory_id uuid not null references inventory,
    variant_id uuid,
    variant_name text not null default '',
    price_adjustment bigint not null default 0,
    stock bigint not null default 0 check (stock >= 0),
    reserved bigint not null default 0 check (reserved >= 0),
    available bigint not null generated always as (stock - reserved) stored,
    constraint reserved_is_there check (reserved <= stock)
);
create unique index inventory_variants_variant on inventory_variants
    (inventory_id, coalesce(variant_id, '00000000-0000-0000-0000-000000000000'));

-- What orders have of the stock. An ended one stays, so that what arrives late finds it.
create table holds (
    order_id uuid primary key,
    order_number text not null,
    seller_id uuid references sellers,
    status text not null check (status in ('held', 'sold', 'released', 'returned')),
    expires_at timestamptz not null,
    created_at timestamptz not null,
    ended_at timestamptz
);
create index holds_due on holds (expires_at) where status = 'held';

create table hold_lines (
    order_id uuid not null references holds,
    stock_id uuid not null references inventory_variants,
    units bigint not null check (units > 0),
    primary key (order_id, stock_id)
);

-- Every change of stock, with what there was after it. Append only.
create table stock_movements (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    stock_id uuid not null references inventory_variants,
    type text not null
        check (type in ('purchase', 'sale', 'return', 'damaged', 'lost', 'adjustment', 'reserved', 'released')),
    units bigint not null check (units > 0),
    stock_change bigint not null,
    reserved_change bigint not null,
    stock_after bigint not null check (stock_after >= 0),
    reserved_after bigint not null check (reserved_after between 0 and stock_after),
    order_id uuid,
    actor uuid,
    reason text not null check (length(reason) between 1 and 500)
);
create index stock_movements_stock on stock_movements (stock_id, id);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'seller: % is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger stock_movements_append_only before update or delete or truncate on stock_movements
    for each statement execute function refuse_change();
create trigger seller_history_append_only before update or delete or truncate on seller_history
    for each statement execute function refuse_change();
