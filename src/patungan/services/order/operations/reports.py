"""What was sold: a day's figures, sums of a time for owners and administrators, and orders as a sheet."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from patungan.kernel.errors import InvalidInput
from patungan.kernel.service import Context
from patungan.kernel.time import JAKARTA
from patungan.services.order.queries import direct as queries
from patungan.services.order.queries.direct import Day, ExportRow, Sum
from patungan.services.order.rules import OrderStatus, Source

LONGEST_DAYS = 366
EXPORT_BATCH = 1000


class Figures(msgspec.Struct, frozen=True):
    """Paid orders between two days, both included, by source."""

    first: date
    last: date
    sources: list[Sum]


def span(first: date, last: date) -> tuple[datetime, datetime]:
    """The moments from the beginning of one day in Jakarta to the end of another; raises InvalidInput."""
    if not timedelta(0) <= last - first < timedelta(days=LONGEST_DAYS):
        raise InvalidInput(f"A report is of 1 to {LONGEST_DAYS} days", field="last")
    begin = datetime(first.year, first.month, first.day, tzinfo=JAKARTA)
    return begin, datetime(last.year, last.month, last.day, tzinfo=JAKARTA) + timedelta(days=1)


async def daily(ctx: Context, day: date) -> Day:
    """The figures of one day."""
    return await queries.report(ctx.db, *span(day, day))


async def figures(
    ctx: Context, first: date, last: date, factories: list[UUID] | None = None, seller_id: UUID | None = None
) -> Figures:
    """Sums of the orders paid in these days; of some factories' sessions, or of one seller, where these are given."""
    return Figures(first, last, await queries.sums(ctx.db, *span(first, last), factories, seller_id))


def today(ctx: Context) -> date:
    """The day in Jakarta."""
    return ctx.clock.now().astimezone(JAKARTA).date()


async def sheet(
    ctx: Context, first: date, last: date, status: OrderStatus | None, source: Source | None
) -> AsyncIterator[str]:
    """Orders made in these days as CSV, a batch at a time, in the order of their making."""
    begin, end = span(first, last)
    names = ExportRow.__struct_fields__[1:]
    yield _lines([names])
    after: UUID | None = None
    while True:
        rows = await queries.export(ctx.db, begin, end, status, source, after, EXPORT_BATCH)
        yield _lines([[_cell(getattr(row, name)) for name in names] for row in rows])
        if len(rows) < EXPORT_BATCH:
            return
        after = rows[-1].id


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(JAKARTA).isoformat()
    text = str(value)
    # A spreadsheet must not take a name for a formula.
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text


def _lines(rows: object) -> str:
    written = io.StringIO()
    csv.writer(written).writerows(rows)  # type: ignore[arg-type]
    return written.getvalue()
