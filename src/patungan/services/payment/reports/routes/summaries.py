"""The platform by day, week or month; a factory; a session, with its statement to be printed."""

from __future__ import annotations

import enum
from datetime import date, datetime
from itertools import groupby
from uuid import UUID

import msgspec
from litestar import Response
from litestar.params import FromPath, FromQuery

from patungan.kernel.http import Ctx, PageLimit, PageNumber, SignedIn, get
from patungan.kernel.money import Rupiah
from patungan.ledger import accounts, reading
from patungan.ledger.chart import AccountClass
from patungan.ledger.reading import AccountMove, PeriodMovement
from patungan.services.payment.reports import spans
from patungan.services.payment.reports.documents import session_pdf
from patungan.services.payment.reports.routes.access import READERS, READERS_AND_OWNERS, require_factory
from patungan.services.payment.reports.routes.accounts import AccountStatement, statement
from patungan.services.payment.reports.statements import SessionStatement, session_statement


class Period(enum.StrEnum):
    """A week begins on Monday; all are of Asia/Jakarta."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class PeriodSummary(msgspec.Struct, frozen=True):
    """What the platform moved in a period; ``result`` is revenue less expense, in rupiah."""

    starts_on: date
    revenue: Rupiah
    expense: Rupiah
    result: Rupiah
    received: Rupiah
    """Money that came in through the gateway."""
    kinds: list[PeriodMovement]


class PlatformSummary(msgspec.Struct, frozen=True):
    """Periods without any movement are left out; the first and the last may be cut by the dates that were asked for."""

    period: Period
    from_at: datetime
    to_at: datetime
    periods: list[PeriodSummary]


class FactorySummary(msgspec.Struct, frozen=True):
    """What we owed a factory at the beginning and the end of a time, and what moved, in rupiah."""

    factory_id: UUID
    from_at: datetime
    to_at: datetime
    opening: Rupiah
    earned: Rupiah
    paid_out: Rupiah
    closing: Rupiah
    moves: list[AccountMove]


def _summary(starts_on: date, kinds: list[PeriodMovement]) -> PeriodSummary:
    revenue = sum(each.credits - each.debits for each in kinds if each.account_class is AccountClass.REVENUE)
    expense = sum(each.debits - each.credits for each in kinds if each.account_class is AccountClass.EXPENSE)
    received = sum(each.debits for each in kinds if each.kind == accounts.GATEWAY_CLEARING)
    return PeriodSummary(
        starts_on, Rupiah(revenue), Rupiah(expense), Rupiah(revenue - expense), Rupiah(received), kinds
    )


@get("/api/reports/platform", audience=READERS)
async def platform_summary(
    ctx: Ctx,
    period: FromQuery[Period] = Period.DAY,
    from_date: FromQuery[date | None] = None,
    to_date: FromQuery[date | None] = None,
) -> PlatformSummary:
    span = spans.days(ctx, from_date, to_date)
    moved = await reading.moved_by_period(ctx.db, period.value, span.begins, span.ends)
    periods = [_summary(starts, list(kinds)) for starts, kinds in groupby(moved, key=lambda each: each.starts_on)]
    return PlatformSummary(period, span.begins, span.ends, periods)


@get("/api/reports/factories/{factory_id:uuid}", audience=READERS_AND_OWNERS)
async def factory_summary(
    ctx: Ctx,
    caller: SignedIn,
    factory_id: FromPath[UUID],
    from_date: FromQuery[date | None] = None,
    to_date: FromQuery[date | None] = None,
) -> FactorySummary:
    await require_factory(ctx, caller, factory_id)
    span = spans.days(ctx, from_date, to_date)
    account = accounts.payable_factory(factory_id)
    summary = await reading.account_summary(ctx.db, account, span.begins, span.ends)
    none = Rupiah(0)
    return FactorySummary(
        factory_id=factory_id,
        from_at=span.begins,
        to_at=span.ends,
        opening=summary.opening if summary else none,
        earned=summary.credits if summary else none,
        paid_out=summary.debits if summary else none,
        closing=summary.closing if summary else none,
        moves=await reading.account_moves(ctx.db, account, span.begins, span.ends),
    )


@get("/api/reports/factories/{factory_id:uuid}/statement", audience=READERS_AND_OWNERS)
async def factory_statement(
    ctx: Ctx,
    caller: SignedIn,
    factory_id: FromPath[UUID],
    from_date: FromQuery[date | None] = None,
    to_date: FromQuery[date | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> AccountStatement:
    await require_factory(ctx, caller, factory_id)
    return await statement(ctx, accounts.payable_factory(factory_id), from_date, to_date, page, limit)


@get("/api/reports/sessions/{session_id:uuid}", audience=READERS)
async def session_summary(ctx: Ctx, session_id: FromPath[UUID]) -> SessionStatement:
    return await session_statement(ctx, session_id)


@get("/api/reports/sessions/{session_id:uuid}/statement.pdf", audience=READERS, media_type="application/pdf")
async def printed_session(ctx: Ctx, session_id: FromPath[UUID]) -> Response[bytes]:
    document = session_pdf(await session_statement(ctx, session_id), ctx.clock.now())
    headers = {"Content-Disposition": f'inline; filename="session-{session_id}.pdf"'}
    return Response(document, media_type="application/pdf", headers=headers)


routes = [platform_summary, factory_summary, factory_statement, session_summary, printed_session]
