-- The list of transactions over half a million of them: planned for the conditions that are given and no others, found by an index
-- alone, written out only for the page, and counted up to 100,000 as all long lists are.
create index transactions_newest on transactions (posted_at desc, position desc) include (id);
drop index transactions_posted_at;

create or replace function transactions_by(p_id uuid, p_reference text, p_account text, p_kind text, p_from timestamptz,
        p_to timestamptz, p_limit int, p_offset int)
    returns table (id uuid, posted_at timestamptz, kind text, reference text, idempotency_key text, posted_by name,
        lines jsonb, total bigint)
    language plpgsql stable security definer set search_path = ledger, pg_temp as $$
declare
    wanted text := concat_ws(' and ', 'true',
        case when p_id is not null then 't.id = $1' end,
        case when p_reference is not null then 't.reference = $2' end,
        case when p_account is not null then 't.id in (select e.transaction_id from ledger.entries e
            join ledger.accounts a on a.id = e.account_id where a.code = $3)' end,
        case when p_kind is not null then 't.kind = $4' end,
        case when p_from is not null then 't.posted_at >= $5' end,
        case when p_to is not null then 't.posted_at < $6' end);
begin
    return query execute format($q$
        select t.id, t.posted_at, t.kind, t.reference, t.idempotency_key, t.posted_by,
            (select jsonb_agg(jsonb_build_object('account', a.code, 'amount', e.amount) order by e.line)
             from ledger.entries e join ledger.accounts a on a.id = e.account_id where e.transaction_id = t.id),
            (select count(*) from (select 1 from ledger.transactions t where %1$s limit 100000) as counted)
        from ledger.transactions t
        where t.id in (select t.id from ledger.transactions t where %1$s
            order by t.posted_at desc, t.position desc limit $7 offset $8)
        order by t.posted_at desc, t.position desc
    $q$, wanted) using p_id, p_reference, p_account, p_kind, p_from, p_to, p_limit, p_offset;
end $$;

-- The seals themselves know how many transactions they hold; what waits is counted up to 100,000.
create or replace function sealing_state()
    returns table (seals bigint, last_hash bytea, last_sealed_at timestamptz, transactions bigint, waiting bigint)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select coalesce(last.number, 0), last.hash, last.sealed_at,
        (select coalesce(sum(s.transactions), 0)::bigint from ledger.seals s),
        (select count(*) from (
            select 1 from transactions t, sealing s where t.position >= s.floor
                and not exists (select 1 from sealed known where known.transaction_id = t.id) limit 100000
        ) as waiting)
    from (select 1) as one left join (select * from ledger.seals order by number desc limit 1) as last on true
$$;
