-- Goods that left with an order's parcel: out of the stock and out of what is held for the session, once an order.
create table consumptions (
    order_id uuid primary key,
    session_id uuid not null references demands,
    variant_id uuid,
    units bigint not null check (units > 0),
    at timestamptz not null
);
create index consumptions_session on consumptions (session_id);
