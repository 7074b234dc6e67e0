-- Callbacks of payouts that are not withdrawals are handed on to the service that asked for them.
alter table webhook_events drop constraint webhook_events_outcome_check;
alter table webhook_events add constraint webhook_events_outcome_check
    check (outcome in ('sent', 'completed', 'failed', 'reversed', 'retried', 'unchanged', 'mismatch', 'conflict', 'handed_on',
                       'unknown'));
