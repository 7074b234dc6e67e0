"""The demo: its own arithmetic against DOMAIN.md, a whole play, and the gateway's limit lifted and put back."""

from __future__ import annotations

import asyncio
import io
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from rich.console import Console

from patungan.operations import demo
from patungan.operations.audit.report import Finding, Offence, Report
from patungan.operations.demo import figures
from patungan.operations.demo.expectations import Expectation, Expectations, until
from patungan.operations.demo.figures import Charge, Division, Share, Terms
from patungan.operations.demo.gateway_limit import Gateway, gateway_of, without_limit
from patungan.operations.layout import DataDirectory, OperationError
from patungan.operations.nginx import NginxServer
from patungan.operations.ports import free_port
from patungan.operations.stack import RunningStack, StackState, write_state
from tests.house import House
from tests.operations.stacks import stack_of

FULL = Terms(100, 100_000, {25: 100_000, 50: 90_000, 75: 80_000, 100: 70_000}, 500_000)
"""The full session of DOMAIN.md 6.2."""


@pytest.mark.parametrize(
    ("paid", "moq", "tier"),
    [(49, 100, 25), (50, 100, 50), (74, 100, 50), (75, 100, 75), (99, 100, 75), (100, 100, 100), (250, 100, 100)]
    + [(2, 3, 50), (3, 4, 75), (1, 100, 25), (0, 10, 25)],
)
def test_tiers_are_those_of_the_domain(paid: int, moq: int, tier: int) -> None:
    assert Terms(moq, 1, {}, 0).tier(paid) == tier


@pytest.mark.parametrize(
    ("paid", "moq", "fill"),
    [(20, 100, 5), (10, 99, 15), (24, 100, 1), (40, 200, 10), (25, 100, 0), (0, 100, 0), (1, 2, 0)],
)
def test_the_platform_fills_to_a_quarter(paid: int, moq: int, fill: int) -> None:
    assert Terms(moq, 1, {}, 0).platform_fill(paid) == fill


@pytest.mark.parametrize(("price", "fee"), [(1, 1), (33, 1), (99_999, 3_000), (100_000, 3_000), (1_000_001, 30_001)])
def test_the_fee_is_three_per_cent_rounded_up(price: int, fee: int) -> None:
    assert figures.charge(Terms(2, price, {}, 0), 0, 1, 0).fee == fee


def test_the_full_session_comes_to_the_domains_figures() -> None:
    first, second = figures.charge(FULL, 0, 40, 15_000), figures.charge(FULL, 0, 38, 12_000)
    assert first == Charge(4_000_000, 200_000, 15_000, 120_000) and first.total == 4_335_000
    assert second.total == 4_116_000
    tier = FULL.tier(78)
    assert (tier, figures.cashback(FULL, tier, 40), figures.cashback(FULL, tier, 38)) == (75, 800_000, 760_000)
    divided = figures.divide(FULL, [Share(first, 0, 40), Share(second, 0, 38)], from_stock=[])
    assert divided == Division(1_560_000, 5_616_000, 390_000, 27_000, 624_000, 234_000)
    assert divided.total == 8_451_000


def test_old_stock_is_the_warehouses_and_every_rupiah_finds_its_place() -> None:
    shares = [
        Share(figures.charge(FULL, 7_503, 40, 15_000), 7_503, 40),
        Share(figures.charge(FULL, 0, 38, 12_000), 0, 38),
    ]
    divided = figures.divide(FULL, shares, from_stock=[(7_503, 12)])
    assert divided.total == sum(share.charge.total for share in shares)
    old = (80_000 + 7_503) * 12
    assert divided.warehouse == 390_000 + old - (divided.commission - round((6_240_000 + 7_503 * 40 - old) / 10))


def test_leg_one_and_purchases_are_rounded_up() -> None:
    assert Terms(30, 1, {}, 500_000).leg1_per_unit == 16_667
    assert [figures.rounded_purchase(missing, 12) for missing in (1, 12, 25)] == [12, 12, 36]


def test_what_is_missed_is_said_and_counted() -> None:
    said = io.StringIO()
    expect = Expectations(Console(file=said, width=200))
    assert expect.same("a", 1, 1)
    assert not expect.same("b", 1, 2)
    assert not expect.each_same("c", [("x", 1, 1), ("y", 2, 3), ("z", 4, 5)])
    assert [each.what for each in expect.missed] == ["b", "c, y", "c, z"]
    assert "✓ a: 1" in said.getvalue() and "✗ c, z: expected 4, found 5" in said.getvalue()


async def test_waiting_ends_with_what_was_waited_for() -> None:
    async def never() -> bool:
        return False

    with pytest.raises(OperationError, match="after 0 s still not: the moon"):
        await until("the moon", never, seconds=0)


async def test_the_same_seed_plays_the_same_story(one_house: House, tmp_path: Path) -> None:
    stack = stack_of(one_house, tmp_path)
    said = io.StringIO()
    one = await demo.play(stack, buyers=9, seed=3, console=Console(file=said, width=200))
    assert one.good and one.books_whole, [each for each in one.expectations if not each.met]
    for act in ("succeeds", "waits for its goods", "nobody joins", "is called off"):
        assert f"A session that {act}" in said.getvalue()
    kinds = Counter(each.what.split(",")[0] for each in one.expectations)
    # Nine buyers, three of whom do not pay the first session in time; seven parts of an escrow; all wallets after each act.
    assert (kinds["orders"], kinds["the division of the escrow"]) == (6 + 6, 2 * 7)
    assert all(kinds[f"wallets after act {act}"] == 9 for act in (1, 2, 4))
    assert kinds["refunded in full"] == 5
    again = await demo.play(stack, buyers=9, seed=3, console=Console(file=io.StringIO()))
    assert again.expectations == one.expectations
    other = await demo.play(stack, buyers=9, seed=4, console=Console(file=io.StringIO()))
    assert other.good and other.expectations != one.expectations


@pytest.mark.parametrize(
    ("buyers", "sandbox", "said"), [(7, "http://127.0.0.1:9", "8 buyers"), (8, "", "invented money")]
)
async def test_what_cannot_be_played_is_refused_at_once(buyers: int, sandbox: str, said: str) -> None:
    stack = RunningStack("", "", "", "", sandbox, {}, split=False)
    with pytest.raises(OperationError, match=said):
        await demo.play(stack, buyers=buyers, seed=1, console=Console(file=io.StringIO()))


@pytest.mark.parametrize(("found", "offences", "code"), [("1", 0, 0), ("2", 0, 1), ("1", 1, 1)])
async def test_the_command_answers_by_its_exit_code(
    found: str, offences: int, code: int, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    expectation = Expectation("a", "1", found)
    report = Report([Finding("entries", "they sum to zero", 1, offences, [Offence("x", "y")] * offences)])

    async def play(*_: object, **__: object) -> demo.Outcome:
        return demo.Outcome(expectation.met and report.whole, 1, 8, 0.0, [expectation], report.whole, report)

    monkeypatch.setattr(demo, "play", play)
    assert await demo.run(RunningStack("", "", "", "", "", {}, split=False), buyers=8, json=True) == code
    document: dict[str, Any] = msgspec.json.decode(capsysbinary.readouterr().out)
    assert document["good"] is (code == 0)


async def test_sigterm_ends_the_demo_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []

    async def play(*_: object, **__: object) -> demo.Outcome:
        try:
            signal.raise_signal(signal.SIGTERM)
            await asyncio.sleep(10)
        finally:
            ended.append("in order")
        raise AssertionError("not stopped")

    monkeypatch.setattr(demo, "play", play)
    assert await demo.run(RunningStack("", "", "", "", "", {}, split=False), buyers=8, json=True) == 143
    assert ended == ["in order"]


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    """A real nginx that lets one request a second through, with no service behind it."""
    data = DataDirectory(tmp_path / "data")
    data.create()
    state = StackState(gateway_port=free_port(), rate="1r/s", environment={"PATUNGAN_DATA": str(data.root)})
    write_state(data, state)
    found = Gateway(data, state)
    server = found.prepare(state.rate)
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*server.command(), stdout=quiet, stderr=quiet, cwd=server.home)
    try:
        deadline = time.monotonic() + 10
        while not (server.home / "nginx.pid").exists() or await _statuses(state, 1) == Counter():
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
        yield found
    finally:
        process.terminate()
        await process.wait()


async def _statuses(state: StackState, requests: int) -> Counter[int]:
    async with httpx.AsyncClient(trust_env=False) as client:
        try:
            found = [await client.get(f"{state.gateway_url}/api/addresses") for _ in range(requests)]
        except httpx.TransportError:
            return Counter()
    return Counter(response.status_code for response in found)


class _StoppedError(Exception):
    """Whatever ends a demo early."""


async def test_the_limit_is_lifted_for_the_demo_and_put_back(gateway: Gateway) -> None:
    assert (await _statuses(gateway.state, 40))[429] > 10
    with pytest.raises(_StoppedError):
        async with without_limit(gateway):
            assert (await _statuses(gateway.state, 40))[429] == 0
            raise _StoppedError
    await asyncio.sleep(0.5)
    assert (await _statuses(gateway.state, 40))[429] > 10
    configuration = (NginxServer.prepare(gateway.home, gateway.settings("1r/s")).home / "nginx.conf").read_text()
    assert "rate=1r/s" in configuration


async def test_without_a_gateway_there_is_nothing_to_lift(tmp_path: Path) -> None:
    data = DataDirectory(tmp_path)
    write_state(data, StackState(gateway_port=None))
    environment = {"PATUNGAN_DATA": str(tmp_path)}
    stack = RunningStack("", "", "", "", "", environment, split=False)
    assert gateway_of(stack) is None
    async with without_limit(None):
        pass
    write_state(data, StackState(gateway_port=8080, rate=None))
    found = gateway_of(stack)
    assert found is not None and not found.limited
    async with without_limit(found):
        assert not (tmp_path / "nginx").exists()
