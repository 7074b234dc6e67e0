"""Statements of settlements: as data, as CSV and as PDF, for whoever is paid and for finance."""

from __future__ import annotations

from uuid import UUID

from litestar import Response
from litestar.params import FromPath

from patungan.kernel.http import Ctx, SignedIn, get
from patungan.services.settlement.operations.documents import statement_pdf
from patungan.services.settlement.operations.payees import READERS
from patungan.services.settlement.operations.statements import Statement, as_csv, statement_of
from patungan.services.settlement.routes.settlements import seen_by


def _file(content: bytes, name: str, media_type: str) -> Response[bytes]:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)


@get("/api/settlements/{settlement_id:uuid}/statement", audience=READERS)
async def show_statement(ctx: Ctx, caller: SignedIn, settlement_id: FromPath[UUID]) -> Statement:
    return await statement_of(ctx, await seen_by(ctx, caller, settlement_id))


@get("/api/settlements/{settlement_id:uuid}/statement.csv", audience=READERS, media_type="text/csv")
async def statement_csv(ctx: Ctx, caller: SignedIn, settlement_id: FromPath[UUID]) -> Response[bytes]:
    settlement = await seen_by(ctx, caller, settlement_id)
    content = as_csv(await statement_of(ctx, settlement)).encode()
    return _file(content, f"{settlement.code}.csv", "text/csv; charset=utf-8")


@get("/api/settlements/{settlement_id:uuid}/statement.pdf", audience=READERS, media_type="application/pdf")
async def statement_as_pdf(ctx: Ctx, caller: SignedIn, settlement_id: FromPath[UUID]) -> Response[bytes]:
    settlement = await seen_by(ctx, caller, settlement_id)
    content = statement_pdf(await statement_of(ctx, settlement), ctx.clock.now())
    return _file(content, f"{settlement.code}.pdf", "application/pdf")


routes = [show_statement, statement_csv, statement_as_pdf]
