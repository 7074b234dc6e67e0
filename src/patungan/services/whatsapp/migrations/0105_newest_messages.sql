-- Messages in the order of their list.
create index messages_newest on messages (created_at desc, id desc);
drop index messages_created_at;
