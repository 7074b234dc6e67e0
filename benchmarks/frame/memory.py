"""Resident memory of the platform's processes while something happens."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import msgspec
import psutil

from benchmarks.frame.platform import BenchPlatform

EVERY_SECONDS = 0.05
MEGABYTE = 1_048_576


class Memory(msgspec.Struct, frozen=True):
    """Resident megabytes: when it began, at most, when it ended."""

    before_mb: float
    peak_mb: float
    after_mb: float


class Watched:
    """The memory of one process, looked at twenty times a second."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._before = self._peak = self._resident()

    def _resident(self) -> int:
        return int(self._process.memory_info().rss)

    def look(self) -> None:
        """Note what it has now."""
        self._peak = max(self._peak, self._resident())

    def of_now(self) -> Memory:
        """What was seen so far."""
        self.look()
        found = (self._before, self._peak, self._resident())
        return Memory(*(round(each / MEGABYTE, 1) for each in found))


@contextlib.asynccontextmanager
async def watching(platform: BenchPlatform, *names: str) -> AsyncIterator[dict[str, Watched]]:
    """Look at processes of the platform until the block ends."""
    watched = {name: Watched(platform.pieces[name].process.pid) for name in names}

    async def look() -> None:
        while True:
            for each in watched.values():
                each.look()
            await asyncio.sleep(EVERY_SECONDS)

    task = asyncio.create_task(look())
    try:
        yield watched
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
