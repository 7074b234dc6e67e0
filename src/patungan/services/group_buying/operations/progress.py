"""Live progress: announced through Valkey after each commit, fanned out in memory to everybody who watches."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from uuid import UUID

import msgspec
from valkey.exceptions import ValkeyError

from patungan.kernel.database import Transaction
from patungan.kernel.service import Context
from patungan.services.group_buying.operations.views import progress_of, session_or_404

CHANNEL = "group-buying:progress:"

PAUSE = 0.2
"""Seconds between two updates to one watcher: five a second are all that an eye can follow."""

HEARTBEAT = 15.0
"""Seconds after which an idle stream says that it is alive, before any proxy gives it up."""


def announce_after_commit(ctx: Context, tx: Transaction, session_id: UUID) -> None:
    """Tell the watchers of a session how far it is once this transaction is committed."""

    async def announce() -> None:
        session = await session_or_404(ctx.db, session_id)
        try:
            await ctx.valkey.publish(f"{CHANNEL}{session_id}", msgspec.json.encode(progress_of(session)))
        except (ValkeyError, OSError) as error:
            # Watchers see the next announcement, or the state when they reconnect; the business goes on.
            ctx.log.warning("progress not announced", session=str(session_id), exc_info=error)

    tx.after_commit.append(announce)


class Watchers:
    """The watchers of this process: one subscription to Valkey, and the latest update of each session that is watched."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._latest: dict[str, bytes] = {}
        self._task = asyncio.create_task(self._listen())

    async def close(self) -> None:
        """Stop listening."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _listen(self) -> None:
        while True:
            try:
                async with self._ctx.valkey.pubsub() as pubsub:
                    await pubsub.psubscribe(f"{CHANNEL}*")
                    async for message in pubsub.listen():
                        if message["type"] == "pmessage":
                            self._wake(message["channel"].decode().removeprefix(CHANNEL), message["data"])
            except (ValkeyError, OSError, TimeoutError):
                await asyncio.sleep(1)

    def _wake(self, session_id: str, data: bytes) -> None:
        waiting = self._waiting.get(session_id)
        if waiting:
            self._latest[session_id] = data
            for event in waiting:
                event.set()

    async def watch(self, session_id: UUID) -> AsyncIterator[bytes]:
        """A session's progress now, then at every change, each as a server-sent event."""
        key = str(session_id)
        changed = asyncio.Event()
        self._waiting.setdefault(key, set()).add(changed)
        try:
            session = await session_or_404(self._ctx.db, session_id)
            yield _event(msgspec.json.encode(progress_of(session)))
            while True:
                try:
                    async with asyncio.timeout(HEARTBEAT):
                        await changed.wait()
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                changed.clear()
                yield _event(self._latest[key])
                await asyncio.sleep(PAUSE)
        finally:
            self._waiting[key].discard(changed)
            if not self._waiting[key]:
                del self._waiting[key]
                self._latest.pop(key, None)


def _event(data: bytes) -> bytes:
    return b"event: progress\ndata: " + data + b"\n\n"
