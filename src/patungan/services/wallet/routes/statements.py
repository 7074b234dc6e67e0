"""An owner's balance, statement and bank accounts. The gateway reaches them as /api/wallet/..., with or without the prefix."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody
from litestar.response import Stream

from patungan.kernel.banks import BankCode
from patungan.kernel.database import Transaction
from patungan.kernel.http import Ctx, IdempotencyKey, Input, PageLimit, PageNumber, SignedIn, delete, get, post
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Audience
from patungan.kernel.money import Rupiah
from patungan.services.wallet.operations import bank_accounts, statements
from patungan.services.wallet.operations.exports import statement_csv
from patungan.services.wallet.operations.statements import Balance
from patungan.services.wallet.queries import accounts, holds
from patungan.services.wallet.queries import wallets as queries
from patungan.services.wallet.queries.accounts import BankAccountRow
from patungan.services.wallet.queries.wallets import WalletTransaction
from patungan.services.wallet.routes.fields import AccountNumber, HolderName, csv_download, period
from patungan.services.wallet.rules import BANK_NAMES, TransactionType, describe, prefers_english

AcceptLanguage = Annotated[str, HeaderParameter(name="Accept-Language")]


class StatementLine(msgspec.Struct, frozen=True):
    """A move of a wallet; ``amount`` is signed, ``description`` in the reader's language. Rupiah."""

    id: UUID
    type: TransactionType
    amount: int
    balance_after: Rupiah
    reference: str
    description: str
    created_at: datetime


class Transactions(msgspec.Struct, frozen=True):
    items: list[StatementLine]
    page: int
    limit: int
    total: int


def _line(row: WalletTransaction, *, english: bool) -> StatementLine:
    description = describe(row.type, row.reference, amount=row.amount, english=english)
    return StatementLine(row.id, row.type, row.amount, row.balance_after, row.reference, description, row.created_at)


class Bank(msgspec.Struct, frozen=True):
    """A bank that withdrawals go to."""

    code: BankCode
    name: str


class Banks(msgspec.Struct, frozen=True):
    items: list[Bank]


class HeldFor(msgspec.Struct, frozen=True):
    """Money set aside for a payment that is not complete; rupiah."""

    payment_id: UUID
    payment_code: str
    amount: Rupiah
    held_at: datetime


class HeldFunds(msgspec.Struct, frozen=True):
    items: list[HeldFor]


class BankAccountInput(Input, frozen=True):
    bank_code: BankCode
    account_number: AccountNumber
    holder_name: HolderName


class BankAccountView(msgspec.Struct, frozen=True):
    """A saved account by the last digits of its number."""

    id: UUID
    bank_code: BankCode
    bank_name: str
    account_last4: str
    holder_name: str
    created_at: datetime


class BankAccounts(msgspec.Struct, frozen=True):
    items: list[BankAccountView]


def _account(row: BankAccountRow) -> BankAccountView:
    name = BANK_NAMES[row.bank_code]
    return BankAccountView(row.id, row.bank_code, name, row.number_last4, row.holder_name, row.created_at)


@get("/api/wallet/balance", audience=Audience.CUSTOMER)
async def show_balance(ctx: Ctx, caller: SignedIn) -> Balance:
    return await statements.balance(ctx, caller.user_id)


@get("/api/wallet/holds", audience=Audience.CUSTOMER)
async def list_holds(ctx: Ctx, caller: SignedIn) -> HeldFunds:
    rows = await holds.open_holds(ctx.db, caller.user_id)
    return HeldFunds([HeldFor(row.payment_id, row.payment_code, row.amount, row.held_at) for row in rows])


@get("/api/wallet/transactions", audience=Audience.CUSTOMER)
async def list_transactions(
    ctx: Ctx,
    caller: SignedIn,
    accept_language: AcceptLanguage = "",
    type: FromQuery[TransactionType | None] = None,
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> Transactions:
    wanted = (caller.user_id, type, *period(since, until))
    rows = await queries.list_transactions(ctx.db, *wanted, limit, (page - 1) * limit)
    english = prefers_english(accept_language)
    lines = [_line(row, english=english) for row in rows]
    return Transactions(lines, page, limit, await queries.count_transactions(ctx.db, *wanted))


@get("/api/wallet/transactions/export", audience=Audience.CUSTOMER, media_type="text/csv")
async def export_transactions(
    ctx: Ctx,
    caller: SignedIn,
    accept_language: AcceptLanguage = "",
    type: FromQuery[TransactionType | None] = None,
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
) -> Stream:
    english = prefers_english(accept_language)
    lines = statement_csv(ctx, caller.user_id, type, *period(since, until), english=english)
    return csv_download("wallet.csv", lines)


@get("/api/wallet/banks", audience=Audience.PUBLIC)
async def list_banks() -> Banks:
    return Banks([Bank(code, name) for code, name in BANK_NAMES.items()])


@get("/api/wallet/bank-accounts", audience=Audience.CUSTOMER)
async def list_bank_accounts(ctx: Ctx, caller: SignedIn) -> BankAccounts:
    return BankAccounts([_account(row) for row in await accounts.list_accounts(ctx.db, caller.user_id)])


@post("/api/wallet/bank-accounts", audience=Audience.CUSTOMER, status=201)
async def add_bank_account(
    ctx: Ctx, caller: SignedIn, idempotency_key: IdempotencyKey, data: JSONBody[BankAccountInput]
) -> BankAccountView:
    account = bank_accounts.checked(data.bank_code, data.account_number, data.holder_name)

    async def work(tx: Transaction) -> BankAccountView:
        return _account(await bank_accounts.save(ctx, tx, caller.user_id, account))

    return await once(
        ctx.db, caller.user_id, "bank-account", idempotency_key, data, ctx.clock.now(), BankAccountView, work
    )


@delete("/api/wallet/bank-accounts/{account_id:uuid}", audience=Audience.CUSTOMER)
async def delete_bank_account(ctx: Ctx, caller: SignedIn, account_id: FromPath[UUID]) -> None:
    await bank_accounts.forget(ctx, caller.user_id, account_id)


routes = [
    *(show_balance, list_holds, list_transactions, export_transactions),
    *(list_banks, list_bank_accounts, add_bank_account, delete_bank_account),
]
