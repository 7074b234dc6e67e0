"""Wallets and their history."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.kernel.money import Rupiah
from patungan.services.wallet.rules import TransactionType


class Wallet(msgspec.Struct, frozen=True):
    user_id: UUID
    balance: Rupiah


class KnownCredit(msgspec.Struct, frozen=True):
    """A credit that was made before."""

    reference_id: UUID
    user_id: UUID
    amount: int


class WalletTransaction(msgspec.Struct, frozen=True):
    """A move of a wallet; ``amount`` is signed, rupiah."""

    id: UUID
    type: TransactionType
    amount: int
    balance_after: Rupiah
    reference: str
    created_at: datetime


open_wallets = sql.run(
    """
    insert into wallets (user_id, opened_at) select each, $2 from unnest($1::uuid[]) as each order by each
    on conflict do nothing
    """
)
lock_wallets = sql.many(
    Wallet, "select user_id, balance from wallets where user_id = any($1::uuid[]) order by user_id for update"
)
balance_of = sql.one(Rupiah, "select balance from wallets where user_id = $1")
known_credits = sql.many(
    KnownCredit,
    """
    select reference_id, user_id, amount from wallet_transactions
    where type = $1 and reference_type = $2 and reference_id = any($3::uuid[])
    """,
)
insert_transactions = sql.run(
    """
    insert into wallet_transactions (id, user_id, type, amount, balance_after, reference_type, reference_id, reference,
        created_at)
    select id, user_id, $1, amount, balance_after, $2, reference_id, $3, $4
    from unnest($5::uuid[], $6::uuid[], $7::bigint[], $8::bigint[], $9::uuid[])
        as t(id, user_id, amount, balance_after, reference_id)
    """
)
add_to_wallets = sql.run(
    """
    update wallets set balance = balance + added.amount, total_earned = total_earned + added.amount
    from (select user_id, sum(amount)::bigint as amount from unnest($1::uuid[], $2::bigint[]) as t(user_id, amount)
          group by user_id) added
    where wallets.user_id = added.user_id
    """
)
insert_moves = sql.run(
    """
    insert into wallet_transactions (id, user_id, type, amount, balance_after, reference_type, reference_id, reference,
        created_at)
    select m.*, $9 from unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::uuid[],
        $8::text[]) as m
    """
)
move_wallets = sql.run(
    """
    update wallets set balance = wallets.balance + m.amount, total_earned = total_earned + m.earned,
        total_spent = total_spent + m.spent, total_withdrawn = total_withdrawn + m.withdrawn
    from (select user_id, sum(amount)::bigint as amount, sum(earned)::bigint as earned, sum(spent)::bigint as spent,
              sum(withdrawn)::bigint as withdrawn
          from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
              as t(user_id, amount, earned, spent, withdrawn)
          group by user_id) m
    where wallets.user_id = m.user_id
    """
)
_WANTED = """
    user_id = $1 and ($2::text is null or type = $2) and ($3::timestamptz is null or created_at >= $3)
    and ($4::timestamptz is null or created_at < $4)
"""
list_transactions = sql.many(
    WalletTransaction,
    f"""
    select id, type, amount, balance_after, reference, created_at from wallet_transactions
    where {_WANTED} order by created_at desc, id desc limit $5 offset $6
    """,
)
count_transactions = sql.one(int, f"select count(*) from wallet_transactions where {_WANTED}")
page_transactions = sql.many(
    WalletTransaction,
    f"""
    select id, type, amount, balance_after, reference, created_at from wallet_transactions
    where {_WANTED} and (created_at, id) > ($5, $6) order by created_at, id limit $7
    """,
)
