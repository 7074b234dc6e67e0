-- What every service's schema has from the kernel. Run with search_path on the service's schema, before its own files.
create table idempotency_keys (
    actor uuid not null,
    scope text not null,
    key text not null check (length(key) between 1 and 200),
    input_hash bytea not null,
    reply jsonb,
    created_at timestamptz not null,
    primary key (actor, scope, key)
);
create index idempotency_keys_created_at on idempotency_keys (created_at);

create table events (
    position bigint generated always as identity,
    xid xid8 not null default pg_current_xact_id(),
    id uuid primary key,
    type text not null,
    version smallint not null,
    occurred_at timestamptz not null,
    payload jsonb not null
);
create index events_type_xid_position on events (type, xid, position);

create function announce_events() returns trigger language plpgsql as $$
begin
    perform pg_notify('patungan_events', tg_table_schema);
    return null;
end $$;
create trigger announce_events after insert on events for each statement execute function announce_events();

create table event_cursors (
    subscription text primary key,
    xid bigint not null,
    position bigint not null
);

create table schedules (
    name text primary key,
    cron text not null,
    next_run_at timestamptz not null,
    last_run_at timestamptz,
    last_workflow_id text
);
