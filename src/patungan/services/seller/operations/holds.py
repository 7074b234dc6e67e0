"""Stock promised to orders: held by the batch, sold when they are paid, given back when they end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from patungan.contracts import seller as contract
from patungan.kernel.batching import Batcher
from patungan.kernel.contract import Nothing
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InvalidInput
from patungan.kernel.service import Context, implements
from patungan.kernel.sql import unzip
from patungan.kernel.workflows import timer
from patungan.services.seller.operations.shelf import Change, move
from patungan.services.seller.queries import stock as queries
from patungan.services.seller.queries.stock import HoldLine, HoldRow, StockRow
from patungan.services.seller.rules import HoldStatus, MovementType, Wanted, hand_out

Place = tuple[UUID, UUID, UUID | None]
"""Seller, product and variant."""

DUE_AT_ONCE = 200
LARGEST_BATCH = 250


Desk = Batcher[contract.StockHold, contract.HoldOutcome]


def open_desk(ctx: Context) -> Desk:
    """This process's desk: what waits is decided together and committed in one transaction, then everybody is answered."""

    async def carry_out(holds: list[contract.StockHold]) -> Sequence[contract.HoldOutcome | Exception]:
        return await _reserve_batch(ctx, holds)

    return Batcher(carry_out, largest=LARGEST_BATCH)


@implements(contract.reserve_stock)
async def reserve_stock(ctx: Context, request: contract.ReserveStock) -> contract.HoldOutcomes:
    """Hold what is free for orders, first come, first served."""
    for each in request.holds:
        if not each.lines or any(line.quantity < 1 for line in each.lines):
            raise InvalidInput("An order holds one unit or more", field="holds")
    desk: Desk = ctx.local["desk"]
    return contract.HoldOutcomes(outcomes=list(await asyncio.gather(*(desk.ask(each) for each in request.holds))))


async def _reserve_batch(ctx: Context, asked: Sequence[contract.StockHold]) -> list[contract.HoldOutcome | Exception]:
    holds = {each.order_id: each for each in reversed(asked)}
    # In the order of asking, so that the first come are the first served.
    ids = list(dict.fromkeys(each.order_id for each in asked))
    async with ctx.db.transaction() as tx:
        await queries.lock_orders(tx, ids)
        known = {each.order_id: each for each in await queries.find_holds(tx, ids)}
        new = [holds[each] for each in ids if each not in known]
        places = await _places(tx, new)
        wanted = [Wanted(each.order_id, _units(each, places)) for each in new]
        concerned = sorted({stock for each in wanted if each.units for stock in each.units})
        locked = await queries.lock_stock(tx, concerned) if concerned else []
        free = {row.id: row.available for row in locked}
        given = hand_out(free, wanted)
        await _hold(ctx, tx, locked, [(hold, want) for hold, want, ok in zip(new, wanted, given, strict=True) if ok])
    held = {want.order_id for want, ok in zip(wanted, given, strict=True) if ok}
    held |= {each.order_id for each in known.values() if each.status in (HoldStatus.HELD, HoldStatus.SOLD)}
    return [
        contract.HoldOutcome(
            order_id=each.order_id,
            held=each.order_id in held,
            short=[] if each.order_id in held else _short(each, places, free),
        )
        for each in asked
    ]


async def _places(tx: Transaction, holds: Sequence[contract.StockHold]) -> dict[Place, UUID]:
    """The stocks on sale that the holds are about."""
    sellers = list({each.seller_id for each in holds})
    products = list({line.product_id for each in holds for line in each.lines})
    found = await queries.find_places(tx, sellers, products) if holds else []
    return {(each.seller_id, each.product_id, each.variant_id): each.id for each in found if each.on_sale}


def _units(hold: contract.StockHold, places: dict[Place, UUID]) -> dict[UUID, int] | None:
    units: dict[UUID, int] = {}
    for line in hold.lines:
        stock = places.get((hold.seller_id, line.product_id, line.variant_id))
        if stock is None:
            return None
        units[stock] = units.get(stock, 0) + line.quantity
    return units


def _short(hold: contract.StockHold, places: dict[Place, UUID], free: dict[UUID, int]) -> list[contract.Shortage]:
    """The lines that what was free at the beginning does not cover; all of them where it would, but others came first."""
    lines = [
        (line, free.get(places.get((hold.seller_id, line.product_id, line.variant_id), hold.order_id), 0))
        for line in hold.lines
    ]
    missing = [(line, there) for line, there in lines if there < line.quantity]
    return [
        contract.Shortage(product_id=line.product_id, variant_id=line.variant_id, available=there if missing else 0)
        for line, there in missing or lines
    ]


async def _hold(
    ctx: Context, tx: Transaction, locked: Sequence[StockRow], granted: Sequence[tuple[contract.StockHold, Wanted]]
) -> None:
    if not granted:
        return
    rows = [(each.order_id, each.order_number, each.seller_id, each.expires_at) for each, _ in granted]
    await queries.insert_holds(tx, *unzip(rows, 4), ctx.clock.now())
    lines = [(want.order_id, stock, units) for _, want in granted for stock, units in (want.units or {}).items()]
    await queries.insert_hold_lines(tx, *unzip(lines, 3))
    numbers = {each.order_id: each.order_number for each, _ in granted}
    changes = [
        Change(stock, MovementType.RESERVED, units, f"Order {numbers[order_id]}", reserved=units, order_id=order_id)
        for order_id, stock, units in lines
    ]
    await move(ctx, tx, locked, changes)


async def _locked_lines(tx: Transaction, holds: Sequence[HoldRow]) -> tuple[list[HoldLine], list[StockRow]]:
    lines = await queries.find_hold_lines(tx, [each.order_id for each in holds]) if holds else []
    concerned = sorted({each.stock_id for each in lines})
    return lines, await queries.lock_stock(tx, concerned) if concerned else []


@implements(contract.sell_stock)
async def sell_stock(ctx: Context, request: contract.SellStock) -> contract.SoldStock:
    """Book the sale of what is held, and tell the stores; a sale that is booked stays."""
    wanted = list(dict.fromkeys(request.order_ids))
    async with ctx.db.transaction() as tx:
        await queries.lock_orders(tx, wanted)
        known = await queries.find_holds(tx, wanted)
        held = [each for each in known if each.status is HoldStatus.HELD]
        lines, locked = await _locked_lines(tx, held)
        numbers = {each.order_id: each.order_number for each in held}
        await move(
            ctx,
            tx,
            locked,
            [
                Change(
                    each.stock_id,
                    MovementType.SALE,
                    each.units,
                    f"Order {numbers[each.order_id]} was paid",
                    stock=-each.units,
                    reserved=-each.units,
                    order_id=each.order_id,
                )
                for each in lines
            ],
        )
        await queries.move_holds(tx, list(numbers), HoldStatus.SOLD, ctx.clock.now())
        await ctx.publish(tx, *_received(held, lines, locked))
    sold = {each.order_id for each in known if each.status in (HoldStatus.HELD, HoldStatus.SOLD)}
    return contract.SoldStock(
        sold=[each for each in wanted if each in sold], missing=[each for each in wanted if each not in sold]
    )


def _received(
    held: Sequence[HoldRow], lines: Sequence[HoldLine], locked: Sequence[StockRow]
) -> list[contract.SellerOrderReceived]:
    stocks = {each.id: each for each in locked}
    told = []
    for hold in held:
        own = [each for each in lines if each.order_id == hold.order_id]
        store = stocks[own[0].stock_id]
        told.append(
            contract.SellerOrderReceived(
                seller_id=store.seller_id,
                user_id=store.user_id,
                name=store.seller_name,
                order_id=hold.order_id,
                order_number=hold.order_number,
                units=sum(each.units for each in own),
            )
        )
    return told


@implements(contract.give_back_stock)
async def give_back_stock(ctx: Context, request: contract.GiveBackStock) -> Nothing:
    """Release what is held and take back what was sold."""
    async with ctx.db.transaction() as tx:
        await give_back(ctx, tx, request.order_ids, request.reason)
    return Nothing()


async def give_back(ctx: Context, tx: Transaction, order_ids: Sequence[UUID], reason: str) -> None:
    """End what orders have of the stock; what has ended stays as it is."""
    wanted, now = list(dict.fromkeys(order_ids)), ctx.clock.now()
    await queries.lock_orders(tx, wanted)
    known = {each.order_id: each for each in await queries.find_holds(tx, wanted)}
    open_holds = [each for each in known.values() if each.status in (HoldStatus.HELD, HoldStatus.SOLD)]
    lines, locked = await _locked_lines(tx, open_holds)
    await move(ctx, tx, locked, [_back(each, known[each.order_id].status, reason) for each in lines])
    for before, after in ((HoldStatus.HELD, HoldStatus.RELEASED), (HoldStatus.SOLD, HoldStatus.RETURNED)):
        ended = [each.order_id for each in open_holds if each.status is before]
        await queries.move_holds(tx, ended, after, now)
    await queries.remember_ended(tx, [each for each in wanted if each not in known], now)


def _back(line: HoldLine, status: HoldStatus, reason: str) -> Change:
    if status is HoldStatus.HELD:
        return Change(
            line.stock_id, MovementType.RELEASED, line.units, reason, reserved=-line.units, order_id=line.order_id
        )
    return Change(line.stock_id, MovementType.RETURN, line.units, reason, stock=line.units, order_id=line.order_id)


async def release_expired(ctx: Context) -> int:
    """Release holds whose time is over and of which their orders never told; answers how many."""
    due = await queries.find_due_holds(ctx.db, ctx.clock.now(), DUE_AT_ONCE)
    if due:
        async with ctx.db.transaction() as tx:
            await queries.lock_orders(tx, due)
            still = await queries.find_holds(tx, due)
            await give_back(
                ctx, tx, [each.order_id for each in still if each.status is HoldStatus.HELD], "The time to pay is over"
            )
    return len(due)


@timer(every=timedelta(seconds=10))
async def release_expired_holds(ctx: Context) -> None:
    await release_expired(ctx)
