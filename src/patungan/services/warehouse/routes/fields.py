"""Fields and downloads that the warehouse's routes share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated

from litestar.response import Stream
from msgspec import Meta

from patungan.kernel.identity import Audience

STAFF = Audience.WAREHOUSE
STAFF_AND_OWNER = (Audience.WAREHOUSE, Audience.FACTORY_OWNER)

Name = Annotated[str, Meta(min_length=2, max_length=100, pattern=r"^\S(.*\S)?$")]
Reason = Annotated[str, Meta(min_length=3, max_length=300, pattern=r"^\S(.*\S)?$")]
Note = Annotated[str, Meta(max_length=300)]
Units = Annotated[int, Meta(ge=0, le=1_000_000)]
SomeUnits = Annotated[int, Meta(ge=1, le=1_000_000)]
LocationCode = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^\S(.*\S)?$")]


def aware(moment: datetime) -> datetime:
    """A time without its zone is UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def csv_download(name: str, lines: AsyncIterator[str]) -> Stream:
    """A CSV file that is written as it is read."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Stream(lines, media_type="text/csv", headers=headers)
