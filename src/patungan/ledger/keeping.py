"""Keeping the books: seals over what was posted, closed periods, daily closings. Open to payment's role alone."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.kernel.money import Rupiah

SEALED_AT_ONCE = 1_000
"""Transactions under one seal, at most."""


class SealingState(msgspec.Struct, frozen=True):
    """How far the chain of seals is; ``waiting`` transactions are posted and not sealed yet."""

    seals: int
    last_hash: bytes | None
    last_sealed_at: datetime | None
    transactions: int
    waiting: int


class Seal(msgspec.Struct, frozen=True):
    """A link of the chain: its hash is over the previous one and the fingerprints of its transactions."""

    number: int
    hash: bytes
    previous: bytes
    transactions: int
    entries: int
    debits: Rupiah
    sealed_at: datetime


class Period(msgspec.Struct, frozen=True):
    """A month (by its first day) that was closed, and whether it was opened again."""

    month: date
    state: str
    closed_at: datetime
    closed_by: UUID
    reopening_reason: str | None
    reopening_proposed_at: datetime | None
    reopening_proposed_by: UUID | None
    reopened_at: datetime | None
    reopened_by: UUID | None


class PeriodAction(msgspec.Struct, frozen=True):
    action: str
    by_user: UUID
    at: datetime
    reason: str | None


class ClosedDay(msgspec.Struct, frozen=True):
    """A day of Asia/Jakarta whose totals are recorded; ``audit_id`` found the books whole, ``seal`` was the last one."""

    day: date
    closed_at: datetime
    audit_id: UUID
    seal: int
    transactions: int
    debits: Rupiah
    total: int


class DayTotal(msgspec.Struct, frozen=True):
    """What an account moved on a day, and its balance at the end of it."""

    account: str
    debits: Rupiah
    credits: Rupiah
    balance: Rupiah
    total: int


seal = sql.one(int, "select ledger.seal($1, $2)")
"""Seals what is committed and not sealed; to be called outside of any transaction."""
sealing_state = sql.one(
    SealingState, "select seals, last_hash, last_sealed_at, transactions, waiting from ledger.sealing_state()"
)
seals_before = sql.many(
    Seal,
    "select number, hash, previous, transactions, entries, debits, sealed_at from ledger.seals_before($1, $2)",
)

close_period = sql.one(str, "select ledger.close_period($1, $2, $3)")
propose_reopening = sql.one(str, "select ledger.propose_reopening($1, $2, $3, $4)")
reopen_period = sql.one(str, "select ledger.reopen_period($1, $2, $3)")
known_periods = sql.many(
    Period,
    """
    select month, state, closed_at, closed_by, reopening_reason, reopening_proposed_at, reopening_proposed_by,
        reopened_at, reopened_by
    from ledger.known_periods()
    """,
)
history_of_period = sql.many(PeriodAction, "select action, by_user, at, reason from ledger.history_of_period($1)")

close_day = sql.one(str, "select ledger.close_day($1, $2, $3)")
closed_days = sql.many(
    ClosedDay, "select day, closed_at, audit_id, seal, transactions, debits, total from ledger.closed_days($1, $2)"
)
totals_of_day = sql.many(
    DayTotal, "select account, debits, credits, balance, total from ledger.totals_of_day($1, $2, $3)"
)
