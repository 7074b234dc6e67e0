"""The books as CSV, streamed by the batch: no length of a journal is held in memory, nor a transaction kept open for it."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from io import StringIO

from patungan.kernel.service import Context
from patungan.ledger import reading
from patungan.services.payment.reports.spans import Span

BATCH = 5_000

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _cell(value: object) -> str:
    """A cell as a spreadsheet shows it and does not carry it out."""
    if isinstance(value, datetime):
        return value.isoformat()
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def rows_of(rows: Iterable[Sequence[object]]) -> bytes:
    """Rows as CSV (RFC 4180)."""
    text = StringIO()
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


async def trial_balance(ctx: Context, at: datetime) -> AsyncIterator[bytes]:
    """A line for each kind of account, and their sum."""
    lines = await reading.trial_balance(ctx.db, at)
    yield rows_of([("account", "class", "accounts", "debits", "credits", "balance")])
    yield rows_of(
        (each.kind, each.account_class.value, each.accounts, each.debits, each.credits, each.balance) for each in lines
    )
    yield rows_of([("total", "", "", sum(each.debits for each in lines), sum(each.credits for each in lines), "")])


async def journal(ctx: Context, span: Span) -> AsyncIterator[bytes]:
    """Every entry in the order of posting; debits positive."""
    yield rows_of(
        [("posted_at", "transaction", "kind", "reference", "idempotency_key", "posted_by", "line", "account", "amount")]
    )
    place, line = 0, 0
    while True:
        entries = await reading.journal_after(ctx.db, span.begins, span.ends, place, line, BATCH)
        if not entries:
            return
        yield rows_of(
            (
                *(e.posted_at, e.transaction_id, e.transaction_kind, e.reference, e.idempotency_key, e.posted_by),
                *(e.line, e.account, e.amount),
            )
            for e in entries
        )
        place, line = entries[-1].place, entries[-1].line


async def statement(ctx: Context, account: str, span: Span) -> AsyncIterator[bytes]:
    """An account's lines between its opening and closing balance."""
    summary = await reading.account_summary(ctx.db, account, span.begins, span.ends)
    yield rows_of([("posted_at", "transaction", "kind", "reference", "idempotency_key", "amount", "balance")])
    yield rows_of([(span.begins, "", "opening balance", "", "", "", summary.opening if summary else 0)])
    read = 0
    while lines := await reading.account_lines(ctx.db, account, span.begins, span.ends, BATCH, read):
        yield rows_of(
            (e.posted_at, e.transaction_id, e.transaction_kind, e.reference, e.idempotency_key, e.amount, e.balance)
            for e in lines
        )
        read += len(lines)
    yield rows_of([(span.ends, "", "closing balance", "", "", "", summary.closing if summary else 0)])
