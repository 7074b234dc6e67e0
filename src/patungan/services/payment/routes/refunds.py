"""Refunds as finance sees them, and another try for one that failed."""

from __future__ import annotations

from uuid import UUID

import msgspec
from litestar.params import FromPath, FromQuery, JSONBody

from patungan.contracts import payment as contract
from patungan.kernel.database import Transaction
from patungan.kernel.http import Ctx, IdempotencyKey, Input, PageLimit, PageNumber, SignedIn, get, post
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Audience
from patungan.services.payment.operations.refunds import retry_refund
from patungan.services.payment.queries import refunds as queries
from patungan.services.payment.queries.refunds import AdminRefund
from patungan.services.payment.rules import Destination, RefundStatus


class RefundPage(msgspec.Struct, frozen=True):
    items: list[AdminRefund]
    page: int
    limit: int
    total: int


class RetryRefund(Input, frozen=True):
    """``destination`` changes where the money goes: to the wallet where the source takes nothing back."""

    destination: Destination | None = None


class _RetryOf(msgspec.Struct, frozen=True):
    refund_id: UUID
    destination: Destination | None


@get("/api/refunds", audience=[Audience.FINANCE, Audience.ADMIN])
async def all_refunds(
    ctx: Ctx,
    status: FromQuery[RefundStatus | None] = None,
    session_id: FromQuery[UUID | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> RefundPage:
    items = await queries.list_refunds(ctx.db, status, session_id, limit, (page - 1) * limit)
    return RefundPage(items, page, limit, await queries.count_refunds(ctx.db, status, session_id))


@post("/api/refunds/{refund_id:uuid}/retry", audience=Audience.FINANCE)
async def retry(
    ctx: Ctx,
    caller: SignedIn,
    refund_id: FromPath[UUID],
    idempotency_key: IdempotencyKey,
    data: JSONBody[RetryRefund | None] = None,
) -> AdminRefund:
    destination = None if data is None else data.destination

    async def work(tx: Transaction) -> AdminRefund:
        await retry_refund(ctx, tx, refund_id, destination)
        found = await queries.find_admin_refund(tx, refund_id)
        if found is None:
            raise contract.RefundNotFound()
        return found

    request = _RetryOf(refund_id, destination)
    return await once(
        ctx.db, caller.user_id, "refund-retry", idempotency_key, request, ctx.clock.now(), AdminRefund, work
    )
