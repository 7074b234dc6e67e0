"""Viewers of a server-sent event stream by the thousand, in a process of its own."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from array import array
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, Self, cast

import msgspec
import uvloop

from benchmarks.frame.command import allow_many_files

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

AT_A_TIME = 200
"""Viewers that connect at the same moment; more would fill the server's queue of new connections."""


class Viewing(msgspec.Struct, frozen=True):
    """What is watched: ``path`` at a port of this host, by ``viewers`` connections."""

    port: int
    path: str
    viewers: int


class Seen(msgspec.Struct):
    """What the viewers saw between the start and the stop of counting. ``lags`` are seconds, one an event received."""

    connected: int
    lost: int
    lags: array[float]
    last: dict[str, int]
    """The newest value that the viewers hold, and how many hold it."""
    cpu_seconds: float


class _Viewer(asyncio.Protocol):
    """One viewer: notes when each event came; the last of those that came together is what it holds."""

    def __init__(self, run: _Run, request: bytes) -> None:
        self._run = run
        self._request = request
        self._head = True
        self._rest = b""
        self.held = b""
        self.opened: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).write(self._request)

    def data_received(self, data: bytes) -> None:
        now = time.time()
        if self._rest:
            data = self._rest + data
            self._rest = b""
        if self._head:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._rest = data
                return
            self._head = False
            if not self.opened.done():
                self.opened.set_result(data[9:12] == b"200")
            data = data[end + 4 :]
        end = data.rfind(b"\n\n")
        if end < 0:
            self._rest = data
            return
        self._rest = data[end + 2 :].lstrip(b"\r\n")
        if len(self._rest) < 8:
            # The size line of a chunk that has not come yet is no part of an event.
            self._rest = b""
        # Not split: a viewer that received several at once is up to date with the last of them.
        begin = data.rfind(b"data: ", 0, end)
        if begin >= 0:
            self.held = data[begin + 6 : data.find(b"\n", begin)]
            self._run.received(self.held, now)

    def connection_lost(self, exc: Exception | None) -> None:
        self._run.lost += 1
        if not self.opened.done():
            self.opened.set_result(False)


class _Run:
    def __init__(self, sent_at: Callable[[bytes], float | None]) -> None:
        self.counting = False
        self.lost = 0
        self.lags: array[float] = array("d")
        self._sent_at = sent_at
        self._known: dict[bytes, float | None] = {}

    def received(self, event: bytes, now: float) -> None:
        if not self.counting:
            return
        sent = self._known.get(event)
        if sent is None:
            sent = self._known[event] = self._sent_at(event)
        if sent is not None:
            self.lags.append(now - sent)


async def _watch(viewing: Viewing, sent_at: Callable[[bytes], float | None], pipe: Connection) -> None:
    loop = asyncio.get_running_loop()
    run = _Run(sent_at)
    request = f"GET {viewing.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n".encode()
    viewers: list[_Viewer] = []
    connected = 0
    while len(viewers) < viewing.viewers:
        many = min(AT_A_TIME, viewing.viewers - len(viewers))
        made = [loop.create_connection(lambda: _Viewer(run, request), "127.0.0.1", viewing.port) for _ in range(many)]
        fresh = [protocol for _, protocol in await asyncio.gather(*made)]
        connected += sum(await asyncio.gather(*(each.opened for each in fresh)))
        viewers += fresh
    pipe.send(connected)
    while True:
        word = await loop.run_in_executor(None, pipe.recv)
        if word == "count":
            run.counting, began = True, time.process_time()
            pipe.send("counting")
        elif word == "stop":
            last: dict[str, int] = {}
            for each in viewers:
                text = each.held.decode()
                last[text] = last.get(text, 0) + 1
            pipe.send(Seen(connected, run.lost, run.lags, last, time.process_time() - began))
            return


def _process(
    viewing: Viewing, sent_at: Callable[[bytes], float | None], pipe: Connection, cores: Collection[int] | None
) -> None:
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(cores))
    allow_many_files()
    uvloop.run(_watch(viewing, sent_at, pipe))


class Viewers:
    """Viewers in a process of their own: connected when entered, counted from ``count`` to ``stop``.

    ``sent_at`` tells from an event's data when its change was made (seconds since 1970, this machine's clock), None for
    an event that is not to be counted; it must be importable, for it runs in the other process.
    """

    def __init__(
        self, viewing: Viewing, sent_at: Callable[[bytes], float | None], *, cores: Collection[int] | None = None
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_process, args=(viewing, sent_at, theirs, cores), daemon=True)
        self.connected = 0

    async def __aenter__(self) -> Self:
        self._process.start()
        self.connected = await self._said()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._process.terminate()
        await asyncio.to_thread(self._process.join)

    async def count(self) -> None:
        """Begin to count."""
        self._pipe.send("count")
        await self._said()

    async def stop(self) -> Seen:
        """End the viewing; answers what was seen."""
        self._pipe.send("stop")
        seen: Seen = await self._said()
        return seen

    async def _said(self) -> Any:
        while not self._pipe.poll():
            if not self._process.is_alive():
                raise RuntimeError("the viewers' process has ended")
            await asyncio.sleep(0.02)
        return self._pipe.recv()
