-- A payout that arrived may come back, and the news of it may be lost: completed withdrawals are asked for as well.
create index withdrawals_due on withdrawals (next_look_at) where next_look_at is not null;
drop index withdrawals_look;
