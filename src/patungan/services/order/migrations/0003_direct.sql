-- Direct purchase: a checkout over one order a source (a factory's surplus in a warehouse, or a seller's stock), paid at once.
create table checkouts (
    id uuid primary key,
    user_id uuid not null,
    key text not null,
    input_hash bytea not null,
    status text not null check (status in ('reserving', 'refused', 'pending_payment', 'paid', 'ended')),
    plan jsonb not null, -- the orders as they are to be made, with their numbers and prices
    refusal jsonb, -- why nothing came of it
    address jsonb not null,
    total bigint not null check (total >= 1),
    wallet_amount bigint not null default 0 check (wallet_amount between 0 and total),
    payment_id uuid,
    payment_code text,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    -- When somebody looks after it: a checkout that was cut off, or a payment that was not made yet.
    due_at timestamptz,
    unique (user_id, key)
);
create index checkouts_due on checkouts (due_at) where due_at is not null;

alter table orders drop constraint orders_number_check;
alter table orders add constraint orders_number_check check (number ~ '^ORD-\d{8}-[0-9A-Z]{7}(-F\d{1,3})?$');
alter table orders
    add column source text not null default 'session' check (source in ('session', 'warehouse', 'seller')),
    add column seller_id uuid,
    add column seller_name text not null default '',
    add column sender jsonb,
    add column checkout_id uuid references checkouts,
    add column refunded bigint not null default 0 check (refunded between 0 and total),
    add column promised bigint not null default 0 check (promised >= 0), -- of its escrow to refunds, done or on their way
    add column released_at timestamptz,
    add constraint a_seller_sells_its_own check ((source = 'seller') = (seller_id is not null and sender is not null)),
    add constraint a_direct_order_has_a_checkout check ((source = 'session') = (checkout_id is null));
create index orders_seller on orders (seller_id, created_at desc, id desc) where seller_id is not null;
create index orders_checkout on orders (checkout_id) where checkout_id is not null;
create index orders_created on orders (created_at desc, id desc);

alter table order_history drop constraint order_history_actor_check;
alter table order_history add constraint order_history_actor_check
    check (actor in ('system', 'factory', 'warehouse', 'admin', 'courier', 'buyer', 'seller'));

create table cart_items (
    id uuid primary key,
    user_id uuid not null,
    product_id uuid not null,
    variant_id uuid,
    seller_id uuid, -- null: a warehouse's surplus
    quantity bigint not null check (quantity between 1 and 10000),
    unit_price bigint not null check (unit_price >= 1), -- as it was when it was put in, in rupiah
    added_at timestamptz not null
);
create unique index cart_items_goods on cart_items (user_id, product_id,
    coalesce(variant_id, '00000000-0000-0000-0000-000000000000'),
    coalesce(seller_id, '00000000-0000-0000-0000-000000000000'));

-- Evidence; seen by its owner and by those who decide.
create table photos (
    id uuid primary key,
    user_id uuid not null,
    content bytea not null check (length(content) <= 2000000),
    width integer not null,
    height integer not null,
    created_at timestamptz not null
);
create index photos_user on photos (user_id, created_at);

create table complaints (
    id uuid primary key,
    order_id uuid not null references orders,
    user_id uuid not null,
    reason text not null
        check (reason in ('damaged', 'wrong_item', 'missing_item', 'not_as_described', 'not_received', 'other')),
    description text not null check (length(description) between 10 and 2000),
    photo_ids uuid[] not null default '{}',
    wanted bigint check (wanted >= 1), -- rupiah that the buyer asks for; null: all of it
    status text not null check (status in ('open', 'returning', 'accepted', 'rejected', 'withdrawn')),
    refund bigint not null default 0 check (refund >= 0),
    note text not null default '' check (length(note) <= 1000),
    return_courier text,
    return_waybill text,
    opened_at timestamptz not null,
    decided_at timestamptz,
    decided_by uuid,
    closed_at timestamptz
);
create unique index complaints_open on complaints (order_id) where status in ('open', 'returning');
create index complaints_order on complaints (order_id);
create index complaints_status on complaints (status, opened_at);
create index complaints_user on complaints (user_id, opened_at desc);
create index orders_paid on orders (paid_at) where paid_at is not null;
create index orders_delivered on orders (delivered_at) where delivered_at is not null;
create index orders_cancelled on orders (cancelled_at) where cancelled_at is not null;
