"""What the wallet does by itself: captures holds, sends withdrawals in batches, and follows them to their end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from patungan.contracts.payment import OrderPaymentPaid, PaymentPaid
from patungan.kernel.contract import Message
from patungan.kernel.database import Transaction
from patungan.kernel.events import Received, subscription
from patungan.kernel.service import Context
from patungan.kernel.workflows import Run, Schedule, Workflow, start, timer, workflow
from patungan.services.wallet.operations import batches, holds, webhooks
from patungan.services.wallet.rules import BATCH_CRON


@subscription(PaymentPaid, OrderPaymentPaid)
async def on_payments(
    ctx: Context, tx: Transaction, events: Sequence[Received[PaymentPaid | OrderPaymentPaid]]
) -> None:
    """Note which holds were taken: those of payments that were made with wallet money."""
    taken = [each.body.payment_id for each in events if each.body.wallet_amount > 0]
    if taken:
        await holds.capture(ctx, tx, taken)


class ProcessBatch(Message, frozen=True):
    """``cut_at`` None: the last start by the calendar."""

    cause: str
    cut_at: datetime | None = None


@workflow("wallet.process-batch", ProcessBatch)
async def process_batch(run: Run, request: ProcessBatch) -> None:
    """Claim what is pending and send it, a share at a time; the provider's news, or the timer below, does the rest."""
    batch = await run.step(batches.open_batch, run.workflow_id, request.cause, request.cut_at)
    if await run.step(batches.claim, batch.id, batch.cut_at):
        while await run.step(batches.send_some, batch.id):
            pass
    await run.step(batches.finish, batch.id)


async def start_batch(ctx: Context, key: str) -> tuple[str, datetime]:
    """Start a batch of what was requested before now, once for a key where one is given; answers its workflow and cut."""
    cut_at = ctx.clock.now()
    workflow_id = f"withdrawal-batch-{key or ctx.chance.new_id()}"
    async with ctx.db.transaction() as tx:
        await start(tx, process_batch, workflow_id, ProcessBatch(cause="request", cut_at=cut_at))
    return workflow_id, cut_at


@timer(every=timedelta(seconds=0.5))
async def work_off_webhooks(ctx: Context) -> None:
    """Process the provider's callbacks, all that are there."""
    while await webhooks.work_off(ctx) == webhooks.MOST_AT_ONCE:
        pass


@timer(every=timedelta(seconds=5))
async def look_after_withdrawals(ctx: Context) -> None:
    """Take up withdrawals of which no news came in time, or which the provider could not be asked for."""
    while await batches.look_after_due(ctx) == batches.LOOKED_AT_ONCE:
        pass


subscriptions = [on_payments]
workflows: list[Workflow[Any]] = [process_batch]
schedules = [
    Schedule(
        "withdrawal-batch",
        BATCH_CRON,
        process_batch,
        ProcessBatch(cause="schedule"),
        "sends the withdrawals requested before Tuesday and Friday 10:00",
    )
]
timers = [work_off_webhooks, look_after_withdrawals]
