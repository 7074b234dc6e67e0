"""Stock that goes from one warehouse to another: one movement out, one in."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from patungan.contracts import warehouse as contract
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InvalidInput
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.kernel.time import jakarta_day
from patungan.services.warehouse.operations.shelf import Cause, Change, Shelf
from patungan.services.warehouse.queries import configuration
from patungan.services.warehouse.queries import desk as queries
from patungan.services.warehouse.queries import stock as stock_queries
from patungan.services.warehouse.queries.desk import Transfer
from patungan.services.warehouse.rules import MovementType


class TransferLine(msgspec.Struct, frozen=True):
    variant_id: UUID | None
    quantity: int


class TransferStock(msgspec.Struct, frozen=True):
    """Units of a product that go from one warehouse to another."""

    from_warehouse_id: UUID
    to_warehouse_id: UUID
    product_id: UUID
    lines: Sequence[TransferLine]
    reason: str


async def transfer(ctx: Context, caller: Caller, request: TransferStock, key: str) -> Transfer:
    """Move free stock; what arrives goes to the sessions that wait there.

    Raises WarehouseNotFound, also for a closed target, and InsufficientStock where less is free.
    """
    variants = [line.variant_id for line in request.lines]
    if len(set(variants)) != len(variants):
        raise InvalidInput("A variant is named twice", field="lines")
    if request.from_warehouse_id == request.to_warehouse_id:
        raise InvalidInput("Both are the same warehouse", field="to_warehouse_id")
    source = await configuration.find_warehouse(ctx.db, request.from_warehouse_id)
    target = await configuration.find_warehouse(ctx.db, request.to_warehouse_id)
    if source is None or target is None or not target.is_active:
        raise contract.WarehouseNotFound(field="from_warehouse_id" if source is None else "to_warehouse_id")

    async def work(tx: Transaction) -> Transfer:
        new_ids = [ctx.chance.new_id() for _ in variants]
        product_id = request.product_id
        out, into = (request.from_warehouse_id, product_id), (request.to_warehouse_id, product_id)
        # Before anything is locked: a row that somebody else makes at the same time is waited for with free hands.
        await stock_queries.ensure_stock(tx, request.to_warehouse_id, product_id, new_ids, variants)
        shelves = await Shelf.lock_all(ctx, tx, (out, into))
        if any(shelves[out].available(line.variant_id) < line.quantity for line in request.lines):
            raise contract.InsufficientStock("Less is free in that warehouse", field="lines")
        transfer_id, code = await _record(ctx, tx, caller, request)
        cause = Cause(caller.user_id, f"{code} to {target.code}: {request.reason}", transfer_id=transfer_id)
        leaving = [Change(line.variant_id, line.quantity, quantity=-line.quantity) for line in request.lines]
        await shelves[out].move(MovementType.ADJUSTMENT, leaving, cause)
        arriving = [Change(line.variant_id, line.quantity, quantity=line.quantity) for line in request.lines]
        cause = msgspec.structs.replace(cause, reason=f"{code} from {source.code}: {request.reason}")
        await shelves[into].move(MovementType.ADJUSTMENT, arriving, cause)
        await shelves[into].feed()
        for shelf in shelves.values():
            await shelf.close()
        return await queries.find_transfer(tx, transfer_id)

    return await once(ctx.db, caller.user_id, "stock-transfer", key, request, ctx.clock.now(), Transfer, work)


async def _record(ctx: Context, tx: Transaction, caller: Caller, request: TransferStock) -> tuple[UUID, str]:
    transfer_id, now = ctx.chance.new_id(), ctx.clock.now()
    places = (request.from_warehouse_id, request.to_warehouse_id, request.product_id)
    units = sum(line.quantity for line in request.lines)
    while True:
        code = f"TR-{jakarta_day(now)}-{ctx.chance.code(6)}"
        if await queries.insert_transfer(tx, transfer_id, code, *places, units, caller.user_id, request.reason, now):
            return transfer_id, code
