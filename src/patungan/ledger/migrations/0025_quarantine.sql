-- Money that came in another amount than was asked is in the books from the moment it comes, apart from everything else.
insert into account_kinds (kind, class, per, guarded, purpose) values
    ('quarantine', 'liability', 'platform', false, 'money that is not what was asked, until finance decides');
insert into posting_rights (role, kind) values ('patungan_payment', 'quarantine');
