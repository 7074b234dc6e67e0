create table offices (
    id uuid primary key,
    code text not null unique check (code ~ '^OFF-[A-Z0-9]{6}$'),
    name text not null check (length(name) between 3 and 120),
    status text not null check (status in ('active', 'inactive', 'temporarily_closed')),
    phone text not null check (phone ~ '^\+628\d{8,11}$'),
    whatsapp text check (whatsapp ~ '^\+628\d{8,11}$'),
    line text not null check (length(line) between 3 and 300),
    city text not null,
    province text not null,
    postal_code text not null check (postal_code ~ '^\d{5}$'),
    operating_hours text not null default '' check (length(operating_hours) <= 200),
    -- Codes of provinces (two digits) and regencies (four digits) that the office covers.
    regions text[] not null default '{}',
    manager_id uuid,
    commission_percent integer not null default 10 check (commission_percent between 0 and 100),
    review_count integer not null default 0,
    review_total bigint not null default 0,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index offices_city on offices (lower(city), status);
create index offices_regions on offices using gin (regions);

create table office_history (
    id bigint generated always as identity primary key,
    office_id uuid not null references offices,
    at timestamptz not null,
    actor uuid not null,
    subject text not null check (subject in ('status', 'staff', 'manager', 'commission')),
    before text,
    after text not null,
    reason text not null
);
create index office_history_office on office_history (office_id, id);

create table staff (
    id uuid primary key,
    office_id uuid not null references offices,
    user_id uuid not null,
    code text not null unique check (code ~ '^STF-[A-Z0-9]{6}$'),
    name text not null,
    role text not null
        check (role in ('office_manager', 'field_coordinator', 'logistics_staff', 'admin_staff', 'warehouse_staff')),
    status text not null check (status in ('active', 'on_leave', 'suspended', 'resigned')),
    is_available boolean not null default false,
    last_check_in timestamptz,
    last_latitude double precision check (last_latitude between -90 and 90),
    last_longitude double precision check (last_longitude between -180 and 180),
    joined_at timestamptz not null,
    updated_at timestamptz not null
);
create unique index staff_one_office on staff (user_id) where status <> 'resigned';
create index staff_office on staff (office_id, status);

-- Factories that the office looks after, from factory's news.
create table assignments (
    factory_id uuid primary key,
    office_id uuid not null references offices,
    factory_name text not null,
    assigned_at timestamptz not null
);
create index assignments_office on assignments (office_id, assigned_at desc);

-- What agents brought in: the request is kept, so that asking again answers the same.
create table registrations (
    factory_id uuid primary key,
    office_id uuid not null references offices,
    staff_id uuid not null references staff,
    registered_at timestamptz not null
);
create index registrations_office on registrations (office_id, registered_at desc);

create table interactions (
    id uuid primary key,
    office_id uuid not null references offices,
    staff_id uuid not null references staff,
    factory_id uuid not null,
    kind text not null check (kind in ('factory_visit', 'registration', 'pickup', 'issue_resolution', 'training',
        'quality_check', 'phone_call', 'other')),
    notes text not null check (length(notes) <= 2000),
    photos text[] not null check (cardinality(photos) <= 10),
    latitude double precision check (latitude between -90 and 90),
    longitude double precision check (longitude between -180 and 180),
    -- Only of a verification on site: what was looked at, [{"item": ..., "passed": ..., "note": ...}].
    checklist jsonb,
    passed boolean,
    happened_at timestamptz not null,
    recorded_at timestamptz not null,
    check ((latitude is null) = (longitude is null)),
    check ((checklist is null) = (passed is null))
);
create index interactions_office on interactions (office_id, happened_at desc, id);
create index interactions_factory on interactions (factory_id, happened_at desc, id);

create table tasks (
    id uuid primary key,
    office_id uuid not null references offices,
    factory_id uuid,
    title text not null check (length(title) between 3 and 120),
    details text not null check (length(details) <= 2000),
    status text not null check (status in ('open', 'in_progress', 'done', 'cancelled')),
    assignee_id uuid references staff,
    due_at timestamptz,
    created_by uuid not null,
    created_at timestamptz not null,
    ended_at timestamptz
);
create index tasks_office on tasks (office_id, status, due_at);
create index tasks_assignee on tasks (assignee_id, status, due_at);

create table pickups (
    id uuid primary key,
    code text not null unique check (code ~ '^PT-\d{8}-[A-Z0-9]{6}$'),
    office_id uuid not null references offices,
    factory_id uuid not null,
    purchase_order_id uuid not null,
    purchase_order_code text not null,
    staff_id uuid references staff,
    status text not null check (status in ('scheduled', 'in_progress', 'completed', 'failed', 'cancelled')),
    scheduled_for date not null,
    window_start time,
    window_end time,
    notes text not null check (length(notes) <= 1000),
    photo text,
    signature text,
    reason text,
    created_by uuid not null,
    created_at timestamptz not null,
    started_at timestamptz,
    ended_at timestamptz,
    -- When the warehouse knows that the goods are on their way.
    shipped_at timestamptz,
    check (window_start < window_end),
    check ((status = 'completed') <= (photo is not null and signature is not null and staff_id is not null))
);
create unique index pickups_once on pickups (purchase_order_id) where status in ('scheduled', 'in_progress', 'completed');
create index pickups_office on pickups (office_id, status, scheduled_for, id);
create index pickups_staff on pickups (staff_id, status, scheduled_for, id);

create table pickup_items (
    pickup_id uuid not null references pickups,
    position integer not null,
    name text not null,
    quantity integer not null check (quantity > 0),
    verified_quantity integer check (verified_quantity between 0 and quantity),
    is_verified boolean not null default false,
    verified_by uuid,
    verified_at timestamptz,
    note text not null default '' check (length(note) <= 300),
    primary key (pickup_id, position)
);

create table pickup_history (
    id bigint generated always as identity primary key,
    pickup_id uuid not null references pickups,
    at timestamptz not null,
    actor uuid not null,
    before text,
    after text not null,
    reason text not null
);
create index pickup_history_pickup on pickup_history (pickup_id, id);

create table office_reviews (
    pickup_id uuid primary key references pickups,
    office_id uuid not null references offices,
    factory_id uuid not null,
    user_id uuid not null,
    overall integer not null check (overall between 1 and 5),
    punctuality integer not null check (punctuality between 1 and 5),
    professionalism integer not null check (professionalism between 1 and 5),
    communication integer not null check (communication between 1 and 5),
    comment text not null check (length(comment) <= 1000),
    created_at timestamptz not null
);
create index office_reviews_office on office_reviews (office_id, created_at desc);
