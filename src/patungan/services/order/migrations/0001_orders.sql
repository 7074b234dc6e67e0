-- Orders with everything as it was when they were made: a product, an address or a price that changes later changes no order.
create table orders (
    id uuid primary key,
    number text not null unique check (number ~ '^ORD-\d{8}-[0-9A-Z]{7}$'),
    participant_id uuid unique,
    user_id uuid not null,
    session_id uuid,
    session_code text not null default '',
    factory_id uuid not null,
    factory_name text not null,
    status text not null check (status in ('pending_payment', 'paid', 'processing', 'ready_for_pickup', 'picked_up',
        'in_transit', 'delivered', 'cancelled', 'failed', 'refunded')),
    subtotal bigint not null check (subtotal >= 0),
    shipping_cost bigint not null check (shipping_cost >= 0),
    fee bigint not null check (fee >= 0),
    total bigint not null,
    cashback bigint not null default 0 check (cashback >= 0), -- went to the wallet; no part of the total
    courier_service text not null,
    address jsonb not null,
    created_at timestamptz not null,
    paid_at timestamptz,
    shipped_at timestamptz,
    delivered_at timestamptz,
    constraint total_is_the_sum check (total = subtotal + shipping_cost + fee),
    constraint goods_move_only_when_paid check (paid_at is not null or status in ('pending_payment', 'failed', 'cancelled')),
    constraint participant_has_a_session check (participant_id is null or session_id is not null)
);
create index orders_user on orders (user_id, created_at desc, id desc);
create index orders_factory on orders (factory_id, created_at desc, id desc);
create index orders_status on orders (status, created_at desc, id desc);
create index orders_session on orders (session_id);

create table order_items (
    order_id uuid not null references orders,
    line smallint not null check (line >= 1),
    id uuid not null unique,
    product_id uuid not null,
    variant_id uuid,
    factory_id uuid not null,
    sku text not null,
    product_name text not null,
    product_slug text not null,
    variant_name text not null,
    image_url text,
    weight_grams bigint not null check (weight_grams >= 0), -- of one unit
    quantity bigint not null check (quantity >= 1),
    unit_price bigint not null check (unit_price >= 0),
    subtotal bigint not null,
    primary key (order_id, line),
    constraint subtotal_is_the_product check (subtotal = quantity * unit_price)
);

-- Who moved an order, when and why; moves that were asked for and refused stand here too.
create table order_history (
    id bigint generated always as identity primary key,
    order_id uuid not null references orders,
    from_status text,
    status text not null,
    refused boolean not null default false,
    actor text not null check (actor in ('system', 'factory', 'warehouse', 'admin')),
    actor_id uuid,
    note text not null default '' check (length(note) <= 500),
    at timestamptz not null
);
create index order_history_order on order_history (order_id, id);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'order: the history of an order is append only' using errcode = 'restrict_violation';
end $$;
create trigger append_only before update or delete or truncate on order_history
    for each statement execute function refuse_change();
