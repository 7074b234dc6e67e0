"""Public answers kept for a moment: a crowd of readers costs one reading, and no reader sees what was true long ago.

An answer is dropped the moment what it shows is changed in this process, and as soon as the word of a change elsewhere comes
through Valkey. Where that word is lost it lives for less than half a second, so Valkey is never what the bound hangs on.
A reading that was under way when something changed is handed to those who already waited for it, and not kept.
"""

from __future__ import annotations

import asyncio
import enum
import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import uuid4

import msgspec
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from patungan.kernel.service import Context
from patungan.kernel.signals import Signals

KEPT_SECONDS = 0.45
"""A page may be made from kept answers and be kept itself as long: together less than the second that progress may be old."""

MOST_ENTRIES = 4_000
MOST_BYTES = 32_000_000
LARGEST = 500_000


class Kept(enum.Enum):
    """With which change a route's kept answers fall: a list with any, a page with one of the thing whose ``id`` it
    shows, a part of a page with one of the thing that its path names first."""

    LIST = "list"
    PAGE = "page"
    PART = "part"


class _Identified(msgspec.Struct):
    id: str


class _Word(msgspec.Struct):
    """What one process tells the others: who tells, and which ids changed, None for everything."""

    sender: str
    tags: list[str] | None


class Entry(msgspec.Struct, frozen=True):
    """A kept answer; ``began`` is when its reading began, from which its age counts."""

    began: float
    body: bytes
    etag: bytes
    headers: list[tuple[bytes, bytes]]
    route: str
    tag: str | None


Key = tuple[str, bytes]


class _Flight:
    """A reading under way that later readers wait for."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.entry: Entry | None = None
        self.spoiled = False


class Answers:
    """The kept answers of one service in this process."""

    def __init__(self, service: str, signals: Signals, routes: Iterable[Any]) -> None:
        self._channel = f"answers:{service}"
        self._signals = signals
        self._name = uuid4().hex
        self._loop = asyncio.get_running_loop()
        self._entries: dict[Key, Entry] = {}
        self._tagged: dict[str, set[Key]] = {}
        self._flights: dict[Key, _Flight] = {}
        self._bytes = 0
        self._patterns, self._others = _patterns(routes)
        signals.listen(self._channel, self._heard)

    def drop(self, tags: Collection[str] | None = None) -> None:
        """Forget the pages of the given ids and every list, or everything; what is being read now is not kept either."""
        for flight in self._flights.values():
            flight.spoiled = True
        if tags is None:
            self._entries.clear()
            self._tagged.clear()
            self._bytes = 0
            return
        for tag in (*tags, ""):
            for key in list(self._tagged.get(tag, ())):
                self._remove(key)

    async def tell(self, tags: Collection[str] | None = None) -> None:
        """Have the other processes of the service forget the same."""
        word = _Word(self._name, None if tags is None else list(tags))
        await self._signals.send([(self._channel, msgspec.json.encode(word))])

    def may_keep(self, scope: HTTPScope) -> bool:
        """Whether a request may be answered from what is kept; the route that answers it has the last word."""
        if scope["method"] != "GET":
            return False
        path = scope["path"]
        if path in self._others or not any(pattern.fullmatch(path) for pattern in self._patterns):
            return False
        # A page of another origin is answered with headers of its own.
        return all(name != b"origin" for name, _ in scope["headers"])

    async def serve(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from what is kept, else from the app, once for all who ask meanwhile."""
        key = (scope["path"], scope["query_string"])
        entry = self._fresh(key)
        flight = self._flights.get(key)
        if entry is None and flight is not None and not flight.spoiled:
            await flight.ended.wait()
            entry = flight.entry
            if entry is None:
                await app(scope, receive, send)
                return
        if entry is not None:
            scope["path_template"] = entry.route
            await _send_entry(entry, scope, send)
            return
        await self._lead(key, app, scope, receive, send)

    async def _lead(self, key: Key, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        flight = self._flights[key] = _Flight()
        began = self._loop.time()
        start: Any = None

        async def hear(message: Any) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and message["status"] == 200 and _kept(scope) is not None:
                start = message
                return
            whole = message["type"] == "http.response.body" and not message.get("more_body", False)
            if start is None or not whole:
                if start is not None:
                    await send(start)
                    start = None
                await send(message)
                return
            flight.entry = _entry(began, start["headers"], message["body"], scope)
            if not flight.spoiled:
                self._keep(key, flight.entry)
            await _send_entry(flight.entry, scope, send)

        try:
            await app(scope, receive, hear)
        finally:
            if self._flights.get(key) is flight:
                del self._flights[key]
            flight.ended.set()

    def _fresh(self, key: Key) -> Entry | None:
        entry = self._entries.get(key)
        if entry is not None and self._loop.time() - entry.began > KEPT_SECONDS:
            self._remove(key)
            return None
        return entry

    def _keep(self, key: Key, entry: Entry) -> None:
        if len(entry.body) > LARGEST:
            return
        self._remove(key)
        oldest = self._loop.time() - KEPT_SECONDS
        # Kept in the order of their coming: what is too old stands in front.
        for other in list(self._entries):
            full = len(self._entries) >= MOST_ENTRIES or self._bytes + len(entry.body) > MOST_BYTES
            if self._entries[other].began >= oldest and not full:
                break
            self._remove(other)
        self._entries[key] = entry
        self._bytes += len(entry.body)
        self._tagged.setdefault(entry.tag or "", set()).add(key)

    def _remove(self, key: Key) -> None:
        entry = self._entries.pop(key, None)
        if entry is None:
            return
        self._bytes -= len(entry.body)
        tag = entry.tag or ""
        keys = self._tagged[tag]
        keys.discard(key)
        if not keys:
            del self._tagged[tag]

    def _heard(self, message: bytes) -> None:
        word = msgspec.json.decode(message, type=_Word)
        # This process forgot before it told, and has read anew since.
        if word.sender != self._name:
            self.drop(word.tags)


def keep_answers(ctx: Context, routes: Sequence[Any]) -> None:
    """Give a service that has such routes its ``answers``, and ``signals`` by which its processes tell each other."""
    if any(route.opt.get("kept") is not None for route in routes):
        signals = ctx.local["signals"] = Signals(ctx.valkey, ctx.log)
        ctx.local["answers"] = Answers(ctx.name, signals, routes)


async def stop_keeping(ctx: Context) -> None:
    """Stop listening to the other processes."""
    if "signals" in ctx.local:
        await ctx.local["signals"].close()


def _kept(scope: Scope) -> Kept | None:
    handler: Any = scope.get("route_handler")
    return None if handler is None else handler.opt.get("kept")


def _entry(began: float, headers: Iterable[tuple[bytes, bytes]], body: bytes, scope: Scope) -> Entry:
    etag = b'"%s"' % hashlib.blake2b(body, digest_size=12).hexdigest().encode()
    plain = [(name, value) for name, value in headers if name.lower() != b"content-length"]
    if all(name.lower() != b"cache-control" for name, _ in plain):
        # A browser may keep it and must ask each time: the tag makes that cheap.
        plain.append((b"cache-control", b"no-cache"))
    return Entry(began, body, etag, [*plain, (b"etag", etag)], str(scope.get("path_template") or ""), _tag(body, scope))


def _tag(body: bytes, scope: Scope) -> str | None:
    """The id of what an answer shows, None for a list."""
    match _kept(scope):
        case Kept.PAGE:
            return msgspec.json.decode(body, type=_Identified).id
        case Kept.PART:
            return str(next(iter(scope["path_params"].values())))
        case _:
            return None


async def _send_entry(entry: Entry, scope: Scope, send: Send) -> None:
    held = next((value for name, value in scope["headers"] if name == b"if-none-match"), b"")
    if held and entry.etag in (each.strip().removeprefix(b"W/") for each in held.split(b",")):
        headers = [(name, value) for name, value in entry.headers if name.lower() != b"content-type"]
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return
    length = (b"content-length", str(len(entry.body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [*entry.headers, length]})
    await send({"type": "http.response.body", "body": entry.body, "more_body": False})


def _patterns(routes: Iterable[Any]) -> tuple[list[re.Pattern[str]], set[str]]:
    """The paths of the routes whose answers are kept, and the fixed paths of all others that are read."""
    kept: list[re.Pattern[str]] = []
    others: set[str] = set()
    for route in routes:
        for path in route.paths if "GET" in route.http_methods else ():
            if route.opt.get("kept") is not None:
                kept.append(re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(path))))
            elif "{" not in path:
                others.add(path)
    return kept, others
