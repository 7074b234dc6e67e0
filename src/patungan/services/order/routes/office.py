"""Orders for administrators, owners and finance: figures, the daily report, the sheet, and refunds."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Stream
from msgspec import Meta

from patungan.kernel.http import Ctx, IdempotencyKey, Input, SignedIn, get, post
from patungan.kernel.identity import Audience
from patungan.services.order.operations import access, reports
from patungan.services.order.operations.refunds import Refunding, refund_by_hand
from patungan.services.order.operations.reports import Figures
from patungan.services.order.queries.direct import Day
from patungan.services.order.rules import OrderStatus, Source

RefundReason = Literal["out_of_stock", "quality_issue", "delivery_failed", "customer_request", "other"]


class RefundInput(Input, frozen=True):
    """``amount`` in rupiah, or none for all that is left of the order."""

    reason: RefundReason
    note: Annotated[str, Meta(min_length=3, max_length=300, pattern=r"^\S(.*\S)?$")]
    amount: Annotated[int, Meta(ge=1)] | None = None


class DailyReport(msgspec.Struct, frozen=True):
    day: date
    figures: Day


@get("/api/orders/all/daily-report", audience=Audience.ADMIN)
async def daily_report(ctx: Ctx, day: FromQuery[date | None] = None) -> DailyReport:
    """Of today in Jakarta where no day is named."""
    wanted = day or reports.today(ctx)
    return DailyReport(wanted, await reports.daily(ctx, wanted))


@get("/api/orders/all/figures", audience=Audience.ADMIN)
async def all_figures(ctx: Ctx, first: FromQuery[date], last: FromQuery[date]) -> Figures:
    return await reports.figures(ctx, first, last)


@get("/api/orders/factory/figures", audience=Audience.FACTORY_OWNER)
async def factory_figures(ctx: Ctx, caller: SignedIn, first: FromQuery[date], last: FromQuery[date]) -> Figures:
    """Of the caller's own factories' sessions."""
    return await reports.figures(ctx, first, last, factories=await access.owned_factories(ctx, caller.user_id))


@get("/api/orders/seller/figures", audience=Audience.SELLER)
async def seller_figures(ctx: Ctx, caller: SignedIn, first: FromQuery[date], last: FromQuery[date]) -> Figures:
    """Of the caller's own store."""
    store = await access.owned_store(ctx, caller.user_id)
    return await reports.figures(ctx, first, last, seller_id=store.id)


@get("/api/orders/all/export.csv", audience=Audience.ADMIN, media_type="text/csv")
async def export_orders(
    ctx: Ctx,
    first: FromQuery[date],
    last: FromQuery[date],
    status: FromQuery[OrderStatus | None] = None,
    source: FromQuery[Source | None] = None,
) -> Stream:
    reports.span(first, last)
    headers = {"Content-Disposition": f'attachment; filename="orders-{first}-{last}.csv"'}
    return Stream(
        reports.sheet(ctx, first, last, status, source), media_type="text/csv; charset=utf-8", headers=headers
    )


@post("/api/orders/{order_id:uuid}/refunds", audience=Audience.FINANCE, status=201)
async def refund_order(
    ctx: Ctx, caller: SignedIn, order_id: FromPath[UUID], data: JSONBody[RefundInput], idempotency_key: IdempotencyKey
) -> Refunding:
    return await refund_by_hand(ctx, caller, order_id, data.amount, data.reason, data.note, idempotency_key)


routes = [
    daily_report,
    all_figures,
    factory_figures,
    seller_figures,
    export_orders,
    refund_order,
]
