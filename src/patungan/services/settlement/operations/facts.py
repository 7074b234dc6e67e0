"""What other services tell, stored, and reckoned into lines once everything that a line depends on is known.

The producers' logs are read apart, so a delivery may be heard of before the release of its money.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from patungan.contracts.order import OrderDelivered
from patungan.contracts.payment import EscrowReleased, OrderEscrowReleased, OrderRefundCompleted, RefundCompleted
from patungan.contracts.warehouse import DemandPlanned, PurchaseOrderClosed
from patungan.kernel.database import Transaction
from patungan.kernel.events import Received
from patungan.kernel.service import Context
from patungan.kernel.sql import unzip
from patungan.ledger import accounts
from patungan.ledger.posting import journal, post
from patungan.services.settlement.operations.booking import NewLine, account_of, against, owed, write_line
from patungan.services.settlement.operations.reckoning import charge_refunds, reckon_orders, reckon_sessions
from patungan.services.settlement.queries import facts as queries
from patungan.services.settlement.rules import LineKind, PayeeKind, local_day


async def note_deliveries(ctx: Context, tx: Transaction, events: Sequence[Received[OrderDelivered]]) -> None:
    for each in events:
        order = each.body
        if not await queries.insert_order(
            *(tx, order.order_id, order.number, order.session_id, order.participant_id, order.factory_id),
            *(order.product_value, order.delivered_at),
        ):
            continue
        items = [
            (item.order_item_id, item.product_id, item.variant_id, item.quantity, item.unit_price)
            for item in order.items
        ]
        await queries.insert_items(tx, order.order_id, *unzip(items, 5))
    await reckon_sessions(ctx, tx, _ids(each.body.session_id for each in events))
    await reckon_orders(ctx, tx, _ids(each.body.order_id for each in events if each.body.session_id is None))


def _ids(found: object) -> list[UUID]:
    return sorted({each for each in found if each is not None})  # type: ignore[attr-defined]


async def note_releases(
    ctx: Context, tx: Transaction, events: Sequence[Received[EscrowReleased | OrderEscrowReleased]]
) -> None:
    sessions = [each.body for each in events if isinstance(each.body, EscrowReleased)]
    orders = [each.body for each in events if isinstance(each.body, OrderEscrowReleased)]
    await queries.ensure_sessions(tx, [each.session_id for each in sessions])
    for sale in sessions:
        if sale.factory_id is not None:
            await queries.store_release(
                tx, sale.session_id, sale.factory_id, sale.factory_revenue, sale.factory, sale.commission_percent
            )
    for release in orders:
        seller = (release.seller_id, release.seller_revenue, release.seller, release.commission_percent)
        await queries.insert_order_release(tx, release.order_id, *seller)
    await reckon_sessions(ctx, tx, [each.session_id for each in sessions])
    await reckon_orders(ctx, tx, [each.order_id for each in orders])


async def note_plans(ctx: Context, tx: Transaction, plans: Sequence[DemandPlanned]) -> None:
    await queries.ensure_sessions(tx, [each.session_id for each in plans])
    for plan in plans:
        if await queries.plan_session(tx, plan.session_id):
            stock = [(each.variant_id, each.from_stock) for each in plan.lines if each.from_stock]
            await queries.insert_stock(tx, plan.session_id, *unzip(stock, 2))
    await reckon_sessions(ctx, tx, [each.session_id for each in plans])


async def note_surplus(ctx: Context, tx: Transaction, events: Sequence[Received[PurchaseOrderClosed]]) -> None:
    """Owe the factory the goods that it delivered beyond those that its session sold; the warehouse bought them."""
    for each in events:
        closed, day = each.body, local_day(each.occurred_at)
        payee = account_of(PayeeKind.FACTORY, closed.factory_id)
        for item in closed.surplus:
            key, value = f"surplus/{closed.purchase_order_id}/{item.variant_id or ''}", item.units * item.unit_cost
            line = NewLine(
                payee_kind=PayeeKind.FACTORY,
                payee_id=closed.factory_id,
                kind=LineKind.SURPLUS,
                description=f"{closed.code} {closed.product_name}",
                value=value,
                occurred_at=each.occurred_at,
                due_on=day,
                ledger_key=key,
                session_id=closed.session_id,
                purchase_order_id=closed.purchase_order_id,
                variant_id=item.variant_id,
                quantity=item.units,
                unit_price=item.unit_cost,
            )
            if await write_line(ctx, tx, line):
                sides = (against(accounts.PAYABLE_WAREHOUSE, value), owed(payee, value))
                bought = journal(key, "adjustment", closed.code, *sides)
                await post(tx, ctx.chance, ctx.clock.now(), [bought])


async def note_refunds(
    ctx: Context, tx: Transaction, events: Sequence[Received[RefundCompleted | OrderRefundCompleted]]
) -> None:
    """Keep the refunds that the platform bore: those of goods whose money was released before."""
    borne = [each for each in events if each.body.borne_by == "platform"]
    participants, orders = list[UUID](), list[UUID]()
    for each in borne:
        refund = each.body
        participant_id = refund.participant_id if isinstance(refund, RefundCompleted) else None
        order_id = refund.order_ids[0] if isinstance(refund, OrderRefundCompleted) else None
        await queries.insert_refund(
            tx, refund.refund_id, refund.code, participant_id, order_id, refund.amount, each.occurred_at
        )
        participants += [] if participant_id is None else [participant_id]
        orders += [] if order_id is None else [order_id]
    await charge_refunds(ctx, tx, orders, participants)
