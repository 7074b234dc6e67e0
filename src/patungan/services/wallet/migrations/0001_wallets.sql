-- The balance itself is the ledger's guarded account wallet/<user>; here is its history, with the balance after each move.
create table wallets (
    user_id uuid primary key,
    balance bigint not null default 0 check (balance >= 0), -- kept equal to the ledger's, for the running balance
    total_earned bigint not null default 0 check (total_earned >= 0),
    opened_at timestamptz not null
);

create table wallet_transactions (
    id uuid primary key,
    user_id uuid not null references wallets,
    type text not null check (type in ('cashback', 'refund', 'deposit', 'adjustment')),
    amount bigint not null check (amount <> 0),
    balance_after bigint not null check (balance_after >= 0),
    reference_type text not null,
    reference_id uuid not null,
    reference text not null,
    created_at timestamptz not null,
    unique (type, reference_type, reference_id)
);
create index wallet_transactions_user on wallet_transactions (user_id, created_at desc, id desc);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'wallet: the history of a wallet is append only' using errcode = 'restrict_violation';
end $$;
create trigger append_only before update or delete or truncate on wallet_transactions
    for each statement execute function refuse_change();
