"""A small HTTP server that misbehaves on command, and a pacing whose clock and sleep are ours."""

from __future__ import annotations

import asyncio
import json
import socket
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import pytest

from patungan.providers.http import Deadlines, Pacing


@dataclass(frozen=True)
class Received:
    """One request as it came over the wire."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> object:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=True))


@dataclass
class FaultyServer:
    """Answers the next request as told: in the order of the calls to its methods."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    _script: deque[bytes | None] = field(default_factory=deque)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _closing: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set[asyncio.Task[None] | None] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, status: int, body: object = None, **headers: str) -> None:
        """Answer with JSON (bytes as they are); header names with underscores for dashes."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [f"HTTP/1.1 {status} Scripted", "content-type: application/json", f"content-length: {len(content)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self._script.append("\r\n".join([*lines, "", ""]).encode() + content)

    def hang(self) -> None:
        """Take the request and say nothing."""
        self._script.append(None)

    def drop(self) -> None:
        """Take the request and close the connection."""
        self._script.append(b"")

    def cut(self) -> None:
        """Begin an answer and close the connection in the middle."""
        self._script.append(b'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"id":')

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        self._tasks.add(asyncio.current_task())
        try:
            while (request := await _read_request(reader)) is not None:
                self.received.append(request)
                reply = self._script.popleft()
                if reply is None:
                    await self._closing.wait()
                    break
                writer.write(reply)
                await writer.drain()
                if b"content-type" not in reply:
                    break
        finally:
            self._writers.discard(writer)
            writer.close()

    async def close(self) -> None:
        self._closing.set()
        for writer in self._writers:
            writer.close()
        await asyncio.gather(*(task for task in self._tasks if task))


async def _read_request(reader: asyncio.StreamReader) -> Received | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    except (asyncio.IncompleteReadError, ConnectionResetError):
        return None
    start, *lines = head.strip().split("\r\n")
    method, target, _ = start.split(" ")
    headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    parts = urlsplit(target)
    return Received(method, parts.path, dict(parse_qsl(parts.query)), headers, body)


@dataclass
class ManualTime:
    """A clock that moves when somebody sleeps or pushes it; remembers how long was slept."""

    now: float = 1000.0
    naps: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds

    def pacing(self, *, attempts: int = 3, failures_to_open: int = 5) -> Pacing:
        """Back-off of 0.5, 1, 2 ... seconds of this clock."""
        return Pacing(
            clock=self.clock,
            backoff=lambda attempt: 0.5 * 2.0 ** (attempt - 1),
            sleep=self.sleep,
            attempts=attempts,
            failures_to_open=failures_to_open,
        )


@pytest.fixture
async def server() -> AsyncIterator[FaultyServer]:
    faulty = FaultyServer()
    listener = await asyncio.start_server(faulty.serve, "127.0.0.1", 0)
    faulty.port = listener.sockets[0].getsockname()[1]
    yield faulty
    listener.close()
    await faulty.close()
    assert not faulty._script, "the client sent fewer requests than scripted"


@pytest.fixture
def time() -> ManualTime:
    return ManualTime()


@pytest.fixture
def pacing(time: ManualTime) -> Pacing:
    return time.pacing()


@pytest.fixture
def deadlines() -> Deadlines:
    return Deadlines(connect=0.2, read=0.2, attempt=1.0)


@pytest.fixture
def closed_port() -> int:
    """A port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
