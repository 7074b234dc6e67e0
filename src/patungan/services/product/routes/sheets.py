"""Imports and exports of a factory's products, and what they cost over time."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from patungan.contracts import product as contract
from patungan.kernel.http import Ctx, IdempotencyKey, Page, PageLimit, PageNumber, SignedIn, get, post
from patungan.services.product.operations import ownership, sheets
from patungan.services.product.operations.sheets import ImportMode, ImportReport
from patungan.services.product.queries import prices as price_queries
from patungan.services.product.queries.prices import PriceChange
from patungan.services.product.routes.owners import EDITORS


class PriceHistory(Page, frozen=True, kw_only=True):
    items: list[PriceChange]


@post("/api/products/imports", audience=EDITORS, status=201, takes=("text/csv",))
async def import_products(
    ctx: Ctx,
    caller: SignedIn,
    factory_id: FromQuery[UUID],
    request: Request[Any, Any, Any],
    idempotency_key: IdempotencyKey,
    mode: FromQuery[ImportMode] = ImportMode.WHOLE,
    dry_run: FromQuery[bool] = False,
) -> ImportReport:
    try:
        text = (await request.body()).decode("utf-8")
    except UnicodeDecodeError:
        raise contract.ImportRefused("The file is not text in UTF-8") from None
    return await sheets.take_in(ctx, caller, factory_id, text, mode, dry_run=dry_run, key=idempotency_key)


@get("/api/products/imports/{report_id:uuid}", audience=EDITORS)
async def import_report(ctx: Ctx, caller: SignedIn, report_id: FromPath[UUID]) -> ImportReport:
    return await sheets.report_of(ctx, caller, report_id)


@get("/api/products/exports", audience=EDITORS, media_type="text/csv")
async def export_products(ctx: Ctx, caller: SignedIn, factory_id: FromQuery[UUID | None] = None) -> Stream:
    pieces = await sheets.give_out(ctx, caller, factory_id)
    headers = {"Content-Disposition": 'attachment; filename="products.csv"'}
    return Stream(pieces, media_type="text/csv", headers=headers)


@get("/api/products/mine/{product_id:uuid}/prices", audience=EDITORS)
async def price_changes(
    ctx: Ctx, caller: SignedIn, product_id: FromPath[UUID], page: PageNumber = 1, limit: PageLimit = 20
) -> PriceHistory:
    await ownership.editable_product(ctx, caller, product_id)
    total = await price_queries.count_price_changes(ctx.db, product_id)
    items = await price_queries.find_price_changes(ctx.db, product_id, limit, (page - 1) * limit)
    return PriceHistory(items=items, page=page, limit=limit, total=total)


sheet_routes = [import_products, import_report, export_products, price_changes]
