-- Counts the changes of a session, so that of two states the later one is known, however they travelled.
alter table sessions add column version bigint not null default 1;

create function next_version() returns trigger language plpgsql as $$
begin
    new.version := old.version + 1;
    return new;
end
$$;

create trigger sessions_version before update on sessions for each row execute function next_version();
