"""A buyer's own payments, and all of them for finance."""

from __future__ import annotations

from uuid import UUID

import msgspec
from litestar.params import FromPath, FromQuery

from patungan.contracts import payment as contract
from patungan.kernel.http import Ctx, PageLimit, PageNumber, SignedIn, get, post
from patungan.kernel.identity import Audience
from patungan.services.payment.operations.invoices import OpenedInvoice, open_invoice
from patungan.services.payment.queries import payments as queries
from patungan.services.payment.queries.payments import AdminPayment, PaymentView
from patungan.services.payment.rules import PaymentStatus


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
    items = await queries.list_own(ctx.db, caller.user_id, status, limit, (page - 1) * limit)
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
    payment = await queries.find_own(ctx.db, payment_id, caller.user_id)
    if payment is None:
        raise contract.PaymentNotFound()
    return payment


@post("/api/payments/{payment_id:uuid}/invoice", audience=Audience.CUSTOMER)
async def open_payment(ctx: Ctx, caller: SignedIn, payment_id: FromPath[UUID]) -> OpenedInvoice:
    return await open_invoice(ctx, caller.user_id, payment_id)
