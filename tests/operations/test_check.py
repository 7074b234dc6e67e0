"""The second try of failed tests: of a few, of all where the process was ended, never of many."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from patungan.operations import check

COMMAND = ["python", "-m", "pytest"]


@pytest.fixture
def remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "lastfailed"
    monkeypatch.setattr(check, "LAST_FAILED", file)
    return file


@pytest.mark.parametrize(("failed", "tried"), [(0, False), (1, True), (check.FEW, True), (check.FEW + 1, False)])
def test_a_few_failures_are_tried_again_and_many_are_not(remembered: Path, failed: int, tried: bool) -> None:
    remembered.write_text(json.dumps({f"tests/test_x.py::test_{number}": True for number in range(failed)}))
    again = check._second_try(COMMAND, 1)
    assert again == ([*COMMAND, "-n", "0", "--last-failed", "--last-failed-no-failures", "none"] if tried else None)


def test_only_failed_tests_and_ended_processes_are_tried_again(remembered: Path) -> None:
    remembered.write_text(json.dumps({"tests/test_x.py::test_a": True}))
    # 2: interrupted, 3: internal error, 4: wrong usage, 5: no tests; a signal is below zero.
    assert [check._second_try(COMMAND, code) for code in (0, 2, 3, 4, 5)] == [None] * 5
    assert check._second_try(COMMAND, -11) == COMMAND
    remembered.unlink()
    assert check._second_try(COMMAND, 1) is None
