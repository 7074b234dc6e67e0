"""Lists as CSV, written a page at a time so that any number of rows fits; times are of Jakarta, amounts rupiah."""

from __future__ import annotations

import csv
import enum
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from patungan.kernel.time import JAKARTA

PAGE = 1_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Row = TypeVar("Row", bound=msgspec.Struct)


async def csv_lines(kind: type[Row], read: Callable[[int, int], Awaitable[Sequence[Row]]]) -> AsyncIterator[str]:
    """A header of the rows' fields, then the rows as ``read(limit, offset)`` gives them."""
    names = [each.name for each in msgspec.structs.fields(kind) if each.name not in ("lines", "changes")]
    yield _written([names])
    offset = 0
    while True:
        page = await read(PAGE, offset)
        yield _written([[_cell(getattr(row, name)) for name in names] for row in page])
        offset += len(page)
        if len(page) < PAGE:
            return


def _written(rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _cell(value: Any) -> object:
    """A cell that no spreadsheet takes for a formula."""
    match value:
        case None:
            return ""
        case datetime():
            return value.astimezone(JAKARTA).isoformat(timespec="seconds")
        case enum.Enum():
            return value.value
        case int() | float():
            return value
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
