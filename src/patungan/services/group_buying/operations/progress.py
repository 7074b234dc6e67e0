"""Live progress: announced through Valkey after each commit, fanned out in memory to everybody who watches.

The cost of a change does not grow with those who watch: changes are gathered for a tenth of a second, what they amount to is
read in one statement for all sessions together, encoded once, and the same bytes go to every viewer.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Sequence
from uuid import UUID

import msgspec

from patungan.contracts import group_buying as contract
from patungan.kernel.answers import Answers
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Unavailable
from patungan.kernel.service import Context
from patungan.kernel.signals import Signals
from patungan.services.group_buying.operations.fan import Topic
from patungan.services.group_buying.operations.views import progress_of
from patungan.services.group_buying.queries import progress, sessions

CHANNEL = "group-buying:progress:"

PAUSE = 0.1
"""Seconds between two announcements of this process; the fan shows a viewer half as many (``fan.PAUSE``)."""

EASE = 1.0
"""Under load an announcement is followed by a pause of this many times its own length, if that is more."""

RECONCILE_SECONDS = 0.75
"""How often what is watched is compared with the database: the most that a lost announcement can delay a viewer."""

HEARTBEAT_SECONDS = 15.0
"""After which an idle stream says that it is alive, before any proxy gives it up."""

IDLE_SECONDS = 30.0
"""How long a session is followed after its last viewer, who may come back."""


def announce_after_commit(ctx: Context, tx: Transaction, session_id: UUID) -> None:
    """Once this transaction is committed, drop what is kept of the session and tell the watchers how far it is."""

    async def announce() -> None:
        announcer: Announcer = ctx.local["announcer"]
        announcer.changed(session_id)

    tx.after_commit.append(announce)


def _event(version: int, data: bytes) -> bytes:
    """A state as a server-sent event, whose id is the state's version."""
    return b"event: progress\ndata: %b\nid: %d\n\n" % (data, version)


async def _states_of(ctx: Context, session_ids: Collection[UUID]) -> list[tuple[UUID, int, bytes]]:
    """The progress of sessions with its version; a state may be newer than its version says, never older."""
    versions = {each.id: each.version for each in await progress.versions_of(ctx.db, list(session_ids))}
    found = await sessions.sessions_by_ids(ctx.db, list(versions))
    return [(each.id, versions[each.id], msgspec.json.encode(progress_of(each))) for each in found]


class Announcer:
    """Gathers the changes that this process commits and announces each session at most ten times a second."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._signals: Signals = ctx.local["signals"]
        self._answers: Answers = ctx.local["answers"]
        self._watchers: Watchers = ctx.local["watchers"]
        self._pending: set[UUID] = set()
        self._task: asyncio.Task[None] | None = None

    def changed(self, session_id: UUID) -> None:
        """A change is committed: nothing kept in this process shows the old state from here on."""
        self._answers.drop([str(session_id)])
        self._pending.add(session_id)
        if self._task is None:
            self._task = asyncio.create_task(self._work())

    async def close(self) -> None:
        """Announce what is left."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._pending:
            await self._announce(self._pending)

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._pending:
                ids, self._pending = self._pending, set()
                began = loop.time()
                await self._announce(ids)
                await asyncio.sleep(max(PAUSE, EASE * (loop.time() - began)))
        finally:
            self._task = None

    async def _announce(self, session_ids: Collection[UUID]) -> None:
        await self._answers.tell([str(each) for each in session_ids])
        try:
            states = await _states_of(self._ctx, session_ids)
        except Unavailable as error:
            # Viewers see the state at the next comparison with the database; the business goes on.
            self._ctx.log.warning("progress not announced", sessions=len(session_ids), exc_info=error)
            return
        for session_id, version, data in states:
            self._watchers.update(session_id, version, data)
        await self._signals.send(
            (f"{CHANNEL}{session_id}", b"%d %b" % (version, data)) for session_id, version, data in states
        )


class Watchers:
    """The sessions that are watched in this process, each with one subscription and its latest state."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._signals: Signals = ctx.local["signals"]
        self._topics: dict[UUID, Topic] = {}
        self._opening: dict[UUID, asyncio.Task[Topic]] = {}
        self._task = asyncio.create_task(self._look_after())

    async def close(self) -> None:
        """End every stream."""
        for task in (self._task, *self._opening.values()):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        for topic in self._topics.values():
            topic.end()

    async def topic(self, session_id: UUID) -> Topic:
        """A session to watch, its state at hand; raises SessionNotFound. A crowd that comes at once reads it once."""
        topic = self._topics.get(session_id)
        opening = self._opening.get(session_id)
        if topic is not None and opening is None:
            return topic
        if opening is None:
            opening = self._opening[session_id] = asyncio.create_task(self._open(session_id))
            opening.add_done_callback(lambda _: self._opening.pop(session_id, None))
        # Shielded: one viewer who gives up must not end the reading that the others wait for.
        return await asyncio.shield(opening)

    async def _open(self, session_id: UUID) -> Topic:
        topic = self._topics[session_id] = Topic()
        # Listening before reading: what changes in between is heard.
        self._signals.listen(f"{CHANNEL}{session_id}", lambda message: self._heard(session_id, message))
        try:
            found = await _states_of(self._ctx, [session_id])
            if not found:
                raise contract.SessionNotFound()
        except BaseException:
            self._forget(session_id)
            raise
        self.update(*found[0])
        return topic

    def update(self, session_id: UUID, version: int, data: bytes) -> None:
        """A state of a session, in whatever order they come; the viewers see the latest."""
        topic = self._topics.get(session_id)
        if topic is not None:
            topic.update(version, _event(version, data))

    def _heard(self, session_id: UUID, message: bytes) -> None:
        version, _, data = message.partition(b" ")
        self.update(session_id, int(version), data)

    def _forget(self, session_id: UUID) -> None:
        self._topics.pop(session_id, None)
        self._signals.ignore(f"{CHANNEL}{session_id}")

    async def _look_after(self) -> None:
        """Compare with the database what is watched, forget what is not, and keep idle streams alive."""
        loop = asyncio.get_running_loop()
        beat_at = loop.time() + HEARTBEAT_SECONDS
        while True:
            await asyncio.sleep(RECONCILE_SECONDS)
            now = loop.time()
            for session_id, topic in list(self._topics.items()):
                if topic.viewers:
                    topic.watched_at = now
                elif now - topic.watched_at > IDLE_SECONDS:
                    self._forget(session_id)
            if now >= beat_at:
                beat_at = now + HEARTBEAT_SECONDS
                for topic in self._topics.values():
                    topic.beat()
            await self._reconcile([session_id for session_id, topic in self._topics.items() if topic.version])

    async def _reconcile(self, session_ids: Sequence[UUID]) -> None:
        if not session_ids:
            return
        try:
            versions = await progress.versions_of(self._ctx.db, session_ids)
            behind = [each.id for each in versions if each.version > self._version(each.id)]
            for state in await _states_of(self._ctx, behind) if behind else []:
                self.update(*state)
        except Unavailable as error:
            self._ctx.log.warning("watched sessions not compared", sessions=len(session_ids), exc_info=error)

    def _version(self, session_id: UUID) -> int:
        topic = self._topics.get(session_id)
        return topic.version if topic is not None else 0
