"""What payment does by itself: follows joins, ends what is over, closes invoices, sends refunds on their way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from patungan.contracts.group_buying import ParticipantReleased, ParticipantsJoined
from patungan.kernel.database import Transaction
from patungan.kernel.events import Received, subscription
from patungan.kernel.service import Context
from patungan.kernel.workflows import Run, Workflow, timer, workflow
from patungan.services.payment.operations import expiring, refunds, webhooks
from patungan.services.payment.operations.invoices import end_at_provider
from patungan.services.payment.operations.payments import END_INVOICE, EndInvoice, create_missing, end_of_participants
from patungan.services.payment.operations.refunds import CARRY_OUT_REFUND, CarryOutRefund
from patungan.services.payment.queries import refunds as refund_queries
from patungan.services.payment.reconciliation import processes as reconciliation
from patungan.services.payment.reports import processes as reports

END_ATTEMPTS = 6
"""How often an invoice is asked to end. It ends by itself in any case, and money that comes for it goes back."""

REFUNDS_AT_ONCE = 50


@subscription(ParticipantsJoined, ParticipantReleased)
async def follow_participants(
    ctx: Context, tx: Transaction, events: Sequence[Received[ParticipantsJoined | ParticipantReleased]]
) -> None:
    """Make the payments that a join's own call did not reach us for, then end those of who left or lapsed."""
    joined = [owed for each in events if isinstance(each.body, ParticipantsJoined) for owed in each.body.payments]
    released = [each.body.participant_id for each in events if isinstance(each.body, ParticipantReleased)]
    if joined:
        await create_missing(ctx, tx, joined)
    if released:
        await end_of_participants(ctx, tx, released)


@workflow(END_INVOICE, EndInvoice)
async def end_invoice(run: Run, request: EndInvoice) -> None:
    """Close an invoice whose payment has ended, so that nobody pays for nothing."""
    for attempt in range(END_ATTEMPTS):
        if await run.step(end_at_provider, request.code, request.invoice_id):
            return
        await run.sleep(2.0**attempt)


@workflow(CARRY_OUT_REFUND, CarryOutRefund)
async def carry_out_refund(run: Run, request: CarryOutRefund) -> None:
    """Send a refund on its way at once; the provider's news, or the timer below, takes it to its end."""
    await run.step(refunds.advance_refund, request.refund_id)


@timer(every=timedelta(seconds=1))
async def expire_unopened(ctx: Context) -> None:
    await expiring.expire_unopened(ctx)


@timer(every=timedelta(seconds=5))
async def settle_overdue(ctx: Context) -> None:
    await expiring.settle_overdue(ctx)


@timer(every=timedelta(seconds=2))
async def process_open_webhooks(ctx: Context) -> None:
    await webhooks.process_open(ctx)


@timer(every=timedelta(seconds=5))
async def look_after_refunds(ctx: Context) -> None:
    """Take refunds on of which no news came in time, or whose way was barred."""
    for refund_id in await refund_queries.due_refunds(ctx.db, ctx.clock.now(), REFUNDS_AT_ONCE):
        await refunds.advance_refund(ctx, refund_id)


workflows: list[Workflow[Any]] = [end_invoice, carry_out_refund, *reports.workflows, *reconciliation.workflows]
subscriptions = [follow_participants]
timers = [expire_unopened, settle_overdue, process_open_webhooks, look_after_refunds, *reports.timers]
schedules = [*reports.schedules, *reconciliation.schedules]
