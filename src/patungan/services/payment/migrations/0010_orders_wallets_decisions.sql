-- A payment is for a session's participant, or for one checkout over one or several orders. It may be paid in part from
-- the buyer's wallet; the provider is asked for the rest.
alter table payments
    alter column participant_id drop not null,
    alter column session_id drop not null,
    add column checkout_id uuid unique,
    add column wallet_amount bigint not null default 0,
    add column xendit_amount bigint generated always as (total - wallet_amount) stored,
    add column wallet_state text check (wallet_state in ('asked', 'held', 'captured', 'returning', 'released')),
    add constraint for_a_session_or_a_checkout check (
        (session_id is null) = (participant_id is null) and (session_id is null) = (checkout_id is not null)),
    add constraint wallet_part_within_total check (wallet_amount between 0 and total),
    add constraint wallet_part_with_state check ((wallet_amount = 0) = (wallet_state is null)),
    add constraint wallet_part_taken_when_paid check (status not in ('paid', 'refunded')
        or wallet_state is null or wallet_state = 'captured');
create index payments_wallet_asked on payments (id) where wallet_state = 'asked';

-- What a payment holds for each of its orders. Of all payments of an order at most one can still be made or is paid.
create table payment_orders (
    payment_id uuid not null references payments,
    order_id uuid not null,
    order_number text not null,
    product_amount bigint not null check (product_amount >= 0),
    shipping_amount bigint not null check (shipping_amount >= 0),
    fee_amount bigint not null check (fee_amount >= 0),
    total bigint generated always as (product_amount + shipping_amount + fee_amount) stored,
    live boolean not null default true,
    released_at timestamptz,
    released jsonb, -- how it was divided: the answer to every later request
    refunded_amount bigint not null default 0,
    primary key (payment_id, order_id),
    constraint order_total_positive check (product_amount + shipping_amount + fee_amount > 0),
    constraint order_refunded_within_total check (
        refunded_amount between 0 and product_amount + shipping_amount + fee_amount),
    constraint order_released_with_result check ((released_at is null) = (released is null))
);
create unique index payment_orders_live on payment_orders (order_id) where live;
create index payment_orders_order on payment_orders (order_id);

-- Money that came from the wallet is a receipt as well, named wallet/<payment>; quarantined money that finance decided on
-- appears once more, named <invoice>/accepted or <invoice>/returned.
alter table receipts
    add column source text not null default 'xendit' check (source in ('xendit', 'wallet', 'quarantine')),
    add column provider_fee bigint check (provider_fee > 0), -- what the provider kept, once it told
    add column resolution text check (resolution in ('accepted', 'refunded')),
    add column resolved_at timestamptz,
    add column resolved_by uuid,
    drop constraint receipts_kind_check,
    add constraint receipts_kind_check check (kind in ('in_time', 'late', 'twice', 'quarantined', 'returned')),
    add constraint resolved_with_person check ((resolution is null) = (resolved_at is null)
        and (resolution is null) = (resolved_by is null) and (resolution is null or kind = 'quarantined'));
drop index receipts_in_time;
create unique index receipts_in_time on receipts (payment_id, source) where kind = 'in_time';
create index receipts_quarantined on receipts (recorded_at desc) where kind = 'quarantined';

-- A refund that somebody asked for, until as many persons as it needs have agreed; refunds are its parts, one a receipt.
create table refund_requests (
    id uuid primary key,
    request_key text unique, -- the name that the service which asks gave it
    payment_id uuid not null references payments,
    order_id uuid,
    amount bigint not null check (amount > 0),
    reason text not null check (reason in ('group_failed_moq', 'order_cancelled', 'out_of_stock', 'quality_issue',
                                           'delivery_failed', 'customer_request', 'other')),
    note text not null,
    status text not null check (status in ('pending', 'approved', 'rejected')),
    needed int not null check (needed between 0 and 2), -- how many persons of finance must agree
    requested_by uuid, -- null: the platform itself
    requested_at timestamptz not null,
    decided_at timestamptz,
    decided_by uuid,
    decision_note text,
    foreign key (payment_id, order_id) references payment_orders,
    constraint decided_at_a_time check ((status = 'pending') = (decided_at is null))
);
create index refund_requests_payment on refund_requests (payment_id);
create index refund_requests_pending on refund_requests (requested_at desc) where status = 'pending';

create table refund_approvals (
    request_id uuid not null references refund_requests,
    approver_id uuid not null,
    approved_at timestamptz not null,
    primary key (request_id, approver_id)
);

create function refuse_lone_approval() returns trigger language plpgsql set search_path from current as $$
begin
    if (select count(*) from refund_approvals where request_id = new.id) < new.needed then
        raise exception 'payment: refund request % is not agreed to by % persons', new.id, new.needed
            using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger approved_by_enough before insert or update on refund_requests
    for each row when (new.status = 'approved') execute function refuse_lone_approval();

alter table refunds
    add column order_id uuid,
    add column request_id uuid references refund_requests,
    add column awaits_approval boolean not null default false,
    drop constraint refunds_kind_check,
    add constraint refunds_kind_check check (kind in ('session', 'late', 'twice', 'order', 'goodwill', 'quarantine')),
    drop constraint refunds_invoice_id_kind_key,
    add constraint only_pending_awaits check (not awaits_approval or status = 'pending'),
    add foreign key (payment_id, order_id) references payment_orders;
create unique index refunds_once on refunds (invoice_id, kind) where kind in ('session', 'late', 'twice', 'quarantine');
create index refunds_request on refunds (request_id) where request_id is not null;
create index refunds_order on refunds (order_id) where order_id is not null;

-- A failed refund is still owed, so it counts: only a rejected one gives its amount free again. An order's refunds never
-- exceed what was paid for it either.
create or replace function refuse_excess_refund() returns trigger language plpgsql set search_path from current as $$
declare
    received bigint;
    going_back bigint;
begin
    perform 1 from payments where id = new.payment_id for no key update;
    select amount into received from receipts
        where invoice_id = new.invoice_id and payment_id = new.payment_id and kind <> 'quarantined';
    select coalesce(sum(amount), 0) into going_back from refunds
        where invoice_id = new.invoice_id and id <> new.id and status <> 'rejected';
    if received is null or going_back + new.amount > received then
        raise exception 'payment: refund % exceeds what was paid', new.code using errcode = 'check_violation';
    end if;
    if new.order_id is not null then
        select total into received from payment_orders where payment_id = new.payment_id and order_id = new.order_id;
        select coalesce(sum(amount), 0) into going_back from refunds
            where payment_id = new.payment_id and order_id = new.order_id and id <> new.id and status <> 'rejected';
        if going_back + new.amount > received then
            raise exception 'payment: refund % exceeds what was paid for the order', new.code
                using errcode = 'check_violation';
        end if;
    end if;
    return new;
end $$;
drop trigger refund_within_receipt on refunds;
create trigger refund_within_receipt before insert on refunds
    for each row when (new.status <> 'rejected') execute function refuse_excess_refund();
drop trigger refund_within_receipt_again on refunds;
create trigger refund_within_receipt_again before update of status, amount, invoice_id, payment_id, order_id on refunds
    for each row when (new.status <> 'rejected'
        and (old.status = 'rejected' or new.amount <> old.amount or new.invoice_id <> old.invoice_id
             or new.payment_id <> old.payment_id or new.order_id is distinct from old.order_id))
    execute function refuse_excess_refund();

create index webhook_events_received on webhook_events (received_at desc);
create index webhook_events_outcome on webhook_events (outcome, received_at desc);
