"""Fields, periods and downloads that the wallet's routes share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated

from litestar.response import Stream
from msgspec import Meta

from patungan.kernel.errors import InvalidInput

AccountNumber = Annotated[str, Meta(pattern=r"^[0-9]{8,20}$")]
HolderName = Annotated[str, Meta(min_length=3, max_length=100, pattern=r"^[^\x00-\x1f]+$")]
Amount = Annotated[int, Meta(ge=1, le=100_000_000_000)]
"""Rupiah."""
Reason = Annotated[str, Meta(min_length=5, max_length=300, pattern=r"^\S(.*\S)?$")]


def period(since: datetime | None, until: datetime | None) -> tuple[datetime | None, datetime | None]:
    """From a moment, up to and without another; a time without its zone is UTC. Raises InvalidInput for a turned one."""
    start, end = _aware(since), _aware(until)
    if start is not None and end is not None and end <= start:
        raise InvalidInput("The period ends before it begins", field="until")
    return start, end


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def csv_download(name: str, lines: AsyncIterator[str]) -> Stream:
    """A CSV file that is written as it is read."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Stream(lines, media_type="text/csv", headers=headers)
