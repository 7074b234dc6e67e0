"""The floor: a prepared answer from the same server program as the services', with no framework and no work behind it."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
from collections.abc import AsyncIterator, Collection
from functools import partial

import uvloop

from patungan.operations.health import answers
from patungan.operations.ports import free_port
from patungan.operations.serve import serve_app


def _serve(port: int, size: int, cores: Collection[int] | None) -> None:
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(cores))
    body = b'"' + b"x" * max(0, size - 2) + b'"'
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]

    async def app(scope: dict[str, object], receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": body})  # type: ignore[operator]

    uvloop.run(serve_app(app, "127.0.0.1", port).serve())  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def floor(size: int, *, cores: Collection[int] | None = None) -> AsyncIterator[int]:
    """A process that answers every request with ``size`` bytes of JSON; gives its port."""
    port = free_port()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(port, size, cores), daemon=True)
    process.start()
    try:
        while not await asyncio.to_thread(partial(answers, port, "/")):
            await asyncio.sleep(0.05)
        yield port
    finally:
        process.terminate()
        await asyncio.to_thread(process.join)
