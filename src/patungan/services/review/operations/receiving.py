"""What may be reviewed: goods that arrived; and asking their buyers three days later."""

from __future__ import annotations

from collections.abc import Sequence

from patungan.contracts import review as contract
from patungan.contracts.order import OrderDelivered
from patungan.kernel.database import Transaction
from patungan.kernel.events import Received
from patungan.kernel.service import Context
from patungan.kernel.sql import unzip
from patungan.services.review.queries import received as queries
from patungan.services.review.rules import REMIND_AFTER

BATCH = 500


async def note(tx: Transaction, events: Sequence[Received[OrderDelivered]]) -> None:
    """Goods that arrived may be reviewed from now on, and their buyer is asked to in three days."""
    items = [
        (
            item.order_item_id,
            each.body.order_id,
            each.body.number,
            each.body.user_id,
            item.product_id,
            item.variant_id,
            item.factory_id,
            item.quantity,
            each.body.delivered_at,
        )
        for each in events
        for item in each.body.items
    ]
    await queries.insert_items(tx, *unzip(items, 9))
    reminders = [
        (each.body.order_id, each.body.number, each.body.user_id, each.body.delivered_at + REMIND_AFTER)
        for each in events
    ]
    await queries.insert_reminders(tx, *unzip(reminders, 4))


async def remind(ctx: Context) -> int:
    """Ask the buyers whose time has come and who have not reviewed everything; answers how many were due."""
    async with ctx.db.transaction() as tx:
        due = await queries.take_due_reminders(tx, ctx.clock.now(), BATCH)
        await ctx.publish(
            tx,
            *(
                contract.ReviewReminded(order_id=each.order_id, number=each.order_number, user_id=each.user_id)
                for each in due
                if not each.is_reviewed
            ),
        )
    return len(due)
