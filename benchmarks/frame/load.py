"""HTTP load from processes of its own: prepared requests, kept-alive connections, one request under way on each."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from array import array
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import cast

import msgspec
import uvloop

from benchmarks.frame.figures import Spread, spread


class Plan(msgspec.Struct, frozen=True):
    """What each connection sends, one after the other, to a port of this host.

    Without ``seconds`` every request is sent once; with it they are repeated until the time is over. ``warm_up`` are
    seconds of the same beforehand that are not counted. ``keep_bodies`` hands the answers back.
    """

    port: int
    connections: Sequence[Sequence[bytes]]
    seconds: float | None = None
    warm_up: float = 0.0
    keep_bodies: bool = False


class Outcome(msgspec.Struct):
    """What came of a plan; ``latencies`` are seconds, one a counted answer."""

    seconds: float
    latencies: array[float]
    statuses: dict[int, int]
    failures: int
    """Connections that broke off."""
    bodies: list[bytes]
    cpu_seconds: float
    """Processor time of the load itself."""

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    @property
    def spread(self) -> Spread:
        return spread(self.latencies)


def request_bytes(
    method: str, path: str, *, token: str | None = None, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> bytes:
    """A whole HTTP/1.1 request, ready to be sent."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: */*"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class _Connection(asyncio.Protocol):
    """One connection that sends its requests one at a time; the least parsing that is still right."""

    def __init__(self, requests: Sequence[bytes], run: _Run) -> None:
        self._requests = requests
        self._run = run
        self._next = 0
        self._buffer = b""
        self._sent = 0.0
        self._transport: asyncio.Transport | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def _send(self) -> None:
        run = self._run
        now = time.perf_counter()
        if self._next >= len(self._requests) and run.until is not None:
            self._next = 0
        if self._next >= len(self._requests) or (run.until is not None and now >= run.until):
            self._finish()
            return
        self._sent = now
        assert self._transport is not None
        self._transport.write(self._requests[self._next])
        self._next += 1

    def _finish(self) -> None:
        if not self.done.done():
            self.done.set_result(None)
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            self._buffer = buffer
            return
        head = buffer[:end].lower()
        body = _whole_body(head, buffer, end + 4)
        if body is None:
            self._buffer = buffer
            return
        self._buffer = b""
        self._run.answered(self._sent, int(head[9:12]), body)
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self._run.failures += 1
            self.done.set_result(None)


def _whole_body(head: bytes, buffer: bytes, start: int) -> bytes | None:
    """The body once all of it has come; of one sent in chunks, with their frames."""
    found = head.find(b"\r\ncontent-length:")
    if found >= 0:
        length = int(head[found + 17 :].split(b"\r", 1)[0])
        return buffer[start : start + length] if len(buffer) - start >= length else None
    if b"\r\ntransfer-encoding: chunked" in head:
        return buffer[start:] if buffer.endswith(b"0\r\n\r\n") else None
    return b""


class _Run:
    """The counting of one process."""

    def __init__(self, keep_bodies: bool) -> None:
        self.until: float | None = None
        self.count_from = 0.0
        self.last = 0.0
        self.latencies: array[float] = array("d")
        self.statuses: Counter[int] = Counter()
        self.bodies: list[bytes] = []
        self.failures = 0
        self._keep = keep_bodies

    def answered(self, sent: float, status: int, body: bytes) -> None:
        now = time.perf_counter()
        if sent < self.count_from:
            return
        self.last = now
        self.latencies.append(now - sent)
        self.statuses[status] += 1
        if self._keep:
            self.bodies.append(body)


async def _drive(plan: Plan) -> Outcome:
    loop = asyncio.get_running_loop()
    run = _Run(plan.keep_bodies)
    began = time.perf_counter()
    run.count_from = began + plan.warm_up
    if plan.seconds is not None:
        run.until = run.count_from + plan.seconds
    cpu = time.process_time()
    made = [
        loop.create_connection(lambda requests=requests: _Connection(requests, run), "127.0.0.1", plan.port)  # type: ignore[misc]
        for requests in plan.connections
    ]
    connections = [protocol for _, protocol in await asyncio.gather(*made)]
    await asyncio.gather(*(each.done for each in connections))
    seconds = plan.seconds if plan.seconds is not None else run.last - run.count_from
    statuses = dict(sorted(run.statuses.items()))
    return Outcome(seconds, run.latencies, statuses, run.failures, run.bodies, time.process_time() - cpu)


def _process(plan: Plan, cores: Collection[int] | None) -> Outcome:
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(cores))
    return uvloop.run(_drive(plan))


async def drive(plan: Plan, *, processes: int = 1, cores: Collection[int] | None = None) -> Outcome:
    """Carry out a plan in processes of their own, the connections dealt out among them; ``cores`` binds them."""
    loop = asyncio.get_running_loop()
    dealt = [
        msgspec.structs.replace(plan, connections=plan.connections[number::processes]) for number in range(processes)
    ]
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        outcomes = await asyncio.gather(*(loop.run_in_executor(pool, _process, each, cores) for each in dealt))
    statuses: Counter[int] = Counter()
    for each in outcomes:
        statuses.update(each.statuses)
    whole = outcomes[0]
    for each in outcomes[1:]:
        whole.latencies.extend(each.latencies)
        whole.bodies.extend(each.bodies)
        whole.failures += each.failures
        whole.cpu_seconds += each.cpu_seconds
        whole.seconds = max(whole.seconds, each.seconds)
    whole.statuses = dict(sorted(statuses.items()))
    return whole
