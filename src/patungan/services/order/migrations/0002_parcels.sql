-- Which warehouse sends an order, how large its goods are, and by which events a parcel moved it.
alter table orders
    add column warehouse_id uuid,
    add column cancelled_at timestamptz;
alter table order_items
    add column length_cm bigint not null default 10 check (length_cm >= 1),
    add column width_cm bigint not null default 10 check (width_cm >= 1),
    add column height_cm bigint not null default 10 check (height_cm >= 1);
alter table order_history drop constraint order_history_actor_check;
alter table order_history add constraint order_history_actor_check
    check (actor in ('system', 'factory', 'warehouse', 'admin', 'courier', 'buyer'));
