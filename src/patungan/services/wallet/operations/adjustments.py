"""Corrections of a wallet by hand: one person asks with a reason, another decides, and only then money moves."""

from __future__ import annotations

from uuid import UUID

from patungan.contracts import wallet as contract
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InternalError
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.ledger import accounts
from patungan.ledger.posting import Journal, credit, debit, journal
from patungan.services.wallet.operations.funds import Move, move
from patungan.services.wallet.queries import adjustments as queries
from patungan.services.wallet.queries import wallets
from patungan.services.wallet.queries.adjustments import Adjustment
from patungan.services.wallet.rules import (
    CODE_ATTEMPTS,
    CODE_LENGTH,
    AdjustmentStatus,
    TransactionType,
    new_code,
)


async def ask(
    ctx: Context, tx: Transaction, by: UUID, user_id: UUID, kind: TransactionType, amount: int, reason: str
) -> Adjustment:
    """Write down a correction that somebody else is to decide; raises AdjustmentNeedsAnother for one's own wallet."""
    if by == user_id:
        raise contract.AdjustmentNeedsAnother("Nobody asks for a correction of the own wallet")
    now = ctx.clock.now()
    for _ in range(CODE_ATTEMPTS):
        code = new_code("ADJ", now, ctx.chance.code(CODE_LENGTH))
        made = await queries.insert_adjustment(tx, ctx.chance.new_id(), code, user_id, kind, amount, reason, by, now)
        if made is not None:
            return made
    raise InternalError("no free adjustment code was found")


async def decide(
    ctx: Context, tx: Transaction, by: UUID, adjustment_id: UUID, *, approve: bool, note: str
) -> Adjustment:
    """Approve a correction, which moves its money, or reject it.

    Raises AdjustmentNotFound, AdjustmentDecided, AdjustmentNeedsAnother, and InsufficientBalance where the wallet does not
    hold what is to be taken out.
    """
    asked = await queries.lock_adjustment(tx, adjustment_id)
    if asked is None:
        raise contract.AdjustmentNotFound()
    if asked.status is not AdjustmentStatus.PENDING:
        raise contract.AdjustmentDecided(f"It is {asked.status}", field="status")
    if by in (asked.requested_by, asked.user_id):
        raise contract.AdjustmentNeedsAnother("Whoever asked does not decide, nor does the wallet's owner")
    now = ctx.clock.now()
    status = AdjustmentStatus.APPROVED if approve else AdjustmentStatus.REJECTED
    if approve:
        now = await move(ctx, tx, [_move(asked)])
        if asked.amount > 0:
            await ctx.publish(tx, await _credited(tx, asked))
    return await queries.decide(tx, asked.id, status, by, now, note)


async def _credited(tx: Transaction, asked: Adjustment) -> contract.WalletCredited:
    return contract.WalletCredited(
        user_id=asked.user_id,
        amount=Rupiah(asked.amount),
        balance=await wallets.balance_of(tx, asked.user_id),
        type=asked.type.value,
        reference=asked.code,
    )


def _move(asked: Adjustment) -> Move:
    return Move(
        user_id=asked.user_id,
        amount=asked.amount,
        type=asked.type,
        reference_type="adjustment",
        reference_id=asked.id,
        reference=asked.code,
        earned=max(asked.amount, 0),
        spent=max(-asked.amount, 0),
        journal=_journal(asked),
    )


def _journal(asked: Adjustment) -> Journal:
    """A deposit came to our bank; anything else that we give, or take back, is goodwill."""
    wallet = accounts.wallet(asked.user_id)
    other = accounts.BANK if asked.type is TransactionType.DEPOSIT else accounts.GOODWILL
    given, taken = (other, wallet) if asked.amount > 0 else (wallet, other)
    lines = (debit(given, abs(asked.amount)), credit(taken, abs(asked.amount)))
    return journal(f"adjustment/{asked.id}", "adjustment", asked.code, *lines)
