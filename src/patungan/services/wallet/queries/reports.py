"""Figures for finance."""

from __future__ import annotations

from datetime import datetime

import msgspec

from patungan.kernel import sql
from patungan.services.wallet.rules import TransactionType, WithdrawalStatus


class WalletSums(msgspec.Struct, frozen=True):
    """All wallets together: their number, what they hold, their history, and the ledger's accounts; rupiah."""

    wallets: int
    balances: int
    history: int
    ledger: int
    held: int
    ledger_held: int


class TypeSum(msgspec.Struct, frozen=True):
    """The moves of a type in a period: how many, what came in and what went out; rupiah."""

    type: TransactionType
    count: int
    into: int
    out_of: int


class StatusSum(msgspec.Struct, frozen=True):
    """The withdrawals of a status; rupiah."""

    status: WithdrawalStatus
    count: int
    amount: int
    fee: int
    net_amount: int


class Watch(msgspec.Struct, frozen=True):
    """What alerts and metrics go by. ``waiting_since`` is the last batch, else the oldest pending request."""

    pending: int
    processing: int
    completed: int
    failed: int
    mean_seconds: float
    waiting_since: datetime | None
    last_batch_at: datetime | None
    unexplained: int


wallet_sums = sql.one(
    WalletSums,
    """
    select count(*) as wallets, coalesce(sum(balance), 0)::bigint as balances,
        (select coalesce(sum(amount), 0)::bigint from wallet_transactions) as history,
        coalesce(sum(ledger.balance_of('wallet/' || user_id)), 0)::bigint as ledger,
        (select coalesce(sum(amount), 0)::bigint from holds where status = 'held') as held,
        coalesce(sum(ledger.balance_of('wallet_hold/' || user_id)), 0)::bigint as ledger_held
    from wallets
    """,
)
type_sums = sql.many(
    TypeSum,
    """
    select type, count(*) as count, coalesce(sum(amount) filter (where amount > 0), 0)::bigint as into,
        coalesce(-sum(amount) filter (where amount < 0), 0)::bigint as out_of
    from wallet_transactions
    where ($1::timestamptz is null or created_at >= $1) and ($2::timestamptz is null or created_at < $2)
    group by type order by type
    """,
)
status_sums = sql.many(
    StatusSum,
    """
    select status, count(*) as count, sum(amount)::bigint as amount, sum(fee)::bigint as fee,
        sum(net_amount)::bigint as net_amount
    from withdrawals
    where ($1::timestamptz is null or requested_at >= $1) and ($2::timestamptz is null or requested_at < $2)
    group by status order by status
    """,
)
watch = sql.one(
    Watch,
    """
    select (select count(*) from withdrawals where status = 'pending') as pending,
        (select count(*) from withdrawals where status = 'processing') as processing,
        count(*) filter (where status = 'completed') as completed,
        count(*) filter (where status = 'failed') as failed,
        coalesce(avg(extract(epoch from ended_at - requested_at)) filter (where status = 'completed'), 0)::float8
            as mean_seconds,
        coalesce((select max(started_at) from withdrawal_batches),
            (select min(requested_at) from withdrawals where status = 'pending')) as waiting_since,
        (select max(started_at) from withdrawal_batches) as last_batch_at,
        (select count(*) from webhook_events where outcome in ('unknown', 'mismatch', 'conflict') and received_at >= $1)
            as unexplained
    from withdrawals where ended_at >= $1
    """,
)
one_moment = sql.run("set transaction isolation level repeatable read")
