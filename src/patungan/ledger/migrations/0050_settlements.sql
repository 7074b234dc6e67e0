-- An agent's office has a share of the commission on what its factories sell.
alter table account_kinds drop constraint account_kinds_per_check;
alter table account_kinds add constraint account_kinds_per_check
    check (per in ('platform', 'session', 'order', 'user', 'factory', 'seller', 'office'));
insert into account_kinds (kind, class, per, guarded, purpose) values
    ('payable_office', 'liability', 'office', false, 'what we owe an agent''s office: its share of commissions');

-- Settlement pays out from the account at the gateway, and charges payees for refunds that the platform bore before.
insert into posting_rights (role, kind) values
    ('patungan_settlement', 'payable_office'),
    ('patungan_settlement', 'gateway_clearing'),
    ('patungan_settlement', 'goodwill')
on conflict do nothing;

-- What transactions moved on an account, by their keys: the evidence of a statement's lines. Debits positive.
create function moved_by_keys(p_account text, p_keys text[])
    returns table (idempotency_key text, transaction_id uuid, posted_at timestamptz, amount bigint)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select t.idempotency_key, t.id, t.posted_at, sum(e.amount)::bigint
    from transactions t join entries e on e.transaction_id = t.id join ledger.accounts a on a.id = e.account_id
    where t.idempotency_key = any(p_keys) and a.code = p_account
    group by t.id
$$;
revoke all on function moved_by_keys(text, text[]) from public;
