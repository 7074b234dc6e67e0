-- Couriers and their services as data: what is not active is neither offered nor booked.
create table couriers (
    code text primary key check (code ~ '^[a-z0-9_]{2,20}$'),
    name text not null check (length(name) between 2 and 60),
    is_active boolean not null default true,
    created_at timestamptz not null
);
create table courier_services (
    courier text not null references couriers,
    service text not null check (service ~ '^[a-z0-9_]{2,20}$'),
    name text not null check (length(name) between 2 and 60),
    max_days integer not null check (max_days between 0 and 60),
    is_active boolean not null default true,
    primary key (courier, service)
);
insert into couriers (code, name, created_at)
select code, name, '2026-11-01T00:00:00Z'
from (values ('jne', 'JNE'), ('jnt', 'J&T Express'), ('sicepat', 'SiCepat')) as known(code, name);
insert into courier_services (courier, service, name, max_days) values
    ('jne', 'reg', 'Reguler', 3), ('jne', 'yes', 'Yakin Esok Sampai', 1), ('jne', 'oke', 'Ongkos Kirim Ekonomis', 4),
    ('jnt', 'ez', 'EZ', 3),
    ('sicepat', 'reg', 'Reguler', 3), ('sicepat', 'best', 'Besok Sampai Tujuan', 1), ('sicepat', 'sds', 'Same Day', 0);

create table pickups (
    id uuid primary key,
    code text not null unique check (code ~ '^PT-\d{8}-[0-9A-Z]{5}$'),
    warehouse_id uuid not null,
    courier text not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null check (ends_at > starts_at),
    status text not null check (status in ('scheduled', 'in_progress', 'completed', 'failed', 'cancelled')),
    note text not null default '' check (length(note) <= 300),
    requested_by uuid not null,
    requested_at timestamptz not null,
    ended_at timestamptz
);
create index pickups_status on pickups (status, starts_at);

-- A parcel from a warehouse to a buyer. The places and people are as they were when it was booked.
create table shipments (
    id uuid primary key,
    reference text not null unique check (length(reference) <= 20), -- ours, by which a courier knows a repeated order
    order_id uuid not null,
    order_number text not null,
    user_id uuid not null,
    factory_id uuid not null,
    session_id uuid,
    warehouse_id uuid not null,
    follows uuid unique references shipments, -- the shipment that failed, was lost, came back or changed its courier
    again boolean not null default false,
    is_live boolean not null default true, -- false once cancelled, refused or followed by another
    courier text not null,
    service text not null,
    provider text not null default '', -- whose interface booked it: biteship, jne, jnt, sicepat; empty: by hand
    booking text not null check (booking in ('wanted', 'booked', 'refused', 'cancelled')),
    booking_attempts integer not null default 0,
    booking_problem text not null default '',
    next_booking_at timestamptz,
    waybill text not null default '',
    provider_order_id text not null default '',
    tracking_id text not null default '',
    status text not null check (status in ('pending', 'picked_up', 'in_transit', 'out_for_delivery', 'delivered', 'failed',
        'returned')),
    reason text not null default '' check (reason in ('', 'failed', 'lost', 'refused', 'cancelled', 'returned')),
    sender jsonb not null,
    recipient jsonb not null,
    items jsonb not null,
    weight_grams bigint not null check (weight_grams > 0),
    chargeable_kilograms bigint not null check (chargeable_kilograms > 0),
    value bigint not null check (value >= 0), -- rupiah
    insured_value bigint not null default 0 check (insured_value >= 0),
    cost bigint check (cost >= 0), -- what the courier asks, rupiah; null until it says
    pickup_id uuid references pickups,
    created_at timestamptz not null,
    booked_at timestamptz,
    promised_at timestamptz,
    picked_up_at timestamptz,
    delivered_at timestamptz,
    ended_at timestamptz,
    last_event_at timestamptz,
    next_look_at timestamptz,
    looks integer not null default 0,
    proof jsonb,
    constraint booked_has_a_number check (booking <> 'booked' or waybill <> '' or provider_order_id <> '')
);
create unique index shipments_one_live on shipments (order_id) where is_live;
create unique index shipments_waybill on shipments (waybill) where waybill <> '';
create index shipments_provider_order on shipments (provider, provider_order_id) where provider_order_id <> '';
create index shipments_order on shipments (order_id, created_at);
create index shipments_session on shipments (session_id, created_at) where session_id is not null;
create index shipments_factory on shipments (factory_id, created_at desc, id desc);
create index shipments_status on shipments (status, created_at desc, id desc);
create index shipments_created on shipments (created_at desc, id desc);
create index shipments_to_book on shipments (next_booking_at) where booking = 'wanted';
create index shipments_to_look_at on shipments (next_look_at) where next_look_at is not null;
create index shipments_pickup on shipments (pickup_id) where pickup_id is not null;
create index shipments_late on shipments (promised_at) where is_live and ended_at is null and promised_at is not null;

-- Every piece of news of a parcel, once. "moved" is whether it moved the status; older news never does.
create table shipment_events (
    id bigint generated always as identity primary key,
    shipment_id uuid not null references shipments,
    status text not null,
    at timestamptz not null,
    note text not null default '' check (length(note) <= 300),
    source text not null check (source in ('webhook', 'tracking', 'person', 'platform')),
    actor_id uuid,
    moved boolean not null,
    received_at timestamptz not null,
    unique (shipment_id, status, at)
);

-- What a person has to look at: a parcel that failed, was lost, came back, or that no courier takes.
create table shipment_cases (
    id uuid primary key,
    shipment_id uuid not null references shipments,
    kind text not null check (kind in ('failed', 'lost', 'returned', 'refused')),
    status text not null check (status in ('open', 'resolved')),
    detail text not null default '' check (length(detail) <= 300),
    opened_at timestamptz not null,
    resolution text check (resolution in ('reshipped', 'closed', 'went_on')),
    note text not null default '' check (length(note) <= 300),
    resolved_by uuid,
    resolved_at timestamptz,
    check ((status = 'resolved') = (resolved_at is not null and resolution is not null))
);
create unique index shipment_cases_one_open on shipment_cases (shipment_id) where status = 'open';
create index shipment_cases_status on shipment_cases (status, opened_at desc, id desc);

-- Leg one: a factory's goods on their way to the warehouse, by purchase order.
create table bulk_shipments (
    id uuid primary key,
    purchase_order_id uuid not null unique,
    purchase_order_code text not null,
    factory_id uuid not null,
    session_id uuid,
    status text not null check (status in ('pending', 'in_transit', 'delivered', 'failed')),
    carrier text not null default '' check (length(carrier) <= 60),
    waybill text not null default '' check (length(waybill) <= 60),
    cost bigint not null check (cost >= 0), -- rupiah, of the whole purchase order
    cost_is_estimated boolean not null,
    cost_set_by uuid,
    created_at timestamptz not null,
    shipped_at timestamptz,
    ended_at timestamptz
);
create index bulk_shipments_factory on bulk_shipments (factory_id, created_at desc, id desc);
create index bulk_shipments_created on bulk_shipments (created_at desc, id desc);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'logistics: the news of a parcel is append only' using errcode = 'restrict_violation';
end $$;
create trigger append_only before update or delete or truncate on shipment_events
    for each statement execute function refuse_change();
