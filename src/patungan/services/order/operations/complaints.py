"""Complaints: opened by buyers with evidence, decided by administrators, closed with a refund, a return, or a reason."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from patungan.contracts import order as contract
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InvalidInput
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Caller
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.services.order import rules
from patungan.services.order.operations.access import is_staff, visible
from patungan.services.order.operations.checkouts import have_given_back
from patungan.services.order.operations.refunds import have_refunded
from patungan.services.order.queries import direct as queries
from patungan.services.order.queries import orders as order_queries
from patungan.services.order.queries.direct import ComplaintRow
from patungan.services.order.queries.orders import OrderCore
from patungan.services.order.rules import ComplaintReason, ComplaintStatus, Source

MOST_PHOTOS = 5


class Complain(msgspec.Struct, frozen=True):
    """A complaint as it is made: ``wanted`` rupiah, or None for all that was paid."""

    order_id: UUID
    reason: ComplaintReason
    description: str
    photo_ids: list[UUID]
    wanted: int | None


class Decide(msgspec.Struct, frozen=True):
    """What was found: accepted with so many rupiah (None: all that is left), once the goods are back where they must be."""

    complaint_id: UUID
    accept: bool
    refund: int | None
    with_return: bool
    note: str


async def complain(ctx: Context, caller: Caller, wanted: Complain, key: str) -> ComplaintRow:
    """Open a complaint about an own order; raises OrderNotFound, ComplaintRefused, PhotoNotFound."""
    order = await order_queries.find_core(ctx.db, wanted.order_id)
    if order is None or order.user_id != caller.user_id:
        raise contract.OrderNotFound()
    if len(set(wanted.photo_ids)) < len(wanted.photo_ids):
        raise InvalidInput("A photo is named twice", field="photo_ids")
    if wanted.wanted is not None and wanted.wanted > order.total:
        raise InvalidInput(f"The order cost {order.total} rupiah", field="wanted")

    async def work(tx: Transaction) -> ComplaintRow:
        (found,) = await order_queries.lock_orders(tx, [wanted.order_id])
        now = ctx.clock.now()
        refusal = rules.complaint_refusal(found.status, found.delivered_at, now)
        if refusal is not None:
            raise contract.ComplaintRefused(refusal)
        if await queries.own_photos(tx, wanted.photo_ids, caller.user_id) != len(wanted.photo_ids):
            raise contract.PhotoNotFound(field="photo_ids")
        complaint_id = ctx.chance.new_id()
        made = await queries.insert_complaint(
            tx,
            complaint_id,
            found.id,
            caller.user_id,
            wanted.reason,
            wanted.description,
            wanted.photo_ids,
            wanted.wanted,
            now,
        )
        if not made:
            raise contract.ComplaintRefused("A complaint about this order is open already")
        await ctx.publish(tx, contract.OrderComplaintOpened(**_of(complaint_id, found), reason=wanted.reason))
        return await _there(tx, complaint_id)

    return await once(ctx.db, caller.user_id, "complaint", key, wanted, ctx.clock.now(), ComplaintRow, work)


def _of(complaint_id: UUID, order: OrderCore) -> dict[str, Any]:
    return {
        "complaint_id": complaint_id,
        "order_id": order.id,
        "number": order.number,
        "user_id": order.user_id,
        "factory_id": order.factory_id,
        "seller_id": order.seller_id,
    }


async def _there(tx: Transaction, complaint_id: UUID) -> ComplaintRow:
    found = await queries.lock_complaint(tx, complaint_id)
    if found is None:
        raise contract.ComplaintNotFound()
    return found


async def look(ctx: Context, caller: Caller, complaint_id: UUID) -> ComplaintRow:
    """A complaint for its buyer and for staff; raises ComplaintNotFound for everybody else."""
    found = await queries.find_complaint(ctx.db, complaint_id)
    if found is None or (found.user_id != caller.user_id and not is_staff(caller)):
        raise contract.ComplaintNotFound()
    return found


async def of_order(ctx: Context, caller: Caller, order_id: UUID) -> list[ComplaintRow]:
    """The complaints about an order, the newest first; raises OrderNotFound."""
    visible(caller, await order_queries.find_order(ctx.db, order_id))
    return await queries.complaints_of_order(ctx.db, order_id)


async def decide(ctx: Context, caller: Caller, wanted: Decide, key: str) -> ComplaintRow:
    """Accept or reject a complaint; raises ComplaintNotFound, ComplaintDecided, InvalidInput for more than is left."""
    await look(ctx, caller, wanted.complaint_id)

    async def work(tx: Transaction) -> ComplaintRow:
        order, complaint = await _locked(tx, wanted.complaint_id)
        if complaint.status is not ComplaintStatus.OPEN:
            raise contract.ComplaintDecided(f"The complaint is {complaint.status}")
        refund = _refund(order, complaint, wanted)
        status = ComplaintStatus.ACCEPTED if wanted.accept else ComplaintStatus.REJECTED
        if wanted.accept and wanted.with_return:
            status = ComplaintStatus.RETURNING
        now = ctx.clock.now()
        closed = None if status is ComplaintStatus.RETURNING else now
        await queries.decide_complaint(tx, complaint.id, status, refund, wanted.note, now, caller.user_id, closed)
        if closed is not None:
            await _close(ctx, tx, order, complaint, status, refund)
        return await _there(tx, complaint.id)

    return await once(ctx.db, caller.user_id, "complaint-decision", key, wanted, ctx.clock.now(), ComplaintRow, work)


def _refund(order: OrderCore, complaint: ComplaintRow, wanted: Decide) -> Rupiah:
    left = order.total - order.refunded
    if not wanted.accept:
        return Rupiah(0)
    refund = min(left, complaint.wanted or left) if wanted.refund is None else wanted.refund
    if not 1 <= refund <= left:
        raise InvalidInput(f"From 1 to {left} rupiah can go back", field="refund")
    return Rupiah(refund)


async def _locked(tx: Transaction, complaint_id: UUID) -> tuple[OrderCore, ComplaintRow]:
    """A complaint under the locks of its order and itself, in that order everywhere."""
    known = await queries.find_complaint(tx, complaint_id)
    if known is None:
        raise contract.ComplaintNotFound()
    (order,) = await order_queries.lock_orders(tx, [known.order_id])
    return order, await _there(tx, complaint_id)


async def _close(
    ctx: Context, tx: Transaction, order: OrderCore, complaint: ComplaintRow, outcome: ComplaintStatus, refund: Rupiah
) -> None:
    if refund and outcome is ComplaintStatus.ACCEPTED:
        reason, note = complaint.reason.refund_reason, f"Complaint about {order.number}: {complaint.reason}"
        await have_refunded(ctx, tx, order.id, refund, reason, note)
    closed = contract.OrderComplaintClosed(**_of(complaint.id, order), outcome=outcome, refund=refund)
    await ctx.publish(tx, closed)


async def withdraw(ctx: Context, caller: Caller, complaint_id: UUID, key: str) -> ComplaintRow:
    """The buyer takes a complaint back that is not closed; raises ComplaintNotFound, ComplaintDecided."""
    found = await queries.find_complaint(ctx.db, complaint_id)
    if found is None or found.user_id != caller.user_id:
        raise contract.ComplaintNotFound()

    async def work(tx: Transaction) -> ComplaintRow:
        order, complaint = await _locked(tx, complaint_id)
        if complaint.status not in rules.UNDECIDED:
            raise contract.ComplaintDecided(f"The complaint is {complaint.status}")
        await queries.close_complaint(tx, complaint_id, ComplaintStatus.WITHDRAWN, ctx.clock.now())
        await _close(ctx, tx, order, complaint, ComplaintStatus.WITHDRAWN, Rupiah(0))
        return await _there(tx, complaint_id)

    return await once(
        ctx.db, caller.user_id, "complaint-withdrawal", key, complaint_id, ctx.clock.now(), ComplaintRow, work
    )


class SentBack(msgspec.Struct, frozen=True):
    """The parcel by which goods come back."""

    complaint_id: UUID
    courier: str
    waybill: str


async def send_back(ctx: Context, caller: Caller, wanted: SentBack, key: str) -> ComplaintRow:
    """The buyer says by which parcel the goods come back; raises ComplaintNotFound, ComplaintDecided."""
    found = await queries.find_complaint(ctx.db, wanted.complaint_id)
    if found is None or found.user_id != caller.user_id:
        raise contract.ComplaintNotFound()

    async def work(tx: Transaction) -> ComplaintRow:
        _, complaint = await _locked(tx, wanted.complaint_id)
        if complaint.status is not ComplaintStatus.RETURNING:
            raise contract.ComplaintDecided("Nothing is to be sent back")
        await queries.send_return(tx, complaint.id, wanted.courier, wanted.waybill)
        return await _there(tx, complaint.id)

    return await once(ctx.db, caller.user_id, "complaint-return", key, wanted, ctx.clock.now(), ComplaintRow, work)


class Received(msgspec.Struct, frozen=True):
    """Goods that came back; ``sound`` ones go into the stock again where the whole order comes back."""

    complaint_id: UUID
    sound: bool


async def receive_return(ctx: Context, caller: Caller, wanted: Received, key: str) -> ComplaintRow:
    """Staff has the goods back: the refund goes on its way. Raises ComplaintNotFound, ComplaintDecided."""
    await look(ctx, caller, wanted.complaint_id)

    async def work(tx: Transaction) -> ComplaintRow:
        order, complaint = await _locked(tx, wanted.complaint_id)
        if complaint.status is not ComplaintStatus.RETURNING:
            raise contract.ComplaintDecided("Nothing is to come back")
        await queries.close_complaint(tx, complaint.id, ComplaintStatus.ACCEPTED, ctx.clock.now())
        if wanted.sound and order.source is not Source.SESSION and complaint.refund == order.total - order.refunded:
            await have_given_back(tx, order.id, [order.id], f"Order {order.number} came back")
        await _close(ctx, tx, order, complaint, ComplaintStatus.ACCEPTED, complaint.refund)
        return await _there(tx, complaint.id)

    return await once(ctx.db, caller.user_id, "complaint-receipt", key, wanted, ctx.clock.now(), ComplaintRow, work)
