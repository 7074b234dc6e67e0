-- Blocks: the lines of accounts that grow without end, summed up some two hundred at a time in the order of statements (posting time,
-- position, line), so that neither a balance nor a page in the middle adds up all that was before (docs/decisions/0110). They are
-- written by the seals: what is sealed is in a block, what is not sealed yet is looked at line by line. Accounts of users and of
-- orders have few lines, and no blocks.

-- Locked in the order in which sealing and posting take them.
-- Where a pass of sealing is that one limit did not end: the next seal goes on from there. What is committed behind it meanwhile is
-- sealed by the next pass, which begins at the floor again.
alter table sealing add column reached bigint;
-- Accounts of a kind are found by the beginning of their code, whatever the database's collation is.
alter table accounts alter column code type text collate "C";
alter table account_kinds add column in_blocks boolean not null generated always as (per not in ('user', 'order')) stored;

create table account_blocks (
    account_id bigint not null,
    number int not null, -- from 1, in the order of the statement; where one ends, at the latest, the next starts
    starts_at timestamptz not null,
    starts_position bigint not null,
    ends_at timestamptz not null,
    ends_position bigint not null,
    lines int not null,
    debits bigint not null,
    credits bigint not null,
    positions bigint[] not null, -- of its transactions
    primary key (account_id, number)
) with (toast_tuple_target = 128);
-- Beside the row, so that the sums of thousands of blocks are a few pages.
alter table account_blocks alter column positions set storage external;

-- Puts lines of transactions into the blocks of their accounts. What is later than all that an account has fills its last block
-- and begins new ones; what comes late goes where it belongs.
create function put_into_blocks(p_ids uuid[]) returns void language plpgsql
    set search_path = ledger, pg_temp set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
    with moved as (
        select e.account_id, t.posted_at, t.position, count(*)::int as lines,
            coalesce(sum(e.amount) filter (where e.amount > 0), 0)::bigint as debits,
            coalesce(-sum(e.amount) filter (where e.amount < 0), 0)::bigint as credits
        from unnest(p_ids) as named(id) join transactions t on t.id = named.id join entries e on e.transaction_id = t.id
        join accounts a on a.id = e.account_id join account_kinds k on k.kind = a.kind and k.in_blocks
        group by e.account_id, t.posted_at, t.position
    ), last as (
        select touched.account_id, coalesce(b.number, 1) as number, coalesce(b.lines, 0) as lines,
            coalesce(b.ends_at, '-infinity') as ends_at, coalesce(b.ends_position, 0) as ends_position
        from (select distinct account_id from moved) as touched
        left join lateral (
            select * from account_blocks own where own.account_id = touched.account_id order by own.number desc limit 1
        ) as b on true
    ), placed as (
        select m.*, case
            when (m.posted_at, m.position) > (l.ends_at, l.ends_position) then l.number + (least(l.lines, 200) - 1
                + row_number() over (partition by m.account_id, (m.posted_at, m.position) > (l.ends_at, l.ends_position)
                    order by m.posted_at, m.position)) / 200
            else coalesce((select b.number from account_blocks b where b.account_id = m.account_id
                and (b.starts_at, b.starts_position) <= (m.posted_at, m.position) order by b.number desc limit 1), 1)
            end as number
        from moved m join last l on l.account_id = m.account_id
    )
    insert into account_blocks as b (account_id, number, starts_at, starts_position, ends_at, ends_position, lines, debits,
        credits, positions)
    select p.account_id, p.number, (array_agg(p.posted_at order by p.posted_at, p.position))[1],
        (array_agg(p.position order by p.posted_at, p.position))[1],
        (array_agg(p.posted_at order by p.posted_at desc, p.position desc))[1],
        (array_agg(p.position order by p.posted_at desc, p.position desc))[1],
        sum(p.lines), sum(p.debits), sum(p.credits), array_agg(p.position)
    from placed p group by p.account_id, p.number
    on conflict (account_id, number) do update set
        starts_at = least(b.starts_at, excluded.starts_at),
        starts_position = case when (excluded.starts_at, excluded.starts_position) < (b.starts_at, b.starts_position)
            then excluded.starts_position else b.starts_position end,
        ends_at = greatest(b.ends_at, excluded.ends_at),
        ends_position = case when (excluded.ends_at, excluded.ends_position) > (b.ends_at, b.ends_position)
            then excluded.ends_position else b.ends_position end,
        lines = b.lines + excluded.lines, debits = b.debits + excluded.debits, credits = b.credits + excluded.credits,
        positions = b.positions || excluded.positions;
end $$;

-- What was sealed before there were blocks.
insert into account_blocks (account_id, number, starts_at, starts_position, ends_at, ends_position, lines, debits, credits, positions)
select account_id, 1 + place / 200, min(posted_at), (array_agg(position order by posted_at, position))[1], max(posted_at),
    (array_agg(position order by posted_at desc, position desc))[1], sum(lines), sum(debits), sum(credits), array_agg(position)
from (
    select e.account_id, t.posted_at, t.position, count(*) as lines,
        coalesce(sum(e.amount) filter (where e.amount > 0), 0) as debits,
        coalesce(-sum(e.amount) filter (where e.amount < 0), 0) as credits,
        row_number() over (partition by e.account_id order by t.posted_at, t.position) - 1 as place
    from sealed s join transactions t on t.id = s.transaction_id join entries e on e.transaction_id = t.id
    join accounts a on a.id = e.account_id join account_kinds k on k.kind = a.kind and k.in_blocks
    group by e.account_id, t.posted_at, t.position
) as moved
group by account_id, place / 200;

-- Seals up to p_limit transactions that are committed and not sealed, and puts their lines into blocks; answers how many. Must be
-- the first to write in its transaction: what is in flight while it looks has then an older transaction id than its own.
create or replace function seal(p_now timestamptz, p_limit int) returns int
    language plpgsql security definer set search_path = ledger, pg_temp
    set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
    progress sealing;
    newest bigint;
    own xid8;
    last seals;
    altered text;
    made seals;
begin
    perform require_role('patungan_payment');
    if pg_current_xact_id_if_assigned() is not null then
        raise exception 'ledger: sealing needs a transaction of its own' using errcode = 'invalid_transaction_state';
    end if;
    if not pg_try_advisory_xact_lock(7266419) then
        return 0;
    end if;
    select * into progress from sealing;
    select coalesce(max(position), 0) into newest from transactions;
    own := pg_current_xact_id();
    -- A mark from the future was set by another cluster, from whose copy this one was restored.
    if progress.mark_xid > own then
        progress.mark := null;
        progress.mark_xid := null;
    end if;
    if progress.mark_xid > pg_snapshot_xmin(pg_current_snapshot()) then
        progress.mark := null; -- not yet; the mark stays in the table
    end if;

    select * into last from seals order by number desc limit 1;
    made.number := coalesce(last.number, 0) + 1;
    made.previous := coalesce(last.hash, '\x');

    insert into sealed (transaction_id, seal, place, fingerprint)
    select content.id, made.number, row_number() over (order by content.position),
        fingerprint_of(content.id, content.position, content.posted_by, content.digest)
    from (
        select waiting.id, waiting.position, waiting.posted_by,
            digest_of(waiting.idempotency_key, waiting.kind, waiting.reference, waiting.posted_at,
                string_agg(a.code || ':' || e.amount, ',' order by e.line)) as digest
        from (
            select t.* from transactions t
            where t.position >= coalesce(progress.reached, progress.floor)
                and not exists (select 1 from sealed known where known.transaction_id = t.id)
            order by t.position limit p_limit
        ) as waiting
        left join entries e on e.transaction_id = waiting.id left join accounts a on a.id = e.account_id
        group by waiting.id, waiting.position, waiting.posted_by, waiting.idempotency_key, waiting.kind,
            waiting.reference, waiting.posted_at
    ) as content;
    get diagnostics made.transactions = row_count;

    if made.transactions > 0 then
        select t.idempotency_key into altered from sealed s join transactions t on t.id = s.transaction_id
            where s.seal = made.number
                and s.fingerprint <> fingerprint_of(t.id, t.position, t.posted_by, t.digest) limit 1;
        if found then
            raise exception 'ledger: transaction % is not as it was posted; nothing is sealed', altered
                using errcode = 'data_exception';
        end if;
        select seal_hash(made.previous, made.number, p_now, string_agg(fingerprint, '' order by place)) into made.hash
            from sealed where sealed.seal = made.number;
        select count(*), coalesce(sum(e.amount) filter (where e.amount > 0), 0) into made.entries, made.debits
            from sealed s join entries e on e.transaction_id = s.transaction_id where s.seal = made.number;
        insert into seals values (made.number, made.previous, made.hash, made.transactions, made.entries, made.debits,
            p_now);
        perform put_into_blocks(array(select transaction_id from sealed where sealed.seal = made.number));
    end if;

    if made.transactions = p_limit then
        -- The limit cut something off.
        update sealing set reached = 1 + (
            select max(t.position) from sealed s join transactions t on t.id = s.transaction_id where s.seal = made.number);
    elsif progress.reached is not null then
        update sealing set reached = null;
    elsif progress.mark is not null then
        -- The whole range is sealed only where one pass has looked at all of it since the mark was set.
        update sealing set floor = progress.mark + 1, mark = null, mark_xid = null;
    end if;
    update sealing set mark = newest, mark_xid = own
        where (mark is null or mark_xid > own) and newest >= floor;
    return made.transactions;
end $$;

-- The lines of accounts that are in no block: those that are not sealed yet; all of them where a kind has no blocks.
create function lines_outside_blocks(p_accounts bigint[])
    returns table (account_id bigint, posted_at timestamptz, "position" bigint, line smallint, amount bigint)
    language plpgsql stable set search_path = ledger, pg_temp set plan_cache_mode = force_custom_plan
    set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
    lowest bigint := (select s.floor from sealing s);
    with_blocks bigint[];
    without_blocks bigint[];
begin
    select array_agg(a.id) filter (where k.in_blocks), array_agg(a.id) filter (where not k.in_blocks)
        into with_blocks, without_blocks
        from ledger.accounts a join account_kinds k on k.kind = a.kind where a.id = any(p_accounts);
    return query
    -- By the transaction, not by the account, which may have all the lines that there are.
    select e.account_id, t.posted_at, t.position, e.line, e.amount
    from transactions t cross join lateral (select * from entries own where own.transaction_id = t.id offset 0) as e
    where t.position >= lowest and not exists (select 1 from sealed s where s.transaction_id = t.id)
        and e.account_id = any(with_blocks)
    union all
    select e.account_id, t.posted_at, t.position, e.line, e.amount
    from entries e join transactions t on t.id = e.transaction_id
    where e.account_id = any(without_blocks);
end $$;

-- The lines in one block.
create function lines_in_block(p_account bigint, p_number int)
    returns table (posted_at timestamptz, "position" bigint, line smallint, amount bigint)
    language sql stable set search_path = ledger, pg_temp
    set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
    select t.posted_at, t.position, e.line, e.amount
    from account_blocks b cross join lateral unnest(b.positions) as p(place) join transactions t on t.position = p.place
    cross join lateral (select * from entries own where own.transaction_id = t.id offset 0) as e
    where b.account_id = p_account and b.number = p_number and e.account_id = p_account
$$;

-- What accounts moved before a moment, a row for each: whole blocks, the block in which the moment lies, and what is in none.
create function moved_before(p_accounts bigint[], p_at timestamptz)
    returns table (account_id bigint, debits bigint, credits bigint, lines bigint)
    language sql stable security definer set search_path = ledger, pg_temp
    set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
    select n.id, coalesce(sum(m.debits), 0)::bigint, coalesce(sum(m.credits), 0)::bigint, coalesce(sum(m.lines), 0)::bigint
    from unnest(p_accounts) as n(id) left join (
        select b.account_id, b.debits, b.credits, b.lines
        from account_blocks b where b.account_id = any(p_accounts) and b.ends_at < p_at
        union all
        select b.account_id, greatest(l.amount, 0), greatest(-l.amount, 0), 1
        from account_blocks b cross join lateral lines_in_block(b.account_id, b.number) as l
        where b.account_id = any(p_accounts) and b.starts_at < p_at and b.ends_at >= p_at and l.posted_at < p_at
        union all
        select l.account_id, greatest(l.amount, 0), greatest(-l.amount, 0), 1
        from lines_outside_blocks(p_accounts) as l where l.posted_at < p_at
    ) as m on m.account_id = n.id
    group by n.id
$$;

-- The accounts of one kind that moved before a moment, by their code; counted up to 100,000 as all long lists are.
create or replace function account_balances(p_kind text, p_at timestamptz, p_limit int, p_offset int)
    returns table (account text, debits bigint, credits bigint, balance bigint, total bigint)
    language plpgsql stable security definer set search_path = ledger, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
    own account_kinds;
    -- Every account has moved before now: it was made with its first line.
    moved text := 'true';
    loose bigint[];
begin
    select * into own from account_kinds k where k.kind = p_kind;
    if exists (select 1 from transactions t where t.posted_at >= p_at) then
        if own.in_blocks then
            loose := array(
                select distinct l.account_id from lines_outside_blocks(array(select a.id from ledger.accounts a
                    where a.code >= p_kind and a.code < p_kind || '0' and a.kind = p_kind)) as l where l.posted_at < p_at);
            moved := '(a.id = any($5) or exists (select 1 from ledger.account_blocks b where b.account_id = a.id
                and b.number = 1 and b.starts_at < $2))';
        else
            moved := 'exists (select 1 from ledger.entries e join ledger.transactions t on t.id = e.transaction_id
                where e.account_id = a.id and t.posted_at < $2)';
        end if;
    end if;
    return query execute format($q$
        with page as materialized (
            select a.id, a.code from ledger.accounts a where a.code >= $1 and a.code < $1 || '0' and a.kind = $1 and %1$s
            order by a.code limit $3 offset $4
        )
        select p.code, m.debits, m.credits, $6 * (m.debits - m.credits),
            (select count(*) from (
                select 1 from ledger.accounts a where a.code >= $1 and a.code < $1 || '0' and a.kind = $1 and %1$s limit 100000
            ) as counted)
        from page p join ledger.moved_before(array(select id from page), $2) as m on m.account_id = p.id order by p.code
    $q$, moved) using p_kind, p_at, p_limit, p_offset, loose, normal_sign(own.class);
end $$;

-- An account over a time: what it held before, what moved, what it held after. No row for an account that never moved.
create or replace function account_summary(p_code text, p_from timestamptz, p_to timestamptz)
    returns table (account text, class text, opening bigint, debits bigint, credits bigint, closing bigint, lines bigint)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select a.code, k.class, normal_sign(k.class) * (before.debits - before.credits), after.debits - before.debits,
        after.credits - before.credits, normal_sign(k.class) * (after.debits - after.credits), after.lines - before.lines
    from ledger.accounts a join account_kinds k on k.kind = a.kind
    cross join lateral moved_before(array[a.id], p_from) as before cross join lateral moved_before(array[a.id], p_to) as after
    where a.code = p_code
$$;

-- The lines of an account over a time, oldest first, each with the balance after it: of the blocks only those in which the page is.
create or replace function account_lines(p_code text, p_from timestamptz, p_to timestamptz, p_limit int, p_offset int)
    returns table (posted_at timestamptz, transaction_id uuid, transaction_kind text, reference text,
        idempotency_key text, amount bigint, balance bigint)
    language plpgsql stable security definer set search_path = ledger, pg_temp
    set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
    own bigint;
    sign int;
    skipped bigint;
begin
    select a.id, normal_sign(k.class) into own, sign
        from ledger.accounts a join account_kinds k on k.kind = a.kind where a.code = p_code;
    skipped := p_offset + (select b.lines from moved_before(array[own], p_from) as b);
    return query
    with loose as materialized (
        select * from lines_outside_blocks(array[own])
    ), placed as materialized (
        -- Each where it belongs among the blocks; all in one where there are none.
        select l.*, coalesce((select b.number from account_blocks b where b.account_id = own
            and (b.starts_at, b.starts_position) <= (l.posted_at, l.position) order by b.number desc limit 1), 1) as number
        from loose l
    ), summed as (
        select parts.number, sum(parts.lines) as lines, sum(parts.amount) as amount
        from (
            select b.number, b.lines, b.debits - b.credits as amount from account_blocks b where b.account_id = own
            union all select p.number, 1, p.amount from placed p
        ) as parts group by parts.number
    ), wanted as materialized (
        select s.number, s.before, s.amount_before
        from (
            select x.number, x.lines, sum(x.lines) over (order by x.number) - x.lines as before,
                sum(x.amount) over (order by x.number) - x.amount as amount_before from summed x
        ) as s
        where s.before < skipped + p_limit and s.before + s.lines > skipped
    ), read as (
        select l.posted_at, l.position, l.line, l.amount from wanted w cross join lateral lines_in_block(own, w.number) as l
        union all
        select p.posted_at, p.position, p.line, p.amount from placed p join wanted w on w.number = p.number
    ), reckoned as (
        select r.*, (select min(w.before) from wanted w) + row_number() over in_order as place,
            (select w.amount_before from wanted w order by w.number limit 1) + sum(r.amount) over in_order as held
        from read r window in_order as (order by r.posted_at, r.position, r.line)
    )
    select t.posted_at, t.id, t.kind, t.reference, t.idempotency_key, l.amount, (sign * l.held)::bigint
    from reckoned l join transactions t on t.position = l.position
    where l.place > skipped and l.place <= skipped + p_limit and l.posted_at < p_to
    order by l.posted_at, l.position, l.line;
end $$;

revoke all on function put_into_blocks(uuid[]) from public;
revoke all on function lines_outside_blocks(bigint[]) from public;
revoke all on function lines_in_block(bigint, int) from public;
revoke all on function moved_before(bigint[], timestamptz) from public;
