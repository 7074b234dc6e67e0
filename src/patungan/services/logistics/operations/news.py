"""What is told of parcels, by whomever: each piece of news once, and none that takes a parcel back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from patungan.contracts import logistics as contract
from patungan.kernel.database import Transaction
from patungan.kernel.service import Context
from patungan.providers.couriers.status import ShipmentStatus
from patungan.services.logistics import rules
from patungan.services.logistics.queries import following as queries
from patungan.services.logistics.queries import shipments
from patungan.services.logistics.queries.shipments import Shipment
from patungan.services.logistics.rules import CaseKind, Reason, Resolution

LONGEST_NOTE = 300


class News(msgspec.Struct, frozen=True):
    """A parcel's status at a moment; ``reason`` of a failure where it is known."""

    status: ShipmentStatus
    at: datetime
    note: str
    source: str
    actor_id: UUID | None = None
    reason: Reason = Reason.FAILED


async def locked(tx: Transaction, shipment_id: UUID) -> Shipment:
    """A parcel while nobody else changes it; raises ShipmentNotFound."""
    found = await shipments.lock_shipment(tx, shipment_id)
    if found is None:
        raise contract.ShipmentNotFound()
    return found


async def take(ctx: Context, tx: Transaction, shipment: Shipment, news: Sequence[News]) -> bool:
    """Carry news into a locked parcel, the oldest first; answers whether it moved."""
    moved = False
    for each in sorted(news, key=lambda one: one.at):
        now = ctx.clock.now()
        moves = rules.moves(shipment.status, shipment.last_event_at, each.status, each.at)
        note = each.note[:LONGEST_NOTE]
        new = await queries.insert_event(
            tx, shipment.id, each.status, each.at, note, each.source, each.actor_id, moves, now
        )
        if not new:
            continue
        # A courier's clock that runs ahead must not make all later news look old.
        at = min(each.at.astimezone(UTC), now)
        if moves:
            shipment = await _move(ctx, tx, shipment, each, at)
            moved = True
        else:
            await queries.touch(tx, shipment.id, at)
            last = at if shipment.last_event_at is None else max(at, shipment.last_event_at)
            shipment = msgspec.structs.replace(shipment, last_event_at=last)
    return moved


async def _move(ctx: Context, tx: Transaction, shipment: Shipment, news: News, at: datetime) -> Shipment:
    reason = Reason.NONE
    if news.status is ShipmentStatus.FAILED:
        reason = news.reason
    elif news.status is ShipmentStatus.RETURNED:
        reason = Reason.RETURNED
    await queries.move_shipment(tx, shipment.id, news.status, reason, at)
    if shipment.pickup_id is not None and shipment.status is ShipmentStatus.PENDING:
        await queries.complete_pickup(tx, shipment.pickup_id, ctx.clock.now())
    if shipment.is_live:
        await _tell(ctx, tx, shipment, news.status, reason, at)
        await _mind_case(ctx, tx, shipment, news, reason)
    last = at if shipment.last_event_at is None else max(at, shipment.last_event_at)
    return msgspec.structs.replace(shipment, status=news.status, reason=reason, last_event_at=last)


async def _tell(
    ctx: Context, tx: Transaction, shipment: Shipment, status: ShipmentStatus, reason: Reason, at: datetime
) -> None:
    await ctx.publish(
        tx,
        contract.ShipmentStatusChanged(
            shipment_id=shipment.id,
            order_id=shipment.order_id,
            order_number=shipment.order_number,
            user_id=shipment.user_id,
            factory_id=shipment.factory_id,
            purchase_order_id=None,
            courier=shipment.courier,
            waybill=shipment.waybill,
            was=shipment.status,
            status=status,
            reason=reason,
            occurred_at=at,
        ),
    )


async def _mind_case(ctx: Context, tx: Transaction, shipment: Shipment, news: News, reason: Reason) -> None:
    now = ctx.clock.now()
    if news.status is ShipmentStatus.RETURNED:
        await queries.open_case(tx, ctx.chance.new_id(), shipment.id, CaseKind.RETURNED, news.note[:LONGEST_NOTE], now)
    elif news.status is ShipmentStatus.FAILED:
        if reason is not Reason.CANCELLED:
            kind = CaseKind.LOST if reason is Reason.LOST else CaseKind.FAILED
            await queries.open_case(tx, ctx.chance.new_id(), shipment.id, kind, news.note[:LONGEST_NOTE], now)
    elif shipment.status is ShipmentStatus.FAILED:
        await queries.resolve_case_of(tx, shipment.id, Resolution.WENT_ON, "the parcel went on", None, now)
