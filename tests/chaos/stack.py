"""The platform under chaos: its money in processes that can be killed, all else and the sandbox in the test's own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar
from uuid import UUID, uuid4

import asyncpg
import httpx
import msgspec

from patungan.kernel.contract import Operation
from patungan.kernel.errors import IdempotencyAnswerLost, Unavailable
from patungan.kernel.identity import Role, Scope
from patungan.kernel.time import SharedClock
from patungan.operations.ports import is_free
from patungan.registry import service_named
from tests.chaos.plan import STALLS
from tests.house import House, Person, Servers, Shape
from tests.market import Market
from tests.people import office_with
from tests.stall import registered_store

T = TypeVar("T")

HOME = Path(__file__).parents[2]
MONEY = ("payment", "wallet", "group-buying", "order", "settlement")
"""The services whose api process is killed."""
PATIENCE = 90.0
"""Seconds that somebody keeps on asking; a process is back after a few, on a busy machine after more."""
START_SECONDS = 90.0
SOON = 1.0
"""After so many seconds of asking for one thing the clock of everybody moves on, and no sooner again."""


def _free_shift() -> int:
    while True:
        shift = 10_000 + 20 * secrets.randbelow(900)
        if all(is_free(service_named(name).port + shift) for name in MONEY):
            return shift


class Nursery:
    """Where processes of the platform come from (nursery.py); each takes a fork to start, not the import of everything."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "tests.chaos.nursery"),
            env={**os.environ, "PYTHONPATH": f"{HOME / 'src'}{os.pathsep}{HOME}"},
            cwd=self._folder,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )

    async def _asked(self, **wanted: Any) -> int | None:
        async with self._turn:
            assert self._process.stdin is not None and self._process.stdout is not None
            self._process.stdin.write(json.dumps(wanted).encode() + b"\n")
            answer: int | None = json.loads(await self._process.stdout.readline())
            return answer

    async def start(self, arguments: list[str], environment: dict[str, str], log: Path) -> int:
        """Start a process; answers its number."""
        started = await self._asked(do="start", arguments=arguments, environment=environment, log=str(log))
        assert started is not None
        return started

    async def kill(self, process: int) -> None:
        """``kill -9``; returns once the process is gone."""
        await self._asked(do="kill", process=process)

    async def exit_code(self, process: int) -> int | None:
        """What a process has ended with; None while it runs."""
        return await self._asked(do="look", process=process)

    async def close(self) -> None:
        """End everything that was started."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()


@dataclass(frozen=True)
class Payable:
    """Somebody who is settled with, and who may change the bank account."""

    kind: str
    id: UUID
    owner: Person


class Stack:
    """A house whose money services and worker are processes of their own."""

    def __init__(self, servers: Servers, template: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="patungan-chaos-"))
        self._shift = _free_shift()
        self._nursery = Nursery(self._folder)
        self._processes: dict[str, int] = {}
        self._remote = False
        self._moved = 0.0
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
                "DATABASE_POOL_SIZE": "3",
                "SETTLEMENT_APPROVAL_ABOVE": "2000000",
            },
        )

    async def __aenter__(self) -> Self:
        await self._nursery.open()
        await self.house.__aenter__()
        self.owner = await asyncpg.create_pool(self.house.environment["DATABASE_URL"], min_size=1, max_size=6)
        await asyncio.gather(self.start("api"), self.start("worker"))
        self.market = await self.patiently(lambda: Market.open(self.house))
        self.payees = await self.patiently(self._payees)
        self.finance = [await self.house.person(Role.OFFICE_STAFF, Scope.FINANCE) for _ in range(2)]
        return self

    async def _payees(self) -> list[Payable]:
        """The factory, stores, and an agents' office, in this order."""
        factory = Payable("factory", UUID(self.market.product["factory_id"]), self.market.owner)
        owners = [await self.house.person() for _ in range(STALLS)]
        stores = [Payable("seller", UUID((await registered_store(owner))["id"]), owner) for owner in owners]
        office, _ = await office_with(self.house, self.market.admin, "office_manager")
        return [factory, *stores, Payable("office", UUID(office["id"]), self.market.admin)]

    async def __aexit__(self, *_: object) -> None:
        for name in list(self._processes):
            await self.kill(name)
        await self._nursery.close()
        await self.owner.close()
        await self.house.__aexit__(None, None, None)
        shutil.rmtree(self._folder, ignore_errors=True)

    async def start(self, name: str) -> None:
        """Start a process, and wait for an api until it answers."""
        chosen = [word for service in MONEY for word in ("--service", service)] if name == "api" else []
        environment = {
            **self.house.environment,
            "LOG_LEVEL": "warning",
            "PATUNGAN_SHAPE": "split" if self._remote else "",
        }
        self._processes[name] = await self._nursery.start([name, *chosen], environment, self.log(name))
        if name == "api":
            await self.house.eventually(self._api_answers, seconds=START_SECONDS)

    async def _api_answers(self) -> bool:
        assert await self._nursery.exit_code(self._processes["api"]) is None, self.log("api").read_text()[-4000:]
        with contextlib.suppress(httpx.TransportError):
            answers = [await self.house.client.get(self.house.url(name, "/health")) for name in MONEY]
            return all(each.status_code == 200 for each in answers)
        return False

    def log(self, name: str) -> Path:
        """What a process has said."""
        return self._folder / f"{name}.log"

    async def kill(self, name: str) -> None:
        """End a process at once, with whatever it was in the middle of."""
        await self._nursery.kill(self._processes.pop(name))

    async def kill_and_start(self, names: tuple[str, ...], pause: float, *, remote: bool) -> None:
        """Kill processes and start them again after a pause; the worker calls services over HTTP from then on, or not."""
        await asyncio.gather(*(self.kill(name) for name in names))
        await asyncio.sleep(pause)
        self._remote = remote
        await asyncio.gather(*(self.start(name) for name in names))

    async def alive(self) -> None:
        """Fails the test where a process ended by itself."""
        for name, process in self._processes.items():
            code = await self._nursery.exit_code(process)
            assert code is None, f"{name} ended by itself with {code}: {self.log(name).read_text()[-4000:]}"

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
        """Ask a service as a browser does: again under the same key until it answers, be it with a refusal. Where the answer
        died with its process, what came of it is looked at by asking anew: nothing that is asked here is done twice."""
        while True:
            attempt = partial(person.request, method, service, path, body, key=str(uuid4()))
            response = await self._asked(path, attempt)
            if response.status_code != 409 or response.json()["code"] != IdempotencyAnswerLost.code:
                return response

    async def have_done(self, service: str, path: str) -> None:
        """Have a service do something as a scheduler does."""
        key = str(uuid4())

        def attempt() -> Awaitable[httpx.Response]:
            headers = {"Authorization": f"Bearer {self.house.service_token(service)}", "Idempotency-Key": key}
            return self.house.request("POST", service, path, headers=headers)

        response = await self._asked(path, attempt)
        assert response.status_code == 202, response.text

    async def _asked(self, path: str, attempt: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        began = time.monotonic()
        while True:
            with contextlib.suppress(httpx.TransportError):
                response = await self._waited_for(attempt())
                # A token may run out on the way, for the clock jumps.
                if response.status_code < 500 and response.status_code != 401:
                    return response
                assert response.status_code in (401, 502, 503, 504), response.text
            waited = time.monotonic() - began
            assert waited < PATIENCE, f"{path} got no answer"
            await asyncio.sleep(0.15)
            if waited > SOON:
                self._leases_end()

    async def _waited_for(self, answer: Awaitable[httpx.Response]) -> httpx.Response:
        asked = asyncio.ensure_future(answer)
        try:
            while not (await asyncio.wait({asked}, timeout=SOON))[0]:
                self._leases_end()
            return asked.result()
        finally:
            asked.cancel()

    def _leases_end(self) -> None:
        """Move the clock on: who was in the middle of something when it was killed holds it until its lease is over, and
        whoever asks for it waits so long."""
        if time.monotonic() > self._moved + SOON:
            self.house.later(seconds=80)
            self._moved = time.monotonic()

    async def call(self, operation: Operation[Any, Any], request: msgspec.Struct) -> Any:
        """Call an operation as another service does, again until it answers."""
        return await self.patiently(lambda: self.house.context("order").call(operation, request))

    async def value(self, query: str, *args: Any) -> Any:
        """One value of the whole database."""
        return await self.owner.fetchval(query, *args)

    async def rows(self, query: str, *args: Any) -> list[asyncpg.Record]:
        return list(await self.owner.fetch(query, *args))

    async def status_of(self, payment_id: UUID) -> str:
        return str(await self.value("select status from payment.payments where id = $1", payment_id))
