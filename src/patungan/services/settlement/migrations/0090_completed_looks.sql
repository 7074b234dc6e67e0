-- A payout that arrived may come back, and the news of it may be lost: completed settlements are asked for as well.
create index settlements_next_look on settlements (next_look_at) where next_look_at is not null;
drop index settlements_look;
