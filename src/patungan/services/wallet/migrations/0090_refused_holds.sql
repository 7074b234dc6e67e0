-- What was refused to a payment stays refused, so that the same request, late or once more, has the same answer; a payment
-- that asks anew counts its asking.
alter table holds add column attempt int not null default 0 check (attempt >= 0);
alter table holds drop constraint holds_status_check;
alter table holds add constraint holds_status_check check (status in ('held', 'captured', 'released', 'refused'));
