-- Posts one transaction that divides an amount among many accounts: the debit of one, a credit for each share, in their order.
-- Every check is that of ledger.post; rows are looked up by their indexes, as in ledger.post_transfers. Answers 1 where the
-- transaction is new, 0 where its key was posted before with the same content, or where there is nothing to divide.
create function post_split(
    p_id uuid, p_key text, p_kind text, p_reference text, p_posted_at timestamptz,
    p_debit text, p_credits text[], p_amounts bigint[]
) returns int language plpgsql security definer
    set search_path = ledger, pg_temp
    set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_custom_plan as $$
declare
    total bigint := (select sum(a) from unnest(p_amounts) a);
    named text[] := p_debit || p_credits;
    amounts bigint[] := total || array(select -a from unnest(p_amounts) with ordinality as t(a, n) order by n);
    forbidden text;
    content bytea;
    guarded bigint[];
    moved bigint[];
    opened bigint[];
begin
    if cardinality(p_credits) = 0 then
        return 0;
    end if;
    -- Before any position is taken, so that sealing can tell by transaction ids what may still come.
    perform pg_current_xact_id();
    perform refuse_closed_period(p_posted_at);
    if exists (select 1 from unnest(p_amounts) a where a is null or a <= 0) then
        raise exception 'ledger: a share is of one rupiah or more' using errcode = 'check_violation';
    end if;
    if session_user not in (select rolname from pg_roles where rolsuper) then
        select used.kind into forbidden
            from (select distinct split_part(a, '/', 1) as kind from unnest(named) a) used
            where not exists (select 1 from posting_rights r where r.role = session_user and r.kind = used.kind)
            limit 1;
        if found then
            raise exception 'ledger: % may not post to %', session_user, forbidden
                using errcode = 'insufficient_privilege';
        end if;
    end if;

    content := digest_of(p_key, p_kind, p_reference, p_posted_at, (
        select string_agg(t.code || ':' || t.amount, ',' order by t.n)
        from unnest(named, amounts) with ordinality as t(code, amount, n)));
    insert into transactions (id, idempotency_key, kind, reference, posted_at, posted_by, digest)
        values (p_id, p_key, p_kind, p_reference, p_posted_at, session_user, content)
        on conflict (idempotency_key) do nothing;
    if not found then
        perform 1 from transactions known where known.idempotency_key = p_key
            and known.digest = digest_of(p_key, p_kind, p_reference, known.posted_at, (
                select string_agg(t.code || ':' || t.amount, ',' order by t.n)
                from unnest(named, amounts) with ordinality as t(code, amount, n)));
        if not found then
            raise exception 'ledger: the key % is posted with other content', p_key using errcode = 'unique_violation';
        end if;
        return 0;
    end if;

    insert into accounts (code, kind)
        select a, split_part(a, '/', 1) from (select distinct a from unnest(named) a order by a) used
        where not exists (select 1 from accounts known where known.code = a)
        on conflict do nothing;
    insert into entries (transaction_id, line, account_id, amount)
        select p_id, t.n, a.id, t.amount
        from unnest(named, amounts) with ordinality as t(code, amount, n) join accounts a on a.code = t.code;

    select array_agg(a.id order by a.id), array_agg(m.amount order by a.id) into guarded, moved
        from (
            select t.code, -sum(t.amount)::bigint as amount from unnest(named, amounts) as t(code, amount)
            join account_kinds k on k.kind = split_part(t.code, '/', 1) and k.guarded group by t.code
        ) m join accounts a on a.code = m.code;
    if guarded is null then
        return 1;
    end if;
    -- A new account's balance is written once; its check refuses one below zero as it does below.
    with made as (
        insert into balances (account_id, balance) select g.id, g.amount from unnest(guarded, moved) as g(id, amount)
        where not exists (select 1 from balances b where b.account_id = g.id) order by g.id
        on conflict do nothing returning account_id
    )
    select array_agg(account_id) into opened from made;
    if cardinality(guarded) > coalesce(cardinality(opened), 0) then
        perform 1 from balances where account_id = any(guarded) order by account_id for update;
        update balances b set balance = b.balance + g.amount
            from unnest(guarded, moved) as g(id, amount)
            where b.account_id = g.id and (opened is null or g.id <> all(opened));
    end if;
    return 1;
end $$;

revoke all on function post_split(uuid, text, text, text, timestamptz, text, text[], bigint[]) from public;
