"""PostgreSQL's own benchmark program, as the reference that other designs are compared with."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from benchmarks.frame.figures import Spread, spread
from benchmarks.frame.platform import BenchPlatform
from patungan.operations.layout import OperationError


class PgbenchOutcome(msgspec.Struct, frozen=True):
    """What pgbench reached; ``rate`` is transactions a second without the time to connect."""

    clients: int
    transactions: int
    failed: int
    rate: float
    latency: Spread


async def pgbench(
    platform: BenchPlatform,
    script: str,
    *,
    clients: int,
    seconds: int,
    threads: int = 2,
    prepared: bool = True,
    variables: Mapping[str, str | int] | None = None,
) -> PgbenchOutcome:
    """Run a script of pgbench (its own language) against the platform's database, under its owner.

    Raises OperationError where this PostgreSQL brings no pgbench, or where it fails.
    """
    program = platform.cluster.programs / "pgbench"
    if not program.exists():
        raise OperationError(f"there is no pgbench in {program.parent}; install PostgreSQL's contributed programs")
    with tempfile.TemporaryDirectory(prefix="patungan-pgbench-") as folder:
        file = Path(folder, "script.sql")
        file.write_text(script)
        command = [
            *(str(program), "-n", "-h", "127.0.0.1", "-p", str(platform.cluster.port), "-U", "patungan"),
            *("-c", str(clients), "-j", str(min(threads, clients)), "-T", str(seconds), "-f", str(file)),
            *(["-M", "prepared"] if prepared else []),
            *(f"-D{name}={value}" for name, value in (variables or {}).items()),
            *("-l", "--log-prefix", str(Path(folder, "log")), "ecommerce"),
        ]
        process = await asyncio.create_subprocess_exec(
            *command,
            env={"PATH": os.environ.get("PATH", os.defpath), "PGPASSWORD": platform.password},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, complained = await process.communicate()
        if process.returncode != 0:
            raise OperationError(f"pgbench failed:\n{complained.decode(errors='replace').strip()[-2000:]}")
        # Columns of pgbench's log: client, transaction, microseconds, script, epoch seconds, microseconds.
        times = [
            int(line.split()[2]) / 1e6
            for log in Path(folder).glob("log.*")
            for line in log.read_text().splitlines()
            if line.split()[2].isdigit()
        ]
    text = said.decode()
    return PgbenchOutcome(
        clients,
        _figure(text, r"transactions actually processed: (\d+)"),
        _figure(text, r"number of failed transactions: (\d+)"),
        float(_found(text, r"tps = ([\d.]+)")),
        spread(times),
    )


def _figure(text: str, pattern: str) -> int:
    return int(_found(text, pattern))


def _found(text: str, pattern: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise OperationError(f"pgbench said something else than expected:\n{text}")
    return found[1]
