"""What was agreed with payees, and corrections that two persons make."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.kernel.money import Rupiah
from patungan.services.settlement.rules import AdjustmentStatus, Cycle, PayeeKind


class Agreement(msgspec.Struct, frozen=True):
    """How a payee is settled; ``office_percent`` of our commission is the office's, ``on_hold`` why settlements wait."""

    payee_kind: PayeeKind
    payee_id: UUID
    cycle: Cycle
    office_id: UUID | None
    office_percent: int
    on_hold: str | None
    set_by: UUID
    set_at: datetime


class Adjustment(msgspec.Struct, frozen=True):
    """A correction: below zero it is taken from the payee; rupiah."""

    id: UUID
    code: str
    payee_kind: PayeeKind
    payee_id: UUID
    amount: Rupiah
    reason: str
    status: AdjustmentStatus
    requested_by: UUID
    requested_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    note: str


_AGREEMENT = "payee_kind, payee_id, cycle, office_id, office_percent, on_hold, set_by, set_at"
_ADJUSTMENT = """
    id, code, payee_kind, payee_id, amount, reason, status, requested_by, requested_at, decided_by, decided_at, note
"""

put_agreement = sql.one(
    Agreement,
    f"""
    insert into agreements ({_AGREEMENT}) values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (payee_kind, payee_id) do update set cycle = excluded.cycle, office_id = excluded.office_id,
        office_percent = excluded.office_percent, on_hold = excluded.on_hold, set_by = excluded.set_by,
        set_at = excluded.set_at
    returning {_AGREEMENT}
    """,
)
list_agreements = sql.many(
    Agreement, f"select {_AGREEMENT} from agreements order by set_at desc, payee_id limit $1 offset $2"
)
count_agreements = sql.one(int, "select count(*) from agreements")

insert_adjustment = sql.maybe(
    Adjustment,
    f"""
    insert into adjustments (id, code, payee_kind, payee_id, amount, reason, status, requested_by, requested_at)
    values ($1, $2, $3, $4, $5, $6, 'pending', $7, $8) on conflict (code) do nothing returning {_ADJUSTMENT}
    """,
)
lock_adjustment = sql.maybe(Adjustment, f"select {_ADJUSTMENT} from adjustments where id = $1 for update")
decide = sql.one(
    Adjustment,
    f"""
    update adjustments set status = $2, decided_by = $3, decided_at = $4, note = $5 where id = $1
    returning {_ADJUSTMENT}
    """,
)
_WANTED = "from adjustments where ($1::text is null or status = $1) and ($2::uuid is null or payee_id = $2)"
list_adjustments = sql.many(
    Adjustment, f"select {_ADJUSTMENT} {_WANTED} order by requested_at desc, id desc limit $3 offset $4"
)
count_adjustments = sql.one(int, f"select count(*) {_WANTED}")
