"""Money set aside for payments."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.kernel.money import Rupiah
from patungan.services.wallet.rules import HoldStatus


class Hold(msgspec.Struct, frozen=True):
    payment_id: UUID
    payment_code: str
    user_id: UUID
    amount: Rupiah
    status: HoldStatus
    held_at: datetime
    attempt: int


_COLUMNS = "payment_id, payment_code, user_id, amount, status, held_at, attempt"

find_hold = sql.maybe(Hold, f"select {_COLUMNS} from holds where payment_id = $1")
lock_hold = sql.maybe(Hold, f"select {_COLUMNS} from holds where payment_id = $1 for update")
insert_hold = sql.run(
    """
    insert into holds (payment_id, payment_code, user_id, amount, attempt, status, held_at)
    values ($1, $2, $3, $4, $5, 'held', $6)
    on conflict (payment_id) do update set user_id = excluded.user_id, amount = excluded.amount,
        attempt = excluded.attempt, status = 'held', held_at = excluded.held_at, ended_at = null
        where holds.status = 'refused'
    """
)
refuse_hold = sql.run(
    """
    insert into holds (payment_id, payment_code, user_id, amount, attempt, status, held_at, ended_at)
    values ($1, $2, $3, $4, $5, 'refused', $6, $6)
    on conflict (payment_id) do update set user_id = excluded.user_id, amount = excluded.amount,
        attempt = excluded.attempt, held_at = excluded.held_at, ended_at = excluded.ended_at
        where holds.status = 'refused'
    """
)
release_hold = sql.run("update holds set status = 'released', ended_at = $2, reason = $3 where payment_id = $1")
capture_holds = sql.run(
    "update holds set status = 'captured', ended_at = $2 where payment_id = any($1::uuid[]) and status = 'held'"
)
open_holds = sql.many(
    Hold, f"select {_COLUMNS} from holds where user_id = $1 and status = 'held' order by held_at desc limit 100"
)
