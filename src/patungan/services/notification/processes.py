"""What notification does by itself: follows the other services' events and tells the people whom they concern."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from patungan.contracts import factory
from patungan.contracts.factory import FactoryStatusChanged, FactoryVerified
from patungan.contracts.group_buying import (
    ParticipantConfirmed,
    ParticipantExpiring,
    ParticipantRefunded,
    ParticipantWaitingForStock,
    SessionMoqReached,
    SessionOpened,
)
from patungan.contracts.logistics import ShipmentStatusChanged
from patungan.contracts.order import OrderCreated, OrderStatusChanged
from patungan.contracts.payment import (
    PaymentExpired,
    PaymentLatePaid,
    PaymentPaid,
    RefundCompleted,
    RefundRequested,
)
from patungan.contracts.wallet import WalletCredited, WithdrawalCompleted, WithdrawalFailed, WithdrawalRequested
from patungan.contracts.warehouse import PurchaseOrderStatusChanged
from patungan.kernel.database import Transaction
from patungan.kernel.events import Received, subscription
from patungan.kernel.service import Context
from patungan.kernel.workflows import Run, Workflow, start, workflow
from patungan.services.notification import inbox, templates
from patungan.services.notification.inbox import Addressed
from patungan.services.notification.notice import Notice

_TEXTS: dict[type[Any], Callable[[Any], Notice | None]] = {
    PaymentPaid: templates.payment_paid,
    PaymentExpired: templates.payment_expired,
    PaymentLatePaid: templates.payment_late,
    RefundRequested: templates.refund_requested,
    RefundCompleted: templates.refund_completed,
    ParticipantExpiring: templates.group_expiring,
    ParticipantWaitingForStock: templates.waiting_for_stock,
    ParticipantConfirmed: templates.group_confirmed,
    ParticipantRefunded: templates.group_failed,
    OrderCreated: templates.order_created,
    OrderStatusChanged: templates.order_moved,
    ShipmentStatusChanged: templates.parcel_moved,
    FactoryVerified: templates.factory_verified,
    FactoryStatusChanged: templates.factory_moved,
    SessionOpened: templates.session_opened,
    SessionMoqReached: templates.moq_reached,
    PurchaseOrderStatusChanged: templates.purchase_order_moved,
    WithdrawalRequested: templates.withdrawal_requested,
    WithdrawalCompleted: templates.withdrawal_completed,
    WithdrawalFailed: templates.withdrawal_failed,
}


CROWD = 0.1
"""The part of the time in which news of a crowd is written: what closes a session must not wait for what tells of it. The
300,000 notices of 100,000 buyers follow within some three minutes."""


class TellFactoryOwner(msgspec.Struct, frozen=True):
    """A notice for whoever owns a factory."""

    event_id: UUID
    occurred_at: datetime
    factory_id: UUID
    notice: Notice


async def owner_of(ctx: Context, factory_id: UUID) -> UUID | None:
    """The factory's owner; None for a factory that does not exist."""
    found = await ctx.call(factory.get_factories, factory.GetFactories(factory_ids=[factory_id]))
    return next((each.owner_id for each in found.factories), None)


async def write_one(ctx: Context, addressed: Addressed) -> int:
    """Store a notice, once for its event."""
    return await inbox.write(ctx, ctx.db, [addressed])


@workflow("notification.tell-factory-owner", TellFactoryOwner)
async def tell_factory_owner(run: Run, request: TellFactoryOwner) -> None:
    owner_id = await run.step(owner_of, request.factory_id)
    if owner_id is None:
        run.ctx.log.warning("nobody to tell", factory=str(request.factory_id), event_id=str(request.event_id))
        return
    await run.step(write_one, Addressed(request.event_id, request.occurred_at, owner_id, request.notice))


async def _tell_users(ctx: Context, tx: Transaction, events: Sequence[Received[Any]]) -> None:
    """Tell the users whom the events name."""
    pairs = [(each, _TEXTS[type(each.body)](each.body)) for each in events]
    notices = [
        Addressed(each.id, each.occurred_at, each.body.user_id, notice) for each, notice in pairs if notice is not None
    ]
    await inbox.write(ctx, tx, notices)


async def _tell_owners(tx: Transaction, events: Sequence[Received[Any]]) -> None:
    """Tell the owners of the factories that the events name, each in a workflow that asks who that is."""
    for each in events:
        notice = _TEXTS[type(each.body)](each.body)
        if notice is not None:
            request = TellFactoryOwner(each.id, each.occurred_at, each.body.factory_id, notice)
            await start(tx, tell_factory_owner, f"tell-owner-{each.id}", request)


@subscription(PaymentPaid, PaymentExpired, PaymentLatePaid, RefundRequested, RefundCompleted, share=CROWD)
async def on_payments(ctx: Context, tx: Transaction, events: Sequence[Received[Any]]) -> None:
    await _tell_users(ctx, tx, events)


@subscription(
    ParticipantExpiring,
    ParticipantWaitingForStock,
    ParticipantConfirmed,
    ParticipantRefunded,
    SessionOpened,
    SessionMoqReached,
    share=CROWD,
)
async def on_sessions(ctx: Context, tx: Transaction, events: Sequence[Received[Any]]) -> None:
    of_sessions = [each for each in events if isinstance(each.body, SessionOpened | SessionMoqReached)]
    of_participants = [each for each in events if not isinstance(each.body, SessionOpened | SessionMoqReached)]
    await _tell_users(ctx, tx, of_participants)
    await _tell_owners(tx, of_sessions)


@subscription(WalletCredited, share=CROWD)
async def on_wallets(ctx: Context, tx: Transaction, events: Sequence[Received[WalletCredited]]) -> None:
    """Tell of cashback only: a refund's end is told when payment says so."""
    notices = [
        Addressed(each.id, each.occurred_at, each.body.user_id, templates.cashback_credited(each.body, each.id))
        for each in events
        if each.body.type == "cashback"
    ]
    await inbox.write(ctx, tx, notices)


@subscription(WithdrawalRequested, WithdrawalCompleted, WithdrawalFailed)
async def on_withdrawals(ctx: Context, tx: Transaction, events: Sequence[Received[Any]]) -> None:
    await _tell_users(ctx, tx, events)


@subscription(OrderCreated, OrderStatusChanged, share=CROWD)
async def on_orders(ctx: Context, tx: Transaction, events: Sequence[Received[Any]]) -> None:
    await _tell_users(ctx, tx, events)


@subscription(ShipmentStatusChanged)
async def on_shipments(ctx: Context, tx: Transaction, events: Sequence[Received[ShipmentStatusChanged]]) -> None:
    await _tell_users(ctx, tx, events)


@subscription(FactoryVerified, FactoryStatusChanged)
async def on_factories(
    ctx: Context, tx: Transaction, events: Sequence[Received[FactoryVerified | FactoryStatusChanged]]
) -> None:
    pairs = [(each, _TEXTS[type(each.body)](each.body)) for each in events]
    notices = [
        Addressed(each.id, each.occurred_at, each.body.owner_id, notice) for each, notice in pairs if notice is not None
    ]
    await inbox.write(ctx, tx, notices)


@subscription(PurchaseOrderStatusChanged)
async def on_purchase_orders(
    ctx: Context, tx: Transaction, events: Sequence[Received[PurchaseOrderStatusChanged]]
) -> None:
    await _tell_owners(tx, events)


workflows: list[Workflow[Any]] = [tell_factory_owner]
subscriptions = [
    on_payments,
    on_sessions,
    on_wallets,
    on_withdrawals,
    on_orders,
    on_shipments,
    on_factories,
    on_purchase_orders,
]
