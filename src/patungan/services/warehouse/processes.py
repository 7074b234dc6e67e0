"""The durable workflows of warehouse: sending a purchase order to its factory over WhatsApp, and reminding of it."""

from __future__ import annotations

from uuid import UUID

from patungan.contracts import factory, whatsapp
from patungan.contracts import warehouse as contract
from patungan.kernel.contract import Message
from patungan.kernel.service import Context
from patungan.kernel.workflows import Run, workflow
from patungan.services.warehouse.queries import purchase_orders as queries
from patungan.services.warehouse.rules import ANSWER_TIME, PurchaseOrderStatus, deadline_text, quantities_text

ORDER_KEY, REMINDER_KEY = "purchase-order:", "purchase-order-reminder:"
"""How the dedupe keys of an order's messages begin; its id follows."""


class SendPurchaseOrder(Message, frozen=True):
    purchase_order_id: UUID


class RemindFactory(Message, frozen=True):
    purchase_order_id: UUID
    number: int


async def queue_message(ctx: Context, purchase_order_id: UUID) -> bool:
    """Hand the message to whatsapp, which stores and retries it; False for an order that was cancelled meanwhile.

    Raises FactoryNotFound.
    """
    order = await _order(ctx, purchase_order_id)
    if order.status is PurchaseOrderStatus.CANCELLED:
        return False
    await _send(ctx, order, "purchase_order", f"{ORDER_KEY}{order.id}")
    now = ctx.clock.now()
    await queries.mark_notified(ctx.db, order.id, now, now + ANSWER_TIME)
    return True


async def queue_reminder(ctx: Context, purchase_order_id: UUID, number: int) -> bool:
    """Remind a factory that did not answer; False for an order that was answered meanwhile. Raises FactoryNotFound."""
    order = await _order(ctx, purchase_order_id)
    if order.status is not PurchaseOrderStatus.PENDING or order.rejected_at is not None:
        return False
    await _send(ctx, order, "purchase_order_reminder", f"{REMINDER_KEY}{order.id}:{number}")
    return True


async def _order(ctx: Context, purchase_order_id: UUID) -> queries.PurchaseOrder:
    order = await queries.find_purchase_order(ctx.db, purchase_order_id)
    if order is None:
        raise contract.PurchaseOrderNotFound()
    return order


async def _send(ctx: Context, order: queries.PurchaseOrder, template: str, dedupe_key: str) -> None:
    lines = await queries.find_lines(ctx.db, [order.id])
    found = await ctx.call(factory.get_factories, factory.GetFactories(factory_ids=[order.factory_id]))
    if not found.factories:
        raise factory.FactoryNotFound()
    quantities = quantities_text(order.product_name, [(line.variant_name, line.ordered) for line in lines])
    token = await queries.find_token(ctx.db, order.id)
    buttons = [
        whatsapp.ReplyButton(payload=f"confirm:{token}"),
        whatsapp.ReplyButton(payload=f"reject:{token}", asks_reason=True),
    ]
    await ctx.call(
        whatsapp.queue_message,
        whatsapp.SendTemplate(
            phone=found.factories[0].phone,
            template=template,
            language="id",
            parameters=[order.code, quantities, deadline_text(order.expected_at)],
            dedupe_key=dedupe_key,
            # An order of an earlier release has no token.
            buttons=buttons if token else [],
        ),
    )


@workflow("warehouse.send-purchase-order", SendPurchaseOrder)
async def send_purchase_order(run: Run, request: SendPurchaseOrder) -> None:
    await run.step(queue_message, request.purchase_order_id)


@workflow("warehouse.remind-factory", RemindFactory)
async def remind_factory(run: Run, request: RemindFactory) -> None:
    await run.step(queue_reminder, request.purchase_order_id, request.number)
