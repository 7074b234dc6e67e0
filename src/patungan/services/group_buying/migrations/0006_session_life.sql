-- A draft is a session that is not published yet.
alter table sessions drop constraint sessions_status_check;
alter table sessions add constraint sessions_status_check check (status in ('draft', 'forming', 'moq_reached',
    'pending_stock', 'stock_received', 'success', 'orders_created', 'failed', 'cancelled')) not valid;
alter table sessions validate constraint sessions_status_check;

alter table sessions add column started_at timestamptz; -- when its start was recorded; it takes joins by starts_at alone
update sessions set started_at = starts_at where starts_at <= created_at;
create index sessions_to_start on sessions (starts_at) where started_at is null;
create index sessions_category on sessions ((product ->> 'category_id'));

-- The name of the step, and on whose side it was taken; the record outlives a session that was deleted.
alter table session_history add column transition text not null default '';
alter table session_history add column actor_role text not null default 'platform'
    check (actor_role in ('platform', 'factory', 'admin'));
alter table session_history drop constraint session_history_session_id_fkey;
