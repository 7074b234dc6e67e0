-- What audits of the whole platform found.
create table audits (
    id uuid primary key,
    trigger text not null check (trigger in ('nightly', 'manual')),
    requested_by uuid,
    began_at timestamptz not null,
    ended_at timestamptz,
    whole boolean,
    broken text[],
    report jsonb,
    constraint ended_with_result check ((ended_at is null) = (whole is null) and (ended_at is null) = (report is null)),
    constraint manual_by_a_person check ((trigger = 'manual') = (requested_by is not null))
);
create index audits_began on audits (began_at desc);

-- Comparisons of our books with the provider's list of transactions, over a time of the provider's clock.
create table reconciliations (
    id uuid primary key,
    trigger text not null check (trigger in ('nightly', 'manual')),
    requested_by uuid,
    from_at timestamptz not null,
    to_at timestamptz not null check (to_at > from_at),
    began_at timestamptz not null,
    ended_at timestamptz,
    listed int, -- rows of the provider's list
    matched int,
    found int,
    repaired int,
    constraint ended_with_counts check ((ended_at is null) = (listed is null) and (ended_at is null) = (matched is null)
        and (ended_at is null) = (found is null) and (ended_at is null) = (repaired is null)),
    constraint manual_by_a_person check ((trigger = 'manual') = (requested_by is not null))
);
create index reconciliations_began on reconciliations (began_at desc);

-- What differs, one row until it is resolved however often it is found; amounts in rupiah.
create table reconciliation_findings (
    id uuid primary key,
    reconciliation_id uuid not null references reconciliations, -- that found it first
    last_reconciliation_id uuid not null references reconciliations,
    kind text not null check (kind in ('missing_here', 'missing_there', 'different_amount', 'duplicated', 'late')),
    transaction_type text not null check (transaction_type in ('payment', 'refund', 'disbursement')),
    provider_id text not null, -- the invoice, refund or payout at the provider; our reference where it knows none
    reference text not null,
    theirs bigint not null,
    ours bigint not null,
    occurred_at timestamptz not null,
    state text not null check (state in ('open', 'resolved')),
    found_at timestamptz not null,
    resolved_at timestamptz,
    resolved_by uuid, -- null where it resolved itself
    note text,
    constraint resolved_with_note check ((state = 'resolved') = (resolved_at is not null)
        and (state = 'resolved') = (note is not null) and (resolved_by is null or resolved_at is not null))
);
create unique index reconciliation_findings_once on reconciliation_findings (kind, provider_id) where state = 'open';
create index reconciliation_findings_found on reconciliation_findings (found_at desc);
create index reconciliation_findings_run on reconciliation_findings (last_reconciliation_id);
