"""The fan: one session's latest state handed to everybody who watches it, as the same bytes."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from typing import Any

from litestar.types import Receive, Scope, Send

PAUSE = 0.2
"""Seconds between two events to the viewers of one session."""

EASE = 1.0
"""With so many viewers that handing out an event takes long, the next waits this many times as long: half the time is left."""

SLICE = 100
"""Viewers who are handed an event at a time, some milliseconds of work: joins do not wait until thousands are through."""

HEARTBEAT = b": still here\n\n"

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    # nginx must hand on each event at once.
    (b"x-accel-buffering", b"no"),
]


class Topic:
    """What is watched, and by whom. ``version`` 0: no state is known yet."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.watched_at = self._loop.time()
        self.viewers: set[Viewer] = set()
        self.version = 0
        self.event = b""
        self.shown = 0
        """The version that was last handed out."""
        self.beats = 0
        self._next_at = 0.0
        self._due: asyncio.TimerHandle | None = None

    def update(self, version: int, event: bytes) -> None:
        """Take a state unless a later one is known, and hand it out as soon as the pause is over."""
        if version <= self.version:
            return
        self.version, self.event = version, event
        if self._due is None:
            self._due = self._loop.call_at(max(self._loop.time(), self._next_at), self._hand_out)

    def beat(self) -> None:
        """Have every viewer told that the stream is alive."""
        self.beats += 1
        for viewer in self.viewers:
            viewer.wake()

    def end(self) -> None:
        """Let every viewer go."""
        if self._due is not None:
            self._due.cancel()
        for viewer in self.viewers:
            viewer.leave()

    def _hand_out(self) -> None:
        self.shown = self.version
        self._hand_on(self._loop.time(), iter(list(self.viewers)))

    def _hand_on(self, began: float, left: Iterator[Viewer]) -> None:
        """Wake the next few; whatever else the process has to do comes in between."""
        few = list(itertools.islice(left, SLICE))
        for viewer in few:
            viewer.wake()
        # Called after those who were woken.
        if few:
            self._loop.call_soon(self._hand_on, began, left)
        else:
            self._handed_out(began)

    def _handed_out(self, began: float) -> None:
        now = self._loop.time()
        self._next_at = max(began + PAUSE, now + EASE * (now - began))
        self._due = None
        if self.shown < self.version:
            self._due = self._loop.call_at(max(now, self._next_at), self._hand_out)


class Viewer:
    """One open stream, as an ASGI application: the state at once, then each that is handed out while the last is sent.

    A viewer who reads slowly is sent what is newest when the last event is through, and misses what was in between.
    """

    def __init__(self, topic: Topic) -> None:
        self._topic = topic
        self._waiting: asyncio.Future[None] | None = None
        self._gone = False

    def wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def leave(self) -> None:
        """End the stream."""
        self._gone = True
        self.wake()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        topic = self._topic
        topic.viewers.add(self)
        listening = asyncio.create_task(self._until_gone(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            seen, beats = topic.version, topic.beats
            await self._write(send, topic.event)
            while not self._gone:
                if topic.shown > seen:
                    seen = topic.version
                    await self._write(send, topic.event)
                elif topic.beats > beats:
                    beats = topic.beats
                    await self._write(send, HEARTBEAT)
                else:
                    self._waiting = asyncio.get_running_loop().create_future()
                    await self._waiting
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            topic.viewers.discard(self)
            listening.cancel()

    async def _write(self, send: Send, data: bytes) -> None:
        await send({"type": "http.response.body", "body": data, "more_body": True})

    async def _until_gone(self, receive: Receive) -> None:
        message: Any = await receive()
        while message["type"] != "http.disconnect":
            message = await receive()
        self.leave()
