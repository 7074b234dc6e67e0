"""Batching: who asks while a batch is under way shares the next, each gets their own answer, and nobody is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from patungan.kernel.batching import Batcher


class Doubling:
    """Doubles numbers and refuses odd ones, remembering the batches."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()

    async def __call__(self, batch: list[int]) -> Sequence[int | Exception]:
        self.batches.append(batch)
        await self.gate.wait()
        if 13 in batch:
            raise ConnectionError("the peer is down")
        return [2 * each if each % 2 == 0 else ValueError(f"{each} is odd") for each in batch]


async def test_a_crowd_shares_batches_and_each_gets_the_own_answer() -> None:
    work, idle = Doubling(), []
    batcher = Batcher(work, largest=4, on_idle=lambda: idle.append(True))
    asked = [asyncio.create_task(batcher.ask(number)) for number in range(10)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert work.batches == [[0, 1, 2, 3]]
    late = asyncio.create_task(batcher.ask(20))
    work.gate.set()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert await late == 40
    assert work.batches == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 20]]
    assert [each for each in answers if not isinstance(each, BaseException)] == [0, 4, 8, 12, 16]
    assert [str(each) for each in answers if isinstance(each, ValueError)] == [f"{n} is odd" for n in (1, 3, 5, 7, 9)]
    assert idle == [True]


async def test_a_failed_batch_is_told_to_everybody_in_it_and_to_nobody_else() -> None:
    work = Doubling()
    work.gate.set()
    batcher = Batcher(work, largest=2)
    answers = await asyncio.gather(*(batcher.ask(n) for n in (2, 13, 4, 6)), return_exceptions=True)
    assert isinstance(answers[0], ConnectionError) and isinstance(answers[1], ConnectionError)
    assert answers[2:] == [8, 12]
    assert await batcher.ask(8) == 16


async def test_one_who_gives_up_does_not_take_the_answer_from_the_others() -> None:
    work = Doubling()
    batcher = Batcher(work, largest=10)
    impatient = asyncio.create_task(batcher.ask(2))
    patient = asyncio.create_task(batcher.ask(4))
    await asyncio.sleep(0.01)
    impatient.cancel()
    work.gate.set()
    assert await patient == 8
    with pytest.raises(asyncio.CancelledError):
        await impatient
    await batcher.close()
