"""Withdrawals as their owners and finance see them, and their making and ending."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.kernel.banks import BankCode
from patungan.kernel.money import Rupiah
from patungan.services.wallet.rules import WithdrawalStatus


class WithdrawalRow(msgspec.Struct, frozen=True):
    """A withdrawal without its account number; rupiah."""

    id: UUID
    code: str
    user_id: UUID
    amount: Rupiah
    fee: Rupiah
    net_amount: Rupiah
    bank_code: BankCode
    number_last4: str
    holder_name: str
    status: WithdrawalStatus
    requested_at: datetime
    claimed_at: datetime | None
    asked_at: datetime | None
    ended_at: datetime | None
    failure_reason: str | None
    payout_id: str | None


class Today(msgspec.Struct, frozen=True):
    """What a person asked for on one day, without what came back; rupiah."""

    count: int
    amount: int


_COLUMNS = """
    id, code, user_id, amount, fee, net_amount, bank_code, number_last4, holder_name, status, requested_at, claimed_at,
    asked_at, ended_at, failure_reason, payout_id
"""

today = sql.one(
    Today,
    """
    select count(*) as count, coalesce(sum(amount), 0)::bigint as amount from withdrawals
    where user_id = $1 and requested_at >= $2 and status not in ('failed', 'cancelled')
    """,
)
insert_withdrawal = sql.maybe(
    WithdrawalRow,
    f"""
    insert into withdrawals (id, code, user_id, amount, fee, net_amount, bank_code, channel_code, number_sealed,
        number_last4, holder_name, status, requested_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'pending', $12)
    on conflict (code) do nothing returning {_COLUMNS}
    """,
)
find_own = sql.maybe(WithdrawalRow, f"select {_COLUMNS} from withdrawals where id = $1 and user_id = $2")
lock_own = sql.maybe(WithdrawalRow, f"select {_COLUMNS} from withdrawals where id = $1 and user_id = $2 for update")
cancel = sql.one(
    WithdrawalRow, f"update withdrawals set status = 'cancelled', ended_at = $2 where id = $1 returning {_COLUMNS}"
)
on_its_way = sql.one(
    int,
    """
    select coalesce(sum(amount), 0)::bigint from withdrawals where user_id = $1 and status in ('pending', 'processing')
    """,
)

_WANTED = """
    ($1::uuid is null or user_id = $1) and ($2::text is null or status = $2)
    and ($3::timestamptz is null or requested_at >= $3) and ($4::timestamptz is null or requested_at < $4)
"""
list_withdrawals = sql.many(
    WithdrawalRow,
    f"select {_COLUMNS} from withdrawals where {_WANTED} order by requested_at desc, id desc limit $5 offset $6",
)
count_withdrawals = sql.one(int, f"select count(*) from withdrawals where {_WANTED}")
page_withdrawals = sql.many(
    WithdrawalRow,
    f"""
    select {_COLUMNS} from withdrawals where {_WANTED} and (requested_at, id) > ($5, $6)
    order by requested_at, id limit $7
    """,
)
