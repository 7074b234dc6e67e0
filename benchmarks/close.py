"""Closing a session: from its end to the last order, with 1,000, 10,000 and 100,000 participants who have paid.

Reference: the rows that a close writes, inserted by one SQL statement into empty tables with the same indexes.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import httpx
import msgspec
import psutil

from benchmarks.frame.figures import ratio
from benchmarks.frame.market import Market
from benchmarks.frame.memory import Memory, watching
from benchmarks.frame.paid import close_reference, make_paid_participants
from benchmarks.frame.platform import BenchPlatform, bench_platform
from patungan.operations.audit import examine
from patungan.operations.progress import Progress

TOLD = 3
"""Notifications of a participant: the order, the cashback, the success of the group."""

GIVE_UP_SECONDS = 120

GOAL_SECONDS = 15.0
GOAL_PEOPLE = 100_000
GOAL_GROWTH = 1.3
GOAL_MEMORY_MB = 64


class Options(msgspec.Struct, frozen=True):
    people: Annotated[tuple[int, ...], "participants of the sessions that are closed, one after the other"] = (
        1_000,
        10_000,
        100_000,
    )


class Closed(msgspec.Struct, frozen=True):
    """One close: seconds from the end of the session to its last order, and to the last notification.

    ``of_reference`` is the close's time divided by the reference's; memory is resident, in megabytes.
    """

    people: int
    seconds: float
    seconds_per_1000: float
    notified_seconds: float
    notifications_after_close_per_second: float
    reference_seconds: float
    of_reference: float
    api: Memory
    worker: Memory
    processor_seconds: dict[str, float]


class Report(msgspec.Struct, frozen=True):
    """``growth`` is the time against linear growth from the session before: 1.0 is linear, less is better."""

    reference: str
    closes: list[Closed]
    growth: dict[str, float]
    holds: dict[str, bool]


async def run(progress: Progress, options: Options) -> Report:
    """Close sessions of growing size on one platform and check every one of them."""
    async with bench_platform(progress, web=False) as platform, httpx.AsyncClient(timeout=60) as client:
        market = await Market.open(platform, client, "M", "L")
        for variant in market.product["variants"]:
            await market.stock(3 * sum(options.people), variant["id"])
        owner = await platform.owner()
        try:
            closes: list[Closed] = []
            faults: list[str] = []
            for people in options.people:
                closes.append(await _close(progress, market, owner, people, faults))
            with progress.step("audited the books"):
                async with owner.transaction(isolation="repeatable_read"):
                    report = await examine(owner, None)
            faults += [f"audit: {name}" for name in report.broken()]
        finally:
            await owner.close()
    growth = {
        f"{before.people} to {after.people}": ratio(after.seconds / after.people, before.seconds / before.people)
        for before, after in itertools.pairwise(closes)
    }
    return Report(
        "the rows of the close, inserted by one SQL statement into empty tables with the same indexes",
        closes,
        growth,
        {
            "every participant has one order and the right cashback, the escrow is empty, the books are whole": not faults,
            **{f"no fault: {each}": False for each in faults},
            **_goals(closes, growth),
        },
    )


def _goals(closes: list[Closed], growth: dict[str, float]) -> dict[str, bool]:
    """What the largest session must show, where it was closed."""
    found: dict[str, bool] = {}
    for before, after in itertools.pairwise(closes):
        if after.people >= GOAL_PEOPLE:
            found[f"{after.people} in under {GOAL_SECONDS:.0f} s"] = after.seconds < GOAL_SECONDS
            grown = growth[f"{before.people} to {after.people}"]
            found[f"at most {GOAL_GROWTH} times linear from {before.people}"] = grown <= GOAL_GROWTH
            for name in ("api", "worker"):
                larger: Memory = getattr(after, name)
                smaller: Memory = getattr(before, name)
                flat = larger.peak_mb - smaller.peak_mb <= GOAL_MEMORY_MB
                found[f"{name}: at most {GOAL_MEMORY_MB} MB more than with {before.people}"] = flat
    return found


async def _close(
    progress: Progress, market: Market, owner: asyncpg.Connection[asyncpg.Record], people: int, faults: list[str]
) -> Closed:
    platform = market.platform
    with progress.step(f"made {people:,} participants who have paid"):
        session = await market.session(target_moq=people)
        session_id = UUID(session["id"])
        await make_paid_participants(owner, session_id, people)
        # A session's payments are sealed as they come in, not by its close.
        await _until(owner, "select waiting = 0 from ledger.sealing_state()")
        # As autovacuum leaves them; and no checkpoint of the making falls into the measurement.
        await owner.execute("vacuum analyze")
        await owner.execute("checkpoint")
    told = await owner.fetchval("select count(*) from notification.notifications")
    with progress.step(f"closed {people:,}"):
        before = _processor_seconds(platform)
        async with watching(platform, "api", "worker") as memory:
            began = time.monotonic()
            await market.send("group-buying", f"/api/group-buying/{session_id}/end")
            await _until(owner, "select status = 'orders_created' from group_buying.sessions where id = $1", session_id)
            closed = time.monotonic()
            told_at_close = await owner.fetchval("select count(*) from notification.notifications") - told
            used = {name: round(after - before[name], 2) for name, after in _processor_seconds(platform).items()}
        within = {name: each.of_now() for name, each in memory.items()}
    with progress.step("waited for the notifications"):
        wanted = told + TOLD * people
        await _until(owner, "select count(*) >= $1 from notification.notifications", wanted)
        notified = time.monotonic()
    faults += [f"{people}: {each}" for each in await _faults(owner, session_id, people)]
    with progress.step("inserted the same rows by one statement"):
        reference = await close_reference(owner, session_id)
    seconds = closed - began
    return Closed(
        people=people,
        seconds=round(seconds, 3),
        seconds_per_1000=round(seconds / people * 1000, 4),
        notified_seconds=round(notified - began, 3),
        notifications_after_close_per_second=round((TOLD * people - told_at_close) / max(notified - closed, 0.05), 1),
        reference_seconds=round(reference, 3),
        of_reference=ratio(seconds, reference),
        api=within["api"],
        worker=within["worker"],
        processor_seconds=used,
    )


def _processor_seconds(platform: BenchPlatform) -> dict[str, float]:
    """Of the two processes, and of the server with those of its backends that are there still."""
    server = psutil.Process(platform.pieces["postgres"].process.pid)
    backends = 0.0
    for each in (server, *server.children()):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = each.cpu_times()
            backends += times.user + times.system
    return {"postgres": backends, **{name: platform.pieces[name].cpu_seconds() for name in ("api", "worker")}}


async def _until(owner: asyncpg.Connection[asyncpg.Record], sql: str, *args: Any) -> None:
    async with asyncio.timeout(GIVE_UP_SECONDS):
        while not await owner.fetchval(sql, *args):
            await asyncio.sleep(0.05)


async def _faults(owner: asyncpg.Connection[asyncpg.Record], session_id: UUID, people: int) -> list[str]:
    """What is not as it must be of a closed session, counted in the tables of all services."""
    row = await owner.fetchrow(
        """
        select s.paid_quantity * (s.base_price - s.price_tier_100) as cashback,
            (select count(*) from "order".orders where session_id = s.id) as orders,
            (select count(*) from group_buying.participants where session_id = s.id and status = 'settled'
                and order_number is not null) as settled,
            (select coalesce(sum(amount), 0)::bigint from wallet.wallet_transactions where reference = s.code) as credited,
            (select coalesce(sum(w.balance), 0)::bigint from wallet.wallets w where w.user_id in
                (select user_id from group_buying.participants where session_id = s.id)) as in_wallets,
            ledger.balance_of('escrow/' || s.id) as escrow,
            ledger.balance_of('cashback_payable/' || s.id) as payable
        from group_buying.sessions s where s.id = $1
        """,
        session_id,
    )
    if row is None:
        return ["the session is gone"]
    wanted = {
        "orders": people,
        "settled": people,
        "credited": row["cashback"],
        "in_wallets": row["cashback"],
        "escrow": 0,
        "payable": 0,
    }
    return [f"{name} is {row[name]}, not {right}" for name, right in wanted.items() if row[name] != right]
