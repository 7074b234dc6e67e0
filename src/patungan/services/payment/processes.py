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
from patungan.services.payment.operations import expiring, refunds, wallet_part, webhooks
from patungan.services.payment.operations.invoices import ask_about_open, end_at_provider, keep_open_invoice
from patungan.services.payment.operations.payments import (
    END_INVOICE,
    RETURN_HOLD,
    EndInvoice,
    ReturnHold,
    create_missing,
    end_of_participants,
)
from patungan.services.payment.operations.refunds import CARRY_OUT_REFUND, CarryOutRefund
from patungan.services.payment.operations.webhooks import ASK_PROVIDER, AskProvider
from patungan.services.payment.queries import refunds as refund_queries
from patungan.services.payment.reconciliation import processes as reconciliation
from patungan.services.payment.reports import processes as reports

END_ATTEMPTS = 3
"""How often an invoice is asked to end at once; after that the timer asks, until the provider tells."""

REFUNDS_AT_ONCE = 50


@subscription(ParticipantsJoined, ParticipantReleased, linger=timedelta(seconds=0.5))
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
    await run.step(keep_open_invoice, request)


@workflow(RETURN_HOLD, ReturnHold)
async def return_hold(run: Run, request: ReturnHold) -> None:
    """Give the wallet part of a payment that ended back to its wallet."""
    await run.step(wallet_part.return_hold, request)


@workflow(ASK_PROVIDER, AskProvider)
async def ask_provider(run: Run, request: AskProvider) -> None:
    """Learn from the provider itself what a callback said that is too old to be believed."""
    await run.step(webhooks.ask_about, request)


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


@timer(every=timedelta(seconds=10))
async def ask_wallets(ctx: Context) -> None:
    """Ask on where a wallet has not told whether it holds a payment's part."""
    await wallet_part.ask_on(ctx)


@timer(every=timedelta(seconds=10))
async def look_after_open_invoices(ctx: Context) -> None:
    """Ask on how invoices ended that the provider told nothing about."""
    await ask_about_open(ctx)


@timer(every=timedelta(seconds=2))
async def process_open_webhooks(ctx: Context) -> None:
    await webhooks.process_open(ctx)


@timer(every=timedelta(seconds=5))
async def look_after_refunds(ctx: Context) -> None:
    """Take refunds on of which no news came in time, or whose way was barred."""
    for refund_id in await refund_queries.due_refunds(ctx.db, ctx.clock.now(), REFUNDS_AT_ONCE):
        await refunds.advance_refund(ctx, refund_id)


workflows: list[Workflow[Any]] = [end_invoice, return_hold, ask_provider, carry_out_refund]
workflows += [*reports.workflows, *reconciliation.workflows]
subscriptions = [follow_participants]
timers = [expire_unopened, settle_overdue, ask_wallets, look_after_open_invoices]
timers += [process_open_webhooks, look_after_refunds, *reports.timers]
schedules = [*reports.schedules, *reconciliation.schedules]
