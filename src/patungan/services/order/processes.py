"""What order does by itself: follows parcels, and has their goods booked out of the stock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from patungan.contracts import warehouse
from patungan.contracts.logistics import ShipmentCreated, ShipmentStatusChanged
from patungan.kernel.contract import Nothing
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Problem
from patungan.kernel.events import Received, subscription
from patungan.kernel.service import Context
from patungan.kernel.workflows import Run, Workflow, workflow
from patungan.services.order import rules
from patungan.services.order.operations.moving import CONSUME_STOCK, ConsumeStock, Move, carry_out
from patungan.services.order.queries import orders as queries
from patungan.services.order.rules import Actor


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


workflows: list[Workflow[Any]] = [consume_stock]
subscriptions = [follow_shipments]
