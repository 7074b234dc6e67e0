"""What product learns from others: which products have an open session, so that their prices stay as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from patungan.contracts.group_buying import (
    SessionCancelled,
    SessionFailed,
    SessionOpened,
    SessionPendingStock,
    SessionSucceeded,
)
from patungan.kernel.database import Transaction
from patungan.kernel.events import Received, subscription
from patungan.kernel.service import Context
from patungan.services.product import queries


@subscription(SessionOpened, SessionPendingStock, SessionSucceeded, SessionFailed, SessionCancelled)
async def follow_sessions(ctx: Context, tx: Transaction, events: Sequence[Received[Any]]) -> None:
    """A session is open from its first day until it ends in any way; it never opens again."""
    opened = [each.body for each in events if isinstance(each.body, SessionOpened)]
    closed = [each.body.session_id for each in events if not isinstance(each.body, SessionOpened)]
    await queries.note_opened_sessions(tx, [each.session_id for each in opened], [each.product_id for each in opened])
    await queries.forget_sessions(tx, closed)
