-- What leg one costs is asked of the couriers; until when it is asked again, while it is not known.
alter table bulk_shipments add column quote_due_at timestamptz;
create index bulk_shipments_quote_due on bulk_shipments (quote_due_at) where quote_due_at is not null;
