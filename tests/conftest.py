"""Throw-away servers for the tests: one PostgreSQL, one Valkey, a migrated template database, and whole platforms."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from patungan.kernel import logs
from patungan.operations.account import server_account
from patungan.operations.migrate import migrate
from patungan.operations.ports import free_port
from patungan.operations.postgres import Cluster
from patungan.operations.valkey import ValkeyServer
from tests.house import House, Servers, Shape

ROLE_SECRET = "role-secret-of-the-tests"


@contextlib.contextmanager
def _process(command: tuple[str, ...], ready: object, user: int | None) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=user, cwd="/")
    try:
        until = time.monotonic() + 30
        while not ready():  # type: ignore[operator]
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{command[0]} did not start")
            time.sleep(0.05)
        yield process
    finally:
        # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients that a failed test left behind.
        process.send_signal(signal.SIGINT)
        process.wait(20)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """PostgreSQL and Valkey for this run alone, gone afterwards."""
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
        # Durability is not what these tests are about, and without it they run much faster; the crash tests have their own.
        hurried = [*cluster.command(), "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
        valkey = ValkeyServer.prepare(folders[1], free_port(), secrets.token_hex(24), account)
        with (
            _process(tuple(hurried), cluster.ready, user),
            _process(valkey.command(), valkey.ready, user),
        ):
            yield Servers(cluster.url(password, "{}"), valkey.url, ROLE_SECRET)
    finally:
        shutil.rmtree(home, ignore_errors=True)


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
