"""An order's escrow: released to whom it is due once the order is delivered, or given back."""

from __future__ import annotations

from patungan.contracts import payment as contract
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Conflict, InvalidInput
from patungan.kernel.service import Context, implements
from patungan.ledger import accounts
from patungan.ledger.posting import balance_of, credit, debit, journal, post
from patungan.services.payment.operations.requests import Wanted, make_request
from patungan.services.payment.queries import orders, requests
from patungan.services.payment.queries import payments as payment_queries
from patungan.services.payment.queries.orders import Allocation
from patungan.services.payment.rules import OrderDivision, PaymentStatus, RefundReason, divide_order


def _divide(ctx: Context, request: contract.ReleaseOrderEscrow) -> OrderDivision:
    if (request.seller_id is None) != (request.seller_revenue == 0):
        raise InvalidInput("A seller's revenue names its seller, and only that does", field="seller_id")
    try:
        return divide_order(
            seller_revenue=request.seller_revenue,
            warehouse_revenue=request.warehouse_revenue,
            shipping=request.shipping,
            fee=request.fee,
            commission_percent=ctx.settings.commission_percent,
        )
    except ValueError as error:
        raise InvalidInput(str(error)) from None


@implements(contract.release_order_escrow)
async def release_order_escrow(ctx: Context, request: contract.ReleaseOrderEscrow) -> contract.OrderReleased:
    parts = _divide(ctx, request)
    async with ctx.db.transaction() as tx:
        known = await orders.live_allocation(tx, request.order_id)
        if known is None:
            raise contract.PaymentNotFound(field="order_id")
        payment = await payment_queries.lock_payment(tx, known.payment_id)
        allocation = await orders.live_allocation(tx, request.order_id)
        if payment is None or allocation is None:
            raise contract.PaymentNotFound(field="order_id")
        if allocation.released is not None:
            return allocation.released
        if payment.status is not PaymentStatus.PAID:
            raise Conflict(f"The order's payment is {payment.status}")
        if await requests.order_has_pending(tx, request.order_id):
            raise contract.RefundUndecided()
        return await _release(ctx, tx, request, allocation, parts)


async def _release(
    ctx: Context,
    tx: Transaction,
    request: contract.ReleaseOrderEscrow,
    allocation: Allocation,
    parts: OrderDivision,
) -> contract.OrderReleased:
    now, order_id = ctx.clock.now(), request.order_id
    held = await balance_of(tx, accounts.order_escrow(order_id))
    if parts.total != held or held == 0:
        ctx.log.error("an order's escrow does not add up", order=str(order_id), parts=parts.total, held=held)
        raise contract.EscrowMismatch(f"The parts are {parts.total}, the escrow holds {held}")
    to_seller = [] if request.seller_id is None else [credit(accounts.payable_seller(request.seller_id), parts.seller)]
    division = journal(
        f"order_escrow/{order_id}/released",
        "escrow_released",
        str(order_id),
        debit(accounts.order_escrow(order_id), parts.total),
        *to_seller,
        credit(accounts.PAYABLE_WAREHOUSE, parts.warehouse),
        credit(accounts.PAYABLE_COURIER, parts.courier),
        credit(accounts.COMMISSION_REVENUE, parts.commission),
        credit(accounts.FEE_INCOME, parts.fee_income),
    )
    await post(tx, ctx.chance, now, [division])
    released = contract.OrderReleased(
        order_id=order_id,
        total=parts.total,
        seller=parts.seller,
        warehouse=parts.warehouse,
        commission=parts.commission,
        courier=parts.courier,
        fee_income=parts.fee_income,
    )
    await orders.store_release(tx, allocation.payment_id, order_id, now, released)
    news = contract.OrderEscrowReleased(
        order_id=order_id,
        payment_id=allocation.payment_id,
        total=parts.total,
        seller_id=request.seller_id,
        seller_revenue=request.seller_revenue,
        seller=parts.seller,
        commission_percent=ctx.settings.commission_percent,
    )
    await ctx.publish(tx, news)
    return released


@implements(contract.refund_order)
async def refund_order(ctx: Context, request: contract.RefundOrder) -> contract.RefundsStarted:
    try:
        reason = RefundReason(request.reason)
    except ValueError:
        raise InvalidInput(f"{request.reason} is no reason for a refund", field="reason") from None
    key = str(request.request_id)
    async with ctx.db.transaction() as tx:
        known = await requests.find_request_by_key(tx, key)
        if known is None:
            allocation = await orders.live_allocation(tx, request.order_id)
            if allocation is None:
                raise contract.RefundNotPossible("This order is not paid", field="order_id")
            wanted = Wanted(allocation.payment_id, request.order_id, request.amount, reason, request.note)
            known = await make_request(ctx, tx, wanted, needed=0, request_key=key)
        elif (known.order_id, known.reason) != (request.order_id, reason) or request.amount not in (None, known.amount):
            raise Conflict("This refund was requested with other content", field="request_id")
        started = await requests.sum_of(tx, known.id)
    return contract.RefundsStarted(count=started.count, amount=started.amount)


@implements(contract.refund_participant)
async def refund_participant(ctx: Context, request: contract.RefundParticipant) -> contract.RefundsStarted:
    try:
        reason = RefundReason(request.reason)
    except ValueError:
        raise InvalidInput(f"{request.reason} is no reason for a refund", field="reason") from None
    key = str(request.request_id)
    async with ctx.db.transaction() as tx:
        known = await requests.find_request_by_key(tx, key)
        if known is None:
            found = await payment_queries.find_summaries(tx, [request.participant_id])
            if not found:
                raise contract.RefundNotPossible("This order is not paid", field="participant_id")
            wanted = Wanted(found[0].id, None, request.amount, reason, request.note)
            known = await make_request(ctx, tx, wanted, needed=0, request_key=key)
        elif (known.reason, known.amount) != (reason, request.amount):
            raise Conflict("This refund was requested with other content", field="request_id")
        started = await requests.sum_of(tx, known.id)
    return contract.RefundsStarted(count=started.count, amount=started.amount)
