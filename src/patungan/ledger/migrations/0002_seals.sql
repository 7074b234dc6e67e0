-- Seals: transactions are chained by hash after the fact, so that posting waits for nobody and a later change shows.
alter table transactions add column position bigint generated always as identity;
create unique index transactions_position on transactions (position);

create trigger append_only before update or delete or truncate on accounts
    for each statement execute function refuse_change();

-- A seal holds the hash over the seal before it and the fingerprints of its transactions.
create table seals (
    number bigint primary key check (number > 0),
    previous bytea not null,
    hash bytea not null unique,
    transactions int not null check (transactions > 0),
    entries int not null,
    debits bigint not null,
    sealed_at timestamptz not null
);

-- Which seal a transaction is under, and its fingerprint: of its digest, made anew from its entries when it was sealed.
create table sealed (
    transaction_id uuid primary key,
    seal bigint not null,
    place int not null,
    fingerprint bytea not null,
    unique (seal, place)
);
create trigger append_only before update or delete or truncate on seals
    for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on sealed
    for each statement execute function refuse_change();

-- How far sealing is. Below ``floor`` nothing can be new: every transaction that took a position up to ``mark`` began
-- before the transaction ``mark_xid``, and once all of those have ended the floor rises to the mark.
create table sealing (
    only_row boolean primary key default true check (only_row),
    floor bigint not null default 1,
    mark bigint,
    mark_xid xid8,
    constraint mark_is_whole check ((mark is null) = (mark_xid is null))
);
insert into sealing default values;

create function require_role(p_role name) returns void language plpgsql as $$
begin
    if session_user <> p_role and session_user not in (select rolname from pg_roles where rolsuper) then
        raise exception 'ledger: this is not open to %', session_user using errcode = 'insufficient_privilege';
    end if;
end $$;

create function fingerprint_of(p_id uuid, p_position bigint, p_posted_by name, p_digest bytea)
    returns bytea language sql immutable as $$
    select sha256(convert_to(concat_ws('|', p_id, p_position, p_posted_by), 'UTF8') || p_digest)
$$;

create function seal_hash(p_previous bytea, p_number bigint, p_sealed_at timestamptz, p_fingerprints bytea)
    returns bytea language sql immutable as $$
    select sha256(p_previous || convert_to(concat_ws('|', p_number,
        (extract(epoch from p_sealed_at) * 1000000)::bigint), 'UTF8') || p_fingerprints)
$$;

-- Seals up to p_limit transactions that are committed and not sealed; answers how many. Must be the first to write in its
-- transaction: what is in flight while it looks has then an older transaction id than its own.
create function seal(p_now timestamptz, p_limit int) returns int
    language plpgsql security definer set search_path = ledger, pg_temp as $$
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
            where t.position >= progress.floor
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
    end if;

    -- The whole range is sealed only where the limit cut nothing off.
    if progress.mark is not null and made.transactions < p_limit then
        update sealing set floor = progress.mark + 1, mark = null, mark_xid = null;
    end if;
    update sealing set mark = newest, mark_xid = own
        where (mark is null or mark_xid > own) and newest >= floor;
    return made.transactions;
end $$;

-- How far the chain is: its last seal, and how many transactions wait to be sealed.
create function sealing_state()
    returns table (seals bigint, last_hash bytea, last_sealed_at timestamptz, transactions bigint, waiting bigint)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select coalesce(last.number, 0), last.hash, last.sealed_at,
        (select count(*) from sealed),
        (select count(*) from transactions t, sealing s where t.position >= s.floor
            and not exists (select 1 from sealed known where known.transaction_id = t.id))
    from (select 1) as one left join (select * from ledger.seals order by number desc limit 1) as last on true
$$;

create function seals_before(p_number bigint, p_limit int)
    returns table (number bigint, hash bytea, previous bytea, transactions int, entries int, debits bigint,
        sealed_at timestamptz)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select s.number, s.hash, s.previous, s.transactions, s.entries, s.debits, s.sealed_at from ledger.seals s
    where s.number < p_number order by s.number desc limit p_limit
$$;

revoke all on function require_role(name) from public;
revoke all on function fingerprint_of(uuid, bigint, name, bytea) from public;
revoke all on function seal_hash(bytea, bigint, timestamptz, bytea) from public;
revoke all on function seal(timestamptz, int) from public;
revoke all on function sealing_state() from public;
revoke all on function seals_before(bigint, int) from public;
