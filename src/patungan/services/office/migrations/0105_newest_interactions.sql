-- All offices' interactions, newest first.
create index interactions_newest on interactions (happened_at desc, id);
