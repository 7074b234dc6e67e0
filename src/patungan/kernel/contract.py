"""How contracts are written: operations and events as typed values that both sides share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec

Req = TypeVar("Req", bound=msgspec.Struct)
Rep = TypeVar("Rep")
E = TypeVar("E", bound=msgspec.Struct)


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """Base of requests, replies and events: frozen, keyword-only, unknown fields ignored so that versions can differ."""


Rows = msgspec.Raw
"""Messages of one kind as a JSON array that one database writes and another reads: Python hands over the bytes, and no row
becomes a value on the way (docs/decisions/0020). The receiver's database checks them; see ``database.checking_rows``."""


def rows(messages: Iterable[Message]) -> Rows:
    """Messages as Rows, for a caller that has them as values."""
    return Rows(msgspec.json.encode(list(messages)))


class Nothing(Message, frozen=True):
    """The reply of an operation that only does something."""


@dataclass(frozen=True, slots=True)
class Operation(Generic[Req, Rep]):
    """One thing a service does for other services.

    ``retry_safe`` declares that a second call with the same request changes nothing more: only such calls are repeated
    after a failure that leaves their outcome open. ``timeout`` is the caller's patience in seconds.
    """

    service: str
    name: str
    request: type[Req]
    reply: type[Rep]
    retry_safe: bool
    timeout: float

    @property
    def path(self) -> str:
        return f"/internal/{self.name}"


OPERATIONS: dict[tuple[str, str], Operation[Any, Any]] = {}


def operation(
    service: str, name: str, request: type[Req], reply: type[Rep], *, retry_safe: bool = True, timeout: float = 5.0
) -> Operation[Req, Rep]:
    """Declare an operation of a contract; names are unique within a service."""
    declared = Operation(service, name, request, reply, retry_safe, timeout)
    if (service, name) in OPERATIONS:
        raise TypeError(f"{service} already declares the operation {name}")
    OPERATIONS[(service, name)] = declared
    return declared


@dataclass(frozen=True, slots=True)
class EventType(Generic[E]):
    """The name, version and producer of a kind of event."""

    producer: str
    name: str
    version: int
    body: type[E]


EVENTS: dict[tuple[str, str], EventType[Any]] = {}
_EVENT_OF: dict[type[Any], EventType[Any]] = {}


def event(producer: str, name: str, version: int = 1) -> Callable[[type[E]], type[E]]:
    """Declare a struct as an event, a fact in the past tense; ``name`` is as in the table of events: ``payment.paid``."""

    def declare(body: type[E]) -> type[E]:
        declared = EventType(producer, name, version, body)
        if (producer, name) in EVENTS:
            raise TypeError(f"{producer} already declares the event {name}")
        EVENTS[(producer, name)] = declared
        _EVENT_OF[body] = declared
        return body

    return declare


def event_type(body: type[E]) -> EventType[E]:
    """The declaration of an event struct; raises KeyError for a struct that is not an event."""
    return _EVENT_OF[body]


class StoredEvent(Message, frozen=True):
    """An event as it stands in its producer's log; (xid, position) is its place in commit-safe order."""

    xid: int
    position: int
    id: UUID
    type: str
    version: int
    occurred_at: datetime
    payload: msgspec.Raw


class ReadEvents(Message, frozen=True):
    """Asks a producer for what comes after a place in its log."""

    after_xid: int
    after_position: int
    types: tuple[str, ...]
    limit: int = 500


class EventBatch(Message, frozen=True):
    """The answer to ReadEvents, in order."""

    events: list[StoredEvent]


def read_events_operation(producer: str) -> Operation[ReadEvents, EventBatch]:
    """The operation by which subscribers read a producer's log; every service has it."""
    known = OPERATIONS.get((producer, "events"))
    return known or operation(producer, "events", ReadEvents, EventBatch, timeout=10.0)
