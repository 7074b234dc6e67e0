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


_COLUMNS = "payment_id, payment_code, user_id, amount, status, held_at"

find_hold = sql.maybe(Hold, f"select {_COLUMNS} from holds where payment_id = $1")
lock_hold = sql.maybe(Hold, f"select {_COLUMNS} from holds where payment_id = $1 for update")
insert_hold = sql.run(
    """
    insert into holds (payment_id, payment_code, user_id, amount, status, held_at) values ($1, $2, $3, $4, 'held', $5)
    """
)
release_hold = sql.run("update holds set status = 'released', ended_at = $2, reason = $3 where payment_id = $1")
capture_holds = sql.run(
    "update holds set status = 'captured', ended_at = $2 where payment_id = any($1::uuid[]) and status = 'held'"
)
open_holds = sql.many(
    Hold, f"select {_COLUMNS} from holds where user_id = $1 and status = 'held' order by held_at desc limit 100"
)
