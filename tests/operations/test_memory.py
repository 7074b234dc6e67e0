"""Memory goes back to the system in a lull after work, and not in the middle of it."""

from __future__ import annotations

import asyncio
import contextlib
import time

import psutil
import pytest

from patungan.operations.memory import WORK_SECONDS, give_back_in_lulls, trimming

MEGABYTE = 1_048_576


def _resident() -> int:
    return int(psutil.Process().memory_info().rss)


def test_free_pages_between_used_ones_go_back() -> None:
    trim = trimming()
    if trim is None:
        pytest.skip("this C library keeps what it keeps")
    before = _resident()
    pieces: list[bytes | None] = [bytes([place % 250 + 1]) * 8_192 for place in range(16_000)]
    full = _resident()
    assert full - before > 80 * MEGABYTE
    for place in range(len(pieces)):
        if place % 100:
            pieces[place] = None
    trim()
    assert _resident() - before < 40 * MEGABYTE
    assert sum(piece is not None for piece in pieces) == 160


def _work(seconds: float) -> None:
    until = time.process_time() + seconds
    while time.process_time() < until:
        sum(range(1_000))


async def test_only_in_a_lull_after_work() -> None:
    trims: list[float] = []
    task = asyncio.create_task(give_back_in_lulls(lambda: trims.append(time.process_time()), look_seconds=0.5))
    try:
        await asyncio.sleep(0)
        for _ in range(3):
            _work(0.2)
            await asyncio.sleep(0.15)
        assert trims == []
        _work(WORK_SECONDS)
        worked_until = time.process_time()
        async with asyncio.timeout(30):
            while not trims:
                await asyncio.sleep(0.05)
        assert trims[0] >= worked_until
        await asyncio.sleep(1.2)
        assert len(trims) == 1
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
