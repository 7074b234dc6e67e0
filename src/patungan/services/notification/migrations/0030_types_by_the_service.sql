-- The list of types grows with every service that has something to tell; the service's own enumeration is that list.
alter table notifications drop constraint notifications_type_check;
alter table notifications add constraint notifications_type_check check (type ~ '^[a-z]+(_[a-z]+)*$' and length(type) <= 50);
