"""A buyer's own payments, and all of them for finance."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody

from patungan.contracts.payment import PaymentNotFound
from patungan.kernel.http import Ctx, IdempotencyKey, Input, PageLimit, PageNumber, SignedIn, get, post
from patungan.kernel.identity import Audience
from patungan.services.payment.operations.invoices import OpenedInvoice, open_by_code, open_invoice
from patungan.services.payment.operations.receipt import receipt_pdf
from patungan.services.payment.operations.views import (
    PaymentView,
    PublicPayment,
    own_row,
    own_view,
    public_view,
    view_of,
)
from patungan.services.payment.operations.wallet_part import choose_wallet_part
from patungan.services.payment.queries import payments as queries
from patungan.services.payment.queries.payments import AdminPayment
from patungan.services.payment.rules import PaymentStatus

AcceptLanguage = Annotated[str, HeaderParameter(name="Accept-Language")]


class PayFromWallet(Input, frozen=True):
    """How much of the payment comes from the wallet, in rupiah: from 1 to all of it."""

    amount: Annotated[int, msgspec.Meta(ge=1)]


class PaymentList(msgspec.Struct, frozen=True):
    items: list[PaymentView]


class PaymentPage(msgspec.Struct, frozen=True):
    items: list[PaymentView]
    page: int
    limit: int
    total: int


class AdminPaymentPage(msgspec.Struct, frozen=True):
    items: list[AdminPayment]
    page: int
    limit: int
    total: int


@get("/api/payments", audience=Audience.CUSTOMER)
async def own_payments(
    ctx: Ctx,
    caller: SignedIn,
    status: FromQuery[PaymentStatus | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> PaymentPage:
    rows = await queries.list_own(ctx.db, caller.user_id, status, limit, (page - 1) * limit)
    items = [view_of(ctx, row) for row in rows]
    return PaymentPage(items, page, limit, await queries.count_own(ctx.db, caller.user_id, status))


@get("/api/payments/all", audience=[Audience.FINANCE, Audience.ADMIN])
async def all_payments(
    ctx: Ctx,
    status: FromQuery[PaymentStatus | None] = None,
    session_id: FromQuery[UUID | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> AdminPaymentPage:
    items = await queries.list_all(ctx.db, status, session_id, limit, (page - 1) * limit)
    return AdminPaymentPage(items, page, limit, await queries.count_all(ctx.db, status, session_id))


@get("/api/payments/{payment_id:uuid}", audience=Audience.CUSTOMER)
async def own_payment(ctx: Ctx, caller: SignedIn, payment_id: FromPath[UUID]) -> PaymentView:
    return await own_view(ctx, caller.user_id, payment_id)


@post("/api/payments/{payment_id:uuid}/invoice", audience=Audience.CUSTOMER)
async def open_payment(ctx: Ctx, caller: SignedIn, payment_id: FromPath[UUID]) -> OpenedInvoice:
    return await open_invoice(ctx, caller.user_id, payment_id)


@post("/api/payments/{payment_id:uuid}/wallet", audience=Audience.CUSTOMER)
async def pay_from_wallet(
    ctx: Ctx,
    caller: SignedIn,
    payment_id: FromPath[UUID],
    data: JSONBody[PayFromWallet],
    idempotency_key: IdempotencyKey,
) -> PaymentView:
    """Choose the wallet's part before the provider is asked. The payment holds its own choice, so that the same one again
    changes nothing, whatever key it comes under."""
    await choose_wallet_part(ctx, caller.user_id, payment_id, data.amount)
    return await own_view(ctx, caller.user_id, payment_id)


@get("/api/payments/{payment_id:uuid}/receipt.pdf", audience=Audience.CUSTOMER, media_type="application/pdf")
async def receipt(
    ctx: Ctx, caller: SignedIn, payment_id: FromPath[UUID], accept_language: AcceptLanguage = ""
) -> Response[bytes]:
    row = await own_row(ctx, caller.user_id, payment_id)
    content = receipt_pdf(row, english=accept_language.strip().lower().startswith("en"))
    headers = {"Content-Disposition": f'inline; filename="{row.code}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)


@get("/api/payments/orders/{order_id:uuid}", audience=Audience.CUSTOMER)
async def payments_of_order(ctx: Ctx, caller: SignedIn, order_id: FromPath[UUID]) -> PaymentList:
    """The caller's payments of one of their orders, newest first; raises PaymentNotFound for an order of somebody else, and
    for one of a session, whose payment is the participation's."""
    rows = await queries.list_of_order(ctx.db, order_id, caller.user_id)
    if not rows:
        raise PaymentNotFound()
    return PaymentList([view_of(ctx, row) for row in rows])


@get("/api/payments/codes/{code:str}", audience=Audience.PUBLIC)
async def payment_of_code(ctx: Ctx, code: FromPath[str]) -> PublicPayment:
    return await public_view(ctx, code)


@post("/api/payments/codes/{code:str}/invoice", audience=Audience.PUBLIC)
async def open_payment_of_code(ctx: Ctx, code: FromPath[str]) -> OpenedInvoice:
    return await open_by_code(ctx, code)
