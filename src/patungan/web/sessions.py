"""Sessions as pages show them: how far, until when, and what a buyer may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from patungan.web.texts import number, parse_moment

OPEN = frozenset({"forming", "moq_reached"})
FINAL = frozenset({"orders_created", "failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class Bar:
    """A progress bar in per cent of its length: people's units first, then the platform's, then those still unpaid."""

    people: float
    platform: float
    held: float


@dataclass(frozen=True, slots=True)
class Shown:
    """A session's facts with what follows from them at this moment. ``state`` is upcoming for an open session that has
    not started."""

    facts: dict[str, Any]
    state: str
    joinable: bool
    upcoming: bool
    over: bool
    final: bool
    bar: Bar
    saving_percent: int


def bar_of(facts: dict[str, Any]) -> Bar:
    """The bar of a session; what goes beyond the target is cut off."""
    target = max(1, int(facts["target_moq"]))
    left, parts = 100.0, []
    for name in ("paid_quantity", "platform_quantity", "held_quantity"):
        part = min(left, round(100 * int(facts[name]) / target, 2))
        left = round(left - part, 2)
        parts.append(part)
    return Bar(*parts)


def catch_up(lags: list[dict[str, Any]]) -> str:
    """What must be taken of other variants before a locked one opens: ``3 × Hitam, 1 × Merah``."""
    return ", ".join(f"{number(int(each['units']))} × {each['name']}" for each in lags)


def shown(facts: dict[str, Any], now: datetime) -> Shown:
    """What a page shows of a session."""
    status = str(facts["status"])
    is_open = status in OPEN
    upcoming = is_open and parse_moment(facts["starts_at"]) > now
    over = not is_open or parse_moment(facts["ends_at"]) <= now or bool(facts.get("closing"))
    base, lowest = int(facts["base_price"]), int(facts["price_tier_100"])
    return Shown(
        facts,
        "upcoming" if upcoming else status,
        not upcoming and not over,
        upcoming,
        over,
        status in FINAL,
        bar_of(facts),
        100 * (base - lowest) // base if base else 0,
    )
