"""What the demo expects, and whether it came so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from rich.console import Console
from rich.markup import escape

from patungan.operations.layout import OperationError

POLL_SECONDS = 0.15


class Expectation(msgspec.Struct, frozen=True):
    """One thing that had to be so; both values as text."""

    what: str
    expected: str
    found: str

    @property
    def met(self) -> bool:
        return self.expected == self.found


class Expectations:
    """Collects what was expected and found, saying each as it comes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.all: list[Expectation] = []

    @property
    def missed(self) -> list[Expectation]:
        return [each for each in self.all if not each.met]

    def same(self, what: str, expected: object, found: object, *, quiet: bool = False) -> bool:
        """Compare; a quiet one is only said where it is missed."""
        expectation = Expectation(what, str(expected), str(found))
        self.all.append(expectation)
        if not expectation.met:
            self._console.print(
                f"    [red]✗ {escape(what)}: expected {escape(str(expected))}, found {escape(str(found))}[/]"
            )
        elif not quiet:
            self._console.print(f"    [green]✓[/] {escape(what)}: {escape(str(found))}")
        return expectation.met

    def each_same(self, what: str, pairs: list[tuple[str, object, object]]) -> bool:
        """Compare many of a kind; said in one line where all of them are so."""
        met = [self.same(f"{what}, {label}", expected, found, quiet=True) for label, expected, found in pairs]
        if met and all(met):
            self._console.print(f"    [green]✓[/] {escape(what)}: all {len(pairs)} to the rupiah")
        return all(met)


async def until(what: str, ask: Callable[[], Awaitable[Any]], *, seconds: float = 60) -> Any:
    """Ask until the answer is true and answer it; raises OperationError naming what did not come about in time."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while True:
        answer = await ask()
        if answer:
            return answer
        if loop.time() > end:
            raise OperationError(f"after {seconds:.0f} s still not: {what}")
        await asyncio.sleep(POLL_SECONDS)
