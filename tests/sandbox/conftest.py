"""A sandbox on a free port for each test, a receiver for its callbacks, and a clock that can be moved."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar, Request, Response, post
from litestar.params import FromPath

from patungan.sandbox import SandboxSettings
from patungan.sandbox.serving import free_port, running_sandbox, served

SECRET_KEY = "xnd_development_for_tests"
CALLBACK_TOKEN = "token-for-tests"
HMAC_SECRET = "hmac-secret-for-tests"


class MovableClock:
    """Real time plus what the test adds."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)


@dataclass
class Received:
    """One callback as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


@dataclass
class Receiver:
    """Stands for the platform: keeps what it is sent and answers as it is told, 200 when told nothing."""

    url: str
    received: list[Received] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    delay: float = 0.0

    async def wait(self, count: int, timeout: float = 5.0) -> list[Received]:
        async with asyncio.timeout(timeout):
            while len(self.received) < count:
                await asyncio.sleep(0.01)
        return self.received


@dataclass
class RunningSandbox:
    """A sandbox that answers, with clients for its parts."""

    url: str
    clock: MovableClock
    http: httpx.AsyncClient
    xendit: httpx.AsyncClient


StartSandbox = Callable[..., Any]


@pytest.fixture(scope="session")
async def receivers() -> AsyncIterator[Callable[[], Receiver]]:
    """One server for all tests, with an address of its own for each: a late callback of one never reaches another."""
    port = free_port("127.0.0.1")
    known: dict[str, Receiver] = {}

    @post("/{owner:str}/{name:str}")
    async def take(owner: FromPath[str], name: FromPath[str], request: Request[Any, Any, Any]) -> Response[Any]:
        receiver = known[owner]
        receiver.received.append(Received(f"/callbacks/{name}", dict(request.headers), await request.body()))
        await asyncio.sleep(receiver.delay)
        return Response({}, status_code=receiver.answers.pop(0) if receiver.answers else 200)

    def another() -> Receiver:
        owner = f"receiver-{len(known)}"
        known[owner] = Receiver(f"http://127.0.0.1:{port}/{owner}")
        return known[owner]

    async with served(Litestar([take], openapi_config=None), "127.0.0.1", port):
        yield another


@pytest.fixture
def receiver(receivers: Callable[[], Receiver]) -> Receiver:
    return receivers()


def client(url: str, key: str = "") -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, auth=(key, "") if key else None, trust_env=False, verify=False)


@asynccontextmanager
async def quick_sandbox(receiver: Receiver, **changes: Any) -> AsyncIterator[RunningSandbox]:
    """A sandbox without delays, with the keys of the tests."""
    settings: dict[str, Any] = {
        "xendit_secret_key": SECRET_KEY,
        "xendit_webhook_token": CALLBACK_TOKEN,
        "payment_callback_url": f"{receiver.url}/payment",
        "refund_callback_url": f"{receiver.url}/refund",
        "disbursement_callback_url": f"{receiver.url}/disbursement",
        "opening_balance": 1_000_000,
        "refund_delay": 0.0,
        "payout_delay": 0.0,
        "payout_reversal_delay": 0.0,
        "whatsapp_step_delay": 0.0,
        "retry_scale": 1 / 18_000,
    }
    clock = MovableClock()
    async with (
        running_sandbox(SandboxSettings(**settings | changes), clock=clock) as url,
        client(url) as http,
        client(f"{url}/xendit", SECRET_KEY) as xendit,
    ):
        yield RunningSandbox(url, clock, http, xendit)


@pytest.fixture
async def start_sandbox(receiver: Receiver) -> AsyncIterator[StartSandbox]:
    """Starts a sandbox with any settings; all are stopped at the end."""
    async with AsyncExitStack() as stack:

        async def start(**changes: Any) -> RunningSandbox:
            return await stack.enter_async_context(quick_sandbox(receiver, **changes))

        yield start


@pytest.fixture(scope="session")
async def refusing_sandbox(receivers: Callable[[], Receiver]) -> AsyncIterator[RunningSandbox]:
    """One sandbox for all tests that only ask for what is refused, and so leave nothing behind."""
    async with quick_sandbox(receivers()) as running:
        yield running


@pytest.fixture
async def sandbox(start_sandbox: StartSandbox) -> RunningSandbox:
    running: RunningSandbox = await start_sandbox()
    return running


async def until(ask: Callable[[], Any], timeout: float = 5.0) -> Any:
    """Ask again until the answer is true; returns it."""
    async with asyncio.timeout(timeout):
        while not (answer := await ask()):
            await asyncio.sleep(0.02)
    return answer
