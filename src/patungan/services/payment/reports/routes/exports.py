"""The books as CSV files, streamed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime
from uuid import UUID

from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from patungan.contracts import books as contract
from patungan.kernel.http import Ctx, SignedIn, get
from patungan.kernel.service import Context
from patungan.ledger import accounts, reading
from patungan.services.payment.reports import exports, spans
from patungan.services.payment.reports.routes.access import READERS, READERS_AND_OWNERS, require_factory


def _csv(name: str, parts: AsyncIterator[bytes]) -> Stream:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Stream(parts, media_type="text/csv; charset=utf-8", headers=headers)


@get("/api/reports/journal.csv", audience=READERS, media_type="text/csv")
async def journal_csv(
    ctx: Ctx, from_date: FromQuery[date | None] = None, to_date: FromQuery[date | None] = None
) -> Stream:
    return _csv("journal", exports.journal(ctx, spans.days(ctx, from_date, to_date)))


@get("/api/reports/trial-balance.csv", audience=READERS, media_type="text/csv")
async def trial_balance_csv(ctx: Ctx, at: FromQuery[datetime | None] = None) -> Stream:
    return _csv("trial-balance", exports.trial_balance(ctx, spans.moment(ctx, at)))


async def _statement(ctx: Context, code: str, from_date: date | None, to_date: date | None) -> Stream:
    span = spans.days(ctx, from_date, to_date)
    if await reading.account_summary(ctx.db, code, span.begins, span.ends) is None:
        raise contract.AccountNotFound()
    return _csv(code.replace("/", "-"), exports.statement(ctx, code, span))


@get("/api/reports/accounts/{kind:str}/statement.csv", audience=READERS, media_type="text/csv")
async def platform_account_csv(
    ctx: Ctx,
    kind: FromPath[str],
    from_date: FromQuery[date | None] = None,
    to_date: FromQuery[date | None] = None,
) -> Stream:
    return await _statement(ctx, kind, from_date, to_date)


@get("/api/reports/accounts/{kind:str}/{owner_id:uuid}/statement.csv", audience=READERS, media_type="text/csv")
async def account_csv(
    ctx: Ctx,
    kind: FromPath[str],
    owner_id: FromPath[UUID],
    from_date: FromQuery[date | None] = None,
    to_date: FromQuery[date | None] = None,
) -> Stream:
    return await _statement(ctx, f"{kind}/{owner_id}", from_date, to_date)


@get("/api/reports/factories/{factory_id:uuid}/statement.csv", audience=READERS_AND_OWNERS, media_type="text/csv")
async def factory_csv(
    ctx: Ctx,
    caller: SignedIn,
    factory_id: FromPath[UUID],
    from_date: FromQuery[date | None] = None,
    to_date: FromQuery[date | None] = None,
) -> Stream:
    await require_factory(ctx, caller, factory_id)
    return await _statement(ctx, accounts.payable_factory(factory_id), from_date, to_date)


routes = [journal_csv, trial_balance_csv, platform_account_csv, account_csv, factory_csv]
