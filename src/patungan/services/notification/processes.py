"""What notification does by itself: follows the other services' events and tells the people whom they concern."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from patungan.contracts import auth, factory, office, product, seller
from patungan.contracts.factory import FactoryMemberJoined, FactoryRejected, FactoryStatusChanged, FactoryVerified
from patungan.contracts.group_buying import (
    ParticipantConfirmed,
    ParticipantExpiring,
    ParticipantRefunded,
    ParticipantWaitingForStock,
    SessionMoqReached,
    SessionOpened,
)
from patungan.contracts.logistics import ShipmentStatusChanged
from patungan.contracts.office import OfficeFactoryAssigned, PickupAssigned, PickupCompleted
from patungan.contracts.order import OrderComplaintClosed, OrderComplaintOpened, OrderCreated, OrderStatusChanged
from patungan.contracts.payment import (
    OrderPaymentExpired,
    OrderPaymentPaid,
    OrderRefundCompleted,
    OrderRefundRequested,
    PaymentExpired,
    PaymentLatePaid,
    PaymentPaid,
    RefundCompleted,
    RefundRequested,
)
from patungan.contracts.review import ReviewAnswered, ReviewCreated, ReviewModerated, ReviewReminded
from patungan.contracts.seller import (
    SellerOrderReceived,
    SellerRejected,
    SellerStatusChanged,
    SellerStockLow,
    SellerVerified,
)
from patungan.contracts.settlement import SettlementFailed, SettlementOnHold, SettlementPaid, SettlementScheduled
from patungan.contracts.wallet import WalletCredited, WithdrawalCompleted, WithdrawalFailed, WithdrawalRequested
from patungan.contracts.warehouse import (
    PurchaseOrderAttention,
    PurchaseOrderStatusChanged,
    StockCancelled,
    StockLow,
)
from patungan.kernel.database import Transaction
from patungan.kernel.events import Received, subscription
from patungan.kernel.identity import Scope
from patungan.kernel.service import Context
from patungan.kernel.workflows import Run, Workflow, start, workflow
from patungan.services.notification import direct, goods, inbox, people, templates
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
    StockLow: goods.stock_low,
    PurchaseOrderAttention: goods.attention,
    StockCancelled: goods.stock_cancelled,
    ReviewReminded: people.review_reminder,
    ReviewAnswered: people.review_answered,
    ReviewModerated: people.review_moderated,
    ReviewCreated: people.review_received,
    FactoryRejected: people.factory_rejected,
    FactoryMemberJoined: people.member_joined,
    OfficeFactoryAssigned: people.factory_assigned,
    PickupAssigned: people.staff_assigned,
    PickupCompleted: people.picked_up,
    WithdrawalRequested: templates.withdrawal_requested,
    WithdrawalCompleted: templates.withdrawal_completed,
    WithdrawalFailed: templates.withdrawal_failed,
    OrderPaymentPaid: direct.order_payment_paid,
    OrderPaymentExpired: direct.order_payment_expired,
    OrderRefundRequested: direct.order_refund_requested,
    OrderRefundCompleted: direct.order_refund_completed,
    OrderComplaintOpened: direct.complaint_opened,
    OrderComplaintClosed: direct.complaint_closed,
    SellerVerified: direct.seller_verified,
    SellerRejected: direct.seller_rejected,
    SellerStatusChanged: direct.seller_moved,
    SellerStockLow: direct.seller_stock_low,
    SellerOrderReceived: direct.seller_order,
    SettlementScheduled: templates.settlement_scheduled,
    SettlementPaid: templates.settlement_paid,
    SettlementFailed: templates.settlement_failed,
    SettlementOnHold: templates.settlement_on_hold,
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


class TellPayee(msgspec.Struct, frozen=True):
    """A notice for whoever speaks for a payee of a settlement."""

    event_id: UUID
    occurred_at: datetime
    payee_kind: str
    payee_id: UUID
    notice: Notice


class TellStaff(msgspec.Struct, frozen=True):
    """A notice for the warehouse's staff, and for the owner of a product's factory where one is named."""

    event_id: UUID
    occurred_at: datetime
    product_id: UUID | None
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


async def payee_user(ctx: Context, payee_kind: str, payee_id: UUID) -> UUID | None:
    """A factory's or a store's owner, or an office's manager; None where there is nobody."""
    match payee_kind:
        case "factory":
            return await owner_of(ctx, payee_id)
        case "seller":
            stores = await ctx.call(seller.get_sellers, seller.GetSellers(seller_ids=[payee_id]))
            return next((each.user_id for each in stores.sellers), None)
    offices = await ctx.call(office.get_offices, office.GetOffices(office_ids=[payee_id]))
    return next((each.manager_id for each in offices.offices), None)


@workflow("notification.tell-payee", TellPayee)
async def tell_payee(run: Run, request: TellPayee) -> None:
    user_id = await run.step(payee_user, request.payee_kind, request.payee_id)
    if user_id is None:
        run.ctx.log.warning("nobody to tell", payee=str(request.payee_id), event_id=str(request.event_id))
        return
    await run.step(write_one, Addressed(request.event_id, request.occurred_at, user_id, request.notice))


async def _tell_users(ctx: Context, tx: Transaction, events: Sequence[Received[Any]]) -> None:
    """Tell the users whom the events name."""
    pairs = [(each, _TEXTS[type(each.body)](each.body)) for each in events]
    notices = [
        Addressed(each.id, each.occurred_at, each.body.user_id, notice) for each, notice in pairs if notice is not None
    ]
    await inbox.write(ctx, tx, notices)


async def _tell_owners(tx: Transaction, events: Sequence[Received[Any]]) -> None:
    """Tell the owners of the factories that the events name."""
    for each in events:
        await _tell_owner(tx, each, each.body.factory_id)


async def _tell_owner(tx: Transaction, received: Received[Any], factory_id: UUID) -> None:
    """Tell a factory's owner, in a workflow that asks who that is."""
    notice = _TEXTS[type(received.body)](received.body)
    if notice is not None:
        request = TellFactoryOwner(received.id, received.occurred_at, factory_id, notice)
        await start(tx, tell_factory_owner, f"tell-owner-{received.id}", request)


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


@subscription(OrderCreated, OrderStatusChanged, OrderComplaintOpened, OrderComplaintClosed, share=CROWD)
async def on_orders(ctx: Context, tx: Transaction, events: Sequence[Received[Any]]) -> None:
    await _tell_users(ctx, tx, events)


@subscription(OrderPaymentPaid, OrderPaymentExpired, OrderRefundRequested, OrderRefundCompleted)
async def on_order_payments(ctx: Context, tx: Transaction, events: Sequence[Received[Any]]) -> None:
    await _tell_users(ctx, tx, events)


@subscription(SellerVerified, SellerRejected, SellerStatusChanged, SellerStockLow, SellerOrderReceived)
async def on_sellers(ctx: Context, tx: Transaction, events: Sequence[Received[Any]]) -> None:
    await _tell_users(ctx, tx, events)


@subscription(ShipmentStatusChanged)
async def on_shipments(ctx: Context, tx: Transaction, events: Sequence[Received[ShipmentStatusChanged]]) -> None:
    await _tell_users(ctx, tx, events)


@subscription(FactoryVerified, FactoryStatusChanged, FactoryRejected, FactoryMemberJoined)
async def on_factories(ctx: Context, tx: Transaction, events: Sequence[Received[Any]]) -> None:
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


async def staff_ids(ctx: Context, product_id: UUID | None) -> list[UUID]:
    """Who looks after the warehouses; with a product, the owner of its factory as well."""
    staff = (await ctx.call(auth.get_staff, auth.GetStaff(scope=Scope.WAREHOUSE))).user_ids
    if product_id is None:
        return staff
    found = (await ctx.call(product.get_products, product.GetProducts(product_ids=[product_id]))).products
    owners = [await owner_of(ctx, each.factory_id) for each in found]
    return list(dict.fromkeys([*staff, *(owner for owner in owners if owner is not None)]))


async def write_all(ctx: Context, request: TellStaff, user_ids: list[UUID]) -> int:
    """Store a notice for each of them, once for its event."""
    addressed = [Addressed(request.event_id, request.occurred_at, user_id, request.notice) for user_id in user_ids]
    return await inbox.write(ctx, ctx.db, addressed)


@workflow("notification.tell-staff", TellStaff)
async def tell_staff(run: Run, request: TellStaff) -> None:
    user_ids = await run.step(staff_ids, request.product_id)
    await run.step(write_all, request, user_ids)


@subscription(StockLow, PurchaseOrderAttention, StockCancelled)
async def on_goods(
    ctx: Context, tx: Transaction, events: Sequence[Received[StockLow | PurchaseOrderAttention | StockCancelled]]
) -> None:
    for each in events:
        notice = _TEXTS[type(each.body)](each.body)
        if notice is not None:
            product_id = each.body.product_id if isinstance(each.body, StockLow) else None
            request = TellStaff(each.id, each.occurred_at, product_id, notice)
            await start(tx, tell_staff, f"tell-staff-{each.id}", request)


@subscription(ReviewReminded, ReviewAnswered, ReviewModerated, ReviewCreated)
async def on_reviews(ctx: Context, tx: Transaction, events: Sequence[Received[Any]]) -> None:
    await _tell_owners(tx, [each for each in events if isinstance(each.body, ReviewCreated)])
    await _tell_users(ctx, tx, [each for each in events if not isinstance(each.body, ReviewCreated)])


@subscription(OfficeFactoryAssigned, PickupAssigned, PickupCompleted)
async def on_offices(ctx: Context, tx: Transaction, events: Sequence[Received[Any]]) -> None:
    await _tell_owners(tx, [each for each in events if isinstance(each.body, PickupCompleted)])
    await _tell_users(ctx, tx, [each for each in events if not isinstance(each.body, PickupCompleted)])


@subscription(SettlementScheduled, SettlementPaid, SettlementFailed, SettlementOnHold)
async def on_settlements(ctx: Context, tx: Transaction, events: Sequence[Received[Any]]) -> None:
    for each in events:
        notice = _TEXTS[type(each.body)](each.body)
        if notice is not None:
            told = TellPayee(each.id, each.occurred_at, each.body.payee_kind, each.body.payee_id, notice)
            await start(tx, tell_payee, f"tell-payee-{each.id}", told)


workflows: list[Workflow[Any]] = [tell_factory_owner, tell_payee, tell_staff]
subscriptions = [
    on_payments,
    on_sessions,
    on_wallets,
    on_withdrawals,
    on_settlements,
    on_orders,
    on_order_payments,
    on_sellers,
    on_shipments,
    on_factories,
    on_purchase_orders,
    on_goods,
    on_reviews,
    on_offices,
]
