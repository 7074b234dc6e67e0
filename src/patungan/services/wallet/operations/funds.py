"""Moves of wallets: the balance, its history and the books change in one transaction, many wallets at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from patungan.contracts.wallet import InsufficientBalance
from patungan.kernel.database import Transaction
from patungan.kernel.service import Context
from patungan.kernel.sql import unzip
from patungan.ledger.posting import Journal, post
from patungan.services.wallet.queries import wallets as queries
from patungan.services.wallet.rules import TransactionType, running_balances


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A signed amount into or out of a wallet, what it stands for, and its journal; rupiah.

    ``reference_type`` and ``reference_id`` are unique for a type: the same move is never made twice. ``spent``, ``earned``
    and ``withdrawn`` change the wallet's totals.
    """

    user_id: UUID
    amount: int
    type: TransactionType
    reference_type: str
    reference_id: UUID
    reference: str
    journal: Journal
    earned: int = 0
    spent: int = 0
    withdrawn: int = 0


async def lock(ctx: Context, tx: Transaction, users: Sequence[UUID]) -> dict[UUID, int]:
    """The balances of wallets, opened where they were not, under lock in one order; rupiah."""
    wanted = sorted(set(users))
    await queries.open_wallets(tx, wanted, ctx.clock.now())
    return {row.user_id: int(row.balance) for row in await queries.lock_wallets(tx, wanted)}


async def move(ctx: Context, tx: Transaction, moves: Sequence[Move]) -> datetime:
    """Carry moves out; answers their time. Raises InsufficientBalance before anything of them is written."""
    balances = await lock(ctx, tx, [each.user_id for each in moves])
    after = running_balances(balances, [(each.user_id, each.amount) for each in moves])
    if any(balance < 0 for balance in after):
        raise InsufficientBalance(field="amount")
    # After the locks, so that a statement by time shows its lines in the order of their balances.
    now = ctx.clock.now()
    rows = [
        (
            ctx.chance.new_id(),
            each.user_id,
            each.type.value,
            each.amount,
            balance,
            each.reference_type,
            each.reference_id,
            each.reference,
        )
        for each, balance in zip(moves, after, strict=True)
    ]
    await queries.insert_moves(tx, *unzip(rows, 8), now)
    totals = [(each.user_id, each.amount, each.earned, each.spent, each.withdrawn) for each in moves]
    await queries.move_wallets(tx, *unzip(totals, 5))
    await post(tx, ctx.chance, now, [each.journal for each in moves])
    return now
