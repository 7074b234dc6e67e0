"""Short messages between the processes of a service through Valkey, over one connection a process.

They hurry things along and nothing more: a message may be lost, and whoever depends on one must notice without it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable

import structlog
from valkey.asyncio import Valkey
from valkey.asyncio.client import PubSub
from valkey.exceptions import ValkeyError

LOOK_SECONDS = 1.0
RETRY_SECONDS = 0.5

Handler = Callable[[bytes], None]


class Signals:
    """The channels that this process listens to, each with one handler."""

    def __init__(self, valkey: Valkey, log: structlog.stdlib.BoundLogger) -> None:
        self._valkey = valkey
        self._log = log
        self._handlers: dict[str, Handler] = {}
        self._pubsub: PubSub | None = None
        self._lock = asyncio.Lock()
        self._changes: set[asyncio.Task[None]] = set()
        self._task = asyncio.create_task(self._listen())

    async def close(self) -> None:
        """Stop listening."""
        for task in (self._task, *self._changes):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def listen(self, channel: str, handler: Handler) -> None:
        """Hand every message of a channel to a handler, soon after now; a second handler takes the first one's place."""
        self._handlers[channel] = handler
        self._later(channel)

    def ignore(self, channel: str) -> None:
        """Listen to a channel no longer."""
        self._handlers.pop(channel, None)
        self._later(channel)

    async def send(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Send messages, each to its channel, in one round trip; with Valkey away they are lost, and that is logged."""
        pipeline = self._valkey.pipeline(transaction=False)
        for channel, data in messages:
            pipeline.publish(channel, data)
        try:
            await pipeline.execute()
        except (ValkeyError, OSError, TimeoutError) as error:
            self._log.warning("signals not sent", count=len(pipeline), exc_info=error)

    def _later(self, channel: str) -> None:
        task = asyncio.create_task(self._follow(channel))
        self._changes.add(task)
        task.add_done_callback(self._changes.discard)

    async def _follow(self, channel: str) -> None:
        """Tell Valkey whether a channel is wanted now. A failure ends the connection, and the next one is told anew."""
        async with self._lock:
            if self._pubsub is None:
                return
            with contextlib.suppress(ValkeyError, OSError, TimeoutError):
                if channel in self._handlers:
                    await self._pubsub.subscribe(channel)
                else:
                    await self._pubsub.unsubscribe(channel)

    async def _listen(self) -> None:
        away = False
        while True:
            try:
                async with self._valkey.pubsub(ignore_subscribe_messages=True) as pubsub:
                    async with self._lock:
                        # Subscribed to something always: a connection without a subscription has nothing to wait for.
                        await pubsub.subscribe("signals", *self._handlers)
                        self._pubsub = pubsub
                    away = False
                    while True:
                        self._hand_on(await pubsub.get_message(ignore_subscribe_messages=True, timeout=LOOK_SECONDS))
            except (ValkeyError, OSError, TimeoutError) as error:
                if not away:
                    self._log.warning("signals interrupted", exc_info=error)
                away = True
                await asyncio.sleep(RETRY_SECONDS)
            finally:
                self._pubsub = None

    def _hand_on(self, message: dict[str, object] | None) -> None:
        if message is None or message["type"] != "message":
            return
        channel, data = message["channel"], message["data"]
        if isinstance(channel, bytes) and isinstance(data, bytes):
            handler = self._handlers.get(channel.decode())
            if handler is not None:
                handler(data)
