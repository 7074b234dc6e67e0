"""Events: read in commit-safe order, each taking effect once, whatever the order of commits."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from patungan.contracts import auth
from patungan.kernel.contract import ReadEvents, read_events_operation
from patungan.kernel.database import Transaction
from patungan.kernel.errors import IdempotencyKeyReused
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Role
from tests.house import House


async def _read(house: House, after: tuple[int, int] = (0, 0)) -> list[tuple[tuple[int, int], str]]:
    batch = await house.context("notification").call(
        read_events_operation("auth"),
        ReadEvents(after_xid=after[0], after_position=after[1], types=("user.suspended",), limit=100),
    )
    return [((each.xid, each.position), bytes(each.payload).decode()) for each in batch.events]


async def test_an_event_of_an_open_transaction_is_never_skipped(one_house: House) -> None:
    """A transaction that began first and commits last must not fall behind a cursor that has moved on."""
    ctx = one_house.context("auth")
    first, second = uuid4(), uuid4()
    began, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with ctx.db.transaction() as tx:
            await ctx.publish(tx, auth.UserSuspended(user_id=first))
            began.set()
            await go_on.wait()

    task = asyncio.create_task(slow())
    await began.wait()
    async with ctx.db.transaction() as tx:
        await ctx.publish(tx, auth.UserSuspended(user_id=second))
    before = await _read(one_house)
    assert not any(str(second) in text for _, text in before)
    go_on.set()
    await task
    seen = "".join(text for _, text in await _read(one_house))
    assert str(first) in seen
    assert str(second) in seen


async def test_a_rolled_back_event_never_was(one_house: House) -> None:
    ctx, user_id = one_house.context("auth"), uuid4()
    with pytest.raises(RuntimeError):
        async with ctx.db.transaction() as tx:
            await ctx.publish(tx, auth.UserSuspended(user_id=user_id))
            raise RuntimeError("changed my mind")
    assert not any(str(user_id) in text for _, text in await _read(one_house))


async def test_the_same_key_gets_the_same_answer(one_house: House) -> None:
    ctx, actor, key = one_house.context("auth"), uuid4(), "key-1"
    done: list[int] = []

    async def work(_tx: Transaction) -> int:
        done.append(1)
        return len(done)

    async def ask(quantity: int) -> int:
        request = auth.GrantRole(user_id=actor, role=Role.SELLER if quantity == 1 else Role.ADMIN)
        return await once(ctx.db, actor, "test", key, request, ctx.clock.now(), int, work)

    assert await asyncio.gather(*(ask(1) for _ in range(5))) == [1] * 5
    with pytest.raises(IdempotencyKeyReused):
        await ask(2)
    assert len(done) == 1


async def test_a_failed_request_leaves_its_key_free(one_house: House) -> None:
    ctx, actor = one_house.context("auth"), uuid4()
    attempts: list[int] = []

    async def work(_tx: Transaction) -> str:
        attempts.append(1)
        if len(attempts) == 1:
            raise asyncpg.PostgresError("the first time fails")
        return "done"

    request = auth.GetUsers(user_ids=[])
    with pytest.raises(asyncpg.PostgresError):
        await once(ctx.db, actor, "test", "key", request, ctx.clock.now(), str, work)
    assert await once(ctx.db, actor, "test", "key", request, ctx.clock.now(), str, work) == "done"
