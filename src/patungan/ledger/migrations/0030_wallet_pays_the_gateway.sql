-- A payout costs us the gateway's fee: wallet posts it when a withdrawal has reached its bank.
insert into posting_rights (role, kind) values ('patungan_wallet', 'gateway_expense') on conflict do nothing;
