"""Throw-away servers for the tests: one PostgreSQL, one Valkey, a migrated template database, and whole platforms."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from patungan.kernel import logs
from patungan.operations.account import server_account
from patungan.operations.migrate import migrate
from patungan.operations.ports import free_port
from patungan.operations.postgres import Cluster
from patungan.operations.serve import set_aside
from patungan.operations.valkey import ValkeyServer
from tests.house import House, Servers, Shape

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
PORTS_A_WORKER = 1_800
if WORKER:
    # Test processes side by side must not give out the same port: two servers would share it without a word.
    _first = 4_200 + PORTS_A_WORKER * int(WORKER.removeprefix("gw"))
    os.environ["PATUNGAN_PORT_RANGE"] = f"{_first}-{_first + PORTS_A_WORKER - 1}"

ROLE_SECRET = "role-secret-of-the-tests"


def pytest_addoption(parser: pytest.Parser) -> None:
    """How much chaos there is (tests/chaos)."""
    parser.addoption("--seeds", type=int, default=20, help="rounds of chaos, one a seed")
    parser.addoption("--seed", type=int, default=None, help="one round of chaos, by its seed")


LONGEST = (
    "tests/chaos/",
    "tests/api/test_documents.py",
    "tests/flows/",
    "tests/web/test_in_chromium.py",
    "tests/operations/",
)
"""What takes minutes, the longest first: a run of several processes would otherwise end on one of them, the others idle."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; files stay together."""
    last = len(LONGEST)
    items.sort(
        key=lambda item: next((place for place, each in enumerate(LONGEST) if item.nodeid.startswith(each)), last)
    )


def pytest_collection_finish() -> None:
    """Leave what was imported, which stays to the end, out of every later collection of garbage, as a service does."""
    set_aside()


class Running:
    """A server of a test run that can be killed and started again."""

    def __init__(self, command: tuple[str, ...], ready: Callable[[], bool], user: int | None) -> None:
        self._command, self._ready, self._user = command, ready, user
        self.start()

    def start(self) -> None:
        """Start and wait until it answers."""
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=self._user, cwd="/"
        )
        until = time.monotonic() + 30
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{self._command[0]} did not start")
            time.sleep(0.05)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self._process.kill()
        self._process.wait(20)

    def stop(self) -> None:
        """End it in order; SIGINT is PostgreSQL's fast shutdown, which does not wait for a failed test's clients."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(20)


@contextlib.contextmanager
def throw_away_servers(*, durable: bool = False) -> Iterator[tuple[Servers, Running, Running]]:
    """PostgreSQL and Valkey of their own, gone afterwards; ``durable`` where they are to be killed."""
    logs.configure("error")
    account = server_account()
    user = account.uid if account else None
    home = Path(tempfile.mkdtemp(prefix="patungan-tests-"))
    home.chmod(0o755)
    try:
        folders = [home / "postgres", home / "valkey"]
        for folder in folders:
            folder.mkdir(mode=0o700)
            if account:
                shutil.chown(folder, account.uid, account.gid)
        password = secrets.token_hex(24)
        cluster = Cluster.prepare(folders[0], free_port(), password, account)
        # Durability is not what most tests are about, and without it they run much faster.
        hurried = () if durable else ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
        server = ValkeyServer.prepare(folders[1], free_port(), secrets.token_hex(24), account)
        postgres = Running((*cluster.command(), *hurried), cluster.ready, user)
        valkey = Running(server.command(), server.ready, user)
        try:
            yield Servers(cluster.url(password, "{}"), server.url, ROLE_SECRET), postgres, valkey
        finally:
            valkey.stop()
            postgres.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
async def loop() -> asyncio.AbstractEventLoop:
    """The event loop of the tests, for those that hypothesis calls many times."""
    return asyncio.get_running_loop()


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """PostgreSQL and Valkey for this run alone, gone afterwards."""
    with throw_away_servers() as (made, _postgres, _valkey):
        yield made


@pytest.fixture(scope="session")
async def template(servers: Servers) -> str:
    """A migrated database that every test's own database is copied from."""
    await servers.create_database("template_patungan")
    await migrate(servers.url("template_patungan"), ROLE_SECRET)
    return "template_patungan"


@pytest.fixture(scope="module", params=list(Shape), ids=lambda shape: shape.value)
async def house(request: pytest.FixtureRequest, servers: Servers, template: str) -> AsyncIterator[House]:
    """A whole platform with its sandbox, in each of the three shapes; one a module, so that a module's tests share it."""
    async with House(servers, template, request.param) as built:
        yield built


@pytest.fixture(scope="module")
async def one_house(servers: Servers, template: str) -> AsyncIterator[House]:
    """A whole platform in one shape, for tests that are not about calls between services."""
    async with House(servers, template, Shape.SERIALISED) as built:
        yield built
