"""What order does by itself: follows payments and parcels, and has goods sold, given back and paid out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from patungan.contracts import warehouse
from patungan.contracts.logistics import ShipmentCreated, ShipmentStatusChanged
from patungan.contracts.payment import (
    OrderPaymentExpired,
    OrderPaymentFailed,
    OrderPaymentPaid,
    OrderRefundCompleted,
    OrderRefundRequested,
    RefundCompleted,
)
from patungan.kernel.contract import Message, Nothing
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Problem
from patungan.kernel.events import Received, subscription
from patungan.kernel.service import Context
from patungan.kernel.sql import unzip
from patungan.kernel.workflows import Run, Workflow, start, timer, workflow
from patungan.services.order import rules
from patungan.services.order.operations import fulfilment
from patungan.services.order.operations.checkouts import GIVE_BACK, GiveBack, end_unpaid, look_after
from patungan.services.order.operations.moving import (
    CONSUME_STOCK,
    RELEASE_ESCROW,
    ConsumeStock,
    Move,
    OfOrder,
    carry_out,
)
from patungan.services.order.operations.refunds import REFUND, RefundOf, ask_payment, have_refunded
from patungan.services.order.queries import checkouts as checkout_queries
from patungan.services.order.queries import direct as direct_queries
from patungan.services.order.queries import orders as queries
from patungan.services.order.rules import Actor, OrderStatus


@subscription(ShipmentCreated, ShipmentStatusChanged)
async def follow_shipments(
    ctx: Context, tx: Transaction, events: Sequence[Received[ShipmentCreated | ShipmentStatusChanged]]
) -> None:
    """Move orders as their parcels move, in the order of the news; leg one's goods belong to no order."""
    wanted = sorted({each.body.order_id for each in events if each.body.order_id is not None})
    orders = {each.id: each for each in await queries.lock_orders(tx, wanted)}
    pending = list(events)
    while pending:
        # One move an order at a time, so that each is told of; the rest follows in the next round.
        later, moves = [], dict[Any, Move]()
        for each in pending:
            body = each.body
            order = orders.get(body.order_id) if body.order_id is not None else None
            if order is None:
                continue
            if order.id in moves:
                later.append(each)
                continue
            move = _move(ctx, body, order)
            if move is not None:
                moves[order.id] = move
        await carry_out(ctx, tx, list(moves.values()))
        for key, move in moves.items():
            orders[key] = msgspec.structs.replace(move.order, status=move.way[-1])
        pending = later


def _move(ctx: Context, body: ShipmentCreated | ShipmentStatusChanged, order: queries.OrderCore) -> Move | None:
    if isinstance(body, ShipmentCreated):
        status, note = "pending", f"{body.courier} {body.service} {body.waybill}".strip()
        if order.status is rules.OrderStatus.FAILED and not body.again:
            return None
    else:
        status, note = body.status, body.reason
    wanted = rules.following(status)
    way = [] if wanted is None else rules.way(order.status, wanted)
    if not way:
        return None
    at = rules.moment(body.occurred_at, order.created_at, ctx.clock.now())
    return Move(order, way, Actor.COURIER, None, note, at)


async def consume(ctx: Context, request: warehouse.ConsumeDemand) -> Nothing:
    """Book one session's goods out of the stock. What the warehouse refuses for good is put right there by hand."""
    try:
        return await ctx.call(warehouse.consume_demand, request)
    except Problem as problem:
        if problem.status >= 500:
            raise
        ctx.log.error(
            "goods that were shipped are not in the stock held", session=str(request.session_id), code=problem.code
        )
        return Nothing()


@workflow(CONSUME_STOCK, ConsumeStock)
async def consume_stock(run: Run, request: ConsumeStock) -> None:
    for each in request.sessions:
        await run.step(consume, each)


@subscription(OrderPaymentPaid, OrderPaymentExpired, OrderPaymentFailed, OrderRefundRequested, OrderRefundCompleted)
async def follow_payments(ctx: Context, tx: Transaction, events: Sequence[Received[Any]]) -> None:
    """Sell what is paid, end what is not, and note what goes back."""
    paid = {each.body.checkout_id: each.body for each in events if isinstance(each.body, OrderPaymentPaid)}
    ended = [
        each.body.checkout_id for each in events if isinstance(each.body, OrderPaymentExpired | OrderPaymentFailed)
    ]
    await _take_paid(ctx, tx, paid)
    if ended:
        await checkout_queries.follow_payments(tx, ended, "ended")
        await end_unpaid(ctx, tx, ended, Actor.SYSTEM, None, "It was not paid in time")
    of_one = [each.body for each in events if len(getattr(each.body, "order_ids", ())) == 1]
    promised = [
        (each.order_ids[0], each.amount)
        for each in of_one
        if isinstance(each, OrderRefundRequested) and each.borne_by == "escrow"
    ]
    await direct_queries.promise(tx, *unzip(promised, 2))
    back = [(each.order_ids[0], each.amount) for each in of_one if isinstance(each, OrderRefundCompleted)]
    await _take_refunds(ctx, tx, await queries.lock_orders(tx, sorted({each for each, _ in back})), back)


async def _take_paid(ctx: Context, tx: Transaction, paid: Mapping[UUID, OrderPaymentPaid]) -> None:
    if not paid:
        return
    locked = await queries.lock_orders_of_checkouts(tx, list(paid))
    now = ctx.clock.now()
    waiting = [each for each in locked if each.status is OrderStatus.PENDING_PAYMENT]
    moves = [
        Move(
            each,
            [OrderStatus.PAID],
            Actor.SYSTEM,
            None,
            f"payment {paid[each.checkout_id].code}" if each.checkout_id else "",
            rules.moment(paid[each.checkout_id].paid_at, each.created_at, now) if each.checkout_id else now,
        )
        for each in waiting
    ]
    await carry_out(ctx, tx, moves)
    await checkout_queries.follow_payments(tx, list(paid), "paid")
    if waiting:
        await start(tx, sell_stock, f"sell-{ctx.chance.new_id()}", Sell(order_ids=[each.id for each in waiting]))
    for each in locked:
        # Payment takes no money for an order that has ended; should it have, the money goes back.
        if each.status is OrderStatus.CANCELLED and each.paid_at is None:
            ctx.log.error("an order that has ended was paid", order=each.number)
            await have_refunded(ctx, tx, each.id, None, "order_cancelled", "It was paid after it had ended")


@subscription(RefundCompleted)
async def follow_session_refunds(ctx: Context, tx: Transaction, events: Sequence[Received[RefundCompleted]]) -> None:
    """Note what goes back of session orders: what their session's escrow gave back never became one."""
    bodies = [each.body for each in events if each.body.borne_by == "platform"]
    locked = await queries.lock_orders_of_participants(tx, [each.participant_id for each in bodies])
    ids = {each.participant_id: each.id for each in locked}
    back = [(ids[each.participant_id], each.amount) for each in bodies if each.participant_id in ids]
    await _take_refunds(ctx, tx, locked, back)


async def _take_refunds(
    ctx: Context, tx: Transaction, locked: Sequence[queries.OrderCore], back: Sequence[tuple[UUID, int]]
) -> None:
    """Add up what went back; an order of which everything did is refunded."""
    if not back:
        return
    await queries.add_refunded(tx, *unzip(back, 2))
    sums: dict[UUID, int] = {}
    for order_id, amount in back:
        sums[order_id] = sums.get(order_id, 0) + amount
    whole = [
        each
        for each in locked
        if each.refunded + sums.get(each.id, 0) >= each.total
        and rules.may_move(each.status, OrderStatus.REFUNDED, paid=each.paid_at is not None)
    ]
    now = ctx.clock.now()
    await carry_out(
        ctx, tx, [Move(each, [OrderStatus.REFUNDED], Actor.SYSTEM, None, "refunded in full", now) for each in whole]
    )


class Sell(Message, frozen=True):
    """Paid orders whose goods are to be sold."""

    order_ids: list[UUID]


@workflow("order.sell-stock", Sell)
async def sell_stock(run: Run, request: Sell) -> None:
    """Book the sale of what was paid, then have it prepared; what cannot be sold any more goes back to its buyer."""
    missing = await run.step(fulfilment.sell, request.order_ids)
    await run.step(fulfilment.go_on, request.order_ids, missing)


@workflow(GIVE_BACK, GiveBack)
async def give_back_stock(run: Run, request: GiveBack) -> None:
    await run.step(fulfilment.give_back, request)


@workflow(REFUND, RefundOf)
async def refund(run: Run, request: RefundOf) -> None:
    """Ask payment for a refund; one that is refused for good is left to finance, which sees the order and its payment."""
    try:
        await run.step(ask_payment, request)
    except Problem as problem:
        run.ctx.log.error("a refund of an order is refused", order=str(request.order_id), code=problem.code)


@workflow(RELEASE_ESCROW, OfOrder)
async def release_escrow(run: Run, request: OfOrder) -> None:
    """Pay a delivered order out; while a refund of it is undecided it waits."""
    pause = 1.0
    while not await run.step(fulfilment.release, request.order_id):
        await run.sleep(pause)
        pause = min(600.0, pause * 4)


@timer(every=timedelta(seconds=2))
async def look_after_checkouts(ctx: Context) -> None:
    await look_after(ctx)


workflows: list[Workflow[Any]] = [consume_stock, sell_stock, give_back_stock, refund, release_escrow]
subscriptions = [follow_shipments, follow_payments, follow_session_refunds]
timers = [look_after_checkouts]
