-- The payments of a session are gone through in batches, in the order of their ids.
create index payments_session_in_order on payments (session_id, status, id);
drop index payments_session;
