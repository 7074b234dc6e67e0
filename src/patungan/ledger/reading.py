"""Reading the books: trial balance, accounts, transactions, the journal. Amounts of entries are positive where they are
debits; a balance is positive on its account's normal side. All in rupiah."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.kernel.money import Rupiah
from patungan.ledger.chart import AccountClass


class TrialLine(msgspec.Struct, frozen=True):
    """What all accounts of a kind moved."""

    kind: str
    account_class: AccountClass
    accounts: int
    debits: Rupiah
    credits: Rupiah
    balance: Rupiah


class AccountBalance(msgspec.Struct, frozen=True):
    account: str
    debits: Rupiah
    credits: Rupiah
    balance: Rupiah
    total: int


class AccountSummary(msgspec.Struct, frozen=True):
    """An account over a time."""

    account: str
    account_class: AccountClass
    opening: Rupiah
    debits: Rupiah
    credits: Rupiah
    closing: Rupiah
    lines: int


class AccountLine(msgspec.Struct, frozen=True):
    """One line of an account, with the balance after it."""

    posted_at: datetime
    transaction_id: UUID
    transaction_kind: str
    reference: str
    idempotency_key: str
    amount: Rupiah
    balance: Rupiah


class AccountMove(msgspec.Struct, frozen=True):
    """What transactions of one label moved on an account."""

    transaction_kind: str
    transactions: int
    debits: Rupiah
    credits: Rupiah


class Payout(msgspec.Struct, frozen=True):
    """What left the gateway under a reference of a withdrawal or settlement."""

    reference: str
    amount: Rupiah
    posted_at: datetime


class Moved(msgspec.Struct, frozen=True):
    """What the transaction of a key moved on an account."""

    idempotency_key: str
    transaction_id: UUID
    posted_at: datetime
    amount: Rupiah


class TransactionLine(msgspec.Struct, frozen=True):
    account: str
    amount: Rupiah


class LedgerTransaction(msgspec.Struct, frozen=True):
    """A posted transaction with its lines; ``posted_by`` is the database role that posted it."""

    id: UUID
    posted_at: datetime
    kind: str
    reference: str
    idempotency_key: str
    posted_by: str
    lines: list[TransactionLine]
    total: int


class TouchingEntry(msgspec.Struct, frozen=True):
    """An entry of a transaction that touches what was asked for."""

    posted_at: datetime
    transaction_id: UUID
    transaction_kind: str
    reference: str
    idempotency_key: str
    account: str
    amount: Rupiah


class PeriodMovement(msgspec.Struct, frozen=True):
    """What a kind of account moved in the day, week or month that starts on a date."""

    starts_on: date
    kind: str
    account_class: AccountClass
    debits: Rupiah
    credits: Rupiah


class JournalEntry(msgspec.Struct, frozen=True):
    """A line of the journal; (place, line) is its place in the order of posting."""

    place: int
    line: int
    posted_at: datetime
    transaction_id: UUID
    transaction_kind: str
    reference: str
    idempotency_key: str
    posted_by: str
    account: str
    amount: Rupiah


trial_balance = sql.many(
    TrialLine,
    "select kind, class as account_class, accounts, debits, credits, balance from ledger.trial_balance($1)",
)
account_balances = sql.many(
    AccountBalance, "select account, debits, credits, balance, total from ledger.account_balances($1, $2, $3, $4)"
)
account_summary = sql.maybe(
    AccountSummary,
    """
    select account, class as account_class, opening, debits, credits, closing, lines
    from ledger.account_summary($1, $2, $3)
    """,
)
account_lines = sql.many(
    AccountLine,
    """
    select posted_at, transaction_id, transaction_kind, reference, idempotency_key, amount, balance
    from ledger.account_lines($1, $2, $3, $4, $5)
    """,
)
account_moves = sql.many(
    AccountMove, "select transaction_kind, transactions, debits, credits from ledger.account_moves($1, $2, $3)"
)
payouts_of = sql.many(Payout, "select reference, amount, posted_at from ledger.payouts_of($1, $2, $3)")
moved_by_keys = sql.many(
    Moved, "select idempotency_key, transaction_id, posted_at, amount from ledger.moved_by_keys($1, $2)"
)
transactions_by = sql.many(
    LedgerTransaction,
    """
    select id, posted_at, kind, reference, idempotency_key, posted_by, lines, total
    from ledger.transactions_by($1, $2, $3, $4, $5, $6, $7, $8)
    """,
)
entries_touching = sql.many(
    TouchingEntry,
    """
    select posted_at, transaction_id, transaction_kind, reference, idempotency_key, account, amount
    from ledger.entries_touching($1, $2)
    """,
)
moved_by_period = sql.many(
    PeriodMovement,
    "select starts_on, kind, class as account_class, debits, credits from ledger.moved_by_period($1, $2, $3)",
)
journal_after = sql.many(
    JournalEntry,
    """
    select place, line, posted_at, transaction_id, transaction_kind, reference, idempotency_key, posted_by, account, amount
    from ledger.journal_after($1, $2, $3, $4, $5)
    """,
)
