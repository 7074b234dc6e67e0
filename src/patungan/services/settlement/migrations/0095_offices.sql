-- An agent's office is a payee as factories and sellers are: each share of a commission is a line of its own, which its weekly
-- settlement takes up.
alter table agreements drop constraint agreements_payee_kind_check;
alter table agreements add constraint agreements_payee_kind_check check (payee_kind in ('factory', 'seller', 'office'));
alter table agreements add constraint office_has_no_office check (payee_kind <> 'office' or office_id is null);
alter table adjustments drop constraint adjustments_payee_kind_check;
alter table adjustments add constraint adjustments_payee_kind_check check (payee_kind in ('factory', 'seller', 'office'));
alter table settlements drop constraint settlements_payee_kind_check;
alter table settlements add constraint settlements_payee_kind_check check (payee_kind in ('factory', 'seller', 'office'));
alter table lines drop constraint lines_payee_kind_check;
alter table lines add constraint lines_payee_kind_check check (payee_kind in ('factory', 'seller', 'office'));
alter table lines drop constraint lines_kind_check;
alter table lines add constraint lines_kind_check
    check (kind in ('order', 'surplus', 'refund', 'adjustment', 'carried_over', 'gateway_fee', 'office_share'));
alter table lines add constraint share_of_a_settlement
    check (kind <> 'office_share' or (payee_kind = 'office' and from_settlement_id is not null));
create unique index lines_office_share on lines (from_settlement_id) where kind = 'office_share';

-- The shares of settlements that ended before offices were paid.
insert into lines (id, payee_kind, payee_id, kind, description, from_settlement_id, value, amount, ledger_key, occurred_at, due_on)
select md5('office-share/' || s.id)::uuid, 'office', s.office_id, 'office_share', s.code, s.id, s.office_share, s.office_share,
    'settlement/' || s.id || '/office-share', ended.at, (ended.at at time zone 'Asia/Jakarta')::date
from settlements s
cross join lateral (
    select min(h.at) as at from history h where h.settlement_id = s.id and h.status = 'completed'
) ended
where s.office_id is not null and s.office_share <> 0 and ended.at is not null;
