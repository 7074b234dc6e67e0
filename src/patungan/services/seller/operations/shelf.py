"""Locked stock while it is moved: the changes one by one, each written down with what there was after it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from patungan.contracts import seller as contract
from patungan.kernel.database import Transaction
from patungan.kernel.service import Context
from patungan.kernel.sql import unzip
from patungan.services.seller.queries import stock as queries
from patungan.services.seller.queries.stock import StockRow
from patungan.services.seller.rules import MovementType, became_low


class Change(msgspec.Struct, frozen=True):
    """A change of a stock; ``units`` is what the movement is about. ``actor`` None: an order's own doing."""

    stock_id: UUID
    type: MovementType
    units: int
    reason: str
    stock: int = 0
    reserved: int = 0
    order_id: UUID | None = None
    actor: UUID | None = None


async def move(ctx: Context, tx: Transaction, locked: Sequence[StockRow], changes: Sequence[Change]) -> None:
    """Change locked stock, write the movements, and announce what became low.

    Raises SellerStockRefused where a stock would fall below what is promised of it.
    """
    if not changes:
        return
    rows = {each.id: each for each in locked}
    written = []
    for each in changes:
        now = rows[each.stock_id]
        after = msgspec.structs.replace(now, stock=now.stock + each.stock, reserved=now.reserved + each.reserved)
        if not 0 <= after.reserved <= after.stock:
            raise contract.SellerStockRefused(
                f"{now.available} units are free, {now.reserved} of {now.stock} are promised to orders",
                field="quantity",
                available=now.available,
            )
        rows[each.stock_id] = after
        written.append(
            (
                each.stock_id,
                each.type,
                each.units,
                each.stock,
                each.reserved,
                after.stock,
                after.reserved,
                each.order_id,
                each.actor,
                each.reason,
            )
        )
    moved = [
        (each.id, rows[each.id].stock - each.stock, rows[each.id].reserved - each.reserved)
        for each in locked
        if rows[each.id] != each
    ]
    await queries.change_stock(tx, *unzip(moved, 3))
    await queries.write_movements(tx, ctx.clock.now(), *unzip(written, 10))
    await ctx.publish(tx, *_low(locked, rows))


def _low(before: Sequence[StockRow], after: dict[UUID, StockRow]) -> list[contract.SellerStockLow]:
    return [
        contract.SellerStockLow(
            seller_id=each.seller_id,
            user_id=each.user_id,
            name=each.seller_name,
            product_id=each.product_id,
            variant_id=each.variant_id,
            product_name=each.product_name,
            available=after[each.id].available,
        )
        for each in before
        if became_low(each.available, after[each.id].available, each.low_stock_threshold)
    ]
