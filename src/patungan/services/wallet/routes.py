"""The public API of the wallet. The gateway reaches it as /api/wallet/..., with or without the prefix."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import HeaderParameter

from patungan.kernel.http import Ctx, PageLimit, PageNumber, SignedIn, get
from patungan.kernel.identity import Audience
from patungan.kernel.money import Rupiah
from patungan.services.wallet.operations import credits
from patungan.services.wallet.operations.credits import Balance
from patungan.services.wallet.queries import wallets as queries
from patungan.services.wallet.queries.wallets import WalletTransaction
from patungan.services.wallet.rules import TransactionType, describe, prefers_english

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
    description = describe(row.type, row.reference, english=english)
    return StatementLine(row.id, row.type, row.amount, row.balance_after, row.reference, description, row.created_at)


@get("/api/wallet/balance", audience=Audience.CUSTOMER)
async def show_balance(ctx: Ctx, caller: SignedIn) -> Balance:
    return await credits.balance(ctx, caller.user_id)


@get("/api/wallet/transactions", audience=Audience.CUSTOMER)
async def list_transactions(
    ctx: Ctx,
    caller: SignedIn,
    accept_language: AcceptLanguage = "",
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> Transactions:
    rows = await queries.list_transactions(ctx.db, caller.user_id, limit, (page - 1) * limit)
    english = prefers_english(accept_language)
    lines = [_line(row, english=english) for row in rows]
    return Transactions(lines, page, limit, await queries.count_transactions(ctx.db, caller.user_id))


routes = [show_balance, list_transactions]
