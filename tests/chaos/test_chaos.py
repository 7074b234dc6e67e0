"""Random money under random trouble: whatever is killed and whatever the provider does, the books come out the same.

A round trades for some seconds while both processes are killed and the provider is in trouble, comes to rest, and has its
factory and sellers settled with on two Fridays, with one of the processes killed on the first.

``--seeds N`` plays N rounds, ``--seed S`` one of them; a round that fails prints its plan.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from tests.chaos.acts import Round
from tests.chaos.conftest import TOTALS
from tests.chaos.plan import plan_of
from tests.chaos.rest import assert_same_books, calm, paydays
from tests.chaos.stack import Stack
from tests.house import Servers


class _Stacks:
    """One stack for all rounds; after a round that failed, a new one."""

    def __init__(self, servers: Servers, template: str) -> None:
        self._servers, self._template = servers, template
        self._stack: Stack | None = None

    async def whole(self) -> Stack:
        if self._stack is None:
            self._stack = await Stack(self._servers, self._template).__aenter__()
        return self._stack

    async def drop(self) -> None:
        broken, self._stack = self._stack, None
        if broken is not None:
            await broken.__aexit__(None, None, None)


@pytest.fixture(scope="module")
async def stacks(servers: Servers, template: str) -> AsyncIterator[_Stacks]:
    held = _Stacks(servers, template)
    yield held
    await held.drop()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test a seed."""
    if "seed" in metafunc.fixturenames:
        only = metafunc.config.getoption("--seed")
        metafunc.parametrize("seed", [only] if only is not None else range(metafunc.config.getoption("--seeds")))


@pytest.mark.slow
async def test_the_books_come_out_equal_to_the_provider_s(
    stacks: _Stacks, seed: int, request: pytest.FixtureRequest
) -> None:
    plan = plan_of(seed)
    stack = await stacks.whole()
    round_, began = Round(stack, plan), time.monotonic()
    try:
        await round_.prepare()
        await round_.trade()
        await calm(stack, round_)
        await paydays(stack, round_)
        await assert_same_books(stack, round_)
        print(f"seed {seed}: {time.monotonic() - began:.1f} s, {dict(round_.done)}")
        request.config.stash.setdefault(TOTALS, Counter()).update(round_.done + Counter(rounds=1))
    except BaseException as error:
        error.add_note(f"{plan}\ndone: {dict(round_.done)}\nagain: ./patungan test tests/chaos --seed {seed}")
        await stacks.drop()
        raise
