alter table purchase_orders
    -- What the buttons of its WhatsApp messages send back; nobody can guess it.
    add column answer_token text unique,
    add column reminders integer not null default 0 check (reminders >= 0),
    add column remind_at timestamptz,
    add column rejection_asked_at timestamptz,
    add column rejected_at timestamptz,
    add column rejection_reason text,
    add column late_at timestamptz,
    add column late_told_at timestamptz,
    add column received_at timestamptz,
    add constraint purchase_orders_rejection check ((rejected_at is null) = (rejection_reason is null));
create index purchase_orders_remind on purchase_orders (remind_at) where status = 'pending' and remind_at is not null;
create index purchase_orders_unexplained on purchase_orders (rejection_asked_at)
    where status = 'pending' and rejection_asked_at is not null and rejected_at is null;
create index purchase_orders_late on purchase_orders (late_at)
    where status in ('pending', 'confirmed', 'in_production', 'shipped') and late_told_at is null;

-- Units that will not come any more; units beyond the order that were taken into stock, and those that were sent back.
alter table purchase_order_lines
    add column short bigint not null default 0 check (short >= 0),
    add column surplus bigint not null default 0 check (surplus >= 0),
    add column sent_back bigint not null default 0 check (sent_back >= 0),
    add constraint purchase_order_lines_complete check (received + damaged + short <= ordered);

-- Units that a session waits for and that will not be bought any more: its buyers are to be refunded.
alter table reservations
    add column cancelled bigint not null default 0 check (cancelled >= 0),
    add constraint reservations_within check (held + cancelled <= quantity);

create table invoices (
    id uuid primary key,
    code text not null unique check (code ~ '^INV-\d{8}-[A-Z0-9]{6}$'),
    purchase_order_id uuid not null references purchase_orders,
    status text not null default 'pending' check (status in ('pending', 'paid', 'cancelled')),
    subtotal bigint not null check (subtotal > 0),
    tax_percent integer not null check (tax_percent between 0 and 100),
    tax bigint not null check (tax >= 0),
    total bigint not null check (total = subtotal + tax),
    lines jsonb not null,
    created_at timestamptz not null,
    paid_at timestamptz,
    payment_reference text,
    cancelled_at timestamptz,
    cancel_reason text,
    check ((status = 'paid') = (paid_at is not null)),
    check ((status = 'cancelled') = (cancelled_at is not null))
);
create unique index invoices_live on invoices (purchase_order_id) where status <> 'cancelled';
create index invoices_status on invoices (status, created_at);
