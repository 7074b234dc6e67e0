"""Withdrawals and statements as CSV, written a page at a time so that any number of rows fits."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

from patungan.kernel.service import Context
from patungan.kernel.time import JAKARTA
from patungan.services.wallet.queries import wallets, withdrawals
from patungan.services.wallet.rules import TransactionType, WithdrawalStatus, csv_text, describe

PAGE = 1_000
_FIRST = (datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0))

_WITHDRAWAL_HEADER = (
    *("code", "requested_at", "status", "amount", "fee", "net_amount", "bank", "account", "holder_name"),
    *("sent_at", "ended_at", "failure_reason"),
)
_STATEMENT_HEADER = ("created_at", "type", "reference", "description", "amount", "balance_after")


def _lines(rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([csv_text(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return text.getvalue()


def _time(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(JAKARTA).isoformat(timespec="seconds")


async def withdrawals_csv(
    ctx: Context,
    user_id: UUID | None,
    status: WithdrawalStatus | None,
    since: datetime | None,
    until: datetime | None,
) -> AsyncIterator[str]:
    """Withdrawals oldest first, of one person or of all; times are of Jakarta, amounts rupiah."""
    everybody = user_id is None
    yield _lines([(*_WITHDRAWAL_HEADER, *(("user_id", "payout_id") if everybody else ()))])
    after = _FIRST
    while True:
        page = await withdrawals.page_withdrawals(ctx.db, user_id, status, since, until, *after, PAGE)
        yield _lines(
            [
                (
                    *(row.code, _time(row.requested_at), row.status.value, row.amount, row.fee, row.net_amount),
                    *(row.bank_code.value, f"****{row.number_last4}", row.holder_name),
                    *(_time(row.asked_at), _time(row.ended_at), row.failure_reason or ""),
                    *((str(row.user_id), row.payout_id or "") if everybody else ()),
                )
                for row in page
            ]
        )
        if len(page) < PAGE:
            return
        after = (page[-1].requested_at, page[-1].id)


async def statement_csv(
    ctx: Context,
    user_id: UUID,
    kind: TransactionType | None,
    since: datetime | None,
    until: datetime | None,
    *,
    english: bool,
) -> AsyncIterator[str]:
    """A wallet's statement oldest first, with its running balance."""
    yield _lines([_STATEMENT_HEADER])
    after = _FIRST
    while True:
        page = await wallets.page_transactions(ctx.db, user_id, kind, since, until, *after, PAGE)
        yield _lines(
            [
                (
                    *(_time(row.created_at), row.type.value, row.reference),
                    describe(row.type, row.reference, amount=row.amount, english=english),
                    *(row.amount, row.balance_after),
                )
                for row in page
            ]
        )
        if len(page) < PAGE:
            return
        after = (page[-1].created_at, page[-1].id)
