"""What all rounds of chaos did together, told at the end of a test run."""

from __future__ import annotations

from collections import Counter

import pytest

TOTALS: pytest.StashKey[Counter[str]] = pytest.StashKey()
TOLD = ("payments", "refunds", "refunds of what was delivered", "joins", "withdrawals", "releases", "settlements")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Write how much happened in the rounds that came out right."""
    totals = config.stash.get(TOTALS, None)
    if totals is not None:
        told = ", ".join(f"{totals[name]} {name}" for name in TOLD)
        killed = sum(count for name, count in totals.items() if name.startswith("kills of"))
        terminalreporter.write_line(
            f"chaos: {totals['rounds']} rounds with {told}, {killed} kills; the books are equal"
        )
