-- The newest payments, callbacks and requested refunds by an index that holds all that their order needs, so that a page deep in the list is found in it.
create index payments_newest on payments (created_at desc, id desc);
drop index payments_created;
create index webhook_events_newest on webhook_events (received_at desc, id desc);
drop index webhook_events_received;
create index refund_requests_newest on refund_requests (requested_at desc, id desc);
