-- The books: double entry, append only. Written through ledger.post alone; the tables refuse everything else.
create table account_kinds (
    kind text primary key,
    class text not null check (class in ('asset', 'liability', 'revenue', 'expense')),
    per text not null check (per in ('platform', 'session', 'order', 'user', 'factory', 'seller')),
    guarded boolean not null default false,
    purpose text not null
);
insert into account_kinds (kind, class, per, guarded, purpose) values
    ('gateway_clearing', 'asset', 'platform', false, 'money that the payment gateway holds for us'),
    ('bank', 'asset', 'platform', false, 'money on our bank account'),
    ('escrow', 'liability', 'session', false, 'what buyers paid for a session that is not settled yet'),
    ('order_escrow', 'liability', 'order', false, 'what a buyer paid for a direct order not delivered yet'),
    ('cashback_payable', 'liability', 'session', false, 'tier refunds released from escrow, on their way to wallets'),
    ('wallet', 'liability', 'user', true, 'what a user may spend or withdraw'),
    ('wallet_hold', 'liability', 'user', true, 'wallet money held for a payment that is not complete'),
    ('payable_factory', 'liability', 'factory', false, 'what we owe a factory'),
    ('payable_seller', 'liability', 'seller', false, 'what we owe a seller'),
    ('payable_warehouse', 'liability', 'platform', false, 'what we owe the warehouse: leg one, and goods sold from its stock'),
    ('payable_courier', 'liability', 'platform', false, 'what we owe couriers for leg two'),
    ('refund_clearing', 'liability', 'platform', false, 'refunds decided and not yet confirmed'),
    ('withdrawal_clearing', 'liability', 'platform', false, 'withdrawals on their way to a bank'),
    ('vat_payable', 'liability', 'platform', false, 'VAT collected on warehouse invoices'),
    ('commission_revenue', 'revenue', 'platform', false, 'our commission on product revenue'),
    ('fee_income', 'revenue', 'platform', false, 'the gateway fee that buyers pay'),
    ('withdrawal_fee_income', 'revenue', 'platform', false, 'the fee of a withdrawal'),
    ('gateway_expense', 'expense', 'platform', false, 'what the payment gateway charges us'),
    ('leg1_deficit', 'expense', 'platform', false, 'leg-one cost that a session below its MOQ did not cover'),
    ('goodwill', 'expense', 'platform', false, 'money given to put something right'),
    ('rounding', 'expense', 'platform', false, 'rupiah left over by rounding');

create table accounts (
    id bigint generated always as identity primary key,
    code text not null unique,
    kind text not null references account_kinds,
    constraint code_matches_kind check (split_part(code, '/', 1) = kind)
);

create table transactions (
    id uuid primary key,
    idempotency_key text not null unique,
    kind text not null,
    reference text not null,
    posted_at timestamptz not null,
    posted_by name not null,
    digest bytea not null
);
create index transactions_reference on transactions (reference);
create index transactions_posted_at on transactions (posted_at);

create table entries (
    transaction_id uuid not null references transactions,
    line smallint not null,
    account_id bigint not null references accounts,
    amount bigint not null check (amount <> 0), -- debits positive, credits negative, rupiah
    primary key (transaction_id, line)
);
create index entries_account on entries (account_id) include (amount);

-- Guarded accounts carry a balance that cannot go below zero, in credit terms: both guarded kinds are liabilities.
create table balances (
    account_id bigint primary key references accounts,
    balance bigint not null default 0 check (balance >= 0)
);

-- Which account kinds a service may post to; the login role is the identity, whatever the caller says.
create table posting_rights (
    role name not null,
    kind text not null references account_kinds,
    primary key (role, kind)
);
insert into posting_rights (role, kind)
select 'patungan_payment', kind from account_kinds
    where kind not in ('wallet', 'withdrawal_clearing', 'withdrawal_fee_income')
union all
select 'patungan_wallet', kind from account_kinds
    where kind in ('wallet', 'wallet_hold', 'cashback_payable', 'refund_clearing', 'withdrawal_clearing',
                   'withdrawal_fee_income', 'bank', 'gateway_clearing', 'goodwill')
union all
select 'patungan_settlement', kind from account_kinds
    where kind in ('payable_factory', 'payable_seller', 'payable_warehouse', 'bank', 'commission_revenue',
                   'gateway_expense', 'rounding', 'vat_payable');

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'ledger: % of % is refused, the books are append only', tg_op, tg_table_name
        using errcode = 'restrict_violation';
end $$;
create trigger append_only before update or delete or truncate on entries
    for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on transactions
    for each statement execute function refuse_change();

-- Each statement's entries must balance by themselves, so that no sequence of inserts can leave a transaction lopsided.
create function refuse_unbalanced() returns trigger language plpgsql as $$
declare
    lopsided uuid;
begin
    select transaction_id into lopsided from added group by transaction_id having sum(amount) <> 0 limit 1;
    if found then
        raise exception 'ledger: transaction % does not balance', lopsided using errcode = 'check_violation';
    end if;
    return null;
end $$;
create trigger balanced after insert on entries referencing new table as added
    for each statement execute function refuse_unbalanced();

-- The fingerprint of a transaction and its lines; recomputed by the audit, so that a later change shows.
create function digest_of(p_key text, p_kind text, p_reference text, p_posted_at timestamptz, p_lines text)
    returns bytea language sql immutable as $$
    select sha256(convert_to(concat_ws('|', p_key, p_kind, p_reference,
        (extract(epoch from p_posted_at) * 1000000)::bigint::text, p_lines), 'UTF8'))
$$;

-- Posts a batch of transactions. Lines name their transaction by its place in the arrays (from 1).
-- A key that was posted before with the same content is passed over; with other content it is an error.
-- Answers how many transactions were new.
create function post(
    p_ids uuid[], p_keys text[], p_kinds text[], p_references text[], p_posted_at timestamptz,
    p_line_of int[], p_accounts text[], p_amounts bigint[]
) returns int language plpgsql security definer set search_path = ledger, pg_temp as $$
declare
    forbidden text;
    reused text;
    fresh uuid[];
    guarded bigint[];
begin
    if session_user not in (select rolname from pg_roles where rolsuper) then
        select split_part(a, '/', 1) into forbidden from unnest(p_accounts) a
            where not exists (select 1 from posting_rights r
                              where r.role = session_user and r.kind = split_part(a, '/', 1))
            limit 1;
        if found then
            raise exception 'ledger: % may not post to %', session_user, forbidden
                using errcode = 'insufficient_privilege';
        end if;
    end if;

    insert into accounts (code, kind)
        select a, split_part(a, '/', 1) from (select distinct a from unnest(p_accounts) a order by a) named
        where not exists (select 1 from accounts known where known.code = a)
        on conflict do nothing;

    with batch as materialized (
        select t.id, t.place, t.key, t.kind, t.reference,
            digest_of(t.key, t.kind, t.reference, p_posted_at, lines.text) as digest
        from unnest(p_ids, p_keys, p_kinds, p_references) with ordinality as t(id, key, kind, reference, place)
        join (
            select l.line_of, string_agg(l.account || ':' || l.amount, ',' order by l.number) as text
            from unnest(p_line_of, p_accounts, p_amounts) with ordinality as l(line_of, account, amount, number)
            group by l.line_of
        ) lines on lines.line_of = t.place
    ), inserted as (
        insert into transactions (id, idempotency_key, kind, reference, posted_at, posted_by, digest)
        select id, key, kind, reference, p_posted_at, session_user, digest from batch order by key
        on conflict (idempotency_key) do nothing
        returning id
    ), written as (
        insert into entries (transaction_id, line, account_id, amount)
        select batch.id, row_number() over (partition by batch.id order by l.number), accounts.id, l.amount
        from unnest(p_line_of, p_accounts, p_amounts) with ordinality as l(line_of, account, amount, number)
        join batch on batch.place = l.line_of
        join inserted on inserted.id = batch.id
        join accounts on accounts.code = l.account
    )
    select coalesce(array_agg(id), '{}') into fresh from inserted;

    if cardinality(fresh) < cardinality(p_ids) then
        select t.key into reused
        from unnest(p_keys, p_kinds, p_references) with ordinality as t(key, kind, reference, place)
        left join transactions known on known.idempotency_key = t.key
        left join lateral (
            select string_agg(l.account || ':' || l.amount, ',' order by l.number) as text
            from unnest(p_line_of, p_accounts, p_amounts) with ordinality as l(line_of, account, amount, number)
            where l.line_of = t.place
        ) lines on true
        where lines.text is null
           or known.digest is distinct from digest_of(t.key, t.kind, t.reference, known.posted_at, lines.text)
        limit 1;
        if found then
            raise exception 'ledger: the key % is posted with other content, or has no lines', reused
                using errcode = 'unique_violation';
        end if;
    end if;

    select array_agg(distinct accounts.id order by accounts.id) into guarded
        from entries join accounts on accounts.id = entries.account_id
        join account_kinds on account_kinds.kind = accounts.kind and account_kinds.guarded
        where entries.transaction_id = any(fresh);
    if guarded is not null then
        insert into balances (account_id) select unnest(guarded) order by 1 on conflict do nothing;
        perform 1 from balances where account_id = any(guarded) order by account_id for update;
        update balances set balance = balances.balance - moved.amount
            from (select account_id, sum(amount)::bigint as amount from entries
                  where transaction_id = any(fresh) and account_id = any(guarded) group by account_id) moved
            where moved.account_id = balances.account_id;
    end if;
    return cardinality(fresh);
end $$;

-- What an account holds, positive on its normal side (debit for assets and expenses, credit for the others), rupiah.
create function balance_of(p_code text) returns bigint
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select coalesce(
        (select balance from balances join accounts on accounts.id = balances.account_id where accounts.code = p_code),
        (select (case when kinds.class in ('asset', 'expense') then 1 else -1 end) * sum(entries.amount)::bigint
         from accounts join account_kinds kinds on kinds.kind = accounts.kind
         join entries on entries.account_id = accounts.id
         where accounts.code = p_code group by kinds.class),
        0)
$$;

-- Everything that one reference moved, for statements and tests.
create function entries_of(p_reference text)
    returns table (posted_at timestamptz, transaction_kind text, account text, amount bigint)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select t.posted_at, t.kind, a.code, e.amount
    from transactions t join entries e on e.transaction_id = t.id join accounts a on a.id = e.account_id
    where t.reference = p_reference order by t.posted_at, t.id, e.line
$$;

revoke all on function post(uuid[], text[], text[], text[], timestamptz, int[], text[], bigint[]) from public;
revoke all on function balance_of(text) from public;
revoke all on function entries_of(text) from public;
