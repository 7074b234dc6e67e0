-- What the platform itself keeps beside the services' schemas. platform.migrations is made by the migrator.
-- A service starts and wakes workflows in its own transaction through these two functions; it has no rights on DBOS's tables.
create function enqueue_workflow(p_name text, p_id text, p_request text) returns text
    language plpgsql security definer set search_path = platform, pg_temp as $$
declare
    own text := replace(regexp_replace(session_user, '^patungan_', ''), '_', '-');
begin
    if p_name not like own || '.%' and session_user not in (select rolname from pg_roles where rolsuper) then
        raise exception 'platform: % may not start the workflow %', session_user, p_name
            using errcode = 'insufficient_privilege';
    end if;
    return dbos.enqueue_workflow(
        workflow_name => p_name, queue_name => 'patungan', positional_args => array[to_json(p_request)],
        workflow_id => p_id, application_name => 'patungan');
end $$;

create function send_message(p_workflow_id text, p_topic text, p_message text, p_key text) returns void
    language plpgsql security definer set search_path = platform, pg_temp as $$
begin
    if not exists (select 1 from dbos.workflow_status where workflow_uuid = p_workflow_id) then
        return;
    end if;
    perform dbos.send_message(p_workflow_id, p_message::json, p_topic, p_key);
end $$;

revoke all on function enqueue_workflow(text, text, text) from public;
revoke all on function send_message(text, text, text, text) from public;
