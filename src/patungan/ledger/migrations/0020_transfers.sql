-- Posts a batch of transfers: transactions of two lines, an amount from one account (debit) to another (credit), for
-- statements that move the money of thousands. Every check is that of ledger.post: who may post to what, a key that comes
-- back with other content, balances that must not fall below zero, and the triggers of the tables.
-- Rows are looked up by their indexes, whatever the statistics say of tables that grow while a session closes.
create function post_transfers(
    p_ids uuid[], p_keys text[], p_kind text, p_references text[], p_posted_at timestamptz,
    p_debits text[], p_credits text[], p_amounts bigint[]
) returns int language plpgsql security definer
    set search_path = ledger, pg_temp
    set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_custom_plan as $$
declare
    forbidden text;
    reused text;
    fresh uuid[];
    guarded bigint[];
    moved bigint[];
    opened bigint[];
begin
    -- Before any position is taken, so that sealing can tell by transaction ids what may still come.
    perform pg_current_xact_id();
    perform refuse_closed_period(p_posted_at);
    if exists (select 1 from unnest(p_amounts) a where a is null or a <= 0) then
        raise exception 'ledger: a transfer is of one rupiah or more' using errcode = 'check_violation';
    end if;
    if session_user not in (select rolname from pg_roles where rolsuper) then
        select named.kind into forbidden
            from (select distinct split_part(a, '/', 1) as kind from unnest(p_debits || p_credits) a) named
            where not exists (select 1 from posting_rights r where r.role = session_user and r.kind = named.kind)
            limit 1;
        if found then
            raise exception 'ledger: % may not post to %', session_user, forbidden
                using errcode = 'insufficient_privilege';
        end if;
    end if;

    insert into accounts (code, kind)
        select a, split_part(a, '/', 1) from (select distinct a from unnest(p_debits || p_credits) a order by a) named
        where not exists (select 1 from accounts known where known.code = a)
        on conflict do nothing;

    with inserted as (
        insert into transactions (id, idempotency_key, kind, reference, posted_at, posted_by, digest)
        select t.id, t.key, p_kind, t.reference, p_posted_at, session_user, digest_of(t.key, p_kind, t.reference,
            p_posted_at, t.debit || ':' || t.amount || ',' || t.credit || ':' || -t.amount)
        from unnest(p_ids, p_keys, p_references, p_debits, p_credits, p_amounts)
            as t(id, key, reference, debit, credit, amount)
        order by t.key
        on conflict (idempotency_key) do nothing
        returning id
    )
    select coalesce(array_agg(id), '{}') into fresh from inserted;

    if cardinality(fresh) < cardinality(p_ids) then
        select t.key into reused
        from unnest(p_keys, p_references, p_debits, p_credits, p_amounts) as t(key, reference, debit, credit, amount)
        left join transactions known on known.idempotency_key = t.key
        where known.digest is distinct from digest_of(t.key, p_kind, t.reference, known.posted_at,
            t.debit || ':' || t.amount || ',' || t.credit || ':' || -t.amount)
        limit 1;
        if found then
            raise exception 'ledger: the key % is posted with other content', reused using errcode = 'unique_violation';
        end if;
    end if;

    insert into entries (transaction_id, line, account_id, amount)
        select t.id, l.line, a.id, l.amount
        from unnest(p_ids, p_debits, p_credits, p_amounts) as t(id, debit, credit, amount)
        cross join lateral (values (1, t.debit, t.amount), (2, t.credit, -t.amount)) as l(line, code, amount)
        join accounts a on a.code = l.code
        where t.id = any(fresh);

    select array_agg(a.id order by a.id), array_agg(m.amount order by a.id) into guarded, moved
        from (
            select l.code, -sum(l.amount)::bigint as amount
            from unnest(p_ids, p_debits, p_credits, p_amounts) as t(id, debit, credit, amount)
            cross join lateral (values (t.debit, t.amount), (t.credit, -t.amount)) as l(code, amount)
            join account_kinds k on k.kind = split_part(l.code, '/', 1) and k.guarded
            where t.id = any(fresh) group by l.code
        ) m join accounts a on a.code = m.code;
    if guarded is not null then
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
    end if;
    return cardinality(fresh);
end $$;

revoke all on function post_transfers(uuid[], text[], text, text[], timestamptz, text[], text[], bigint[]) from public;
