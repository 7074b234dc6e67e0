"""Telling the person at the terminal what is going on: a spinner for what is under way, a line for what is done."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.status import Status


class _PatientConsole(Console):
    """A console whose reader may leave, as ``up | head`` does, without ending what goes on behind it."""

    def on_broken_pipe(self) -> None:
        self.quiet = True


class Progress:
    """Steps that may run at the same time, each printed with its duration when it ends."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or _PatientConsole(stderr=True, highlight=False)
        self._under_way: dict[str, str] = {}
        self._status: Status | None = None

    @contextmanager
    def step(self, label: str) -> Iterator[None]:
        """A step that is under way until the block ends; nothing is printed for one that fails."""
        began = time.monotonic()
        self._show(label, label)
        try:
            yield
            self.console.print(f"  [green]✓[/] {escape(label)} [dim]{time.monotonic() - began:.1f} s[/]")
        finally:
            self._show(label, None)

    def detail(self, label: str, text: str) -> None:
        """Change what the spinner says about a step that is under way."""
        self._show(label, f"{label}: {text}")

    def note(self, text: str) -> None:
        self.console.print(f"  [yellow]![/] {escape(text)}", soft_wrap=True)

    def _show(self, label: str, text: str | None) -> None:
        if text is None:
            self._under_way.pop(label, None)
        else:
            self._under_way[label] = text
        if not self.console.is_terminal:
            return
        if self._under_way:
            said = escape(", ".join(self._under_way.values()))
            if self._status is None:
                self._status = self.console.status(said)
                self._status.start()
            self._status.update(said)
        elif self._status is not None:
            self._status.stop()
            self._status = None
