"""The public API of the wallet. The gateway reaches it as /api/wallet/..., with or without the prefix."""

from __future__ import annotations

import msgspec
from litestar.params import FromQuery

from patungan.kernel.errors import InvalidInput
from patungan.kernel.http import Ctx, SignedIn, get
from patungan.kernel.identity import Audience
from patungan.services.wallet import operations, queries
from patungan.services.wallet.operations import Balance
from patungan.services.wallet.queries import WalletTransaction


class Transactions(msgspec.Struct, frozen=True):
    items: list[WalletTransaction]
    page: int
    limit: int
    total: int


@get("/api/wallet/balance", audience=Audience.CUSTOMER)
async def show_balance(ctx: Ctx, caller: SignedIn) -> Balance:
    return await operations.balance(ctx, caller.user_id)


@get("/api/wallet/transactions", audience=Audience.CUSTOMER)
async def list_transactions(
    ctx: Ctx, caller: SignedIn, page: FromQuery[int] = 1, limit: FromQuery[int] = 20
) -> Transactions:
    if page < 1 or not 1 <= limit <= 100:
        raise InvalidInput("A page is 1 or more, a limit from 1 to 100", field="page" if page < 1 else "limit")
    rows = await queries.list_transactions(ctx.db, caller.user_id, limit, (page - 1) * limit)
    return Transactions(rows, page, limit, await queries.count_transactions(ctx.db, caller.user_id))


routes = [show_balance, list_transactions]
