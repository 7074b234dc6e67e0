"""Posting to the books, and reading a balance. Both run in the caller's transaction, under the caller's role."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from patungan.kernel import sql
from patungan.kernel.chance import Chance
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Problem
from patungan.kernel.money import Rupiah
from patungan.ledger.accounts import Account


class Unbalanced(ValueError):
    """A journal whose debits and credits differ; a bug in the caller."""


class PeriodClosed(Problem):
    """A journal dated in a month that is closed; its transaction is lost and nothing is posted."""

    code, status, title = "period_closed", 409, "The books of this period are closed"


@dataclass(frozen=True, slots=True)
class Line:
    """One side of a journal: a debit is positive, a credit negative, in rupiah."""

    account: Account
    amount: int


def debit(account: Account, amount: int) -> Line:
    """A debit of ``amount`` rupiah, which is not negative."""
    return Line(account, _not_negative(amount))


def credit(account: Account, amount: int) -> Line:
    """A credit of ``amount`` rupiah, which is not negative."""
    return Line(account, -_not_negative(amount))


def _not_negative(amount: int) -> int:
    if amount < 0:
        raise ValueError(f"an amount of {amount} rupiah; use the other side instead")
    return amount


@dataclass(frozen=True, slots=True)
class Journal:
    """A balanced transaction to be posted: its idempotency key, its label (DOMAIN.md: transaction_type), what caused it."""

    key: str
    kind: str
    reference: str
    lines: tuple[Line, ...]

    @property
    def moving(self) -> tuple[Line, ...]:
        """The lines that move money; a line of nothing is left out."""
        return tuple(line for line in self.lines if line.amount)


def journal(key: str, kind: str, reference: str, *lines: Line) -> Journal:
    """Write a journal; raises Unbalanced where its sides differ."""
    difference = sum(line.amount for line in lines)
    if difference:
        raise Unbalanced(f"{key}: debits and credits differ by {difference} rupiah")
    return Journal(key, kind, reference, lines)


_post = sql.one(int, "select ledger.post($1, $2, $3, $4, $5, $6, $7, $8)")
_balance_of = sql.one(int, "select ledger.balance_of($1)")


async def post(tx: Transaction, chance: Chance, now: datetime, journals: Sequence[Journal]) -> int:
    """Post journals in this transaction; answers how many were new. A journal that moves nothing is passed over.

    The database raises where a journal does not balance, a wallet would fall below zero, a key comes back with other
    content, or this service may not touch an account. Raises PeriodClosed.
    """
    moving = [(each, each.moving) for each in journals if each.moving]
    if not moving:
        return 0
    lines = [(place, line) for place, (_, lines_of) in enumerate(moving, start=1) for line in lines_of]
    try:
        return await _post(
            tx,
            [chance.new_id() for _ in moving],
            [each.key for each, _ in moving],
            [each.kind for each, _ in moving],
            [each.reference for each, _ in moving],
            now,
            [place for place, _ in lines],
            [line.account for _, line in lines],
            [line.amount for _, line in lines],
        )
    except asyncpg.ObjectNotInPrerequisiteStateError as error:
        raise PeriodClosed(str(error)) from error


async def balance_of(on: sql.Executor, account: Account) -> Rupiah:
    """What an account holds on its normal side, in rupiah."""
    return Rupiah(await _balance_of(on, account))
