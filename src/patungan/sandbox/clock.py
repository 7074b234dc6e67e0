"""The sandbox's time: UTC, in milliseconds inside, ISO 8601 with a ``Z`` outside, replaceable by a test's own clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970; a moment without a zone is read as UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def iso(at: int) -> str:
    """Xendit's form, ``2026-11-23T02:32:50.912Z``."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1000:03d}Z"


def parse_iso(text: str) -> int:
    """Milliseconds of an ISO 8601 text; raises ValueError for anything else."""
    return milliseconds(datetime.fromisoformat(text))
