"""Plays group buying on the running platform, through its public API, tells it in plain English, and audits the books."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Coroutine
from random import Random
from typing import TYPE_CHECKING, Any

import msgspec
from rich.console import Console

from patungan.operations.api import Api, Sandbox
from patungan.operations.audit import provider_books, settled_audit
from patungan.operations.audit.report import Report
from patungan.operations.audit.report import show as show_report
from patungan.operations.demo import acts
from patungan.operations.demo.buyers import register
from patungan.operations.demo.expectations import Expectation, Expectations
from patungan.operations.demo.gateway_limit import Gateway, gateway_of, without_limit
from patungan.operations.demo.show import Show, progress_bar
from patungan.operations.demo.stage import set_up
from patungan.operations.layout import OperationError

if TYPE_CHECKING:
    from patungan.operations.stack import RunningStack

CONCURRENCY = 8
TERMINATED = 128 + signal.SIGTERM
"""The exit code of a command that SIGTERM ended, as shells know it."""


class Outcome(msgspec.Struct, frozen=True):
    """What the demo came to."""

    good: bool
    seed: int
    buyers: int
    seconds: float
    expectations: list[Expectation]
    books_whole: bool
    books: Report


async def play(stack: RunningStack, *, buyers: int, seed: int, console: Console) -> Outcome:
    """Play all acts and audit; raises OperationError where the platform refuses what it should do, or never does it."""
    if buyers < acts.SMALLEST_CROWD:
        raise OperationError(f"the story needs {acts.SMALLEST_CROWD} buyers at least")
    if not stack.sandbox_url:
        raise OperationError("the demo pays with invented money and does not run where real providers are configured")
    began = asyncio.get_running_loop().time()
    gateway = gateway_of(stack)
    _introduce(console, stack, gateway)
    expect = Expectations(console)
    async with (
        without_limit(gateway),
        Api(stack.environment, gateway_url=stack.gateway_url if gateway else None, concurrency=CONCURRENCY) as api,
    ):
        show = await _assemble(stack, api, expect, buyers=buyers, seed=seed, console=console)
        await acts.success(show)
        await acts.waiting_for_goods(show)
        await acts.nobody(show)
        await acts.called_off(show)
    show.act("The audit")
    report = await settled_audit(stack.database_url, provider_books(stack))
    show_report(report, console)
    seconds = asyncio.get_running_loop().time() - began
    good = report.whole and not expect.missed
    return Outcome(good, seed, buyers, round(seconds, 1), expect.all, report.whole, report)


def _introduce(console: Console, stack: RunningStack, gateway: Gateway | None) -> None:
    where = stack.gateway_url if gateway else "the services' own ports"
    console.print(f"[bold]A day of group buying[/], played at {where}.", highlight=False)
    if gateway is not None and gateway.limited:
        console.print(
            f"  The gateway grants one address {gateway.state.rate}; all buyers come from this one, so the limit is "
            "lifted until the demo ends.",
            soft_wrap=True,
        )


async def _assemble(
    stack: RunningStack, api: Api, expect: Expectations, *, buyers: int, seed: int, console: Console
) -> Show:
    rng, sandbox = Random(seed), Sandbox(stack.sandbox_url, api.client)
    stage = await set_up(stack, api)
    async with progress_bar(console, "registering buyers", buyers) as advance:
        crowd = await register(api, sandbox, rng, buyers, advance)
    console.print(
        f"  {buyers} buyers register, each with the code that came to their telephone, and say where they live.",
        soft_wrap=True,
    )
    return Show(stage, crowd, sandbox, rng, console, expect, stack.database_url)


async def _stoppable(work: Coroutine[Any, Any, Outcome]) -> Outcome | None:
    """Carry out the demo, None where SIGTERM ended it: cancelled as by Ctrl-C, so that the gateway gets its limit back."""
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)
    terminated = False

    def terminate() -> None:
        nonlocal terminated
        terminated = True
        task.cancel()

    loop.add_signal_handler(signal.SIGTERM, terminate)
    try:
        return await task
    except asyncio.CancelledError:
        if not terminated:
            raise
        return None
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


async def run(stack: RunningStack, *, buyers: int = 24, seed: int = 1, json: bool = False) -> int:
    """Play the demo; answers 0 where every expectation was met and the books are whole, 143 after SIGTERM."""
    console = Console(highlight=False, stderr=json)
    outcome = await _stoppable(play(stack, buyers=buyers, seed=seed, console=console))
    if outcome is None:
        console.print("The demo was stopped.")
        return TERMINATED
    if json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(outcome), indent=2) + b"\n")
    missed = [each for each in outcome.expectations if not each.met]
    console.print()
    if outcome.good:
        console.print(
            f"[bold green]All {len(outcome.expectations)} expectations were met[/] and the books are whole, "
            f"in {outcome.seconds:.0f} s."
        )
    else:
        whole = "whole" if outcome.books_whole else "not whole"
        console.print(
            f"[bold red]{len(missed)} of {len(outcome.expectations)} expectations were missed[/], the books are {whole}."
        )
    return 0 if outcome.good else 1
