"""Callbacks to the platform: a durable outbox that signs, delivers, retries on the documented schedule, and gives up.

Callbacks about one object go out in the order in which they arose, unless the fault desk or a caller says otherwise.
"""

from __future__ import annotations

import asyncio
import random
import ssl
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import cache, partial
from typing import Final, Literal

import httpx
import msgspec
import structlog

from patungan.sandbox.clock import Clock, milliseconds
from patungan.sandbox.faults import CALLBACK_PREFIX, FaultDesk
from patungan.sandbox.settings import SandboxSettings
from patungan.sandbox.store import Store, Value

SCHEMA: Final = """
create table if not exists callbacks (
    id integer primary key autoincrement,
    webhook_id text not null,
    provider text not null,
    event text not null,
    object_id text not null,
    url text not null,
    content_type text not null,
    body blob not null,
    state text not null check (state in ('waiting', 'held', 'delivered', 'failed', 'lost')),
    in_order integer not null default 1,
    corrupt text,
    attempts integer not null default 0,
    due integer not null,
    created integer not null,
    finished integer,
    last_status integer,
    last_error text
) strict;
create index if not exists callbacks_due on callbacks (due) where state = 'waiting';
create index if not exists callbacks_object on callbacks (object_id);
"""

RETRY_GAPS: Final = (15 * 60, 45 * 60, 2 * 3600, 3 * 3600, 6 * 3600, 12 * 3600)
"""Seconds between deliveries, as Xendit documents them; ``retry_scale`` shrinks them."""

POOLS: Final = 4
"""Pools of connections: one looks at all of its idle connections for every delivery."""

LONGEST_WAIT: Final = 0.1
"""Seconds until a worker looks again by itself: a test's clock may have jumped."""

State = Literal["waiting", "held", "delivered", "failed", "lost"]

log = structlog.get_logger("patungan.sandbox.callbacks")


class Callback(msgspec.Struct, kw_only=True):
    """A callback and what became of it; times are milliseconds since 1970."""

    id: int
    webhook_id: str
    provider: str
    event: str
    object_id: str
    url: str
    content_type: str
    body: bytes
    state: State
    corrupt: Literal["body", "signature"] | None
    attempts: int
    due: int
    created: int
    finished: int | None
    last_status: int | None
    last_error: str | None


Signer = Callable[[SandboxSettings, Callback], dict[str, str]]


class Outbox:
    """Takes callbacks in the transaction that causes them and delivers them from a background task."""

    def __init__(
        self,
        settings: SandboxSettings,
        clock: Clock,
        store: Store,
        faults: FaultDesk,
        signers: Mapping[str, Signer],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._store = store
        self._faults = faults
        self._signers = signers
        self._in_flight: dict[int, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()

    def enqueue(
        self,
        provider: str,
        event: str,
        object_id: str,
        url: str,
        body: bytes,
        *,
        content_type: str = "application/json",
        held: bool = False,
        copies: int = 1,
        delay: float = 0.0,
    ) -> list[int]:
        """Add a callback to the open transaction; returns its numbers (none where no address is configured).

        The fault desk is asked for ``callback.<object>``, ``invoice.paid`` being an event of the object ``invoice``.
        """
        if not url:
            return []
        in_order, corrupt, state = True, None, "held" if held else "waiting"
        for fault in self._faults.take(provider, f"{CALLBACK_PREFIX}.{event.partition('.')[0]}"):
            match fault.action:
                case "lose":
                    state = "lost"
                case "double":
                    copies = max(copies, fault.copies)
                case "delay":
                    delay += fault.seconds
                case "reorder":
                    in_order = False
                    delay += random.Random(f"{fault.seed}:{object_id}:{event}").uniform(0, fault.seconds)
                case "corrupt":
                    corrupt = fault.part
        now = milliseconds(self._clock())
        webhook_id = str(uuid.uuid4())
        numbers = [
            self._store.insert(
                "insert into callbacks (webhook_id, provider, event, object_id, url, content_type, body, state, in_order,"
                " corrupt, due, created) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                *(webhook_id, provider, event, object_id, url, content_type, body, state, in_order, corrupt),
                *(now + round(delay * 1000), now),
            )
            for _ in range(copies)
        ]
        self._wake.set()
        return numbers

    def find(self, number: int) -> Callback | None:
        return self._store.one(Callback, "select * from callbacks where id = ?", number)

    def recent(
        self,
        *,
        provider: str | None = None,
        object_id: str | None = None,
        state: str | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> list[Callback]:
        """Newest first, those with a number above ``after``."""
        wanted: list[Value] = [provider, object_id, state, after, limit]
        return self._store.all(
            Callback,
            "select * from callbacks where (?1 is null or provider = ?1) and (?2 is null or object_id = ?2)"
            " and (?3 is null or state = ?3) and id > ?4 order by id desc limit ?5",
            *wanted,
        )

    def release(self, number: int) -> Callback | None:
        """Send a held callback now, or any other once more, as the provider's dashboard does; None if there is none."""
        self._store.execute(
            "update callbacks set state = 'waiting', in_order = 0, attempts = 0, due = ?, finished = null where id = ?",
            milliseconds(self._clock()),
            number,
        )
        self._wake.set()
        return self.find(number)

    async def run(self) -> None:
        """Deliver until cancelled; what was under way is sent again after the next start."""
        timeout = httpx.Timeout(self._settings.callback_timeout)
        async with AsyncExitStack() as stack:
            clients = [
                await stack.enter_async_context(httpx.AsyncClient(timeout=timeout, trust_env=False, verify=_tls()))
                for _ in range(POOLS)
            ]
            try:
                while True:
                    self._wake.clear()
                    self._start_due(clients)
                    # Not wait_for: before Python 3.12 it may swallow the cancellation that ends this task.
                    try:
                        async with asyncio.timeout(LONGEST_WAIT):
                            await self._wake.wait()
                    except TimeoutError:
                        continue
            finally:
                for task in self._in_flight.values():
                    task.cancel()
                await asyncio.gather(*self._in_flight.values(), return_exceptions=True)

    def _start_due(self, clients: Sequence[httpx.AsyncClient]) -> None:
        free = self._settings.callback_concurrency - len(self._in_flight)
        if free <= 0:
            return
        due = self._store.all(
            Callback,
            "select * from callbacks c where state = 'waiting' and due <= ? and not (in_order and exists ("
            " select 1 from callbacks e where e.object_id = c.object_id and e.id < c.id"
            " and e.state = 'waiting' and e.in_order and e.attempts = 0)) order by due, id limit ?",
            milliseconds(self._clock()),
            self._settings.callback_concurrency + len(self._in_flight),
        )
        for callback in [each for each in due if each.id not in self._in_flight][:free]:
            task = asyncio.create_task(self._deliver(clients[callback.id % POOLS], callback))
            self._in_flight[callback.id] = task
            task.add_done_callback(partial(self._landed, callback.id))

    def _landed(self, number: int, task: asyncio.Task[None]) -> None:
        del self._in_flight[number]
        self._wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("callback.broken", callback=number, exc_info=error)

    async def _deliver(self, client: httpx.AsyncClient, callback: Callback) -> None:
        headers = {"content-type": callback.content_type} | self._signers[callback.provider](self._settings, callback)
        body = callback.body
        if callback.attempts == 0 and callback.corrupt == "body":
            body = body[: len(body) // 2]
        elif callback.attempts == 0 and callback.corrupt == "signature":
            headers = {name: _spoilt(name, value) for name, value in headers.items()}
        status, problem, timed_out = None, None, False
        try:
            response = await client.post(callback.url, content=body, headers=headers)
            status = response.status_code
        except httpx.TimeoutException as error:
            problem, timed_out = f"{type(error).__name__}: no answer in time", True
        except httpx.HTTPError as error:
            problem = f"{type(error).__name__}: {error}"
        self._record(callback, status, problem, timed_out=timed_out)

    def _record(self, callback: Callback, status: int | None, problem: str | None, *, timed_out: bool) -> None:
        now = milliseconds(self._clock())
        attempts = callback.attempts + 1
        state, due, finished = "waiting", callback.due, None
        if status is not None and 200 <= status < 300:
            state, finished = "delivered", now
        elif attempts > len(RETRY_GAPS) or (timed_out and not self._settings.retry_after_timeout):
            state, finished = "failed", now
        else:
            due = now + round(RETRY_GAPS[attempts - 1] * self._settings.retry_scale * 1000)
        self._store.execute(
            "update callbacks set state = ?, attempts = ?, due = ?, finished = ?, last_status = ?, last_error = ?"
            " where id = ?",
            *(state, attempts, due, finished, status, problem, callback.id),
        )


@cache
def _tls() -> ssl.SSLContext:
    """Reading the certificates takes longer than all else at the start: once is enough for a process."""
    return httpx.create_ssl_context()


def _spoilt(name: str, value: str) -> str:
    """A wrong proof of the right length: only the headers that carry a secret or a signature are turned round."""
    return value if name in ("content-type", "webhook-id") else value[::-1]
