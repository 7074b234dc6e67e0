"""The checks of ``./patungan test``: lint, format, types, layers, then the tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from patungan.operations.layout import REPOSITORY

FEW = 12
"""Tests that may fail and be tried again, alone: more than so many are no accident of timing."""

PARALLEL = ("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder", "--max-worker-restart", "1")
"""Three processes, for they wait more than they compute; each with servers of its own; a file stays in one, for its tests share a platform."""

LAST_FAILED = REPOSITORY / ".pytest_cache" / "v" / "cache" / "lastfailed"


def steps(*, fast: bool, pytest_arguments: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Every check by name, with its command line; ``fast`` leaves out the tests marked slow. What was skipped is named."""
    programs = Path(sys.executable).parent
    chosen = ["-m", "not slow"] if fast else []
    return [
        ("lint", [str(programs / "ruff"), "check", "."]),
        ("format", [str(programs / "ruff"), "format", "--check", "."]),
        ("types", [sys.executable, "-m", "mypy"]),
        ("layers", [str(programs / "lint-imports")]),
        ("tests", [sys.executable, "-m", "pytest", "-rs", *PARALLEL, *chosen, *pytest_arguments]),
    ]


def run_checks(*, fast: bool, pytest_arguments: Sequence[str], console: Console) -> int:
    """Run every check, whatever the earlier ones said; answers the exit code of the first that failed, or 0.

    A few failed tests are tried once more in a process of their own, and named where they pass then
    (docs/decisions/0007); so are all tests where the first process was ended by a signal.
    """
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    outcomes: list[tuple[str, int, float]] = []
    for name, command in steps(fast=fast, pytest_arguments=pytest_arguments):
        console.rule(f"[bold]{name}[/] [dim]{escape(_shown(command))}[/]", align="left")
        began = time.monotonic()
        code = subprocess.run(command, cwd=REPOSITORY, env=environment, check=False).returncode
        outcomes.append((name, code, time.monotonic() - began))
        if code in (130, -2):
            break
        again = _second_try(command, code) if name == "tests" else None
        if again is not None:
            failed = _failed()
            console.rule(f"[bold]tests, once more[/] [dim]{escape(_shown(again))}[/]", align="left")
            outcomes[-1] = (name, 0, outcomes[-1][2])
            began = time.monotonic()
            code = subprocess.run(again, cwd=REPOSITORY, env=environment, check=False).returncode
            outcomes.append(("again", code, time.monotonic() - began))
            for each in failed:
                console.print(f"[yellow]unstable:[/] {escape(each)}" if code == 0 else escape(each))
    console.rule("[bold]summary[/]", align="left")
    for name, code, seconds in outcomes:
        said = "[green]passed[/]" if code == 0 else f"[red]failed[/] (exit code {code})"
        console.print(f"{name:<8} {said} [dim]{seconds:.1f} s[/]")
    return next((code for _, code, _ in outcomes if code != 0), 0)


def _failed() -> list[str]:
    """The tests that failed in the last run, as pytest remembers them."""
    try:
        return sorted(json.loads(LAST_FAILED.read_text()))
    except (OSError, ValueError):
        return []


def _second_try(command: Sequence[str], code: int) -> list[str] | None:
    """The command line that tries again what failed, one by one; None where nothing did, or too much."""
    if code < 0:
        return list(command)
    if code != 1 or not 0 < len(_failed()) <= FEW:
        return None
    return [*command, "-n", "0", "--last-failed", "--last-failed-no-failures", "none"]


def _shown(command: Sequence[str]) -> str:
    return " ".join([Path(command[0]).name, *command[1:]])
