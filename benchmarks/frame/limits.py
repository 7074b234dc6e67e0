"""Room for thousands of connections, and processes bound to cores."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator


def cores() -> list[int]:
    """The cores that this process may use; empty where the system does not tell."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


@contextlib.contextmanager
def bound_to(chosen: Collection[int] | None) -> Iterator[None]:
    """Processes started inside inherit the given cores; without effect where the system cannot bind, or for None."""
    if not chosen or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, set(chosen))
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
