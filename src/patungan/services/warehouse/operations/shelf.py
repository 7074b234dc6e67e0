"""A product's stock in one warehouse while it is locked: moving it, and handing what is free to those who wait."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Self
from uuid import UUID

import msgspec

from patungan.contracts import warehouse as contract
from patungan.kernel import sql
from patungan.kernel.database import Transaction
from patungan.kernel.service import Context
from patungan.services.warehouse.queries import demand as demand_queries
from patungan.services.warehouse.queries import purchase_orders as order_queries
from patungan.services.warehouse.queries import stock as queries
from patungan.services.warehouse.queries.stock import Stock
from patungan.services.warehouse.rules import MovementType, VariantId, Waiting, allocate, became_low


class Change(msgspec.Struct, frozen=True):
    """How a variant's stock changes; ``units`` is what the movement is about."""

    variant_id: VariantId
    units: int
    quantity: int = 0
    reserved: int = 0
    damaged: int = 0


class Cause(msgspec.Struct, frozen=True):
    """Who moves stock, and why; ``actor`` None is the platform itself."""

    actor: UUID | None
    reason: str
    session_id: UUID | None = None
    purchase_order_id: UUID | None = None
    order_id: UUID | None = None
    transfer_id: UUID | None = None
    count_id: UUID | None = None


Place = tuple[UUID, UUID]
"""A warehouse and a product."""


async def move(
    ctx: Context,
    tx: Transaction,
    kind: MovementType,
    actor: UUID | None,
    moves: Sequence[tuple[UUID, Change, Cause]],
) -> list[Stock]:
    """Change locked rows of stock, named by their ids, and write the movements in the order given; answers the rows."""
    rows = [
        (
            inventory_id,
            *(change.units, change.quantity, change.reserved, change.damaged, cause.reason),
            *(cause.session_id, cause.purchase_order_id, cause.order_id, cause.transfer_id, cause.count_id),
        )
        for inventory_id, change, cause in moves
    ]
    return await queries.move_stock(tx, ctx.clock.now(), kind, actor, *sql.unzip(rows, 11))


class Shelf:
    """The locked rows of a product in a warehouse. Whatever touches its stock, its queue or what is still to come locks
    it first, and after a session or a purchase order where it locks one of these as well."""

    def __init__(
        self, ctx: Context, tx: Transaction, warehouse_id: UUID, product_id: UUID, rows: Sequence[Stock]
    ) -> None:
        self._ctx = ctx
        self._tx = tx
        self._warehouse_id = warehouse_id
        self._product_id = product_id
        self._rows = {row.variant_id: row for row in rows}
        self._at_first = dict(self._rows)

    @classmethod
    async def lock(
        cls, ctx: Context, tx: Transaction, warehouse_id: UUID, product_id: UUID, variants: Sequence[VariantId]
    ) -> Self:
        """Lock a product's stock there, in the order of its variants; rows that are missing for ``variants`` are made."""
        new_ids = [ctx.chance.new_id() for _ in variants]
        await queries.ensure_stock(tx, warehouse_id, product_id, new_ids, list(variants))
        return cls(ctx, tx, warehouse_id, product_id, await queries.lock_stock(tx, warehouse_id, product_id))

    @classmethod
    async def lock_all(cls, ctx: Context, tx: Transaction, places: Iterable[Place]) -> dict[Place, Self]:
        """Lock the stock of several products, in one order; a place where nothing ever lay has an empty shelf."""
        wanted = sorted(set(places))
        rows: dict[Place, list[Stock]] = {place: [] for place in wanted}
        for row in await queries.lock_places(tx, *sql.unzip(wanted, 2)):
            rows[row.warehouse_id, row.product_id].append(row)
        return {place: cls(ctx, tx, *place, found) for place, found in rows.items()}

    def rows(self) -> list[Stock]:
        """Every row as it is now."""
        return list(self._rows.values())

    def stock(self, variant_id: VariantId) -> Stock:
        """A variant's stock as it is now."""
        return self._rows[variant_id]

    def available(self, variant_id: VariantId) -> int:
        """Units that are free."""
        row = self._rows.get(variant_id)
        return 0 if row is None else row.available

    async def move(self, kind: MovementType, changes: Sequence[Change], cause: Cause) -> None:
        """Change stock and write its movements; at most one change a variant."""
        if not changes:
            return
        if len({each.variant_id for each in changes}) != len(changes):
            raise AssertionError("a movement names a variant twice")
        moved = await move(
            self._ctx,
            self._tx,
            kind,
            cause.actor,
            [(self._rows[each.variant_id].id, each, cause) for each in changes],
        )
        self.take(moved)

    def take(self, moved: Sequence[Stock]) -> None:
        """Note how rows of this shelf stand after a movement."""
        self._rows.update({row.variant_id: row for row in moved})

    async def feed(self) -> None:
        """Hand free units to the sessions that wait for them, oldest first; announce those that have all of theirs."""
        waiting = await demand_queries.find_waiting(self._tx, self._warehouse_id, self._product_id)
        codes = {line.session_id: line.session_code for line in waiting}
        grants = allocate(
            {variant_id: row.available for variant_id, row in self._rows.items()},
            [Waiting(line.session_id, line.variant_id, line.units) for line in waiting],
        )
        if not grants:
            return
        await demand_queries.hold_more(
            self._tx, *sql.unzip([(each.session_id, each.variant_id, each.units) for each in grants], 3)
        )
        fed = list(dict.fromkeys(each.session_id for each in grants))
        for session_id in fed:
            changes = [
                Change(each.variant_id, each.units, reserved=each.units)
                for each in grants
                if each.session_id == session_id
            ]
            cause = Cause(None, f"Goods for session {codes[session_id]}", session_id)
            await self.move(MovementType.RESERVED, changes, cause)
        met = set(await demand_queries.meet_demands(self._tx, fed, self._ctx.clock.now()))
        await self._ctx.publish(
            self._tx,
            *(
                contract.StockReceived(session_id=session_id, product_id=self._product_id)
                for session_id in fed
                if session_id in met
            ),
        )

    async def waiting(self) -> dict[VariantId, int]:
        """Units that sessions wait for, by variant."""
        total: dict[VariantId, int] = {}
        for line in await demand_queries.find_waiting(self._tx, self._warehouse_id, self._product_id):
            total[line.variant_id] = total.get(line.variant_id, 0) + line.units
        return total

    async def to_come(self) -> Mapping[VariantId, int]:
        """Units that open purchase orders will bring, by variant."""
        found = await order_queries.find_to_come(self._tx, self._warehouse_id, self._product_id)
        return {each.variant_id: each.units for each in found}

    async def close(self) -> None:
        """Announce the variants that fell to their low-stock level; the last thing done with a shelf."""
        await self._ctx.publish(
            self._tx,
            *(
                contract.StockLow(
                    warehouse_id=self._warehouse_id,
                    product_id=self._product_id,
                    variant_id=variant_id,
                    available=row.available,
                )
                for variant_id, row in self._rows.items()
                if became_low(self._at_first[variant_id].available, row.available, row.min_stock_level)
            ),
        )
