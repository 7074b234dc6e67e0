"""What settlement does by itself: follows deliveries and money, makes settlements by the calendar, and pays them out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from patungan.contracts.order import OrderDelivered
from patungan.contracts.payment import EscrowReleased, OrderEscrowReleased, OrderRefundCompleted, RefundCompleted
from patungan.contracts.wallet import PayoutTold
from patungan.contracts.warehouse import DemandPlanned, PurchaseOrderClosed
from patungan.kernel.contract import Message
from patungan.kernel.database import Transaction
from patungan.kernel.events import Received, subscription
from patungan.kernel.service import Context
from patungan.kernel.workflows import Run, Schedule, Workflow, start, timer, workflow
from patungan.providers.payouts import PayoutNews, Told
from patungan.services.settlement.operations import facts, generating, paying
from patungan.services.settlement.rules import Cycle, local_day


@subscription(OrderDelivered)
async def on_deliveries(ctx: Context, tx: Transaction, events: Sequence[Received[OrderDelivered]]) -> None:
    await facts.note_deliveries(ctx, tx, events)


@subscription(EscrowReleased, OrderEscrowReleased, RefundCompleted, OrderRefundCompleted)
async def on_money(ctx: Context, tx: Transaction, events: Sequence[Received[Any]]) -> None:
    """What payees were credited for, and what was refunded of it afterwards."""
    released = [each for each in events if isinstance(each.body, EscrowReleased | OrderEscrowReleased)]
    refunded = [each for each in events if isinstance(each.body, RefundCompleted | OrderRefundCompleted)]
    await facts.note_releases(ctx, tx, released)
    await facts.note_refunds(ctx, tx, refunded)


@subscription(DemandPlanned, PurchaseOrderClosed)
async def on_goods(ctx: Context, tx: Transaction, events: Sequence[Received[Any]]) -> None:
    """Which goods of a sale are from stock, and what came beyond what was sold."""
    await facts.note_plans(ctx, tx, [each.body for each in events if isinstance(each.body, DemandPlanned)])
    await facts.note_surplus(ctx, tx, [each for each in events if isinstance(each.body, PurchaseOrderClosed)])


@subscription(PayoutTold)
async def on_payouts(ctx: Context, tx: Transaction, events: Sequence[Received[PayoutTold]]) -> None:
    """The provider's word on our payouts, which wallet takes in (docs/decisions/0051)."""
    for each in events:
        told = each.body
        news = PayoutNews(told.reference, told.payout_id, told.amount, told.currency, Told(told.told), told.reason)
        await paying.apply(ctx, tx, news)


class MakeSettlements(Message, frozen=True):
    """``day`` None: today in Asia/Jakarta."""

    cycles: list[Cycle]
    day: date | None = None


@workflow("settlement.make-settlements", MakeSettlements)
async def make_settlements(run: Run, request: MakeSettlements) -> None:
    """Make the settlements of all whose day has come; the timers below pay them out."""
    day = request.day or date.fromisoformat(await run.step(today))
    for due in await run.step(generating.payees_due, request.cycles, day):
        await run.step(generating.generate, due)


async def today(ctx: Context) -> str:
    """The day in Asia/Jakarta."""
    return local_day(ctx.clock.now()).isoformat()


async def start_making(ctx: Context, key: str, day: date | None) -> str:
    """Make the settlements of all cycles whose last day of paying is not after a day, once for a key; answers the workflow."""
    workflow_id = f"settlements-{key}"
    async with ctx.db.transaction() as tx:
        await start(tx, make_settlements, workflow_id, MakeSettlements(cycles=list(Cycle), day=day))
    return workflow_id


@timer(every=timedelta(seconds=2))
async def pay_scheduled(ctx: Context) -> None:
    """Pay out what is scheduled and whose day has come."""
    while await paying.send_scheduled(ctx) == paying.AT_ONCE:
        pass


@timer(every=timedelta(seconds=5))
async def look_after_settlements(ctx: Context) -> None:
    """Take up settlements of which no news came in time, or which the provider could not be asked for."""
    while await paying.look_after_due(ctx) == paying.AT_ONCE:
        pass


subscriptions = [on_deliveries, on_money, on_goods, on_payouts]
workflows: list[Workflow[Any]] = [make_settlements]
schedules = [
    Schedule(
        "settlements-friday",
        "0 9 * * 5",
        make_settlements,
        MakeSettlements(cycles=[Cycle.WEEKLY, Cycle.BIWEEKLY, Cycle.MONTHLY]),
        "settles with payees what is delivered and past its complaint window",
    ),
    Schedule(
        "settlements-daily",
        "0 9 * * *",
        make_settlements,
        MakeSettlements(cycles=[Cycle.DAILY]),
        "settles with payees who are settled daily",
    ),
]
timers = [pay_scheduled, look_after_settlements]
