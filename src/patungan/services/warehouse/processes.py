"""The durable workflow of warehouse: sending a purchase order to its factory over WhatsApp."""

from __future__ import annotations

from uuid import UUID

from patungan.contracts import factory, whatsapp
from patungan.contracts import warehouse as contract
from patungan.kernel.contract import Message
from patungan.kernel.service import Context
from patungan.kernel.workflows import Run, workflow
from patungan.services.warehouse.queries import purchase_orders as queries
from patungan.services.warehouse.rules import PurchaseOrderStatus, deadline_text, quantities_text


class SendPurchaseOrder(Message, frozen=True):
    purchase_order_id: UUID


async def queue_message(ctx: Context, purchase_order_id: UUID) -> bool:
    """Hand the message to whatsapp, which stores and retries it; False for an order that was cancelled meanwhile.

    Raises FactoryNotFound.
    """
    order = await queries.find_purchase_order(ctx.db, purchase_order_id)
    if order is None:
        raise contract.PurchaseOrderNotFound()
    if order.status is PurchaseOrderStatus.CANCELLED:
        return False
    lines = await queries.find_lines(ctx.db, [order.id])
    found = await ctx.call(factory.get_factories, factory.GetFactories(factory_ids=[order.factory_id]))
    if not found.factories:
        raise factory.FactoryNotFound()
    quantities = quantities_text(order.product_name, [(line.variant_name, line.ordered) for line in lines])
    await ctx.call(
        whatsapp.queue_message,
        whatsapp.SendTemplate(
            phone=found.factories[0].phone,
            template="purchase_order",
            language="id",
            parameters=[order.code, quantities, deadline_text(order.expected_at)],
            dedupe_key=f"purchase-order:{order.id}",
        ),
    )
    await queries.mark_notified(ctx.db, order.id, ctx.clock.now())
    return True


@workflow("warehouse.send-purchase-order", SendPurchaseOrder)
async def send_purchase_order(run: Run, request: SendPurchaseOrder) -> None:
    await run.step(queue_message, request.purchase_order_id)
