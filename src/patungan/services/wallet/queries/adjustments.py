"""Corrections by hand."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.services.wallet.rules import AdjustmentStatus, TransactionType


class Adjustment(msgspec.Struct, frozen=True):
    """A correction of a wallet; ``amount`` is signed, rupiah."""

    id: UUID
    code: str
    user_id: UUID
    type: TransactionType
    amount: int
    reason: str
    status: AdjustmentStatus
    requested_by: UUID
    requested_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    note: str | None


_COLUMNS = """
    id, code, user_id, type, amount, reason, status, requested_by, requested_at, decided_by, decided_at, note
"""

insert_adjustment = sql.maybe(
    Adjustment,
    f"""
    insert into adjustments (id, code, user_id, type, amount, reason, status, requested_by, requested_at)
    values ($1, $2, $3, $4, $5, $6, 'pending', $7, $8) on conflict (code) do nothing returning {_COLUMNS}
    """,
)
lock_adjustment = sql.maybe(Adjustment, f"select {_COLUMNS} from adjustments where id = $1 for update")
decide = sql.one(
    Adjustment,
    f"""
    update adjustments set status = $2, decided_by = $3, decided_at = $4, note = $5 where id = $1
    returning {_COLUMNS}
    """,
)
_WANTED = "($1::text is null or status = $1) and ($2::uuid is null or user_id = $2)"
list_adjustments = sql.many(
    Adjustment,
    f"select {_COLUMNS} from adjustments where {_WANTED} order by requested_at desc, id desc limit $3 offset $4",
)
count_adjustments = sql.one(int, f"select count(*) from adjustments where {_WANTED}")
