"""Escrows, one row a session."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.contracts.payment import Released
from patungan.kernel import sql
from patungan.kernel.money import Rupiah
from patungan.services.payment.rules import RefundReason


class Escrow(msgspec.Struct, frozen=True):
    """How far paying for a session is."""

    session_id: UUID
    closing_began_at: datetime | None
    closed_at: datetime | None
    paid_count: int | None
    paid_amount: Rupiah | None
    released: Released | None
    refund_reason: RefundReason | None

    @property
    def opens_invoices(self) -> bool:
        """Whether buyers may still begin to pay."""
        return self.closing_began_at is None and self.refund_reason is None

    @property
    def takes_money(self) -> bool:
        """Whether money that comes in still counts; while closing, the provider's answers do."""
        return self.closed_at is None and self.refund_reason is None


class Sum(msgspec.Struct, frozen=True):
    count: int
    amount: Rupiah


_ESCROW = "session_id, closing_began_at, closed_at, paid_count, paid_amount, released, refund_reason"

ensure_escrows = sql.run(
    """
    insert into escrows (session_id, opened_at)
    select distinct s, $2::timestamptz from unnest($1::uuid[]) s order by s on conflict do nothing
    """
)
share_escrows = sql.many(
    UUID, "select session_id from escrows where session_id = any($1::uuid[]) order by session_id for share"
)
share_free_escrows = sql.many(
    Escrow,
    f"""
    select {_ESCROW} from escrows where session_id = any($1::uuid[]) order by session_id for share skip locked
    """,
)
share_escrow = sql.one(Escrow, f"select {_ESCROW} from escrows where session_id = $1 for share")
lock_escrow = sql.maybe(Escrow, f"select {_ESCROW} from escrows where session_id = $1 for no key update")
begin_closing = sql.one(
    Escrow,
    f"""
    insert into escrows (session_id, opened_at, closing_began_at) values ($1, $2, $2)
    on conflict (session_id) do update set closing_began_at = coalesce(escrows.closing_began_at, $2)
    returning {_ESCROW}
    """,
)
finish_closing = sql.run(
    """
    update escrows set closed_at = $2, paid_count = $3, paid_amount = $4 where session_id = $1 and closed_at is null
    """
)
sum_paid = sql.one(
    Sum,
    """
    select count(*), coalesce(sum(total), 0)::bigint as amount from payments where session_id = $1 and status = 'paid'
    """,
)
# What goes back to participants who are refunded before the release is not in the escrow any more.
sum_held = sql.one(
    Sum,
    """
    select count(*), coalesce(sum(total), 0)::bigint as amount from payments p
    where session_id = $1 and status = 'paid'
        and not exists (select from refunds r where r.payment_id = p.id and r.kind = 'session')
    """,
)
store_release = sql.run(
    "update escrows set released_at = $2, released = $3 where session_id = $1 and released_at is null"
)
store_refund = sql.run(
    """
    update escrows set refunded_at = $2, refund_reason = $3 where session_id = $1 and refunded_at is null
    """
)
