"""Events: appended to the producer's log in the transaction that causes them, read in commit-safe order by cursor."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.kernel.chance import Chance, backoff_seconds
from patungan.kernel.contract import EventBatch, ReadEvents, StoredEvent, event_type, read_events_operation
from patungan.kernel.database import Transaction

if TYPE_CHECKING:
    from patungan.kernel.service import Context

E = TypeVar("E", bound=msgspec.Struct)

SOONEST_LOOK, LATEST_LOOK = 0.2, 5.0
"""Seconds until a subscriber looks again that found nothing more: soon after it was woken, since an open transaction may have
hidden what woke it, then twice as late each time."""


class _Cursor(msgspec.Struct):
    xid: int
    position: int


append_events = sql.run(
    """
    insert into events (id, type, version, occurred_at, payload)
    select * from unnest($1::uuid[], $2::text[], $3::smallint[], $4::timestamptz[], $5::jsonb[])
    """
)
read_log = sql.many(
    StoredEvent,
    """
    select (e.xid::text)::bigint as xid, e.position, e.id, e.type, e.version::int as version, e.occurred_at, e.payload
    from unnest($3::text[]) as wanted(type)
    -- Each type by its own part of the index: together they would be sorted whole, for every batch of a long log again.
    cross join lateral (
        select * from events
        where type = wanted.type and (xid, position) > (($1::bigint)::text::xid8, $2)
          and xid < pg_snapshot_xmin(pg_current_snapshot())
        order by xid, position limit $4
    ) e
    order by e.xid, e.position limit $4
    """,
)
lock_cursor = sql.maybe(
    _Cursor, "select xid, position from event_cursors where subscription = $1 for update skip locked"
)
ensure_cursor = sql.run(
    "insert into event_cursors (subscription, xid, position) values ($1, 0, 0) on conflict do nothing"
)
move_cursor = sql.run("update event_cursors set xid = $2, position = $3 where subscription = $1")


@dataclass(frozen=True, slots=True)
class Received(Generic[E]):
    """An event as it reaches a subscriber."""

    id: UUID
    occurred_at: datetime
    body: E


Handler = Callable[["Context", Transaction, Sequence[Received[Any]]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A service's interest in some events of one producer; effects and cursor move in one transaction."""

    name: str
    producer: str
    types: dict[str, type[Any]]
    handler: Handler
    linger: timedelta = timedelta(0)
    share: float = 1.0


def subscription(
    *bodies: type[Any], linger: timedelta = timedelta(0), share: float = 1.0
) -> Callable[[Handler], Subscription]:
    """Declare a handler of events, all of one producer: ``async def on_x(ctx, tx, events)``, a batch at a time.

    The handler's effects are stored in ``tx``, with the cursor: each event takes effect exactly once. ``linger`` is how
    long a woken subscriber waits for more, so that a crowd's events come in few batches. ``share`` is the part of the time
    that a subscriber with a backlog works: below 1 it leaves the machine to what must not wait for it.
    """
    kinds = [event_type(body) for body in bodies]
    producers = {kind.producer for kind in kinds}
    if len(producers) != 1:
        raise TypeError("a subscription reads one producer")

    def declare(handler: Handler) -> Subscription:
        name = f"{handler.__module__.rsplit('.', 2)[-2]}.{getattr(handler, '__name__', 'handler')}"
        return Subscription(name, producers.pop(), {kind.name: kind.body for kind in kinds}, handler, linger, share)

    return declare


async def publish(tx: Transaction, chance: Chance, now: datetime, *events: msgspec.Struct) -> None:
    """Append events to this service's log; they become visible when the transaction commits."""
    if not events:
        return
    kinds = [event_type(type(each)) for each in events]
    await append_events(
        tx,
        [chance.new_id() for _ in events],
        [kind.name for kind in kinds],
        [kind.version for kind in kinds],
        [now] * len(events),
        [msgspec.json.encode(each).decode() for each in events],
    )


async def read_events(ctx: Context, request: ReadEvents) -> EventBatch:
    """The operation every service offers its subscribers: its log after a place, only what can no longer be overtaken."""
    limit = max(1, min(request.limit, 2000))
    return EventBatch(
        events=await read_log(ctx.db, request.after_xid, request.after_position, list(request.types), limit)
    )


async def deliver(ctx: Context, sub: Subscription, *, limit: int = 500) -> int:
    """Carry one batch of events to a subscriber; answers how many there were."""
    # The log is read before the transaction opens, since no call is made inside one; the cursor is compared again under lock.
    place = await _peek(ctx, sub)
    batch = await ctx.call(
        read_events_operation(sub.producer),
        ReadEvents(after_xid=place.xid, after_position=place.position, types=tuple(sub.types), limit=limit),
    )
    if not batch.events:
        return 0
    received = [
        Received(stored.id, stored.occurred_at, msgspec.json.decode(stored.payload, type=sub.types[stored.type]))
        for stored in batch.events
    ]
    last = batch.events[-1]
    async with ctx.db.transaction() as tx:
        cursor = await lock_cursor(tx, sub.name)
        if cursor is None or (cursor.xid, cursor.position) != (place.xid, place.position):
            return 0
        await sub.handler(ctx, tx, received)
        await move_cursor(tx, sub.name, last.xid, last.position)
    return len(received)


peek_cursor = sql.maybe(_Cursor, "select xid, position from event_cursors where subscription = $1")


async def _peek(ctx: Context, sub: Subscription) -> _Cursor:
    cursor = await peek_cursor(ctx.db, sub.name)
    if cursor is None:
        await ensure_cursor(ctx.db, sub.name)
        return _Cursor(0, 0)
    return cursor


async def _worked_off(ctx: Context, sub: Subscription) -> int:
    """Deliver a batch, and rest afterwards where the subscriber may only work a share of the time."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    count = await deliver(ctx, sub)
    if count and sub.share < 1:
        await asyncio.sleep((loop.time() - began) * (1 / sub.share - 1))
    return count


async def follow(ctx: Context, sub: Subscription, wake: asyncio.Event) -> None:
    """Deliver for ever: at once when woken, and by itself more and more rarely; failures are logged and retried."""
    failures, pause = 0, SOONEST_LOOK
    while True:
        wake.clear()
        try:
            while await _worked_off(ctx, sub):
                pass
            failures = 0
            rest = pause
        except asyncio.CancelledError:
            raise
        except Exception as error:
            failures += 1
            rest = backoff_seconds(failures, ctx.chance)
            ctx.log.warning("event delivery failed", subscription=sub.name, failures=failures, exc_info=error)
        try:
            async with asyncio.timeout(rest):
                await wake.wait()
        except TimeoutError:
            pause = min(2 * pause, LATEST_LOOK)
            continue
        pause = SOONEST_LOOK
        await asyncio.sleep(sub.linger.total_seconds())
