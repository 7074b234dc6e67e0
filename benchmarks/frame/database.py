"""A migrated database without a platform around it, for benchmarks of what happens inside PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from patungan.operations.account import place_for, server_account
from patungan.operations.layout import DataDirectory, OperationError
from patungan.operations.migrate import migrate
from patungan.operations.ports import free_port
from patungan.operations.postgres import Cluster
from patungan.operations.progress import Progress

START_SECONDS = 60


@contextlib.asynccontextmanager
async def bench_database(progress: Progress) -> AsyncIterator[str]:
    """A durable PostgreSQL with the platform's schema, gone afterwards; gives the owner's URL."""
    root = Path(tempfile.mkdtemp(prefix="patungan-bench-"))
    data = DataDirectory(root)
    data.create()
    account = server_account()
    password = secrets.token_hex(24)
    with progress.step("made a database cluster"):
        home = place_for(data, "postgres", account)
        cluster = await asyncio.to_thread(Cluster.prepare, home, free_port(), password, account)
    process = await asyncio.create_subprocess_exec(
        *cluster.command(),
        cwd="/",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )
    try:
        with progress.step("started PostgreSQL and migrated the database"):
            async with asyncio.timeout(START_SECONDS):
                while not await asyncio.to_thread(cluster.ready):
                    if process.returncode is not None:
                        raise OperationError("PostgreSQL did not start")
                    await asyncio.sleep(0.05)
            await migrate(cluster.url(password), secrets.token_hex(24))
        yield cluster.url(password)
    finally:
        process.send_signal(signal.SIGINT)
        await process.wait()
        shutil.rmtree(root, ignore_errors=True)
