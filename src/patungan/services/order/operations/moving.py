"""Moves of orders, many at a time: the row, its history, its events, and the goods that leave the stock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from patungan.contracts import order as contract
from patungan.contracts import warehouse
from patungan.kernel.contract import Message
from patungan.kernel.database import Transaction
from patungan.kernel.service import Context
from patungan.kernel.sql import unzip
from patungan.kernel.workflows import enqueue
from patungan.services.order.queries import orders as queries
from patungan.services.order.queries.orders import ItemRow, OrderCore
from patungan.services.order.rules import Actor, OrderStatus, Source

CONSUME_STOCK = "order.consume-stock"
"""The workflow that books goods out of the stock (processes.py)."""


RELEASE_ESCROW = "order.release-escrow"
"""The workflow that pays out what a delivered direct order holds (processes.py)."""


class OfOrder(Message, frozen=True):
    order_id: UUID


class ConsumeStock(Message, frozen=True):
    """Orders whose goods left the warehouse, by session."""

    sessions: list[warehouse.ConsumeDemand]


class Move(msgspec.Struct, frozen=True):
    """A locked order and the statuses that it passes through, all at one moment."""

    order: OrderCore
    way: list[OrderStatus]
    actor: Actor
    actor_id: UUID | None
    note: str
    at: datetime


async def carry_out(ctx: Context, tx: Transaction, moves: Sequence[Move]) -> None:
    """Move locked orders on; each at most once in a call. Its last status is what is told of it."""
    if not moves:
        return
    rows = [
        (
            each.order.id,
            each.way[-1],
            each.at if OrderStatus.PICKED_UP in each.way else None,
            each.at if OrderStatus.DELIVERED in each.way else None,
            each.at if OrderStatus.CANCELLED in each.way else None,
            each.at if OrderStatus.PAID in each.way else None,
        )
        for each in moves
    ]
    await queries.move_orders(tx, *unzip(rows, 6))
    await write_history(tx, moves, refused=False)
    shipped = [each.order for each in moves if OrderStatus.PICKED_UP in each.way]
    delivered = [each for each in moves if OrderStatus.DELIVERED in each.way]
    concerned = {each.id for each in shipped} | {each.order.id for each in delivered}
    items = await queries.find_items(tx, list(concerned)) if concerned else []
    await _consume(ctx, tx, shipped, items)
    for each in delivered:
        if each.order.source is not Source.SESSION:
            request = msgspec.json.encode(OfOrder(order_id=each.order.id)).decode()
            await enqueue(tx, RELEASE_ESCROW, f"release-{each.order.id}", request)
    await ctx.publish(
        tx,
        *(
            contract.OrderStatusChanged(
                order_id=each.order.id, number=each.order.number, user_id=each.order.user_id, status=each.way[-1]
            )
            for each in moves
        ),
        *(_delivered(each, items) for each in delivered),
    )


async def write_history(tx: Transaction, moves: Sequence[Move], *, refused: bool) -> None:
    """Write down every step of the moves, or that they were refused."""
    steps = []
    for each in moves:
        before = each.order.status
        for status in each.way:
            steps.append((each.order.id, before, status, refused, each.actor, each.actor_id, each.note, each.at))
            before = status
    await queries.write_history(tx, *unzip(steps, 8))


def _delivered(move: Move, items: Sequence[ItemRow]) -> contract.OrderDelivered:
    order = move.order
    return contract.OrderDelivered(
        order_id=order.id,
        number=order.number,
        user_id=order.user_id,
        factory_id=order.factory_id,
        session_id=order.session_id,
        items=[
            contract.DeliveredItem(
                order_item_id=each.id,
                product_id=each.product_id,
                variant_id=each.variant_id,
                factory_id=each.factory_id,
                quantity=each.quantity,
                unit_price=each.unit_price,
                subtotal=each.subtotal,
            )
            for each in items
            if each.order_id == order.id
        ],
        product_value=order.subtotal,
        delivered_at=move.at,
        seller_id=order.seller_id,
        source=order.source,
        participant_id=order.participant_id,
    )


async def _consume(ctx: Context, tx: Transaction, shipped: Sequence[OrderCore], items: Sequence[ItemRow]) -> None:
    """Have the goods of session orders booked out of the stock that is held for their session."""
    of_session: dict[UUID, list[warehouse.ConsumedOrder]] = {}
    for order in shipped:
        if order.session_id is not None:
            of_session.setdefault(order.session_id, []).extend(
                warehouse.ConsumedOrder(order_id=order.id, variant_id=each.variant_id, quantity=each.quantity)
                for each in items
                if each.order_id == order.id
            )
    if of_session:
        sessions = [warehouse.ConsumeDemand(session_id=key, orders=orders) for key, orders in of_session.items()]
        request = msgspec.json.encode(ConsumeStock(sessions=sessions)).decode()
        await enqueue(tx, CONSUME_STOCK, f"consume-{ctx.chance.new_id()}", request)
