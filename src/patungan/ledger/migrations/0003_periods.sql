-- Periods: a closed month takes no posting dated in it. Finance closes it; to reopen it takes two persons.
create table periods (
    month date primary key check (extract(day from month) = 1), -- of Asia/Jakarta
    state text not null check (state in ('closed', 'reopened')),
    closed_at timestamptz not null,
    closed_by uuid not null,
    reopening_reason text,
    reopening_proposed_at timestamptz,
    reopening_proposed_by uuid,
    reopened_at timestamptz,
    reopened_by uuid,
    constraint proposed_as_a_whole check ((reopening_proposed_at is null) = (reopening_proposed_by is null)
        and (reopening_proposed_at is null) = (reopening_reason is null)),
    constraint reopened_by_another check ((state = 'reopened') = (reopened_by is not null)
        and (reopened_by is null) = (reopened_at is null) and (reopened_by is null or reopened_by <> reopening_proposed_by))
);
create table period_history (
    id bigint generated always as identity primary key,
    month date not null references periods,
    action text not null check (action in ('closed', 'reopening_proposed', 'reopened')),
    by_user uuid not null,
    at timestamptz not null,
    reason text
);
create trigger append_only before update or delete or truncate on period_history
    for each statement execute function refuse_change();

create function month_of(p_at timestamptz) returns date language sql immutable as $$
    select date_trunc('month', p_at at time zone 'Asia/Jakarta')::date
$$;

create function month_begins(p_month date) returns timestamptz language sql immutable as $$
    select p_month::timestamp at time zone 'Asia/Jakarta'
$$;

create function period_lock(p_month date) returns int language sql immutable as $$
    select (extract(year from p_month) * 12 + extract(month from p_month))::int
$$;

-- Postings share the lock of their month and wait for none but a closing of that month, which holds it alone: it begins
-- when the last of them has ended, and those after it see the closed month.
create function refuse_closed_period(p_at timestamptz) returns void language plpgsql as $$
declare
    dated date := month_of(p_at);
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'ledger: postings are made in read committed transactions, which see a period that was just closed'
            using errcode = 'invalid_transaction_state';
    end if;
    perform pg_advisory_xact_lock_shared(7266418, period_lock(dated));
    if exists (select 1 from periods p where p.month = dated and p.state = 'closed') then
        raise exception 'ledger: the period % is closed', to_char(dated, 'YYYY-MM')
            using errcode = 'object_not_in_prerequisite_state';
    end if;
end $$;

-- Posts a batch of transactions. Lines name their transaction by its place in the arrays (from 1).
-- A key that was posted before with the same content is passed over; with other content it is an error.
-- Answers how many transactions were new.
create or replace function post(
    p_ids uuid[], p_keys text[], p_kinds text[], p_references text[], p_posted_at timestamptz,
    p_line_of int[], p_accounts text[], p_amounts bigint[]
) returns int language plpgsql security definer set search_path = ledger, pg_temp as $$
declare
    forbidden text;
    reused text;
    fresh uuid[];
    guarded bigint[];
begin
    -- Before any position is taken, so that sealing can tell by transaction ids what may still come.
    perform pg_current_xact_id();
    perform refuse_closed_period(p_posted_at);
    if session_user not in (select rolname from pg_roles where rolsuper) then
        select split_part(a, '/', 1) into forbidden from unnest(p_accounts) a
            where not exists (select 1 from posting_rights r
                              where r.role = session_user and r.kind = split_part(a, '/', 1))
            limit 1;
        if found then
            raise exception 'ledger: % may not post to %', session_user, forbidden
                using errcode = 'insufficient_privilege';
        end if;
    end if;

    insert into accounts (code, kind)
        select a, split_part(a, '/', 1) from (select distinct a from unnest(p_accounts) a order by a) named
        where not exists (select 1 from accounts known where known.code = a)
        on conflict do nothing;

    with batch as materialized (
        select t.id, t.place, t.key, t.kind, t.reference,
            digest_of(t.key, t.kind, t.reference, p_posted_at, lines.text) as digest
        from unnest(p_ids, p_keys, p_kinds, p_references) with ordinality as t(id, key, kind, reference, place)
        join (
            select l.line_of, string_agg(l.account || ':' || l.amount, ',' order by l.number) as text
            from unnest(p_line_of, p_accounts, p_amounts) with ordinality as l(line_of, account, amount, number)
            group by l.line_of
        ) lines on lines.line_of = t.place
    ), inserted as (
        insert into transactions (id, idempotency_key, kind, reference, posted_at, posted_by, digest)
        select id, key, kind, reference, p_posted_at, session_user, digest from batch order by key
        on conflict (idempotency_key) do nothing
        returning id
    ), written as (
        insert into entries (transaction_id, line, account_id, amount)
        select batch.id, row_number() over (partition by batch.id order by l.number), accounts.id, l.amount
        from unnest(p_line_of, p_accounts, p_amounts) with ordinality as l(line_of, account, amount, number)
        join batch on batch.place = l.line_of
        join inserted on inserted.id = batch.id
        join accounts on accounts.code = l.account
    )
    select coalesce(array_agg(id), '{}') into fresh from inserted;

    if cardinality(fresh) < cardinality(p_ids) then
        select t.key into reused
        from unnest(p_keys, p_kinds, p_references) with ordinality as t(key, kind, reference, place)
        left join transactions known on known.idempotency_key = t.key
        left join lateral (
            select string_agg(l.account || ':' || l.amount, ',' order by l.number) as text
            from unnest(p_line_of, p_accounts, p_amounts) with ordinality as l(line_of, account, amount, number)
            where l.line_of = t.place
        ) lines on true
        where lines.text is null
           or known.digest is distinct from digest_of(t.key, t.kind, t.reference, known.posted_at, lines.text)
        limit 1;
        if found then
            raise exception 'ledger: the key % is posted with other content, or has no lines', reused
                using errcode = 'unique_violation';
        end if;
    end if;

    select array_agg(distinct accounts.id order by accounts.id) into guarded
        from entries join accounts on accounts.id = entries.account_id
        join account_kinds on account_kinds.kind = accounts.kind and account_kinds.guarded
        where entries.transaction_id = any(fresh);
    if guarded is not null then
        insert into balances (account_id) select unnest(guarded) order by 1 on conflict do nothing;
        perform 1 from balances where account_id = any(guarded) order by account_id for update;
        update balances set balance = balances.balance - moved.amount
            from (select account_id, sum(amount)::bigint as amount from entries
                  where transaction_id = any(fresh) and account_id = any(guarded) group by account_id) moved
            where moved.account_id = balances.account_id;
    end if;
    return cardinality(fresh);
end $$;

-- Closes a month that has ended and whose transactions are all sealed. Answers ok, or why not: not_ended, not_sealed,
-- already.
create function close_period(p_month date, p_by uuid, p_now timestamptz) returns text
    language plpgsql security definer set search_path = ledger, pg_temp as $$
begin
    perform require_role('patungan_payment');
    if p_now < month_begins((p_month + interval '1 month')::date) then
        return 'not_ended';
    end if;
    perform pg_advisory_xact_lock(7266418, period_lock(p_month));
    if exists (select 1 from periods p where p.month = p_month and p.state = 'closed') then
        return 'already';
    end if;
    if exists (
        select 1 from transactions t where t.posted_at >= month_begins(p_month)
            and t.posted_at < month_begins((p_month + interval '1 month')::date)
            and not exists (select 1 from sealed s where s.transaction_id = t.id)
    ) then
        return 'not_sealed';
    end if;
    insert into periods (month, state, closed_at, closed_by) values (p_month, 'closed', p_now, p_by)
        on conflict (month) do update set state = 'closed', closed_at = p_now, closed_by = p_by, reopening_reason = null,
            reopening_proposed_at = null, reopening_proposed_by = null, reopened_at = null, reopened_by = null;
    insert into period_history (month, action, by_user, at) values (p_month, 'closed', p_by, p_now);
    return 'ok';
end $$;

-- The first of two persons asks for a closed month to be opened again. Answers ok or not_closed.
create function propose_reopening(p_month date, p_by uuid, p_reason text, p_now timestamptz) returns text
    language plpgsql security definer set search_path = ledger, pg_temp as $$
begin
    perform require_role('patungan_payment');
    update periods set reopening_reason = p_reason, reopening_proposed_by = p_by, reopening_proposed_at = p_now
        where month = p_month and state = 'closed';
    if not found then
        return 'not_closed';
    end if;
    insert into period_history (month, action, by_user, at, reason)
        values (p_month, 'reopening_proposed', p_by, p_now, p_reason);
    return 'ok';
end $$;

-- The second of two persons opens it. Answers ok, or why not: not_closed, not_proposed, same_person.
create function reopen_period(p_month date, p_by uuid, p_now timestamptz) returns text
    language plpgsql security definer set search_path = ledger, pg_temp as $$
declare
    period periods;
begin
    perform require_role('patungan_payment');
    select * into period from periods p where p.month = p_month for update;
    if period.state is distinct from 'closed' then
        return 'not_closed';
    end if;
    if period.reopening_proposed_by is null then
        return 'not_proposed';
    end if;
    if period.reopening_proposed_by = p_by then
        return 'same_person';
    end if;
    update periods set state = 'reopened', reopened_at = p_now, reopened_by = p_by where month = p_month;
    insert into period_history (month, action, by_user, at, reason)
        values (p_month, 'reopened', p_by, p_now, period.reopening_reason);
    return 'ok';
end $$;

create function known_periods()
    returns table (month date, state text, closed_at timestamptz, closed_by uuid, reopening_reason text,
        reopening_proposed_at timestamptz, reopening_proposed_by uuid, reopened_at timestamptz, reopened_by uuid)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select p.month, p.state, p.closed_at, p.closed_by, p.reopening_reason, p.reopening_proposed_at,
        p.reopening_proposed_by, p.reopened_at, p.reopened_by
    from ledger.periods p order by p.month desc
$$;

create function history_of_period(p_month date)
    returns table (action text, by_user uuid, at timestamptz, reason text)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select h.action, h.by_user, h.at, h.reason from ledger.period_history h where h.month = p_month order by h.id
$$;

revoke all on function month_of(timestamptz) from public;
revoke all on function month_begins(date) from public;
revoke all on function period_lock(date) from public;
revoke all on function refuse_closed_period(timestamptz) from public;
revoke all on function close_period(date, uuid, timestamptz) from public;
revoke all on function propose_reopening(date, uuid, text, timestamptz) from public;
revoke all on function reopen_period(date, uuid, timestamptz) from public;
revoke all on function known_periods() from public;
revoke all on function history_of_period(date) from public;
