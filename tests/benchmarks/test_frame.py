"""The benchmark frame: exact figures, options, and load against a server whose answers are known."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from typing import Annotated

import msgspec
import pytest

from benchmarks.frame import command
from benchmarks.frame.figures import percentile, ratio, spread
from benchmarks.frame.floor import floor
from benchmarks.frame.load import Plan, drive, request_bytes
from patungan.operations.layout import REPOSITORY


class Options(msgspec.Struct, frozen=True):
    clients: Annotated[tuple[int, ...], "how many clients"] = (1, 4)
    seconds: Annotated[float, "how long"] = 2.5
    through_gateway: Annotated[bool, "through nginx"] = True


def test_percentiles_are_nearest_rank() -> None:
    hundred = [float(number) for number in range(1, 101)]
    assert [percentile(hundred, share) for share in (0.5, 0.95, 0.99, 1.0)] == [50, 95, 99, 100]
    assert percentile([7.0], 0.5) == 7.0
    assert math.isnan(percentile([], 0.5))
    found = spread([0.003, 0.001, 0.002])
    assert (found.count, found.mean, found.p50, found.p99, found.max) == (3, 2.0, 2.0, 3.0, 3.0)
    assert ratio(3, 2) == 1.5


def test_options_come_from_the_command_line() -> None:
    assert command.parse("browse", Options, []) == Options()
    given = command.parse("browse", Options, ["--clients", "1", "64", "--seconds", "0.5", "--no-through-gateway"])
    assert given == Options((1, 64), 0.5, False)
    with pytest.raises(SystemExit):
        command.parse("browse", Options, ["--unknown", "1"])


def test_bench_lists_every_benchmark_with_its_purpose() -> None:
    said = subprocess.run(
        [sys.executable, "-P", "-m", "patungan.cli", "bench", "--json"], capture_output=True, text=True, check=True
    ).stdout
    listed = json.loads(said)
    assert sorted(listed) == command.names()
    assert all(text.endswith(".") for text in listed.values())
    modules = {each.stem for each in (REPOSITORY / "benchmarks").glob("*.py")} - {"__init__"}
    assert set(listed) == modules


async def test_load_counts_every_answer_of_every_connection() -> None:
    async with floor(1000) as port:
        requests = [request_bytes("GET", "/"), request_bytes("POST", "/", token="t", body=b"{}")]
        outcome = await drive(Plan(port, [requests] * 7, keep_bodies=True), processes=2)
    assert outcome.statuses == {200: 14}
    assert outcome.failures == 0
    assert len(outcome.latencies) == 14
    assert {len(body) for body in outcome.bodies} == {1000}
    assert outcome.rate > 0
