"""Memory that a process no longer needs goes back to the system while the process has nothing to do."""

from __future__ import annotations

import asyncio
import ctypes
import time
from collections.abc import Callable

LOOK_SECONDS = 10.0
"""How often a process looks at what it has done since."""
WORK_SECONDS = 2.0
"""Processor time after which there may be something to give back."""
LULL_SHARE = 0.1
"""A process that used less of a core since the last look has nothing to do."""


def trimming() -> Callable[[], object] | None:
    """glibc's ``malloc_trim``, which gives back every free page; None where the C library has no such thing.

    Left to itself glibc keeps what lies below the last used page: the api process kept 125 MB of a seed.
    """
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return None
    return lambda: trim(0)


async def give_back_in_lulls(trim: Callable[[], object] | None, look_seconds: float = LOOK_SECONDS) -> None:
    """For ever: after work, in the first lull, ``trim``; it holds the process up for some milliseconds."""
    if trim is None:
        return
    trimmed_at = looked_at = time.process_time()
    while True:
        await asyncio.sleep(look_seconds)
        now = time.process_time()
        lull, looked_at = now - looked_at < LULL_SHARE * look_seconds, now
        if lull and now - trimmed_at > WORK_SECONDS:
            trim()
            trimmed_at = now
