-- Reading the books: each report is a function, for the tables are open to nobody. Amounts are rupiah; a balance is
-- positive on its account's normal side, an amount of an entry is positive where it is a debit.
create function normal_sign(p_class text) returns int language sql immutable as $$
    select case when p_class in ('asset', 'expense') then 1 else -1 end
$$;

-- Every kind of account with what all of its accounts moved before a moment.
create function trial_balance(p_at timestamptz)
    returns table (kind text, class text, accounts bigint, debits bigint, credits bigint, balance bigint)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    with moved as (
        select e.account_id, sum(e.amount) filter (where e.amount > 0) as debits,
            -sum(e.amount) filter (where e.amount < 0) as credits
        from entries e join transactions t on t.id = e.transaction_id where t.posted_at < p_at group by e.account_id
    )
    select k.kind, k.class, count(m.account_id), coalesce(sum(m.debits), 0)::bigint, coalesce(sum(m.credits), 0)::bigint,
        (normal_sign(k.class) * (coalesce(sum(m.debits), 0) - coalesce(sum(m.credits), 0)))::bigint
    from account_kinds k left join ledger.accounts a on a.kind = k.kind left join moved m on m.account_id = a.id
    group by k.kind, k.class
    order by array_position(array['asset', 'liability', 'revenue', 'expense'], k.class), k.kind
$$;

-- The accounts of one kind that moved before a moment, by their code.
create function account_balances(p_kind text, p_at timestamptz, p_limit int, p_offset int)
    returns table (account text, debits bigint, credits bigint, balance bigint, total bigint)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select a.code, coalesce(sum(e.amount) filter (where e.amount > 0), 0)::bigint,
        coalesce(-sum(e.amount) filter (where e.amount < 0), 0)::bigint,
        (normal_sign(k.class) * sum(e.amount))::bigint, count(*) over ()
    from ledger.accounts a join account_kinds k on k.kind = a.kind
    join entries e on e.account_id = a.id join transactions t on t.id = e.transaction_id
    where a.kind = p_kind and t.posted_at < p_at
    group by a.code, k.class order by a.code limit p_limit offset p_offset
$$;

-- An account over a time: what it held before, what moved, what it held after. No row for an account that never moved.
create function account_summary(p_code text, p_from timestamptz, p_to timestamptz)
    returns table (account text, class text, opening bigint, debits bigint, credits bigint, closing bigint, lines bigint)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select a.code, k.class,
        (normal_sign(k.class) * coalesce(sum(e.amount) filter (where t.posted_at < p_from), 0))::bigint,
        coalesce(sum(e.amount) filter (where e.amount > 0 and t.posted_at >= p_from), 0)::bigint,
        coalesce(-sum(e.amount) filter (where e.amount < 0 and t.posted_at >= p_from), 0)::bigint,
        (normal_sign(k.class) * coalesce(sum(e.amount), 0))::bigint,
        count(e.amount) filter (where t.posted_at >= p_from)
    from ledger.accounts a join account_kinds k on k.kind = a.kind
    left join (entries e join transactions t on t.id = e.transaction_id and t.posted_at < p_to) on e.account_id = a.id
    where a.code = p_code group by a.code, k.class
$$;

-- The lines of an account over a time, oldest first, each with the balance after it.
create function account_lines(p_code text, p_from timestamptz, p_to timestamptz, p_limit int, p_offset int)
    returns table (posted_at timestamptz, transaction_id uuid, transaction_kind text, reference text,
        idempotency_key text, amount bigint, balance bigint)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select l.posted_at, l.transaction_id, l.kind, l.reference, l.idempotency_key, l.amount, l.balance
    from (
        select t.posted_at, t.id as transaction_id, t.kind, t.reference, t.idempotency_key, e.amount, t.position, e.line,
            (normal_sign(k.class) * sum(e.amount) over (order by t.posted_at, t.position, e.line))::bigint as balance
        from ledger.accounts a join account_kinds k on k.kind = a.kind
        join entries e on e.account_id = a.id join transactions t on t.id = e.transaction_id
        where a.code = p_code and t.posted_at < p_to
    ) as l
    where l.posted_at >= p_from order by l.posted_at, l.position, l.line limit p_limit offset p_offset
$$;

-- Transactions, newest first, with their lines as JSON; every argument but the last two may be null.
create function transactions_by(p_id uuid, p_reference text, p_account text, p_kind text, p_from timestamptz,
        p_to timestamptz, p_limit int, p_offset int)
    returns table (id uuid, posted_at timestamptz, kind text, reference text, idempotency_key text, posted_by name,
        lines jsonb, total bigint)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    with found as (
        select t.*, count(*) over () as total from transactions t
        where (p_id is null or t.id = p_id) and (p_reference is null or t.reference = p_reference)
            and (p_kind is null or t.kind = p_kind) and (p_from is null or t.posted_at >= p_from)
            and (p_to is null or t.posted_at < p_to)
            and (p_account is null or t.id in (select e.transaction_id from entries e
                join ledger.accounts a on a.id = e.account_id where a.code = p_account))
        order by t.posted_at desc, t.position desc limit p_limit offset p_offset
    )
    select f.id, f.posted_at, f.kind, f.reference, f.idempotency_key, f.posted_by,
        (select jsonb_agg(jsonb_build_object('account', a.code, 'amount', e.amount) order by e.line)
         from entries e join ledger.accounts a on a.id = e.account_id where e.transaction_id = f.id),
        f.total
    from found f order by f.posted_at desc, f.position desc
$$;

-- All entries of the transactions that touch some accounts or bear some references, in the order of posting.
create function entries_touching(p_accounts text[], p_references text[])
    returns table (posted_at timestamptz, transaction_id uuid, transaction_kind text, reference text,
        idempotency_key text, account text, amount bigint)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select t.posted_at, t.id, t.kind, t.reference, t.idempotency_key, a.code, e.amount
    from transactions t join entries e on e.transaction_id = t.id join ledger.accounts a on a.id = e.account_id
    where t.id in (
        select x.transaction_id from entries x join ledger.accounts y on y.id = x.account_id where y.code = any(p_accounts)
        union select z.id from transactions z where z.reference = any(p_references)
    )
    order by t.position, e.line
$$;

-- What each kind of account moved in each day, week (from Monday) or month of Asia/Jakarta.
create function moved_by_period(p_unit text, p_from timestamptz, p_to timestamptz)
    returns table (starts_on date, kind text, class text, debits bigint, credits bigint)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select date_trunc(p_unit, t.posted_at at time zone 'Asia/Jakarta')::date, k.kind, k.class,
        coalesce(sum(e.amount) filter (where e.amount > 0), 0)::bigint,
        coalesce(-sum(e.amount) filter (where e.amount < 0), 0)::bigint
    from transactions t join entries e on e.transaction_id = t.id join ledger.accounts a on a.id = e.account_id
    join account_kinds k on k.kind = a.kind
    where t.posted_at >= p_from and t.posted_at < p_to group by 1, 2, 3 order by 1, 2
$$;

-- The journal in the order of posting, after a line: what an export reads by the batch.
create function journal_after(p_from timestamptz, p_to timestamptz, p_position bigint, p_line int, p_limit int)
    returns table (place bigint, line int, posted_at timestamptz, transaction_id uuid, transaction_kind text,
        reference text, idempotency_key text, posted_by name, account text, amount bigint)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select t.position, e.line::int, t.posted_at, t.id, t.kind, t.reference, t.idempotency_key, t.posted_by, a.code,
        e.amount
    from transactions t join entries e on e.transaction_id = t.id join ledger.accounts a on a.id = e.account_id
    where t.position >= p_position and (t.position, e.line) > (p_position, p_line)
        and t.posted_at >= p_from and t.posted_at < p_to
    order by t.position, e.line limit p_limit
$$;

revoke all on function normal_sign(text) from public;
revoke all on function trial_balance(timestamptz) from public;
revoke all on function account_balances(text, timestamptz, int, int) from public;
revoke all on function account_summary(text, timestamptz, timestamptz) from public;
revoke all on function account_lines(text, timestamptz, timestamptz, int, int) from public;
revoke all on function transactions_by(uuid, text, text, text, timestamptz, timestamptz, int, int) from public;
revoke all on function entries_touching(text[], text[]) from public;
revoke all on function moved_by_period(text, timestamptz, timestamptz) from public;
revoke all on function journal_after(timestamptz, timestamptz, bigint, int, int) from public;
