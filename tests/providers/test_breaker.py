"""The circuit breaker by itself: counting, one trial at a time, and news that comes too late."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from patungan.providers.breaker import Circuit, CircuitBreaker

if TYPE_CHECKING:
    from tests.providers.conftest import ManualTime


@pytest.fixture
def breaker(time: ManualTime) -> CircuitBreaker:
    return CircuitBreaker(time.clock, failures_to_open=3, open_seconds=10.0)


def fail(breaker: CircuitBreaker, times: int) -> None:
    for _ in range(times):
        ticket = breaker.admit()
        assert ticket is not None
        breaker.settle(ticket, healthy=False)


def succeed(breaker: CircuitBreaker) -> None:
    ticket = breaker.admit()
    assert ticket is not None
    breaker.settle(ticket, healthy=True)


def test_only_failures_in_a_row_open_it(breaker: CircuitBreaker) -> None:
    fail(breaker, 2)
    succeed(breaker)
    fail(breaker, 2)
    assert breaker.circuit() is Circuit.CLOSED
    fail(breaker, 1)
    assert breaker.circuit() is Circuit.OPEN
    assert breaker.admit() is None


def test_it_lets_one_trial_through_and_opens_again_when_that_fails(breaker: CircuitBreaker, time: ManualTime) -> None:
    fail(breaker, 3)
    time.now += 9.0
    assert breaker.seconds_until_trial() == 1.0
    assert breaker.admit() is None
    time.now += 1.0
    assert breaker.circuit() is Circuit.HALF_OPEN
    trial = breaker.admit()
    assert trial is not None
    assert breaker.admit() is None
    breaker.settle(trial, healthy=False)
    assert breaker.circuit() is Circuit.OPEN
    assert breaker.seconds_until_trial() == 10.0


def test_a_trial_without_a_verdict_frees_the_place(breaker: CircuitBreaker, time: ManualTime) -> None:
    fail(breaker, 3)
    time.now += 10.0
    trial = breaker.admit()
    assert trial is not None
    breaker.settle(trial, healthy=None)
    succeed(breaker)
    assert breaker.circuit() is Circuit.CLOSED


def test_calls_from_before_the_change_do_not_count(breaker: CircuitBreaker, time: ManualTime) -> None:
    early = [breaker.admit() for _ in range(2)]
    assert early[0] is not None
    assert early[1] is not None
    fail(breaker, 3)
    breaker.settle(early[0], healthy=True)
    assert breaker.circuit() is Circuit.OPEN
    time.now += 10.0
    succeed(breaker)
    breaker.settle(early[1], healthy=False)
    fail(breaker, 2)
    assert breaker.circuit() is Circuit.CLOSED
