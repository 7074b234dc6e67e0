"""Viewers of a server-sent event stream by the thousand, in a process of its own."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from array import array
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Self, cast

import msgspec
import uvloop

from patungan.operations.layout import OperationError
from patungan.operations.serve import allow_many_files

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

AT_A_TIME = 200
"""Viewers that connect at the same moment; more would fill the server's queue of new connections."""


ANSWER_SECONDS = 90


class Viewing(msgspec.Struct, frozen=True):
    """What is watched: ``path`` at a port of this host, by ``viewers`` connections."""

    port: int
    path: str
    viewers: int


class Seen(msgspec.Struct):
    """What the viewers saw between the start and the stop of counting.

    ``receipts`` of the same place tell which viewer received which of the ``events`` (their data), and when, in seconds
    since 1970 by this machine's clock.
    """

    connected: int
    lost: int
    events: list[bytes]
    viewers: array[int]
    received: array[int]
    times: array[float]
    held: list[bytes]
    """What each viewer holds at the end."""
    cpu_seconds: float


class _Viewer(asyncio.Protocol):
    """One viewer: notes when each event came; the last of those that came together is what it holds."""

    def __init__(self, run: _Run, request: bytes, number: int) -> None:
        self._run = run
        self._request = request
        self._number = number
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
            self._run.receive(self._number, self.held, now)

    def connection_lost(self, exc: Exception | None) -> None:
        self._run.lost += 1
        if not self.opened.done():
            self.opened.set_result(False)


class _Run:
    def __init__(self) -> None:
        self.counting = False
        self.lost = 0
        self.numbers: dict[bytes, int] = {}
        self.viewers: array[int] = array("I")
        self.received: array[int] = array("I")
        self.times: array[float] = array("d")

    def receive(self, viewer: int, event: bytes, now: float) -> None:
        if not self.counting:
            return
        self.viewers.append(viewer)
        self.received.append(self.numbers.setdefault(event, len(self.numbers)))
        self.times.append(now)


async def _watch(viewing: Viewing, pipe: Connection) -> None:
    loop = asyncio.get_running_loop()
    run = _Run()
    request = f"GET {viewing.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n".encode()
    viewers: list[_Viewer] = []
    connected = 0
    while len(viewers) < viewing.viewers:
        many = min(AT_A_TIME, viewing.viewers - len(viewers))
        fresh = [_Viewer(run, request, len(viewers) + number) for number in range(many)]
        made = [loop.create_connection(lambda viewer=each: viewer, "127.0.0.1", viewing.port) for each in fresh]  # type: ignore[misc]
        await asyncio.gather(*made)
        connected += sum(await asyncio.gather(*(each.opened for each in fresh)))
        viewers += fresh
    pipe.send(connected)
    while True:
        word = await loop.run_in_executor(None, pipe.recv)
        if word == "count":
            run.counting, began = True, time.process_time()
            pipe.send("counting")
        elif word == "stop":
            cpu = time.process_time() - began
            held = [each.held for each in viewers]
            pipe.send(Seen(connected, run.lost, list(run.numbers), run.viewers, run.received, run.times, held, cpu))
            return


def _process(viewing: Viewing, pipe: Connection, cores: Collection[int] | None) -> None:
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(cores))
    allow_many_files()
    uvloop.run(_watch(viewing, pipe))


class Viewers:
    """Viewers in a process of their own: connected when entered, counted from ``count`` to ``stop``."""

    def __init__(self, viewing: Viewing, *, cores: Collection[int] | None = None) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_process, args=(viewing, theirs, cores), daemon=True)
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
        until = time.monotonic() + ANSWER_SECONDS
        while not self._pipe.poll():
            if not self._process.is_alive() or time.monotonic() > until:
                raise OperationError("the viewers' process has ended, or does not get its connections")
            await asyncio.sleep(0.02)
        return self._pipe.recv()
