-- Late parcels in the order of their list.
create index shipments_late_in_order on shipments (promised_at, id)
    where is_live and ended_at is null and promised_at is not null;
drop index shipments_late;
