-- Entries and balances are written by the posting functions alone, which take transactions and accounts from their own tables;
-- neither is ever deleted. The check of each reference row by row was a third of a posting's time (docs/decisions/0005); the
-- audit looks for orphans over all rows at once instead.
alter table entries drop constraint entries_transaction_id_fkey, drop constraint entries_account_id_fkey;
alter table balances drop constraint balances_account_id_fkey;
