"""Stock counts: opened for a part of a warehouse, entered line by line, handed in, and posted as corrections."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from patungan.contracts import warehouse as contract
from patungan.kernel import sql
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InvalidInput
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.kernel.sql import Executor
from patungan.kernel.time import jakarta_day
from patungan.services.warehouse.operations.shelf import Cause, Change, Shelf
from patungan.services.warehouse.queries import configuration
from patungan.services.warehouse.queries import desk as queries
from patungan.services.warehouse.queries.desk import Count, CountLine
from patungan.services.warehouse.rules import CountStatus, MovementType, needs_another_person

MOST_LINES = 500


class CountDetail(Count, frozen=True):
    """A stock count with its lines."""

    items: list[CountLine]


class OpenCount(msgspec.Struct, frozen=True):
    """Which stocks are counted: of some products, of a location, or all of a warehouse, 500 at most."""

    warehouse_id: UUID
    product_ids: list[UUID] | None
    location: str | None
    note: str


class Counted(msgspec.Struct, frozen=True):
    """What somebody counted of a stock, in units."""

    inventory_id: UUID
    counted: int
    note: str


async def describe(on: Executor, count_id: UUID) -> CountDetail:
    """A count with its lines; raises CountNotFound."""
    count = await queries.find_count(on, count_id)
    if count is None:
        raise contract.CountNotFound()
    return CountDetail(**msgspec.structs.asdict(count), items=await queries.find_count_lines(on, count_id))


async def open_count(ctx: Context, caller: Caller, request: OpenCount, key: str) -> CountDetail:
    """Begin a count of the stocks that no other count has in hand; raises WarehouseNotFound, CountStatusRefused for none."""
    if await configuration.find_warehouse(ctx.db, request.warehouse_id) is None:
        raise contract.WarehouseNotFound(field="warehouse_id")

    async def work(tx: Transaction) -> CountDetail:
        await queries.lock_counting(tx, request.warehouse_id)
        count_id, now = ctx.chance.new_id(), ctx.clock.now()
        while True:
            code = f"CC-{jakarta_day(now)}-{ctx.chance.code(6)}"
            if await queries.insert_count(tx, count_id, code, request.warehouse_id, request.note, caller.user_id, now):
                break
        wanted = (request.warehouse_id, request.product_ids, request.location)
        if not await queries.insert_count_lines(tx, count_id, *wanted, MOST_LINES):
            raise contract.CountStatusRefused("There is no such stock that is not being counted already")
        await _write(ctx, tx, caller, "opened", count_id)
        return await describe(tx, count_id)

    return await once(ctx.db, caller.user_id, "count-open", key, request, ctx.clock.now(), CountDetail, work)


async def enter(ctx: Context, caller: Caller, count_id: UUID, lines: Sequence[Counted]) -> CountDetail:
    """Enter what was counted; a line may be counted again until the count is handed in.

    Raises CountNotFound, CountStatusRefused, InvalidInput for a stock that is not in the count.
    """
    if len({line.inventory_id for line in lines}) != len(lines):
        raise InvalidInput("A stock is named twice", field="lines")
    async with ctx.db.transaction() as tx:
        await _lock(tx, count_id, CountStatus.OPEN)
        rows = sql.unzip([(line.inventory_id, line.counted, line.note) for line in lines], 3)
        if await queries.enter_counted(tx, count_id, *rows, caller.user_id, ctx.clock.now()) != len(lines):
            raise InvalidInput("A stock is not in this count", field="lines")
        return await describe(tx, count_id)


async def submit(ctx: Context, caller: Caller, count_id: UUID) -> CountDetail:
    """Hand a count in once every line is counted; raises CountNotFound, CountStatusRefused."""
    async with ctx.db.transaction() as tx:
        await _lock(tx, count_id, CountStatus.OPEN)
        detail = await describe(tx, count_id)
        if detail.counted < detail.lines:
            raise contract.CountStatusRefused(f"{detail.lines - detail.counted} lines are not counted yet")
        await queries.submit_count(tx, count_id, caller.user_id, ctx.clock.now())
        await _write(ctx, tx, caller, "submitted", count_id)
        return await describe(tx, count_id)


async def post(ctx: Context, caller: Caller, count_id: UUID, key: str) -> CountDetail:
    """Correct the stock by the differences of a count that was handed in.

    Raises CountNotFound, CountStatusRefused; CountNeedsAnotherPerson where it differs by more than 20 units in all and
    the caller handed it in or counted; InsufficientStock where reserved units would be missing.
    """

    async def work(tx: Transaction) -> CountDetail:
        await _lock(tx, count_id, CountStatus.SUBMITTED)
        detail = await describe(tx, count_id)
        differing = [line for line in detail.items if line.difference]
        counters = {detail.submitted_by, *(line.counted_by for line in detail.items)}
        if needs_another_person([line.difference or 0 for line in differing]) and caller.user_id in counters:
            raise contract.CountNeedsAnotherPerson()
        shelves = await Shelf.lock_all(ctx, tx, ((detail.warehouse_id, line.product_id) for line in differing))
        for (_warehouse, product_id), shelf in shelves.items():
            changes = [_change(shelf, line) for line in differing if line.product_id == product_id]
            cause = Cause(caller.user_id, f"Counted in {detail.code}", count_id=count_id)
            await shelf.move(MovementType.ADJUSTMENT, changes, cause)
            await shelf.feed()
            await shelf.close()
        await queries.close_count(tx, count_id, CountStatus.POSTED, caller.user_id, ctx.clock.now())
        await _write(ctx, tx, caller, "posted", count_id)
        return await describe(tx, count_id)

    return await once(ctx.db, caller.user_id, "count-post", key, count_id, ctx.clock.now(), CountDetail, work)


def _change(shelf: Shelf, line: CountLine) -> Change:
    difference, stock = line.difference or 0, shelf.stock(line.variant_id)
    if stock.available + difference < 0:
        raise contract.InsufficientStock(
            f"{-difference} units are missing and only {stock.available} are free; {stock.reserved} are reserved",
            field="lines",
        )
    return Change(line.variant_id, abs(difference), quantity=difference)


async def cancel(ctx: Context, caller: Caller, count_id: UUID, reason: str) -> CountDetail:
    """Give a count up before it is posted; raises CountNotFound, CountStatusRefused."""
    async with ctx.db.transaction() as tx:
        await _lock(tx, count_id, CountStatus.OPEN, CountStatus.SUBMITTED)
        await queries.close_count(tx, count_id, CountStatus.CANCELLED, caller.user_id, ctx.clock.now())
        await _write(ctx, tx, caller, "cancelled", count_id, reason)
        return await describe(tx, count_id)


async def _lock(tx: Transaction, count_id: UUID, *allowed: CountStatus) -> None:
    status = await queries.lock_count(tx, count_id)
    if status is None:
        raise contract.CountNotFound()
    if status not in allowed:
        raise contract.CountStatusRefused(f"The count is {status}")


async def _write(ctx: Context, tx: Transaction, caller: Caller, what: str, count_id: UUID, note: str = "") -> None:
    await configuration.write_audit_log(tx, ctx.clock.now(), caller.user_id, f"count.{what}", count_id, note, {})
