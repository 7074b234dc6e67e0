"""A circuit breaker: stops calling a provider that keeps failing, and tries it again with one call at a time."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class Circuit(StrEnum):
    """Closed lets calls through, open turns them away, half-open lets one through as a trial."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class CircuitBreaker:
    """Opens after ``failures_to_open`` failures in a row, for ``open_seconds`` of the clock passed in (seconds).

    Not shared between threads; one event loop's calls only.
    """

    def __init__(self, clock: Callable[[], float], *, failures_to_open: int = 5, open_seconds: float = 30.0) -> None:
        self._clock = clock
        self._failures_to_open = failures_to_open
        self._open_seconds = open_seconds
        self._failures = 0
        self._opened_at: float | None = None
        self._trial_running = False
        self._epoch = 0

    def circuit(self) -> Circuit:
        if self._opened_at is None:
            return Circuit.CLOSED
        return Circuit.OPEN if self.seconds_until_trial() > 0 else Circuit.HALF_OPEN

    def seconds_until_trial(self) -> float:
        """Seconds until an open circuit lets a trial through; 0 when it is not open."""
        if self._opened_at is None:
            return 0.0
        return max(0.0, self._opened_at + self._open_seconds - self._clock())

    def admit(self) -> int | None:
        """A ticket to hand to ``settle`` when the call has ended, or None when the call is turned away."""
        match self.circuit():
            case Circuit.OPEN:
                return None
            case Circuit.HALF_OPEN:
                if self._trial_running:
                    return None
                self._trial_running = True
        return self._epoch

    def settle(self, ticket: int, healthy: bool | None) -> None:
        """Record how an admitted call ended; None when it says nothing about the provider (cancelled, no free connection)."""
        if ticket != self._epoch:
            # The call began before the circuit last changed: its news is old.
            return
        self._trial_running = False
        if healthy is None:
            return
        if healthy:
            self._failures = 0
            if self._opened_at is not None:
                self._change_to(None)
            return
        self._failures += 1
        if self._opened_at is not None or self._failures >= self._failures_to_open:
            self._change_to(self._clock())

    def _change_to(self, opened_at: float | None) -> None:
        self._opened_at = opened_at
        self._failures = 0
        self._epoch += 1
