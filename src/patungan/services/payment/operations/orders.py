"""Payments of checkouts: one over one or several orders, each order's part held apart."""

from __future__ import annotations

from uuid import UUID

from patungan.contracts import payment as contract
from patungan.contracts import wallet
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Conflict, InternalError, InvalidInput, Unavailable
from patungan.kernel.service import Context, implements
from patungan.kernel.sql import unzip
from patungan.kernel.time import jakarta_day
from patungan.services.payment.operations import events
from patungan.services.payment.operations.payments import CODE_ATTEMPTS, end_payments
from patungan.services.payment.operations.wallet_part import hold
from patungan.services.payment.queries import orders as queries
from patungan.services.payment.queries import payments
from patungan.services.payment.queries.payments import Payment
from patungan.services.payment.rules import CODE_LENGTH

MOST_ORDERS = 100


def _check(request: contract.CreateOrderPayments) -> None:
    if not 1 <= len(request.orders) <= MOST_ORDERS:
        raise InvalidInput(f"A checkout has 1 to {MOST_ORDERS} orders", field="orders")
    if len({each.order_id for each in request.orders}) < len(request.orders):
        raise InvalidInput("An order is paid once", field="orders")
    for each in request.orders:
        if min(each.product_amount, each.shipping_amount, each.fee_amount) < 0 or each.total <= 0:
            raise InvalidInput("An order is of a positive sum of parts, none of them negative", field="orders")
    if not 0 <= request.wallet_amount <= request.total:
        raise InvalidInput(f"The wallet's part is from 0 to {request.total} rupiah", field="wallet_amount")


@implements(contract.create_order_payments)
async def create_order_payments(ctx: Context, request: contract.CreateOrderPayments) -> contract.OrderPaymentSummary:
    _check(request)
    async with ctx.db.transaction() as tx:
        payment = await queries.find_checkout(tx, request.checkout_id) or await _create(ctx, tx, request)
    _check_same(request, payment)
    try:
        await hold(ctx, payment.id)
    except wallet.InsufficientBalance:
        await _fail(ctx, payment.id)
        raise
    except Unavailable as error:
        ctx.log.warning("a wallet part is asked for later", payment=payment.code, code=error.code)
    return await queries.summary_of_checkout(ctx.db, request.checkout_id)


def _check_same(request: contract.CreateOrderPayments, payment: Payment) -> None:
    """Raises Conflict where the checkout was made for other orders, another person or another sum."""
    wanted = (request.user_id, sorted(each.order_id for each in request.orders), request.total)
    if wanted != (payment.user_id, sorted(payment.order_ids), payment.total):
        raise Conflict("This checkout was made with other content", field="checkout_id")


async def _create(ctx: Context, tx: Transaction, request: contract.CreateOrderPayments) -> Payment:
    """Write a checkout's payment; of two at once the second finds the first. Raises OrderIsBeingPaid."""
    for _ in range(CODE_ATTEMPTS):
        payment_id = await _insert(ctx, tx, request)
        if payment_id is not None:
            await _allocate(tx, payment_id, request)
        made = await queries.find_checkout(tx, request.checkout_id)
        if made is None:
            continue
        if payment_id is not None:
            await ctx.publish(tx, events.created(made))
        return made
    raise InternalError("no free payment code was found")


async def _insert(ctx: Context, tx: Transaction, request: contract.CreateOrderPayments) -> UUID | None:
    now = ctx.clock.now()
    return await queries.insert_checkout(
        tx,
        ctx.chance.new_id(),
        f"PAY-{jakarta_day(now)}-{ctx.chance.code(CODE_LENGTH)}",
        request.checkout_id,
        request.user_id,
        request.description,
        sum(each.product_amount for each in request.orders),
        sum(each.shipping_amount for each in request.orders),
        sum(each.fee_amount for each in request.orders),
        request.wallet_amount,
        now,
        request.expires_at,
    )


async def _allocate(tx: Transaction, payment_id: UUID, request: contract.CreateOrderPayments) -> None:
    rows = [
        (each.order_id, each.order_number, each.product_amount, each.shipping_amount, each.fee_amount)
        for each in request.orders
    ]
    if await queries.insert_allocations(tx, payment_id, *unzip(rows, 5)) < len(rows):
        raise contract.OrderIsBeingPaid(field="orders")


async def _fail(ctx: Context, payment_id: UUID) -> None:
    """End a checkout's payment whose wallet part is not there, so that its orders may be paid by another."""
    async with ctx.db.transaction() as tx:
        payment = await payments.lock_payment(tx, payment_id)
        if payment is not None and await queries.fail_payment(tx, payment_id):
            await queries.end_allocations(tx, [payment_id])
            await ctx.publish(tx, events.failed(payment))


@implements(contract.get_order_payments)
async def get_order_payments(ctx: Context, request: contract.GetOrderPayments) -> contract.OrderPaymentSummaries:
    found = await queries.summaries_of_orders(ctx.db, request.order_ids)
    return contract.OrderPaymentSummaries(payments=found)


@implements(contract.cancel_order_payments)
async def cancel_order_payments(ctx: Context, request: contract.CancelOrderPayments) -> contract.OrderPaymentSummaries:
    async with ctx.db.transaction() as tx:
        pending = await queries.pending_of_checkouts(tx, request.checkout_ids)
        if pending:
            await end_payments(ctx, tx, pending)
    found = await queries.summaries_of_checkouts(ctx.db, request.checkout_ids)
    return contract.OrderPaymentSummaries(payments=found)
