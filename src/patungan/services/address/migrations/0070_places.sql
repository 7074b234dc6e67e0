-- Down to the village, where on the map, and what a courier looks for.
alter table addresses
    add column village text not null default '' check (length(village) <= 100),
    add column landmark text not null default '' check (length(landmark) <= 200),
    add column latitude double precision check (latitude between -90 and 90),
    add column longitude double precision check (longitude between -180 and 180),
    add constraint point_is_whole check ((latitude is null) = (longitude is null));
create index addresses_created on addresses (created_at desc, id desc);
create index addresses_district on addresses (district_code);

-- Answers of the map provider, under the SHA-256 of the normalised query, so that nobody's address is kept here in words.
-- The provider's terms allow thirty days.
create table geocodes (
    query bytea primary key check (length(query) = 32),
    answer jsonb, -- null: the provider knows no such place
    fetched_at timestamptz not null,
    expires_at timestamptz not null
);
create index geocodes_expiry on geocodes (expires_at);

-- Questions put to the map provider, a day of Asia/Jakarta.
create table geocode_usage (
    day date primary key,
    asked int not null check (asked >= 0)
);

-- Where we deliver: the rule of the innermost region decides, one for a courier before one for all.
create table service_area (
    region_code text not null check (region_code = '' or region_code ~ '^\d{2}(\.\d{2}){0,2}$'), -- '': the whole country
    courier text not null check (courier = '' or courier ~ '^[a-z0-9_]{2,20}$'), -- '': all couriers
    served boolean not null,
    reason text not null check (length(reason) <= 200),
    set_by uuid not null,
    set_at timestamptz not null,
    primary key (region_code, courier)
);

-- Places that people wrote and that do not exist, by day and field: what the form should explain better.
create table refused_places (
    day date not null,
    field text not null,
    code text not null,
    times bigint not null check (times > 0),
    primary key (day, field, code)
);
