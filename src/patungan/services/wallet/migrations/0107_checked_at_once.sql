-- That the wallet of a line of history exists is checked once a statement instead of line by line: cashbacks come by the
-- thousand.
create function refuse_orphans() returns trigger language plpgsql
    set search_path = wallet, pg_temp set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
    if exists (select from made m where not exists (select from wallets w where w.user_id = m.user_id)) then
        raise exception 'wallet: a line of history without its wallet' using errcode = 'foreign_key_violation';
    end if;
    return null;
end $$;

alter table wallet_transactions drop constraint wallet_transactions_user_id_fkey;
create trigger of_a_wallet after insert on wallet_transactions referencing new table as made
    for each statement execute function refuse_orphans();

-- Wallets are kept for ever.
create function refuse_removal() returns trigger language plpgsql as $$
begin
    raise exception 'wallet: wallets are kept' using errcode = 'restrict_violation';
end $$;
create trigger kept before delete or truncate on wallets for each statement execute function refuse_removal();
