"""Receipts of money that came in: from the provider, from wallets, and out of quarantine."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.kernel.money import Rupiah
from patungan.services.payment.rules import PaymentStatus, ReceiptKind, Receivable, Resolution, Source


class Receipt(msgspec.Struct, frozen=True):
    """Money that came in, in rupiah."""

    invoice_id: str
    payment_id: UUID
    kind: ReceiptKind
    amount: Rupiah
    currency: str
    method: str
    channel: str
    paid_at: datetime
    source: Source
    resolution: Resolution | None


class Quarantined(msgspec.Struct, frozen=True):
    """Quarantined money as finance sees it: what was asked of the provider, and what came."""

    invoice_id: str
    payment_id: UUID
    payment_code: str
    user_id: UUID
    payment_status: PaymentStatus
    asked: Rupiah
    amount: Rupiah
    currency: str
    method: str
    channel: str
    paid_at: datetime
    recorded_at: datetime
    resolution: Resolution | None
    resolved_at: datetime | None
    resolved_by: UUID | None


_RECEIPT = "invoice_id, payment_id, kind, amount, currency, method, channel, paid_at, source, resolution"
_QUARANTINED = """
    c.invoice_id, c.payment_id, p.code as payment_code, p.user_id, p.status as payment_status,
    p.xendit_amount as asked, c.amount, c.currency, c.method, c.channel, c.paid_at, c.recorded_at, c.resolution,
    c.resolved_at, c.resolved_by
"""

insert_receipts = sql.run(
    """
    insert into receipts (invoice_id, payment_id, kind, amount, currency, method, channel, paid_at, source, recorded_at)
    select n.*, $10::timestamptz
    from unnest($1::text[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::timestamptz[],
                $9::text[]) as n
    on conflict do nothing
    """
)
find_receipt = sql.maybe(Receipt, f"select {_RECEIPT} from receipts where invoice_id = $1")
known_receipts = sql.many(str, "select invoice_id from receipts where invoice_id = any($1::text[])")
note_fees = sql.many(
    str,
    """
    update receipts c set provider_fee = n.fee from unnest($1::text[], $2::bigint[]) as n(invoice_id, fee)
    where c.invoice_id = any($1) and c.invoice_id = n.invoice_id and c.source = 'xendit' and c.provider_fee is null
    returning c.invoice_id
    """,
)
resolve = sql.run(
    """
    update receipts set resolution = $2, resolved_at = $3, resolved_by = $4
    where invoice_id = $1 and kind = 'quarantined' and resolution is null
    """
)
receivables = sql.many(
    Receivable,
    """
    select c.invoice_id, c.method, c.source,
        (c.amount - coalesce((select sum(r.amount) from refunds r
                              where r.invoice_id = c.invoice_id and r.status <> 'rejected'), 0))::bigint as left
    from receipts c where c.payment_id = $1 and c.kind = 'in_time' order by c.invoice_id
    """,
)
list_quarantined = sql.many(
    Quarantined,
    f"""
    select {_QUARANTINED} from receipts c join payments p on p.id = c.payment_id
    where c.kind = 'quarantined' and ($1::bool or c.resolution is null)
    order by c.recorded_at desc, c.invoice_id limit $2 offset $3
    """,
)
count_quarantined = sql.one(
    int, "select count(*) from receipts c where c.kind = 'quarantined' and ($1::bool or c.resolution is null)"
)
find_quarantined = sql.maybe(
    Quarantined,
    f"""
    select {_QUARANTINED} from receipts c join payments p on p.id = c.payment_id
    where c.kind = 'quarantined' and c.invoice_id = $1
    """,
)
