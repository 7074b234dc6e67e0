"""The checks of ``./patungan test``: lint, format, types, layers, then the tests."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from patungan.operations.layout import REPOSITORY


def steps(*, fast: bool, pytest_arguments: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Every check by name, with its command line; ``fast`` leaves out the tests marked slow."""
    programs = Path(sys.executable).parent
    chosen = ["-m", "not slow"] if fast else []
    return [
        ("lint", [str(programs / "ruff"), "check", "."]),
        ("format", [str(programs / "ruff"), "format", "--check", "."]),
        ("types", [sys.executable, "-m", "mypy"]),
        ("layers", [str(programs / "lint-imports")]),
        ("tests", [sys.executable, "-m", "pytest", *chosen, *pytest_arguments]),
    ]


def run_checks(*, fast: bool, pytest_arguments: Sequence[str], console: Console) -> int:
    """Run every check, whatever the earlier ones said; answers the exit code of the first that failed, or 0."""
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    outcomes: list[tuple[str, int, float]] = []
    for name, command in steps(fast=fast, pytest_arguments=pytest_arguments):
        console.rule(f"[bold]{name}[/] [dim]{escape(_shown(command))}[/]", align="left")
        began = time.monotonic()
        code = subprocess.run(command, cwd=REPOSITORY, env=environment, check=False).returncode
        outcomes.append((name, code, time.monotonic() - began))
        if code in (130, -2):
            break
    console.rule("[bold]summary[/]", align="left")
    for name, code, seconds in outcomes:
        said = "[green]passed[/]" if code == 0 else f"[red]failed[/] (exit code {code})"
        console.print(f"{name:<8} {said} [dim]{seconds:.1f} s[/]")
    return next((code for _, code, _ in outcomes if code != 0), 0)


def _shown(command: Sequence[str]) -> str:
    return " ".join([Path(command[0]).name, *command[1:]])
