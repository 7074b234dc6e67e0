"""Stock of direct orders: a crowd's reservations are decided a batch at a time, in memory, and committed in one go."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from patungan.contracts import warehouse as contract
from patungan.kernel import sql
from patungan.kernel.batching import Batcher
from patungan.kernel.contract import Nothing
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InvalidInput
from patungan.kernel.service import Context, implements
from patungan.services.warehouse.operations.shelf import Cause, Change, Place, Shelf, move
from patungan.services.warehouse.queries import direct as queries
from patungan.services.warehouse.queries.direct import HeldLine
from patungan.services.warehouse.queries.stock import Stock
from patungan.services.warehouse.rules import MovementType, Wish, grant_wishes

LARGEST_BATCH = 250
EXPIRED = "Not paid in time"

Desk = Batcher[contract.StockOrder, contract.ReservedOrder]


def open_desk(ctx: Context) -> Desk:
    """This process's desk: it decides what waits, commits it in one transaction, then answers everybody."""

    async def carry_out(orders: list[contract.StockOrder]) -> Sequence[contract.ReservedOrder | Exception]:
        return await _reserve_batch(ctx, orders)

    return Batcher(carry_out, largest=LARGEST_BATCH)


def desk_of(ctx: Context) -> Desk:
    desk: Desk = ctx.local["direct_stock"]
    return desk


@implements(contract.reserve_stock)
async def reserve_stock(ctx: Context, request: contract.ReserveStock) -> contract.ReservedStock:
    """Hold the stock of orders, each whole or not at all; raises OrderStockDiffers for an order with other lines."""
    for order in request.orders:
        _check(order)
    desk = desk_of(ctx)
    return contract.ReservedStock(orders=list(await asyncio.gather(*(desk.ask(order) for order in request.orders))))


def _check(order: contract.StockOrder) -> None:
    if not order.lines:
        raise InvalidInput("An order has at least one line", field="lines")
    if any(line.quantity < 1 for line in order.lines):
        raise InvalidInput("An order's line has at least one unit", field="lines")
    if len({_key(line) for line in order.lines}) != len(order.lines):
        raise InvalidInput("A stock is named twice in an order", field="lines")


def _key(line: contract.StockLine | HeldLine) -> tuple[UUID, UUID, UUID | None]:
    return line.warehouse_id, line.product_id, line.variant_id


async def _reserve_batch(
    ctx: Context, asked: Sequence[contract.StockOrder]
) -> list[contract.ReservedOrder | Exception]:
    orders = {order.order_id: order for order in reversed(asked)}
    async with ctx.db.transaction() as tx:
        rows = [(order.order_id, order.expires_at) for order in orders.values()]
        fresh = set(await queries.insert_orders(tx, ctx.clock.now(), *sql.unzip(rows, 2)))
        answers = await _known(tx, [order for order in orders.values() if order.order_id not in fresh])
        # In the order of asking, so that the first come are the first served.
        new = [order for order in dict.fromkeys(order.order_id for order in asked) if order in fresh]
        if new:
            answers |= await _grant(ctx, tx, [orders[order_id] for order_id in new])
    return [
        answers[order.order_id] if orders[order.order_id].lines == order.lines else contract.OrderStockDiffers()
        for order in asked
    ]


async def _known(
    tx: Transaction, orders: Sequence[contract.StockOrder]
) -> dict[UUID, contract.ReservedOrder | Exception]:
    """Answers for orders that were decided before."""
    if not orders:
        return {}
    ids = [order.order_id for order in orders]
    statuses = {each.order_id: each.status for each in await queries.find_orders(tx, ids)}
    held: dict[UUID, dict[tuple[UUID, UUID, UUID | None], int]] = {order_id: {} for order_id in ids}
    for line in await queries.find_lines(tx, ids):
        held[line.order_id][_key(line)] = line.units
    answers: dict[UUID, contract.ReservedOrder | Exception] = {}
    for order in orders:
        same = held[order.order_id] == {_key(line): line.quantity for line in order.lines}
        # An order that was released before it came has no lines to compare.
        if same or not held[order.order_id]:
            answers[order.order_id] = contract.ReservedOrder(
                order_id=order.order_id, status=statuses[order.order_id], short=[]
            )
        else:
            answers[order.order_id] = contract.OrderStockDiffers()
    return answers


async def _grant(
    ctx: Context, tx: Transaction, orders: Sequence[contract.StockOrder]
) -> dict[UUID, contract.ReservedOrder | Exception]:
    """Decide new orders under the lock of their stock, and store what was granted."""
    lines = [line for order in orders for line in order.lines]
    active = set(await queries.find_active(tx, sorted({line.warehouse_id for line in lines})))
    shelves = await Shelf.lock_all(ctx, tx, ((line.warehouse_id, line.product_id) for line in lines))
    stock = {
        (row.warehouse_id, row.product_id, row.variant_id): row
        for (warehouse_id, _product), shelf in shelves.items()
        if warehouse_id in active
        for row in shelf.rows()
    }
    wishes = [Wish(order.order_id, {_key(line): line.quantity for line in order.lines}) for order in orders]
    decided = grant_wishes({key: row.available for key, row in stock.items()}, wishes)
    granted = [order for order in orders if not decided[order.order_id]]
    held = [(order.order_id, stock[_key(line)].id, line.quantity) for order in granted for line in order.lines]
    await queries.delete_orders(tx, [order_id for order_id, short in decided.items() if short])
    if held:
        await queries.insert_lines(tx, *sql.unzip(held, 3))
        moves = [
            (inventory_id, Change(None, units, reserved=units), Cause(None, "Held for an order", order_id=order_id))
            for order_id, inventory_id, units in held
        ]
        _take(shelves, await move(ctx, tx, MovementType.RESERVED, None, moves))
        for shelf in shelves.values():
            await shelf.close()
    return {
        order.order_id: contract.ReservedOrder(
            order_id=order.order_id,
            status="short" if decided[order.order_id] else "held",
            short=[
                contract.StockShortage(
                    warehouse_id=key[0], product_id=key[1], variant_id=key[2], wanted=wanted, available=left
                )
                for key, (wanted, left) in decided[order.order_id].items()
            ],
        )
        for order in orders
    }


def _take(shelves: dict[Place, Shelf], moved: Sequence[Stock]) -> None:
    for row in moved:
        shelves[row.warehouse_id, row.product_id].take([row])


@implements(contract.release_stock)
async def release_stock(ctx: Context, request: contract.ReleaseStock) -> Nothing:
    """Give back what orders hold; an order that is sold or released already is passed over.

    A release that comes before its reservation stays, and the reservation then answers ``released``.
    """
    ids = sorted(set(request.order_ids))
    async with ctx.db.transaction() as tx:
        await queries.insert_released(tx, ids, ctx.clock.now(), request.reason[:300])
        locked = await queries.lock_orders(tx, ids)
        held = [each.order_id for each in locked if each.status == "held"]
        await _end(ctx, tx, held, "released", request.reason[:300] or "Given up")
    return Nothing()


async def expire_due(ctx: Context) -> int:
    """Give back what unpaid orders hold whose time has come; answers how many orders. Safe in several workers at once."""
    async with ctx.db.transaction() as tx:
        due = await queries.lock_due(tx, ctx.clock.now(), LARGEST_BATCH)
        await _end(ctx, tx, due, "released", EXPIRED)
    return len(due)


@implements(contract.consume_stock)
async def consume_stock(ctx: Context, request: contract.ConsumeStock) -> Nothing:
    """Book what paid orders hold as sold, once an order; raises OrderStockNotHeld where an order holds nothing any more."""
    ids = sorted(set(request.order_ids))
    async with ctx.db.transaction() as tx:
        statuses = {each.order_id: each.status for each in await queries.lock_orders(tx, ids)}
        if any(statuses.get(order_id) not in ("held", "sold") for order_id in ids):
            raise contract.OrderStockNotHeld(field="order_ids")
        await _end(ctx, tx, [each for each in ids if statuses[each] == "held"], "sold", "Sold")
    return Nothing()


async def _end(ctx: Context, tx: Transaction, order_ids: Sequence[UUID], status: str, reason: str) -> None:
    """End locked orders that hold stock: what is released goes to the sessions that wait."""
    if not order_ids:
        return
    now: datetime = ctx.clock.now()
    lines = await queries.find_lines(tx, list(order_ids))
    shelves = await Shelf.lock_all(ctx, tx, _places(lines))
    await queries.end_orders(tx, list(order_ids), status, now, reason)
    sold = status == "sold"
    moves = [
        (
            line.inventory_id,
            Change(None, line.units, quantity=-line.units if sold else 0, reserved=-line.units),
            Cause(None, reason, order_id=line.order_id),
        )
        for line in lines
    ]
    kind = MovementType.SALE if sold else MovementType.RELEASED
    if moves:
        _take(shelves, await move(ctx, tx, kind, None, moves))
    for shelf in shelves.values():
        if not sold:
            await shelf.feed()
        await shelf.close()


def _places(lines: Iterable[HeldLine]) -> set[Place]:
    return {(line.warehouse_id, line.product_id) for line in lines}


@implements(contract.return_stock)
async def return_stock(ctx: Context, request: contract.ReturnStock) -> Nothing:
    """Take goods of a sold order back, once a return: sound ones into stock, damaged ones apart.

    Raises OrderStockNotHeld for an order that was not sold, ReturnExceedsSale where more would come back than was sold.
    """
    if any(line.sound < 0 or line.damaged < 0 for line in request.lines) or not any(
        line.sound + line.damaged for line in request.lines
    ):
        raise InvalidInput("A return has at least one unit", field="lines")
    wanted = {(line.warehouse_id, line.product_id, line.variant_id): line for line in request.lines}
    if len(wanted) != len(request.lines):
        raise InvalidInput("A stock is named twice in a return", field="lines")
    async with ctx.db.transaction() as tx:
        order = next(iter(await queries.lock_orders(tx, [request.order_id])), None)
        if order is None or order.status != "sold":
            raise contract.OrderStockNotHeld(field="order_id")
        if not await queries.insert_return(tx, request.return_id, request.order_id, ctx.clock.now()):
            return Nothing()
        sold = {_key(line): line for line in await queries.find_lines(tx, [request.order_id])}
        if not wanted.keys() <= sold.keys():
            raise contract.ReturnExceedsSale(field="lines")
        rows = [(sold[key].inventory_id, line.sound + line.damaged) for key, line in wanted.items()]
        shelves = await Shelf.lock_all(ctx, tx, _places(sold.values()))
        if await queries.add_returned(tx, request.order_id, *sql.unzip(rows, 2)) != len(rows):
            raise contract.ReturnExceedsSale(field="lines")
        cause = Cause(None, request.reason[:500] or "Came back", order_id=request.order_id)
        moves = [
            (
                sold[key].inventory_id,
                Change(None, line.sound + line.damaged, quantity=line.sound, damaged=line.damaged),
                cause,
            )
            for key, line in wanted.items()
            if line.sound + line.damaged
        ]
        _take(shelves, await move(ctx, tx, MovementType.RETURN, None, moves))
        for shelf in shelves.values():
            await shelf.feed()
            await shelf.close()
    return Nothing()


@implements(contract.get_direct_stock)
async def get_direct_stock(ctx: Context, request: contract.GetDirectStock) -> contract.DirectStocks:
    return contract.DirectStocks(items=await queries.find_direct_stock(ctx.db, request.product_ids))
