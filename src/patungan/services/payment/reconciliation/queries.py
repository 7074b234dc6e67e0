"""Reconciliations, their findings, and what we hold of the provider's transactions."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.kernel.money import Rupiah
from patungan.services.payment.reconciliation.rules import FindingKind, FindingStatus, TransactionType


class Reconciliation(msgspec.Struct, frozen=True):
    """A comparison with the provider's list; the counts are None while it runs. ``repaired`` of the ``found`` resolved
    themselves."""

    id: UUID
    trigger: str
    requested_by: UUID | None
    from_at: datetime
    to_at: datetime
    began_at: datetime
    ended_at: datetime | None
    listed: int | None
    matched: int | None
    found: int | None
    repaired: int | None


class FindingRow(msgspec.Struct, frozen=True):
    """A finding as it is kept; amounts in rupiah."""

    id: UUID
    reconciliation_id: UUID
    last_reconciliation_id: UUID
    kind: FindingKind
    transaction_type: TransactionType
    provider_id: str
    reference: str
    theirs: Rupiah
    ours: Rupiah
    occurred_at: datetime
    status: FindingStatus
    found_at: datetime
    resolved_at: datetime | None
    resolved_by: UUID | None
    note: str | None


class Held(msgspec.Struct, frozen=True):
    """A payment or refund that we booked, by the provider's id."""

    provider_id: str
    reference: str
    amount: Rupiah
    at: datetime
    booked_at: datetime


_RUN = "id, trigger, requested_by, from_at, to_at, began_at, ended_at, listed, matched, found, repaired"
_FINDING = """
    id, reconciliation_id, last_reconciliation_id, kind, transaction_type, provider_id, reference, theirs, ours,
    occurred_at, status, found_at, resolved_at, resolved_by, note
"""

begin = sql.run(
    """
    insert into reconciliations (id, trigger, requested_by, from_at, to_at, began_at) values ($1, $2, $3, $4, $5, $6)
    on conflict do nothing
    """
)
end = sql.run(
    """
    update reconciliations set ended_at = $2, listed = $3, matched = $4, found = $5, repaired = $6
    where id = $1 and ended_at is null
    """
)
find_run = sql.maybe(Reconciliation, f"select {_RUN} from reconciliations where id = $1")
list_runs = sql.many(
    Reconciliation, f"select {_RUN} from reconciliations order by began_at desc, id desc limit $1 offset $2"
)
last_nightly = sql.maybe(
    datetime, "select to_at from reconciliations where trigger = 'nightly' order by to_at desc limit 1"
)
count_runs = sql.one(int, "select count(*) from reconciliations")

# A receipt whose name holds a slash is not an invoice of the provider's: the wallet paid it, or finance decided on it.
_PAYMENTS = """
    select c.invoice_id as provider_id, p.code as reference, c.amount, c.paid_at as at, c.recorded_at as booked_at
    from receipts c join payments p on p.id = c.payment_id where position('/' in c.invoice_id) = 0
"""
_REFUNDS = """
    select provider_refund_id as provider_id, code as reference, amount, completed_at as at, completed_at as booked_at
    from refunds where status = 'completed' and destination = 'source' and provider_refund_id is not null
"""
payments_by_id = sql.many(Held, f"{_PAYMENTS} and c.invoice_id = any($1::text[])")
payments_booked = sql.many(Held, f"{_PAYMENTS} and c.recorded_at >= $1 and c.recorded_at < $2")
refunds_by_id = sql.many(Held, f"{_REFUNDS} and provider_refund_id = any($1::text[])")
refunds_booked = sql.many(Held, f"{_REFUNDS} and completed_at >= $1 and completed_at < $2")

keep_finding = sql.one(
    UUID,
    """
    insert into reconciliation_findings (id, reconciliation_id, last_reconciliation_id, kind, transaction_type,
        provider_id, reference, theirs, ours, occurred_at, status, found_at)
    values ($1, $2, $2, $3, $4, $5, $6, $7, $8, $9, 'open', $10)
    on conflict (kind, provider_id) where status = 'open'
        do update set last_reconciliation_id = $2, theirs = excluded.theirs, ours = excluded.ours
    returning id
    """,
)
known_late = sql.one(
    bool, "select exists (select 1 from reconciliation_findings where kind = 'late' and provider_id = $1)"
)
resolve = sql.run(
    """
    update reconciliation_findings set status = 'resolved', resolved_at = $2, resolved_by = $3, note = $4
    where id = $1 and status = 'open'
    """
)
find_finding = sql.maybe(FindingRow, f"select {_FINDING} from reconciliation_findings where id = $1")
_WANTED = """
    reconciliation_findings where ($1::text is null or status = $1) and ($2::text is null or kind = $2)
        and ($3::uuid is null or $3 in (reconciliation_id, last_reconciliation_id))
"""
list_findings = sql.many(
    FindingRow, f"select {_FINDING} from {_WANTED} order by found_at desc, id desc limit $4 offset $5"
)
count_findings = sql.one(int, f"select count(*) from {_WANTED}")
count_open = sql.one(
    int, "select count(*) from reconciliation_findings where status = 'open' and last_reconciliation_id = $1"
)
