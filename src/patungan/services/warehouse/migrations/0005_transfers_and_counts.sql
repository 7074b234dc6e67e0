-- A product's units that went from one warehouse to another: a movement out and a movement in.
create table transfers (
    id uuid primary key,
    code text not null unique check (code ~ '^TR-\d{8}-[A-Z0-9]{6}$'),
    from_warehouse_id uuid not null references warehouses,
    to_warehouse_id uuid not null references warehouses,
    product_id uuid not null,
    units bigint not null check (units > 0),
    actor uuid not null,
    reason text not null,
    at timestamptz not null,
    check (from_warehouse_id <> to_warehouse_id)
);
create index transfers_at on transfers (at);

-- A place in a warehouse where stock lies.
create table locations (
    warehouse_id uuid not null references warehouses,
    code text not null check (length(code) between 1 and 60),
    is_active boolean not null default true,
    created_at timestamptz not null,
    primary key (warehouse_id, code)
);
insert into locations (warehouse_id, code, created_at)
    select warehouse_id, location, max(warehouses.created_at)
    from inventory join warehouses on warehouses.id = warehouse_id where location <> '' group by 1, 2;

create table stock_counts (
    id uuid primary key,
    code text not null unique check (code ~ '^CC-\d{8}-[A-Z0-9]{6}$'),
    warehouse_id uuid not null references warehouses,
    status text not null check (status in ('open', 'submitted', 'posted', 'cancelled')),
    note text not null default '',
    opened_by uuid not null,
    opened_at timestamptz not null,
    submitted_by uuid,
    submitted_at timestamptz,
    closed_by uuid,
    closed_at timestamptz
);
create index stock_counts_warehouse on stock_counts (warehouse_id, status);

-- The difference is against what was expected at the moment of counting, so that later movements do not spoil it.
create table stock_count_lines (
    count_id uuid not null references stock_counts,
    inventory_id uuid not null references inventory,
    expected bigint,
    counted bigint check (counted >= 0),
    difference bigint generated always as (counted - expected) stored,
    note text not null default '',
    counted_by uuid,
    counted_at timestamptz,
    primary key (count_id, inventory_id),
    check ((counted is null) = (expected is null) and (counted is null) = (counted_by is null))
);
create index stock_count_lines_inventory on stock_count_lines (inventory_id);
create index stock_count_lines_difference on stock_count_lines (counted_at) where difference <> 0;
create index audit_logs_at on audit_logs (at);
