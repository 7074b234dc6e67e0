"""What factories answer to purchase orders over WhatsApp, and what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from patungan.contracts.whatsapp import ButtonPressed, MessageFailed, ReasonGiven
from patungan.kernel.database import Transaction
from patungan.kernel.events import Received, subscription
from patungan.kernel.service import Context
from patungan.services.warehouse.operations import attention
from patungan.services.warehouse.operations.purchase_orders import move
from patungan.services.warehouse.processes import ORDER_KEY, REMINDER_KEY
from patungan.services.warehouse.queries import configuration
from patungan.services.warehouse.queries import purchase_orders as queries
from patungan.services.warehouse.queries.purchase_orders import PurchaseOrder
from patungan.services.warehouse.rules import PurchaseOrderStatus

CONFIRM, REJECT = "confirm", "reject"


@subscription(ButtonPressed, ReasonGiven, MessageFailed)
async def on_answers(
    ctx: Context, tx: Transaction, events: Sequence[Received[ButtonPressed | ReasonGiven | MessageFailed]]
) -> None:
    """Carry out a factory's answer; one that comes too late for the order's state changes nothing."""
    for received in events:
        match received.body:
            case ButtonPressed(payload=payload, pressed_at=at):
                await _answered(ctx, tx, payload, at)
            case ReasonGiven(payload=payload, reason=reason):
                order = await _pending(tx, payload, REJECT)
                if order is not None:
                    await attention.reject(ctx, tx, order, reason)
            case MessageFailed(dedupe_key=key, failure=failure):
                await _not_delivered(ctx, tx, key, failure)


async def _answered(ctx: Context, tx: Transaction, payload: str, at: datetime) -> None:
    confirmed = await _pending(tx, payload, CONFIRM)
    if confirmed is not None:
        await move(ctx, tx, confirmed, PurchaseOrderStatus.CONFIRMED, None, "Confirmed over WhatsApp")
        return
    rejected = await _pending(tx, payload, REJECT)
    if rejected is not None and await queries.announce_rejection(tx, rejected.id, at):
        action, note = "purchase_order.rejection_announced", "Rejected over WhatsApp; the reason is asked for"
        await configuration.write_audit_log(tx, ctx.clock.now(), None, action, rejected.id, note, {})


async def _pending(tx: Transaction, payload: str, answer: str) -> PurchaseOrder | None:
    """The locked order that an answer is about, while it still waits for one."""
    kind, _, token = payload.partition(":")
    if kind != answer or not token:
        return None
    order_id = await queries.lock_by_token(tx, token)
    order = None if order_id is None else await queries.find_purchase_order(tx, order_id)
    return order if order is not None and order.status is PurchaseOrderStatus.PENDING else None


async def _not_delivered(ctx: Context, tx: Transaction, key: str, failure: str) -> None:
    for beginning in (ORDER_KEY, REMINDER_KEY):
        if key.startswith(beginning):
            order = await queries.find_purchase_order(tx, UUID(key.removeprefix(beginning).split(":")[0]))
            if order is not None and order.status is PurchaseOrderStatus.PENDING:
                await attention.call(ctx, tx, order, attention.UNDELIVERABLE, failure)


subscriptions: list[Any] = [on_answers]
