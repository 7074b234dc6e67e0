"""The platform under chaos: its money in processes that can be killed, all else and the sandbox in the test's own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Self, TypeVar
from uuid import UUID, uuid4

import asyncpg
import httpx
import msgspec

from patungan.kernel.contract import Operation
from patungan.kernel.errors import Unavailable
from patungan.kernel.time import SharedClock
from patungan.operations.ports import is_free
from patungan.registry import service_named
from tests.house import House, Person, Servers, Shape
from tests.market import Market

T = TypeVar("T")

SOURCE = Path(__file__).parents[2] / "src"
MONEY = ("payment", "wallet", "group-buying", "order", "settlement")
"""The services whose api process is killed."""
PATIENCE = 90.0
"""Seconds that somebody keeps on asking; a process is back after a few, on a busy machine after more."""
START_SECONDS = 90.0
SOON = 12.0
"""After so many seconds of asking for one thing, the clock of everybody moves on."""


def _free_shift() -> int:
    while True:
        shift = 10_000 + 20 * secrets.randbelow(900)
        if all(is_free(service_named(name).port + shift) for name in MONEY):
            return shift


class Stack:
    """A house whose money services and worker are processes of their own."""

    def __init__(self, servers: Servers, template: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="patungan-chaos-"))
        self._shift = _free_shift()
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._remote = False
        self._lock = asyncio.Lock()
        ports = {name: service_named(name).port + self._shift for name in MONEY}
        self.house = House(
            servers,
            template,
            Shape.HTTP,
            worker=False,
            clock=SharedClock(self._folder / "clock"),
            elsewhere=ports,
            settings={
                "PATUNGAN_PORT_SHIFT": str(self._shift),
                "PATUNGAN_CLOCK_FILE": str(self._folder / "clock"),
                "DATABASE_POOL_SIZE": "5",
            },
        )

    async def __aenter__(self) -> Self:
        await self.house.__aenter__()
        self.owner = await self.house.owner()
        await asyncio.gather(self.start("api"), self.start("worker"))
        self.market = await self.patiently(lambda: Market.open(self.house))
        return self

    async def __aexit__(self, *_: object) -> None:
        for name in list(self._processes):
            await self.kill(name)
        await self.owner.close()
        await self.house.__aexit__(None, None, None)
        shutil.rmtree(self._folder, ignore_errors=True)

    async def start(self, name: str) -> None:
        """Start a process, and wait for an api until it answers."""
        chosen = [word for service in MONEY for word in ("--service", service)] if name == "api" else []
        environment = {
            **os.environ,
            **self.house.environment,
            "PYTHONPATH": str(SOURCE),
            "LOG_LEVEL": "warning",
            "PATUNGAN_SHAPE": "split" if self._remote else "",
        }
        with self.log(name).open("ab") as output:
            self._processes[name] = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "patungan.operations.serve", name, *chosen),
                env=environment,
                cwd=self._folder,
                stdout=output,
                stderr=output,
            )
        if name == "api":
            await self.house.eventually(self._api_answers, seconds=START_SECONDS)

    async def _api_answers(self) -> bool:
        assert self._processes["api"].returncode is None, self.log("api").read_text()[-4000:]
        with contextlib.suppress(httpx.TransportError):
            answers = [await self.house.client.get(self.house.url(name, "/health")) for name in MONEY]
            return all(each.status_code == 200 for each in answers)
        return False

    def log(self, name: str) -> Path:
        """What a process has said."""
        return self._folder / f"{name}.log"

    async def kill(self, name: str) -> None:
        """End a process at once, with whatever it was in the middle of."""
        process = self._processes.pop(name)
        if process.returncode is None:
            process.kill()
        await process.wait()

    async def kill_and_start(self, names: tuple[str, ...], pause: float, *, remote: bool) -> None:
        """Kill processes and start them again after a pause; the worker calls services over HTTP from then on, or not."""
        await asyncio.gather(*(self.kill(name) for name in names))
        await asyncio.sleep(pause)
        self._remote = remote
        await asyncio.gather(*(self.start(name) for name in names))

    def alive(self) -> None:
        """Fails the test where a process ended by itself."""
        for name, process in self._processes.items():
            assert process.returncode is None, f"{name} ended by itself: {self.log(name).read_text()[-4000:]}"

    async def patiently(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Carry something out, again and again while a service is away."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return await attempt()
            except (httpx.TransportError, Unavailable):
                assert time.monotonic() < until, "a service stayed away"
                await asyncio.sleep(0.15)

    async def ask(self, person: Person, method: str, service: str, path: str, body: Any = None) -> httpx.Response:
        """Ask a service as a browser does: again under the same key until it answers, be it with a refusal."""
        key, began = str(uuid4()), time.monotonic()
        while True:
            with contextlib.suppress(httpx.TransportError):
                response = await person.request(method, service, path, body, key=key)
                # A token may run out on the way, for the clock jumps.
                if response.status_code < 500 and response.status_code != 401:
                    return response
                assert response.status_code in (401, 502, 503, 504), response.text
            waited = time.monotonic() - began
            assert waited < PATIENCE, f"{method} {path} got no answer"
            await asyncio.sleep(0.15)
            if waited > SOON:
                # Who was in the middle of it when it was killed holds it until its lease is over.
                self.house.later(seconds=20)

    async def call(self, operation: Operation[Any, Any], request: msgspec.Struct) -> Any:
        """Call an operation as another service does, again until it answers."""
        return await self.patiently(lambda: self.house.context("order").call(operation, request))

    async def value(self, query: str, *args: Any) -> Any:
        """One value of the whole database."""
        async with self._lock:
            return await self.owner.fetchval(query, *args)

    async def rows(self, query: str, *args: Any) -> list[asyncpg.Record]:
        async with self._lock:
            return list(await self.owner.fetch(query, *args))

    async def status_of(self, payment_id: UUID) -> str:
        return str(await self.value("select status from payment.payments where id = $1", payment_id))
