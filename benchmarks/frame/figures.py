"""Figures as benchmarks report them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import msgspec


class Spread(msgspec.Struct, frozen=True):
    """How a time is spread over its measurements, in milliseconds; nearest-rank percentiles of all of them."""

    count: int
    mean: float
    p50: float
    p95: float
    p99: float
    max: float


def percentile(ordered: Sequence[float], share: float) -> float:
    """The nearest-rank percentile of sorted values: the least that ``share`` (0 to 1) of them do not exceed."""
    if not ordered:
        return math.nan
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def spread(seconds: Iterable[float]) -> Spread:
    """The spread of times given in seconds."""
    ordered = sorted(seconds)
    if not ordered:
        return Spread(0, math.nan, math.nan, math.nan, math.nan, math.nan)
    mean = sum(ordered) / len(ordered)
    chosen = (mean, *(percentile(ordered, share) for share in (0.5, 0.95, 0.99)), ordered[-1])
    return Spread(len(ordered), *(round(each * 1000, 3) for each in chosen))


def ratio(measured: float, reference: float) -> float:
    """Measured by reference, to three significant digits."""
    return float(f"{measured / reference:.3g}") if reference else math.nan
