-- How a payee is settled; one without a row is settled weekly. The office's percentage is of our commission.
create table agreements (
    payee_kind text not null check (payee_kind in ('factory', 'seller')),
    payee_id uuid not null,
    cycle text not null check (cycle in ('daily', 'weekly', 'biweekly', 'monthly')),
    office_id uuid,
    office_percent int not null default 0 check (office_percent between 0 and 100),
    on_hold text check (length(on_hold) between 5 and 300), -- why new settlements wait
    set_by uuid not null,
    set_at timestamptz not null,
    primary key (payee_kind, payee_id),
    constraint percentage_is_an_offices check (office_id is not null or office_percent = 0)
);

-- What is known of a session's sale: how its escrow was released, and which of its goods came from stock.
create table sessions (
    session_id uuid primary key,
    factory_id uuid,
    revenue bigint check (revenue >= 0), -- of goods made anew
    payable bigint check (payable >= 0), -- what the factory was credited of it
    commission_percent int check (commission_percent between 0 and 100),
    planned boolean not null default false,
    delivered_value bigint not null default 0, -- of goods made anew, delivered so far
    constraint delivered_within_revenue check (delivered_value between 0 and coalesce(revenue, 0))
);
create table session_stock (
    session_id uuid not null references sessions,
    variant_id uuid,
    units_left bigint not null check (units_left >= 0) -- from old stock, not delivered yet
);
create unique index session_stock_variant on session_stock
    (session_id, coalesce(variant_id, '00000000-0000-0000-0000-000000000000'));

-- A direct order's release to its seller.
create table order_releases (
    order_id uuid primary key,
    seller_id uuid,
    revenue bigint not null check (revenue >= 0),
    payable bigint not null check (payable >= 0),
    commission_percent int not null check (commission_percent between 0 and 100),
    constraint revenue_is_a_sellers check (seller_id is not null or (revenue = 0 and payable = 0))
);

-- Delivered orders; reckoned once everything that their lines depend on is known.
create table orders (
    order_id uuid primary key,
    number text not null,
    session_id uuid,
    participant_id uuid,
    factory_id uuid not null,
    product_value bigint not null check (product_value >= 0),
    delivered_at timestamptz not null,
    reckoned_at timestamptz,
    payee_kind text check (payee_kind in ('factory', 'seller')),
    payee_id uuid,
    value bigint, -- what the payee was credited for, before commission
    commission bigint,
    refunded bigint not null default 0,
    constraint reckoned_whole check ((reckoned_at is null) = (value is null) and (value is null) = (commission is null))
);
create index orders_session on orders (session_id) where reckoned_at is null;
create index orders_participant on orders (participant_id) where participant_id is not null;
create table order_items (
    order_item_id uuid primary key,
    order_id uuid not null references orders,
    product_id uuid not null,
    variant_id uuid,
    quantity bigint not null check (quantity > 0),
    unit_price bigint not null check (unit_price >= 0)
);
create index order_items_order on order_items (order_id);

-- Refunds that the platform bore; charged to the payee once their order is delivered and reckoned.
create table refunds (
    refund_id uuid primary key,
    code text not null,
    participant_id uuid,
    order_id uuid,
    amount bigint not null check (amount > 0),
    completed_at timestamptz not null,
    charged_at timestamptz,
    constraint of_an_order check ((participant_id is null) <> (order_id is null))
);
create index refunds_participant on refunds (participant_id) where charged_at is null;
create index refunds_order on refunds (order_id) where charged_at is null;

create table adjustments (
    id uuid primary key,
    code text not null unique check (code ~ '^ADJ-\d{8}-[0-9A-Z]{6}$'),
    payee_kind text not null check (payee_kind in ('factory', 'seller')),
    payee_id uuid not null,
    amount bigint not null check (amount <> 0), -- below zero: taken from the payee
    reason text not null check (length(reason) between 5 and 300),
    status text not null check (status in ('pending', 'approved', 'rejected')),
    requested_by uuid not null,
    requested_at timestamptz not null,
    decided_by uuid,
    decided_at timestamptz,
    note text not null default '',
    constraint decided check ((status = 'pending') = (decided_by is null) and (decided_by is null) = (decided_at is null)),
    constraint two_persons check (decided_by <> requested_by)
);
create index adjustments_requested on adjustments (requested_at desc, id desc);

create table settlements (
    id uuid primary key,
    code text not null unique check (code ~ '^SET-\d{8}-[0-9A-Z]{6}$'),
    payee_kind text not null check (payee_kind in ('factory', 'seller')),
    payee_id uuid not null,
    payee_name text not null,
    cycle text not null check (cycle in ('daily', 'weekly', 'biweekly', 'monthly')),
    period_start date not null,
    period_end date not null,
    pay_on date not null,
    status text not null check (status in ('pending', 'on_hold', 'scheduled', 'processing', 'completed', 'failed',
                                           'cancelled')),
    value bigint not null, -- of goods, less those that were refunded
    commission bigint not null,
    net_amount bigint not null, -- the sum of the lines
    payout_amount bigint not null check (payout_amount >= 0),
    carried_out bigint not null, -- to the next settlement
    requires_approval boolean not null,
    hold_reason text,
    office_id uuid,
    office_share bigint not null default 0,
    bank_code text,
    channel_code text,
    number_sealed bytea,
    number_last4 text check (number_last4 ~ '^[0-9]{4}$'),
    holder_name text,
    attempt int not null default 1 check (attempt >= 1), -- one more after an attempt that failed for certain
    asked_at timestamptz, -- set and committed before the attempt is sent: from then on the provider is asked first
    payout_id text unique,
    looks int not null default 0,
    next_look_at timestamptz,
    failure_reason text,
    reversed_at timestamptz, -- the bank sent a completed payout back
    created_at timestamptz not null,
    ended_at timestamptz,
    constraint whole check (net_amount = payout_amount + carried_out),
    constraint period_in_order check (period_start <= pay_on and pay_on <= period_end),
    constraint held_with_reason check ((status = 'on_hold') = (hold_reason is not null)),
    constraint failed_with_reason check ((status = 'failed') = (failure_reason is not null)),
    constraint ended_with_time check ((status in ('completed', 'failed', 'cancelled')) = (ended_at is not null)),
    constraint account_whole check (num_nulls(bank_code, channel_code, number_sealed, number_last4, holder_name) in (0, 5)),
    constraint paid_to_an_account check (status not in ('scheduled', 'processing') or payout_amount = 0
        or number_sealed is not null)
);
-- One settlement a payee and period, whoever asks for it and how often.
create unique index settlements_period on settlements (payee_kind, payee_id, cycle, period_start)
    where status <> 'cancelled';
create index settlements_payee on settlements (payee_kind, payee_id, created_at desc, id desc);
create index settlements_all on settlements (created_at desc, id desc);
create index settlements_due on settlements (pay_on) where status = 'scheduled';
create index settlements_look on settlements (next_look_at) where status = 'processing';

-- The provider's own name of each attempt's payout, for comparing its books with ours.
create table payouts (
    settlement_id uuid not null references settlements,
    attempt int not null,
    payout_id text not null unique,
    primary key (settlement_id, attempt)
);

create table approvals (
    settlement_id uuid not null references settlements,
    approver_id uuid not null,
    approved_at timestamptz not null,
    primary key (settlement_id, approver_id)
);

create table history (
    id bigint generated always as identity primary key,
    settlement_id uuid not null references settlements,
    from_status text,
    status text not null,
    actor uuid, -- null: the platform itself
    note text not null default '' check (length(note) <= 500),
    at timestamptz not null
);
create index history_settlement on history (settlement_id, id);

-- What a payee is owed or owes, one line each, from the moment it is known; a settlement takes lines up, and gives them back
-- when it is cancelled. Each names the transaction in the books that it stands for.
create table lines (
    id uuid primary key,
    payee_kind text not null check (payee_kind in ('factory', 'seller')),
    payee_id uuid not null,
    kind text not null check (kind in ('order', 'surplus', 'refund', 'adjustment', 'carried_over', 'gateway_fee')),
    description text not null,
    order_id uuid,
    order_item_id uuid,
    session_id uuid,
    participant_id uuid,
    refund_id uuid references refunds,
    purchase_order_id uuid,
    variant_id uuid,
    adjustment_id uuid references adjustments,
    from_settlement_id uuid references settlements,
    quantity bigint not null default 0,
    unit_price bigint not null default 0,
    before bigint not null default 0, -- value of the same sale that was settled before: the commission is rounded with it
    percent int not null default 0,
    value bigint not null,
    commission bigint not null default 0,
    amount bigint not null check (amount <> 0),
    provider_fee bigint not null default 0,
    collected_fee bigint not null default 0,
    ledger_key text, -- null: carried over, nothing moved
    occurred_at timestamptz not null,
    due_on date not null,
    settlement_id uuid references settlements,
    constraint whole check (amount = value - commission),
    constraint order_named check ((kind in ('order', 'refund')) = (order_id is not null)),
    constraint booked check ((kind = 'carried_over') = (ledger_key is null)),
    constraint fee_is_a_settlements check (kind <> 'gateway_fee' or settlement_id is not null)
);
create unique index lines_order_item on lines (order_item_id) where kind = 'order';
create unique index lines_refund on lines (refund_id) where kind = 'refund';
create unique index lines_surplus on lines
    (purchase_order_id, coalesce(variant_id, '00000000-0000-0000-0000-000000000000')) where kind = 'surplus';
create unique index lines_adjustment on lines (adjustment_id) where kind = 'adjustment';
create unique index lines_carried on lines (from_settlement_id) where kind = 'carried_over';
create unique index lines_fee on lines (settlement_id) where kind = 'gateway_fee';
create index lines_open on lines (payee_kind, payee_id, due_on) where settlement_id is null;
create index lines_settlement on lines (settlement_id, occurred_at, id) where settlement_id is not null;
