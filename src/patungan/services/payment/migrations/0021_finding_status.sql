-- As everything else that is open or ended, a finding has a status.
alter table reconciliation_findings rename column state to status;
