-- Damaged units lie in the warehouse apart from the stock: they are neither sold nor reserved.
alter table inventory add column damaged bigint not null default 0 check (damaged >= 0);

alter table stock_movements
    add column damaged_change bigint not null default 0,
    add column damaged_after bigint not null default 0 check (damaged_after >= 0),
    add column order_id uuid,
    add column transfer_id uuid,
    add column count_id uuid;
create index stock_movements_order on stock_movements (order_id) where order_id is not null;
create index stock_movements_transfer on stock_movements (transfer_id) where transfer_id is not null;
create index stock_movements_count on stock_movements (count_id) where count_id is not null;
create index stock_movements_actor on stock_movements (actor, id) where actor is not null;

-- A direct order's stock. An order that is released before it is reserved leaves its row, and is refused when it arrives.
create table direct_orders (
    order_id uuid primary key,
    status text not null check (status in ('held', 'released', 'sold')),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    reason text not null default '',
    check ((status = 'held') = (ended_at is null))
);
create index direct_orders_due on direct_orders (expires_at) where status = 'held';

create table direct_reservations (
    order_id uuid not null references direct_orders,
    inventory_id uuid not null references inventory,
    units bigint not null check (units > 0),
    returned bigint not null default 0 check (returned between 0 and units),
    primary key (order_id, inventory_id)
);
create index direct_reservations_inventory on direct_reservations (inventory_id);

-- Goods of direct orders that came back, once a return.
create table direct_returns (
    return_id uuid primary key,
    order_id uuid not null references direct_orders,
    at timestamptz not null
);
