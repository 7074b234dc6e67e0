alter table wallets add column total_spent bigint not null default 0 check (total_spent >= 0);
alter table wallets add column total_withdrawn bigint not null default 0 check (total_withdrawn >= 0);

-- A hold and a withdrawal are negative lines; what comes back of them is a positive one of the same type.
alter table wallet_transactions drop constraint wallet_transactions_type_check;
alter table wallet_transactions add constraint wallet_transactions_type_check
    check (type in ('cashback', 'refund', 'deposit', 'adjustment', 'payment', 'withdrawal'));
create index wallet_transactions_time on wallet_transactions (created_at);

-- Money set aside for a payment; the ledger's wallet_hold/<user> carries it until payment takes it or it is released.
create table holds (
    payment_id uuid primary key,
    payment_code text not null,
    user_id uuid not null references wallets,
    amount bigint not null check (amount > 0),
    status text not null check (status in ('held', 'captured', 'released')),
    held_at timestamptz not null,
    ended_at timestamptz,
    reason text,
    constraint ended check ((status = 'held') = (ended_at is null)),
    constraint released_with_reason check ((status = 'released') = (reason is not null))
);
create index holds_user on holds (user_id, held_at desc);

-- Account numbers are sealed; the fingerprint finds the same number of the same owner again.
create table bank_accounts (
    id uuid primary key,
    user_id uuid not null,
    bank_code text not null,
    number_sealed bytea not null,
    number_fingerprint bytea not null,
    number_last4 text not null check (number_last4 ~ '^[0-9]{4}$'),
    holder_name text not null check (length(holder_name) between 3 and 100),
    created_at timestamptz not null,
    deleted_at timestamptz
);
create unique index bank_accounts_once on bank_accounts (user_id, bank_code, number_fingerprint) where deleted_at is null;
create index bank_accounts_user on bank_accounts (user_id, created_at);

-- A run over the pending withdrawals; what the provider's balance did not suffice for is left pending and counted.
create table withdrawal_batches (
    id uuid primary key,
    workflow_id text not null unique,
    cause text not null check (cause in ('schedule', 'request')),
    cut_at timestamptz not null,
    started_at timestamptz not null,
    finished_at timestamptz,
    claimed_count int not null default 0,
    claimed_amount bigint not null default 0,
    left_count int not null default 0,
    left_amount bigint not null default 0
);
create index withdrawal_batches_started on withdrawal_batches (started_at desc);

create table withdrawals (
    id uuid primary key,
    code text not null unique check (code ~ '^WD-\d{8}-[0-9A-Z]{6}$'),
    user_id uuid not null references wallets,
    amount bigint not null check (amount > 0),
    fee bigint not null check (fee >= 0),
    net_amount bigint not null check (net_amount > 0),
    bank_code text not null,
    channel_code text not null,
    number_sealed bytea not null,
    number_last4 text not null check (number_last4 ~ '^[0-9]{4}$'),
    holder_name text not null check (length(holder_name) between 3 and 100),
    status text not null check (status in ('pending', 'processing', 'completed', 'failed', 'cancelled')),
    requested_at timestamptz not null,
    batch_id uuid references withdrawal_batches,
    claimed_at timestamptz,
    attempt int not null default 1 check (attempt >= 1), -- one more after the provider lacked our money
    asked_at timestamptz, -- set and committed before the attempt is sent: from then on the provider is asked first
    payout_id text unique,
    looks int not null default 0,
    next_look_at timestamptz,
    ended_at timestamptz,
    failure_reason text,
    reversed_at timestamptz, -- the bank sent a completed payout back
    constraint whole check (amount = fee + net_amount),
    constraint claimed_once_processing check (status in ('pending', 'cancelled') = (batch_id is null)),
    constraint claimed_with_time check ((batch_id is null) = (claimed_at is null)),
    constraint ended_with_time check ((status in ('completed', 'failed', 'cancelled')) = (ended_at is not null)),
    constraint failed_with_reason check ((status = 'failed') = (failure_reason is not null)),
    constraint reversed_is_failed check (reversed_at is null or status = 'failed')
);
create index withdrawals_user on withdrawals (user_id, requested_at desc, id desc);
create index withdrawals_pending on withdrawals (requested_at, id) where status = 'pending';
create index withdrawals_unsent on withdrawals (batch_id, requested_at) where status = 'processing' and asked_at is null;
create index withdrawals_look on withdrawals (next_look_at) where status = 'processing';
create index withdrawals_all on withdrawals (requested_at desc, id desc);
create index withdrawals_ended on withdrawals (ended_at) where ended_at is not null;

-- What the provider told us: the same news is one row, however often it comes. The body names a bank account: sealed.
create table webhook_events (
    id uuid primary key,
    fingerprint bytea not null unique,
    webhook_id text,
    news text not null,
    body_sealed bytea not null,
    received_at timestamptz not null,
    deliveries int not null default 1,
    attempts int not null default 0,
    next_attempt_at timestamptz,
    outcome text check (outcome in ('sent', 'completed', 'failed', 'reversed', 'retried', 'unchanged', 'mismatch', 'conflict',
                                    'unknown')),
    processed_at timestamptz,
    constraint processed_with_outcome check ((outcome is null) = (processed_at is null))
);
create index webhook_events_open on webhook_events (next_attempt_at) where processed_at is null;
create index webhook_events_received on webhook_events (received_at desc, id desc);

-- A correction by hand: one person asks, another decides.
create table adjustments (
    id uuid primary key,
    code text not null unique check (code ~ '^ADJ-\d{8}-[0-9A-Z]{6}$'),
    user_id uuid not null,
    type text not null check (type in ('adjustment', 'deposit')),
    amount bigint not null check (amount <> 0), -- below zero: taken out of the wallet
    reason text not null check (length(reason) between 5 and 300),
    status text not null check (status in ('pending', 'approved', 'rejected')),
    requested_by uuid not null,
    requested_at timestamptz not null,
    decided_by uuid,
    decided_at timestamptz,
    note text,
    constraint deposits_are_credits check (type <> 'deposit' or amount > 0),
    constraint decided check ((status = 'pending') = (decided_by is null) and (decided_by is null) = (decided_at is null)),
    constraint two_persons check (decided_by <> requested_by),
    constraint not_by_whom_it_concerns check (user_id not in (requested_by, decided_by))
);
create index adjustments_requested on adjustments (requested_at desc, id desc);
