"""The embedded PostgreSQL and Valkey: made, started, killed without warning, started again."""

from __future__ import annotations

import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from patungan.operations.account import Account, place_for, server_account
from patungan.operations.layout import DataDirectory, OperationError
from patungan.operations.ports import free_port
from patungan.operations.postgres import Cluster
from patungan.operations.valkey import ValkeyServer

PASSWORD = "f3b1c9a7d2e84f60b5a1c3d7e9f20481"


@pytest.fixture(scope="module")
def account() -> Account | None:
    return server_account()


@pytest.fixture(scope="module")
def data() -> Iterator[DataDirectory]:
    """A data directory that an unprivileged server can reach, which pytest's own temporary ones are not."""
    root = Path(tempfile.mkdtemp(prefix="patungan-test-"))
    directory = DataDirectory(root / "data")
    root.chmod(0o755)
    directory.create()
    try:
        yield directory
    finally:
        shutil.rmtree(root)


@pytest.fixture(scope="module")
def cluster(data: DataDirectory, account: Account | None) -> Cluster:
    """A cluster, made where an earlier start was interrupted."""
    home = place_for(data, "postgres", account)
    (home / "unfinished").mkdir()
    (home / "unfinished" / "PG_VERSION").write_text("18\n")
    return Cluster.prepare(home, free_port(), PASSWORD, account)


def start(command: tuple[str, ...], ready: Callable[[], bool], account: Account | None) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=account.uid if account else None, cwd="/"
    )
    until = time.monotonic() + 20
    while not ready():
        assert process.poll() is None and time.monotonic() < until, f"{command[0]} did not start"
        time.sleep(0.02)
    return process


async def test_postgres_keeps_committed_rows_through_kill_9(cluster: Cluster, account: Account | None) -> None:
    first = start(cluster.command(), cluster.ready, account)
    connection = await asyncpg.connect(cluster.url(PASSWORD))
    await connection.execute("create table kept (i int)")
    await connection.execute("insert into kept values (1)")
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert (cluster.data / "postmaster.pid").exists()
    cluster.remove_stale_lock()
    second = start(cluster.command(), cluster.ready, account)
    try:
        connection = await asyncpg.connect(cluster.url(PASSWORD))
        assert await connection.fetchval("select i from kept") == 1
        rights = "select rolsuper, rolcreaterole from pg_roles where rolname = current_user"
        assert tuple(await connection.fetchrow(rights) or ()) == (True, True)
        assert await connection.fetchval("show timezone") == "UTC"
        assert await connection.fetchval("show max_connections") == "300"
        await connection.close()
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(cluster.url("wrong"))
    finally:
        second.send_signal(signal.SIGINT)
        assert second.wait(10) == 0


def test_a_lock_file_whose_number_another_process_has_now_is_removed(cluster: Cluster) -> None:
    lock = cluster.data / "postmaster.pid"
    sleeper = subprocess.Popen(["sleep", "30"])
    try:
        lock.write_text(f"{sleeper.pid}\n{cluster.data}\n")
        cluster.remove_stale_lock()
        assert not lock.exists()
    finally:
        sleeper.kill()
        sleeper.wait()


def test_a_cluster_is_made_once_and_belongs_to_its_secrets(cluster: Cluster, account: Account | None) -> None:
    again = Cluster.prepare(cluster.home, cluster.port, PASSWORD, account)
    assert again == cluster
    assert not (cluster.home / "unfinished").exists()
    with pytest.raises(OperationError, match="other secrets"):
        Cluster.prepare(cluster.home, cluster.port, "another", account)


def test_valkey_wants_its_password_and_survives_kill_9(data: DataDirectory, account: Account | None) -> None:
    server = ValkeyServer.prepare(place_for(data, "valkey", account), free_port(), PASSWORD, account)
    assert stat.S_IMODE(server.configuration_file.stat().st_mode) == 0o600
    assert server.url == f"redis://:{PASSWORD}@127.0.0.1:{server.port}/0"
    assert not server.ready()
    for how in (signal.SIGKILL, signal.SIGTERM):
        process = start(server.command(), server.ready, account)
        stranger = ValkeyServer(server.home, server.program, server.port, "wrong")
        assert not stranger.ready()
        process.send_signal(how)
        process.wait(10)
        assert not server.ready()
