-- How often a buyer has chosen a wallet part of the payment; a choice that the wallet refused may be made again.
alter table payments add column wallet_attempt int not null default 0;
