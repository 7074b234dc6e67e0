-- Where an office is paid its share of commissions; the number is sealed.
create table bank_accounts (
    office_id uuid primary key references offices,
    bank_code text not null check (bank_code in ('BCA', 'BNI', 'BRI', 'MANDIRI', 'CIMB', 'PERMATA', 'DANAMON', 'BTN')),
    account_name text not null check (length(account_name) between 3 and 100),
    number_sealed bytea not null,
    number_last4 text not null check (number_last4 ~ '^[0-9]{4}$'),
    set_by uuid not null,
    set_at timestamptz not null
);
alter table office_history drop constraint office_history_subject_check;
alter table office_history add constraint office_history_subject_check
    check (subject in ('status', 'staff', 'manager', 'commission', 'bank'));
