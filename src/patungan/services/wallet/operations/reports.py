"""Figures for finance: wallets against the ledger, and how withdrawals go."""

from __future__ import annotations

from datetime import datetime

import msgspec

from patungan.kernel.service import Context
from patungan.ledger import accounts
from patungan.ledger.posting import balance_of
from patungan.services.wallet.queries import reports as queries
from patungan.services.wallet.queries.reports import StatusSum, TypeSum
from patungan.services.wallet.rules import ALERT_WINDOW, Alert, WithdrawalStatus, alerts_of


class Tie(msgspec.Struct, frozen=True):
    """A total of the wallet's own rows and the ledger's word on it; rupiah."""

    name: str
    own: int
    ledger: int

    @property
    def ties(self) -> bool:
        return self.own == self.ledger


class Totals(msgspec.Struct, frozen=True):
    """``moves`` are of the period; ``ties`` of this moment, each total next to the ledger's. Rupiah."""

    wallets: int
    ties: list[Tie]
    whole: bool
    moves: list[TypeSum]


class WithdrawalReport(msgspec.Struct, frozen=True):
    """``statuses`` are of the period; the rest is of this moment and of the last seven days. Rupiah and seconds."""

    statuses: list[StatusSum]
    pending: int
    processing: int
    completed_lately: int
    failed_lately: int
    mean_seconds: float
    last_batch_at: datetime | None
    unexplained_webhooks: int
    provider_fee: int
    alerts: list[Alert]


_OPEN = (WithdrawalStatus.PENDING, WithdrawalStatus.PROCESSING)
_KEPT = (*_OPEN, WithdrawalStatus.COMPLETED)


async def totals(ctx: Context, since: datetime | None, until: datetime | None) -> Totals:
    """All wallets, holds and withdrawals against the ledger, read at one moment."""
    async with ctx.db.transaction() as tx:
        await queries.one_moment(tx)
        sums = await queries.wallet_sums(tx)
        statuses = await queries.status_sums(tx, None, None)
        ties = [
            Tie("wallet_balances", sums.balances, sums.ledger),
            Tie("wallet_history", sums.history, sums.ledger),
            Tie("holds", sums.held, sums.ledger_held),
            Tie(
                "withdrawals_on_their_way",
                sum(each.net_amount for each in statuses if each.status in _OPEN),
                await balance_of(tx, accounts.WITHDRAWAL_CLEARING),
            ),
            Tie(
                "withdrawal_fees",
                sum(each.fee for each in statuses if each.status in _KEPT),
                await balance_of(tx, accounts.WITHDRAWAL_FEE_INCOME),
            ),
        ]
        moves = await queries.type_sums(tx, since, until)
    return Totals(sums.wallets, ties, all(each.ties for each in ties), moves)


async def withdrawals(ctx: Context, since: datetime | None, until: datetime | None) -> WithdrawalReport:
    """How withdrawals go, and what finance must look at."""
    watched, alerts = await watch(ctx)
    return WithdrawalReport(
        statuses=await queries.status_sums(ctx.db, since, until),
        pending=watched.pending,
        processing=watched.processing,
        completed_lately=watched.completed,
        failed_lately=watched.failed,
        mean_seconds=watched.mean_seconds,
        last_batch_at=watched.last_batch_at,
        unexplained_webhooks=watched.unexplained,
        provider_fee=ctx.settings.payout_fee,
        alerts=alerts,
    )


async def watch(ctx: Context) -> tuple[queries.Watch, list[Alert]]:
    """The figures that alerts go by, and the alerts."""
    now = ctx.clock.now()
    seen = await queries.watch(ctx.db, now - ALERT_WINDOW)
    return seen, alerts_of(now, seen.completed, seen.failed, seen.pending, seen.waiting_since)
