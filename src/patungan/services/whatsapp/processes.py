"""Durable work of whatsapp: queued messages are handed over, and tried again while WhatsApp does not take them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec

from patungan.kernel.service import Context
from patungan.kernel.workflows import Run, start, timer, workflow
from patungan.services.whatsapp import delivery, queries
from patungan.services.whatsapp.rules import ABANDONED_SECONDS

DUE_AT_ONCE = 200


class DeliverMessage(msgspec.Struct, frozen=True):
    message_id: UUID


async def hand_over(ctx: Context, message_id: UUID) -> str:
    """Try once to hand a message over; answers its status afterwards."""
    return await delivery.deliver(ctx, message_id)


@workflow("whatsapp.deliver-message", DeliverMessage)
async def deliver_message(run: Run, request: DeliverMessage) -> None:
    # One attempt a workflow: while WhatsApp is away thousands of messages wait in the table, and none of them holds a
    # worker's place that a workflow about money needs.
    await run.step(hand_over, request.message_id)


@timer(every=timedelta(seconds=1))
async def try_again(ctx: Context) -> None:
    """Start another attempt for each message whose time has come."""
    now = ctx.clock.now()
    async with ctx.db.transaction() as tx:
        for message_id in await queries.claim_due(tx, now, DUE_AT_ONCE):
            again = f"wa-{message_id}-{round(now.timestamp() * 1000)}"
            await start(tx, deliver_message, again, DeliverMessage(message_id=message_id))


@timer(every=timedelta(seconds=5))
async def close_abandoned(ctx: Context) -> None:
    """Close messages that were to go out at once and whose process died over it."""
    now = ctx.clock.now()
    count = await queries.give_up_abandoned(ctx.db, now, now - timedelta(seconds=ABANDONED_SECONDS))
    if count:
        ctx.log.warning("abandoned messages closed", count=count)
