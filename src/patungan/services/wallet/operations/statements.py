"""What an owner may read of the own wallet."""

from __future__ import annotations

from uuid import UUID

import msgspec

from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.ledger import accounts
from patungan.ledger.posting import balance_of
from patungan.services.wallet.queries import withdrawals


class Balance(msgspec.Struct, frozen=True):
    """What may be spent, what is set aside for payments that are not complete, and what is on its way to a bank. Rupiah."""

    balance: Rupiah
    held: Rupiah
    withdrawing: Rupiah


async def balance(ctx: Context, user_id: UUID) -> Balance:
    """What the books say that a user holds."""
    return Balance(
        await balance_of(ctx.db, accounts.wallet(user_id)),
        await balance_of(ctx.db, accounts.wallet_hold(user_id)),
        Rupiah(await withdrawals.on_its_way(ctx.db, user_id)),
    )
