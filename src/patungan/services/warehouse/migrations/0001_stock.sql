create table warehouses (
    id uuid primary key,
    code text not null unique check (code ~ '^[A-Z0-9-]{3,20}$'),
    name text not null check (length(name) between 1 and 120),
    city text not null check (length(city) between 1 and 100),
    province text not null check (length(province) between 1 and 100),
    postal_code text not null check (postal_code ~ '^\d{5}$'),
    is_active boolean not null default true,
    created_at timestamptz not null
);

create table inventory (
    id uuid primary key,
    warehouse_id uuid not null references warehouses,
    product_id uuid not null,
    variant_id uuid,
    quantity bigint not null default 0 check (quantity >= 0),
    reserved bigint not null default 0 check (reserved >= 0),
    available bigint not null generated always as (quantity - reserved) stored,
    min_stock_level bigint not null default 10 check (min_stock_level >= 0),
    location text not null default '' check (length(location) <= 60),
    check (reserved <= quantity)
);
-- PostgreSQL 14 has no "nulls not distinct": a product without variants has one row as well.
create unique index inventory_place on inventory
    (warehouse_id, product_id, coalesce(variant_id, '00000000-0000-0000-0000-000000000000'));
create index inventory_product on inventory (product_id);

-- What a session needs. Its place in the queue for arriving goods is by requested_at.
create table demands (
    session_id uuid primary key,
    session_code text not null,
    product_id uuid not null,
    factory_id uuid not null,
    warehouse_id uuid not null references warehouses,
    status text not null check (status in ('waiting', 'met', 'released')),
    reply jsonb not null,
    requested_at timestamptz not null,
    met_at timestamptz,
    released_at timestamptz
);
create index demands_waiting on demands (warehouse_id, product_id, requested_at) where status = 'waiting';

create table reservations (
    id uuid primary key,
    session_id uuid not null references demands,
    variant_id uuid,
    quantity bigint not null check (quantity > 0),
    held bigint not null check (held >= 0),
    check (held <= quantity)
);
create unique index reservations_line on reservations
    (session_id, coalesce(variant_id, '00000000-0000-0000-0000-000000000000'));

-- Sessions whose stock was given back. A demand that arrives after that is late and is refused.
create table released_sessions (
    session_id uuid primary key,
    reason text not null,
    released_at timestamptz not null
);

create table purchase_orders (
    id uuid primary key,
    code text not null unique check (code ~ '^PO-\d{8}-[A-Z0-9]{5}$'),
    -- The order that came short and that this one makes up for.
    follows uuid unique references purchase_orders,
    session_id uuid,
    product_id uuid not null,
    product_name text not null,
    factory_id uuid not null,
    factory_name text not null,
    warehouse_id uuid not null references warehouses,
    bundles bigint not null check (bundles >= 0),
    wholesale_unit bigint not null check (wholesale_unit > 0),
    status text not null
        check (status in ('pending', 'confirmed', 'in_production', 'shipped', 'received', 'cancelled')),
    created_at timestamptz not null,
    expected_at timestamptz not null,
    notified_at timestamptz
);
create unique index purchase_orders_first on purchase_orders (session_id) where follows is null;
create index purchase_orders_factory on purchase_orders (factory_id, created_at);
create index purchase_orders_status on purchase_orders (status, created_at);
create index purchase_orders_open on purchase_orders (warehouse_id, product_id)
    where status in ('pending', 'confirmed', 'in_production', 'shipped');

create table purchase_order_lines (
    purchase_order_id uuid not null references purchase_orders,
    position integer not null,
    variant_id uuid,
    variant_name text not null,
    ordered bigint not null check (ordered > 0),
    received bigint not null default 0 check (received >= 0),
    damaged bigint not null default 0 check (damaged >= 0),
    unit_cost bigint not null check (unit_cost >= 0),
    primary key (purchase_order_id, position),
    check (received + damaged <= ordered)
);
create unique index purchase_order_lines_variant on purchase_order_lines
    (purchase_order_id, coalesce(variant_id, '00000000-0000-0000-0000-000000000000'));

create table bundle_variants (
    product_id uuid not null,
    position integer not null,
    variant_id uuid,
    variant_name text not null,
    units_per_bundle bigint not null check (units_per_bundle > 0),
    max_excess_units bigint not null,
    clearance_percent integer not null default 0 check (clearance_percent between 0 and 100),
    primary key (product_id, position),
    check (max_excess_units >= units_per_bundle - 1)
);
create unique index bundle_variants_variant on bundle_variants
    (product_id, coalesce(variant_id, '00000000-0000-0000-0000-000000000000'));

-- Every change of stock. "units" is what it was about; damaged arrivals change neither quantity nor reserved.
create table stock_movements (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    inventory_id uuid not null references inventory,
    type text not null
        check (type in ('purchase', 'sale', 'return', 'damaged', 'lost', 'adjustment', 'reserved', 'released')),
    units bigint not null check (units >= 0),
    quantity_change bigint not null,
    reserved_change bigint not null,
    quantity_after bigint not null check (quantity_after >= 0),
    reserved_after bigint not null check (reserved_after between 0 and quantity_after),
    actor uuid,
    reason text not null check (length(reason) between 1 and 500),
    session_id uuid,
    purchase_order_id uuid references purchase_orders
);
create index stock_movements_inventory on stock_movements (inventory_id, id);
create index stock_movements_at on stock_movements (at);
create index stock_movements_session on stock_movements (session_id) where session_id is not null;

-- Who changed what besides stock, and why; actor null is the platform itself.
create table audit_logs (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    actor uuid,
    action text not null,
    subject uuid not null,
    note text not null default '',
    changes jsonb not null default '{}'
);
create index audit_logs_subject on audit_logs (subject, id);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'warehouse: % is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger stock_movements_append_only before update or delete or truncate on stock_movements
    for each statement execute function refuse_change();
create trigger audit_logs_append_only before update or delete or truncate on audit_logs
    for each statement execute function refuse_change();
