"""Saved bank accounts; their numbers are sealed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.kernel.banks import BankCode


class BankAccountRow(msgspec.Struct, frozen=True):
    id: UUID
    bank_code: BankCode
    number_last4: str
    holder_name: str
    created_at: datetime


class SealedAccount(msgspec.Struct, frozen=True):
    id: UUID
    bank_code: BankCode
    number_sealed: bytes
    holder_name: str


_COLUMNS = "id, bank_code, number_last4, holder_name, created_at"

lock_owner = sql.run("select pg_advisory_xact_lock(hashtextextended('bank-accounts/' || $1::uuid, 0))")
list_accounts = sql.many(
    BankAccountRow,
    f"select {_COLUMNS} from bank_accounts where user_id = $1 and deleted_at is null order by created_at, id",
)
find_same = sql.maybe(
    BankAccountRow,
    f"""
    select {_COLUMNS} from bank_accounts
    where user_id = $1 and bank_code = $2 and number_fingerprint = $3 and deleted_at is null
    """,
)
count_accounts = sql.one(int, "select count(*) from bank_accounts where user_id = $1 and deleted_at is null")
insert_account = sql.one(
    BankAccountRow,
    f"""
    insert into bank_accounts (id, user_id, bank_code, number_sealed, number_fingerprint, number_last4, holder_name,
        created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8) returning {_COLUMNS}
    """,
)
rename_account = sql.one(
    BankAccountRow, f"update bank_accounts set holder_name = $2 where id = $1 returning {_COLUMNS}"
)
find_sealed = sql.maybe(
    SealedAccount,
    """
    select id, bank_code, number_sealed, holder_name from bank_accounts
    where id = $1 and user_id = $2 and deleted_at is null
    """,
)
delete_account = sql.run(
    "update bank_accounts set deleted_at = $3 where id = $1 and user_id = $2 and deleted_at is null"
)
