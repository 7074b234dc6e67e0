"""Money of orders that goes back: asked of payment by a workflow, once for each request, and followed by payment's events."""

from __future__ import annotations

from uuid import UUID

import msgspec

from patungan.contracts import order as contract
from patungan.contracts import payment
from patungan.kernel.contract import Message
from patungan.kernel.database import Transaction
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Caller
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.kernel.workflows import enqueue
from patungan.services.order.queries import orders as queries
from patungan.services.order.rules import Source

REFUND = "order.refund"
"""The workflow that asks payment for a refund (processes.py)."""


class RefundOf(Message, frozen=True):
    """A refund of an order: ``amount`` in rupiah, or None for all that is left of it."""

    request_id: UUID
    order_id: UUID
    amount: Rupiah | None
    reason: str
    note: str


class Refunding(msgspec.Struct, frozen=True):
    """A refund that payment was asked for."""

    request_id: UUID
    order_id: UUID
    amount: Rupiah | None


class _Wanted(msgspec.Struct, frozen=True):
    order_id: UUID
    amount: int | None
    reason: str
    note: str


async def have_refunded(
    ctx: Context, tx: Transaction, order_id: UUID, amount: Rupiah | None, reason: str, note: str
) -> UUID:
    """Start a refund in the transaction that causes it; answers the id of its request."""
    request = RefundOf(request_id=ctx.chance.new_id(), order_id=order_id, amount=amount, reason=reason, note=note[:500])
    await enqueue(tx, REFUND, f"order-refund-{request.request_id}", msgspec.json.encode(request).decode())
    return request.request_id


async def ask_payment(ctx: Context, request: RefundOf) -> int:
    """Ask payment for a refund; answers what goes back, in rupiah. Raises RefundNotPossible."""
    order = await queries.find_core(ctx.db, request.order_id)
    if order is None:
        raise contract.OrderNotFound()
    if order.source is Source.SESSION and order.participant_id is not None:
        left = Rupiah(order.total - order.refunded)
        wanted = payment.RefundParticipant(
            request_id=request.request_id,
            participant_id=order.participant_id,
            amount=left if request.amount is None else request.amount,
            reason=request.reason,
            note=request.note,
        )
        return (await ctx.call(payment.refund_participant, wanted)).amount
    asked = payment.RefundOrder(
        request_id=request.request_id,
        order_id=request.order_id,
        reason=request.reason,
        amount=request.amount,
        note=request.note,
    )
    return (await ctx.call(payment.refund_order, asked)).amount


async def refund_by_hand(
    ctx: Context, caller: Caller, order_id: UUID, amount: int | None, reason: str, note: str, key: str
) -> Refunding:
    """Finance refunds a paid order in part or whole; raises OrderNotFound, OrderNotPaid, RefundNotPossible."""
    order = await queries.find_core(ctx.db, order_id)
    if order is None:
        raise contract.OrderNotFound()
    if order.paid_at is None:
        raise contract.OrderNotPaid()
    left = order.total - order.refunded
    if left == 0 or (amount is not None and amount > left):
        raise payment.RefundNotPossible(f"At most {left} rupiah can be refunded", field="amount")
    given = None if amount is None else Rupiah(amount)

    async def work(tx: Transaction) -> Refunding:
        return Refunding(await have_refunded(ctx, tx, order_id, given, reason, note), order_id, given)

    wanted = _Wanted(order_id, amount, reason, note)
    return await once(ctx.db, caller.user_id, "order-refund", key, wanted, ctx.clock.now(), Refunding, work)
