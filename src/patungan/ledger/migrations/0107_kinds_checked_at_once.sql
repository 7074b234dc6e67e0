-- That the kind of an account exists is checked once a statement: the check line by line locked the one row of the kind for
-- each of thousands of wallets, and kept the postings of other batches waiting on it.
create function refuse_unknown_kinds() returns trigger language plpgsql
    set search_path = ledger, pg_temp as $$
begin
    if exists (select from made m where not exists (select from account_kinds k where k.kind = m.kind)) then
        raise exception 'ledger: an account of no kind' using errcode = 'foreign_key_violation';
    end if;
    return null;
end $$;
alter table accounts drop constraint accounts_kind_fkey;
create trigger of_a_kind after insert on accounts referencing new table as made
    for each statement execute function refuse_unknown_kinds();
create trigger of_a_kind_still after update on accounts referencing new table as made
    for each statement execute function refuse_unknown_kinds();
