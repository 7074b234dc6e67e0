-- What an account moved over a time by the label of the transactions, for summaries.
create function account_moves(p_code text, p_from timestamptz, p_to timestamptz)
    returns table (transaction_kind text, transactions bigint, debits bigint, credits bigint)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select t.kind, count(distinct t.id), coalesce(sum(e.amount) filter (where e.amount > 0), 0)::bigint,
        coalesce(-sum(e.amount) filter (where e.amount < 0), 0)::bigint
    from ledger.accounts a join entries e on e.account_id = a.id join transactions t on t.id = e.transaction_id
    where a.code = p_code and t.posted_at >= p_from and t.posted_at < p_to group by t.kind order by t.kind
$$;
revoke all on function account_moves(text, timestamptz, timestamptz) from public;
