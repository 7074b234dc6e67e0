-- All complaints, newest first.
create index complaints_newest on complaints (opened_at desc, id desc);
