"""Corrections of what a payee is owed: one person asks with a reason, another decides, and only then the books move."""

from __future__ import annotations

from uuid import UUID

from patungan.contracts import settlement as contract
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InternalError
from patungan.kernel.service import Context
from patungan.ledger import accounts
from patungan.ledger.posting import journal, post
from patungan.services.settlement.operations.booking import NewLine, account_of, against, owed, write_line
from patungan.services.settlement.queries import agreements as queries
from patungan.services.settlement.queries.agreements import Adjustment
from patungan.services.settlement.rules import (
    CODE_ATTEMPTS,
    CODE_LENGTH,
    AdjustmentStatus,
    LineKind,
    PayeeKind,
    local_day,
    new_code,
)


async def ask(
    ctx: Context, tx: Transaction, by: UUID, kind: PayeeKind, payee_id: UUID, amount: int, reason: str
) -> Adjustment:
    """Write down a correction that somebody else is to decide."""
    now = ctx.clock.now()
    for _ in range(CODE_ATTEMPTS):
        code = new_code("ADJ", now, ctx.chance.code(CODE_LENGTH))
        made = await queries.insert_adjustment(tx, ctx.chance.new_id(), code, kind, payee_id, amount, reason, by, now)
        if made is not None:
            return made
    raise InternalError("no free adjustment code was found")


async def decide(
    ctx: Context, tx: Transaction, by: UUID, adjustment_id: UUID, *, approve: bool, note: str
) -> Adjustment:
    """Approve a correction, which becomes a line of the payee's next settlement, or reject it.

    Raises AdjustmentNotFound, AdjustmentDecided, AdjustmentNeedsAnother.
    """
    asked = await queries.lock_adjustment(tx, adjustment_id)
    if asked is None:
        raise contract.AdjustmentNotFound()
    if asked.status is not AdjustmentStatus.PENDING:
        raise contract.AdjustmentDecided(f"It is {asked.status}", field="status")
    if asked.requested_by == by:
        raise contract.AdjustmentNeedsAnother()
    now = ctx.clock.now()
    if approve:
        await _book(ctx, tx, asked)
    status = AdjustmentStatus.APPROVED if approve else AdjustmentStatus.REJECTED
    return await queries.decide(tx, asked.id, status, by, now, note)


async def _book(ctx: Context, tx: Transaction, asked: Adjustment) -> None:
    """What we give beyond what was sold, or take back, is goodwill."""
    now, key = ctx.clock.now(), f"settlement-adjustment/{asked.id}"
    line = NewLine(
        payee_kind=asked.payee_kind,
        payee_id=asked.payee_id,
        kind=LineKind.ADJUSTMENT,
        description=f"{asked.code} {asked.reason}",
        value=asked.amount,
        occurred_at=now,
        due_on=local_day(now),
        ledger_key=key,
        adjustment_id=asked.id,
    )
    await write_line(ctx, tx, line)
    sides = (against(accounts.GOODWILL, asked.amount), owed(account_of(asked.payee_kind, asked.payee_id), asked.amount))
    await post(tx, ctx.chance, now, [journal(key, "adjustment", asked.code, *sides)])
