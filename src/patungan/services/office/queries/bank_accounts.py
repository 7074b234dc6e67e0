"""The SQL of offices' bank accounts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.kernel.banks import BankCode


class BankAccountRow(msgspec.Struct, frozen=True):
    """Where an office is paid, without the number: its last four digits tell which account it is."""

    office_id: UUID
    bank_code: BankCode
    account_name: str
    account_last4: str
    set_at: datetime


class SealedAccount(msgspec.Struct, frozen=True):
    """A bank account as it is stored; the number is encrypted."""

    office_id: UUID
    bank_code: BankCode
    account_name: str
    sealed: bytes


_ACCOUNT = "office_id, bank_code, account_name, number_last4 as account_last4, set_at"

put_account = sql.one(
    BankAccountRow,
    f"""
    insert into bank_accounts (office_id, bank_code, account_name, number_sealed, number_last4, set_by, set_at)
    values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (office_id) do update set bank_code = excluded.bank_code, account_name = excluded.account_name,
        number_sealed = excluded.number_sealed, number_last4 = excluded.number_last4, set_by = excluded.set_by,
        set_at = excluded.set_at
    returning {_ACCOUNT}
    """,
)
find_account = sql.maybe(BankAccountRow, f"select {_ACCOUNT} from bank_accounts where office_id = $1")
find_sealed = sql.many(
    SealedAccount,
    """
    select office_id, bank_code, account_name, number_sealed as sealed from bank_accounts
    where office_id = any($1::uuid[]) order by office_id
    """,
)
