-- What left the gateway for withdrawals and settlements, by reference; what came back is taken off.
create function payouts_of(p_references text[], p_from timestamptz, p_to timestamptz)
    returns table (reference text, amount bigint, posted_at timestamptz)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select t.reference, -sum(e.amount)::bigint, min(t.posted_at)
    from transactions t join entries e on e.transaction_id = t.id join ledger.accounts a on a.id = e.account_id
    where a.code = 'gateway_clearing' and t.posted_by <> 'patungan_payment' and t.kind <> 'fee_charged'
        and (t.reference = any(p_references) or (t.posted_at >= p_from and t.posted_at < p_to))
    group by t.reference having sum(e.amount) < 0
$$;
revoke all on function payouts_of(text[], timestamptz, timestamptz) from public;
