-- Daily closings: a day's totals of every account that moved, kept, so that a posting slipped in later shows.
create table daily_closings (
    day date primary key, -- of Asia/Jakarta
    closed_at timestamptz not null,
    audit_id uuid not null, -- the audit that found the books whole
    seal bigint not null, -- the last seal at that time
    transactions int not null,
    debits bigint not null
);
create table daily_totals (
    day date not null references daily_closings,
    account_id bigint not null references accounts,
    debits bigint not null check (debits >= 0),
    credits bigint not null check (credits >= 0),
    balance bigint not null, -- at the end of the day, on the account's normal side
    primary key (day, account_id)
);
create trigger append_only before update or delete or truncate on daily_closings
    for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on daily_totals
    for each statement execute function refuse_change();

-- Records the totals of a day that has ended. Answers ok, or why not: not_ended, not_sealed, already.
create function close_day(p_day date, p_audit_id uuid, p_now timestamptz) returns text
    language plpgsql security definer set search_path = ledger, pg_temp as $$
declare
    begins timestamptz := p_day::timestamp at time zone 'Asia/Jakarta';
    ends timestamptz := (p_day + 1)::timestamp at time zone 'Asia/Jakarta';
begin
    perform require_role('patungan_payment');
    if p_now < ends then
        return 'not_ended';
    end if;
    perform pg_advisory_xact_lock(7266420);
    if exists (select 1 from daily_closings d where d.day = p_day) then
        return 'already';
    end if;
    if exists (select 1 from transactions t where t.posted_at >= begins and t.posted_at < ends
               and not exists (select 1 from sealed s where s.transaction_id = t.id)) then
        return 'not_sealed';
    end if;
    insert into daily_closings (day, closed_at, audit_id, seal, transactions, debits)
        select p_day, p_now, p_audit_id, (select coalesce(max(number), 0) from seals), count(distinct t.id),
            coalesce(sum(e.amount) filter (where e.amount > 0), 0)
        from transactions t join entries e on e.transaction_id = t.id
        where t.posted_at >= begins and t.posted_at < ends;
    insert into daily_totals (day, account_id, debits, credits, balance)
        select p_day, moved.account_id, moved.debits, moved.credits, normal_sign(k.class) * held.amount
        from (
            select e.account_id, coalesce(sum(e.amount) filter (where e.amount > 0), 0) as debits,
                coalesce(-sum(e.amount) filter (where e.amount < 0), 0) as credits
            from transactions t join entries e on e.transaction_id = t.id
            where t.posted_at >= begins and t.posted_at < ends group by e.account_id
        ) as moved
        join (
            select e.account_id, sum(e.amount) as amount
            from transactions t join entries e on e.transaction_id = t.id where t.posted_at < ends group by e.account_id
        ) as held on held.account_id = moved.account_id
        join accounts a on a.id = moved.account_id join account_kinds k on k.kind = a.kind;
    return 'ok';
end $$;

create function closed_days(p_limit int, p_offset int)
    returns table (day date, closed_at timestamptz, audit_id uuid, seal bigint, transactions int, debits bigint,
        total bigint)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select d.day, d.closed_at, d.audit_id, d.seal, d.transactions, d.debits, count(*) over ()
    from daily_closings d order by d.day desc limit p_limit offset p_offset
$$;

create function totals_of_day(p_day date, p_limit int, p_offset int)
    returns table (account text, debits bigint, credits bigint, balance bigint, total bigint)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select a.code, d.debits, d.credits, d.balance, count(*) over ()
    from daily_totals d join accounts a on a.id = d.account_id where d.day = p_day
    order by a.code limit p_limit offset p_offset
$$;

revoke all on function close_day(date, uuid, timestamptz) from public;
revoke all on function closed_days(int, int) from public;
revoke all on function totals_of_day(date, int, int) from public;
