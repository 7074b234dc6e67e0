"""The fault desk: rules by which an operation is delayed, refused or timed out, and a callback lost, doubled or spoilt.

Chance comes from a rule's own seed, so a run with the same rules and the same calls has the same faults.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Annotated, Final, Literal

import msgspec
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from patungan.sandbox.store import Store

SCHEMA: Final = """
create table if not exists faults (
    id integer primary key autoincrement,
    rule text not null,
    asked integer not null default 0,
    used integer not null default 0
) strict;
"""

Action = Literal["delay", "fail", "timeout_before", "timeout_after", "lose", "double", "reorder", "corrupt"]
ErrorBody = Callable[[int, str | None, str], bytes]

CALLBACK_PREFIX: Final = "callback"
LISTED_PREFIX: Final = "listed"


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One rule. ``operation`` may hold wildcards; those of callbacks begin with ``callback``, as ``callback.invoice``,
    those of rows in the provider's list of transactions with ``listed``, as ``listed.payment``.

    ``seconds`` is the delay, the time until a time-out is answered (504), or the most that reordering holds back.
    ``fail`` with a ``retry_after`` is a limit or maintenance; with ``operation`` ``*`` the whole provider is away.
    ``times`` ends the rule after so many uses; ``copies`` is how often a doubled callback goes out.
    """

    provider: str = "*"
    operation: str = "*"
    action: Action
    seconds: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    status: Annotated[int, msgspec.Meta(ge=400, le=599)] = 500
    error_code: str | None = None
    message: str = "The sandbox was told to fail here."
    times: Annotated[int, msgspec.Meta(ge=1)] | None = None
    probability: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    seed: int = 0
    copies: Annotated[int, msgspec.Meta(ge=2, le=20)] = 2
    part: Literal["body", "signature"] = "signature"
    retry_after: Annotated[float, msgspec.Meta(ge=0)] | None = None
    """Seconds that a failure's answer asks the caller to wait: a limit (429) or maintenance (503)."""

    def matches(self, provider: str, operation: str) -> bool:
        for prefix in (CALLBACK_PREFIX, LISTED_PREFIX):
            if operation.startswith(f"{prefix}.") and not self.operation.startswith(prefix):
                return False
        return fnmatchcase(provider, self.provider) and fnmatchcase(operation, self.operation)


class StandingFault(msgspec.Struct):
    """A rule at work: how often it was asked and how often it struck."""

    id: int
    rule: Fault
    asked: int
    used: int

    def strikes(self) -> bool:
        """Decide for the next call; the n-th decision of a seed is always the same."""
        self.asked += 1
        if self.rule.times is not None and self.used >= self.rule.times:
            return False
        if random.Random(f"{self.rule.seed}:{self.asked}").random() >= self.rule.probability:
            return False
        self.used += 1
        return True


class _FaultRow(msgspec.Struct):
    id: int
    rule: str
    asked: int
    used: int


class FaultDesk:
    """Keeps the rules, in memory for speed and in the store for restarts."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._standing = [
            StandingFault(row.id, msgspec.json.decode(row.rule, type=Fault), row.asked, row.used)
            for row in store.all(_FaultRow, "select id, rule, asked, used from faults order by id")
        ]

    @property
    def standing(self) -> list[StandingFault]:
        return list(self._standing)

    def add(self, rule: Fault) -> StandingFault:
        number = self._store.insert("insert into faults (rule) values (?)", msgspec.json.encode(rule).decode())
        fault = StandingFault(number, rule, 0, 0)
        self._standing.append(fault)
        return fault

    def replace(self, rules: list[Fault]) -> list[StandingFault]:
        with self._store.transaction():
            self.clear()
            return [self.add(rule) for rule in rules]

    def clear(self, number: int | None = None) -> int:
        """Take back one rule, or all; returns how many there were."""
        kept = [fault for fault in self._standing if number is not None and fault.id != number]
        removed = len(self._standing) - len(kept)
        self._store.execute("delete from faults where ?1 is null or id = ?1", number)
        self._standing = kept
        return removed

    def take(self, provider: str, operation: str) -> list[Fault]:
        """The faults that strike this one call, in the order in which they were laid down."""
        if not self._standing:
            return []
        struck: list[Fault] = []
        for fault in self._standing:
            if fault.rule.matches(provider, operation):
                if fault.strikes():
                    struck.append(fault.rule)
                self._store.execute(
                    "update faults set asked = ?, used = ? where id = ?", fault.asked, fault.used, fault.id
                )
        return struck


class FaultMiddleware(ASGIMiddleware):
    """Strikes the calls whose route names its ``provider`` and ``operation``; the error is in the provider's own form."""

    def __init__(self, desk: FaultDesk) -> None:
        self._desk = desk

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        options = scope["route_handler"].opt
        provider, operation = options.get("provider"), options.get("operation")
        faults = self._desk.take(provider, operation) if provider and operation else []
        body: ErrorBody = options.get("error_body", plain_error_body)
        for fault in faults:
            match fault.action:
                case "delay":
                    await asyncio.sleep(fault.seconds)
                case "fail":
                    refusal = body(fault.status, fault.error_code, fault.message)
                    await _answer(send, fault.status, refusal, fault.retry_after)
                    return
                case "timeout_before":
                    await asyncio.sleep(fault.seconds)
                    await _answer(send, 504, body(504, fault.error_code, "The gateway timed out."))
                    return
                case "timeout_after":
                    await next_app(scope, receive, _discard)
                    await asyncio.sleep(fault.seconds)
                    await _answer(send, 504, body(504, fault.error_code, "The gateway timed out."))
                    return
        await next_app(scope, receive, send)


def plain_error_body(status: int, error_code: str | None, message: str) -> bytes:
    return msgspec.json.encode({"error": error_code or str(status), "message": message})


async def _discard(message: Message) -> None:
    """Swallow the answer that the caller will never see."""


async def _answer(send: Send, status: int, body: bytes, retry_after: float | None = None) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if retry_after is not None:
        headers.append((b"retry-after", f"{retry_after:g}".encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
