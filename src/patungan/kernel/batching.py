"""Batching: whoever asks while a batch is under way shares the next one, so that a crowd costs few round trips."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Batcher(Generic[K, V]):
    """Collects what is asked and carries it out batch by batch, one batch at a time.

    ``carry_out`` answers each of a batch in its order, with a value or with the exception to raise; where it raises
    itself, everybody in the batch is told of that. ``on_idle`` is called when nobody waits any more.

    ``gather`` is the share of a batch's own time by which the next one waits for more to come, where somebody waits already:
    who was just answered asks again then, and one batch of all costs less than two of halves. Who asks alone never waits.
    """

    def __init__(
        self,
        carry_out: Callable[[list[K]], Awaitable[Sequence[V | Exception]]],
        *,
        largest: int,
        gather: float = 0.0,
        on_idle: Callable[[], None] | None = None,
    ) -> None:
        self._carry_out = carry_out
        self._largest = largest
        self._gather = gather
        self._on_idle = on_idle
        self._waiting: list[tuple[K, asyncio.Future[V]]] = []
        self._working: asyncio.Task[None] | None = None

    async def ask(self, wanted: K) -> V:
        """Wait for the batch that this is carried out in; answers or raises what it came to."""
        answer: asyncio.Future[V] = asyncio.get_running_loop().create_future()
        self._waiting.append((wanted, answer))
        if self._working is None:
            # The task begins after everybody who is ready at this moment has asked.
            self._working = asyncio.create_task(self._work())
        return await answer

    async def close(self) -> None:
        """Finish what is under way."""
        if self._working is not None:
            await asyncio.gather(self._working, return_exceptions=True)

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[: self._largest], self._waiting[self._largest :]
                began = loop.time()
                await self._answer(batch)
                if self._gather and self._waiting:
                    await asyncio.sleep(self._gather * (loop.time() - began))
        finally:
            self._working = None
            if self._on_idle is not None:
                self._on_idle()

    async def _answer(self, batch: list[tuple[K, asyncio.Future[V]]]) -> None:
        outcomes: Sequence[V | Exception]
        try:
            outcomes = await self._carry_out([wanted for wanted, _ in batch])
        except Exception as error:  # noqa: BLE001 - whatever failed, everybody in the batch is told of it
            outcomes = [error] * len(batch)
        for (_, answer), outcome in zip(batch, outcomes, strict=True):
            if answer.done():
                continue
            if isinstance(outcome, Exception):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)
