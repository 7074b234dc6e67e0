"""Refund requests: a buyer's own, and those that finance works off."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import FromPath, FromQuery, JSONBody

from patungan.kernel.database import Transaction
from patungan.kernel.http import Ctx, IdempotencyKey, Input, PageLimit, PageNumber, SignedIn, get, post
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Audience
from patungan.services.payment.operations.requests import Wanted, approve, ask_as_customer, ask_as_finance, reject
from patungan.services.payment.queries import requests as queries
from patungan.services.payment.queries.requests import RefundRequest
from patungan.services.payment.rules import RefundReason, RequestStatus

Amount = Annotated[int, msgspec.Meta(ge=1)]
Note = Annotated[str, msgspec.Meta(min_length=3, max_length=500)]

BUYERS_REASONS = (RefundReason.QUALITY_ISSUE, RefundReason.DELIVERY_FAILED, RefundReason.CUSTOMER_REQUEST)


class RequestPage(msgspec.Struct, frozen=True):
    items: list[RefundRequest]
    page: int
    limit: int
    total: int


class AskForRefund(Input, frozen=True):
    """``amount`` in rupiah, or none for all that is left; ``order_id`` where the payment is of several orders."""

    payment_id: UUID
    note: Note
    reason: RefundReason = RefundReason.CUSTOMER_REQUEST
    order_id: UUID | None = None
    amount: Amount | None = None

    def wanted(self) -> Wanted:
        return Wanted(self.payment_id, self.order_id, self.amount, self.reason, self.note)


class Reject(Input, frozen=True):
    note: Note


class _Decision(msgspec.Struct, frozen=True):
    request_id: UUID
    note: str | None = None


@post("/api/refunds/requests", audience=Audience.CUSTOMER, status=201)
async def ask_for_refund(
    ctx: Ctx, caller: SignedIn, data: JSONBody[AskForRefund], idempotency_key: IdempotencyKey
) -> RefundRequest:
    """A buyer asks for money back of their own payment; finance decides."""

    async def work(tx: Transaction) -> RefundRequest:
        return await ask_as_customer(ctx, tx, caller.user_id, data.wanted())

    return await once(ctx.db, caller.user_id, "refund-ask", idempotency_key, data, ctx.clock.now(), RefundRequest, work)


@get("/api/refunds/requests", audience=Audience.CUSTOMER)
async def own_requests(
    ctx: Ctx,
    caller: SignedIn,
    status: FromQuery[RequestStatus | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> RequestPage:
    items = await queries.list_requests(ctx.db, status, caller.user_id, limit, (page - 1) * limit)
    return RequestPage(items, page, limit, await queries.count_requests(ctx.db, status, caller.user_id))


@get("/api/refunds/requests/all", audience=[Audience.FINANCE, Audience.ADMIN])
async def all_requests(
    ctx: Ctx,
    status: FromQuery[RequestStatus | None] = None,
    user_id: FromQuery[UUID | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> RequestPage:
    items = await queries.list_requests(ctx.db, status, user_id, limit, (page - 1) * limit)
    return RequestPage(items, page, limit, await queries.count_requests(ctx.db, status, user_id))


@post("/api/refunds", audience=Audience.FINANCE, status=201)
async def refund(
    ctx: Ctx, caller: SignedIn, data: JSONBody[AskForRefund], idempotency_key: IdempotencyKey
) -> RefundRequest:
    """Finance refunds; above the limit it waits for a second person."""

    async def work(tx: Transaction) -> RefundRequest:
        return await ask_as_finance(ctx, tx, caller.user_id, data.wanted())

    return await once(
        ctx.db, caller.user_id, "refund-by-finance", idempotency_key, data, ctx.clock.now(), RefundRequest, work
    )


@post("/api/refunds/requests/{request_id:uuid}/approvals", audience=Audience.FINANCE)
async def approve_request(
    ctx: Ctx, caller: SignedIn, request_id: FromPath[UUID], idempotency_key: IdempotencyKey
) -> RefundRequest:
    async def work(tx: Transaction) -> RefundRequest:
        return await approve(ctx, tx, request_id, caller.user_id)

    return await once(
        ctx.db, caller.user_id, "refund-approve", idempotency_key, _Decision(request_id), ctx.clock.now(),
        RefundRequest, work,
    )  # fmt: skip


@post("/api/refunds/requests/{request_id:uuid}/rejection", audience=Audience.FINANCE)
async def reject_request(
    ctx: Ctx, caller: SignedIn, request_id: FromPath[UUID], data: JSONBody[Reject], idempotency_key: IdempotencyKey
) -> RefundRequest:
    async def work(tx: Transaction) -> RefundRequest:
        return await reject(ctx, tx, request_id, caller.user_id, data.note)

    return await once(
        ctx.db, caller.user_id, "refund-reject", idempotency_key, _Decision(request_id, data.note), ctx.clock.now(),
        RefundRequest, work,
    )  # fmt: skip
