"""Orders moved by hand: one, many at once, or cancelled. A refused move is kept in the history."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from patungan.contracts import order as contract
from patungan.contracts import payment
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Forbidden
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.services.order import rules
from patungan.services.order.operations.access import actor_of, visible
from patungan.services.order.operations.checkouts import end_unpaid, have_given_back
from patungan.services.order.operations.moving import Move, carry_out, write_history
from patungan.services.order.operations.refunds import have_refunded
from patungan.services.order.queries import checkouts
from patungan.services.order.queries import orders as queries
from patungan.services.order.queries.orders import OrderRow
from patungan.services.order.rules import Actor, OrderStatus, Source, Verdict


class _Wanted(msgspec.Struct, frozen=True):
    """A move as it was asked for, for its idempotency key."""

    order_ids: list[UUID]
    status: OrderStatus
    note: str


class _Decided(msgspec.Struct, frozen=True):
    """What came of a wanted move, and the status that it was judged by."""

    verdict: Verdict
    status: OrderStatus


class Refused(msgspec.Struct, frozen=True):
    """An order that could not be moved, with the status that it has."""

    order_id: UUID
    number: str
    status: OrderStatus


class Moves(msgspec.Struct, frozen=True):
    """What came of moving many orders: those moved, and those that do not allow it."""

    moved: int
    refused: list[Refused]


async def change_status(
    ctx: Context, caller: Caller, order_id: UUID, wanted: OrderStatus, note: str, key: str
) -> OrderRow:
    """Move an order by hand. Raises OrderNotFound, Forbidden, or OrderStatusRefused, whose ``data.allowed`` says what may be
    done."""
    order = await queries.find_order(ctx.db, order_id)
    if order is None:
        raise contract.OrderNotFound()
    actor = await actor_of(ctx, caller, order)

    async def work(tx: Transaction) -> _Decided:
        (found,) = await queries.lock_orders(tx, [order_id])
        verdict = rules.judge(found.status, wanted, actor, paid=found.paid_at is not None)
        move = Move(found, [wanted], actor, caller.user_id, note, ctx.clock.now())
        if verdict is Verdict.ALLOWED:
            await carry_out(ctx, tx, [move])
        else:
            await write_history(tx, [move], refused=True)
        return _Decided(verdict, found.status)

    request = _Wanted([order_id], wanted, note)
    decided = await once(ctx.db, caller.user_id, "order-status", key, request, ctx.clock.now(), _Decided, work)
    if decided.verdict is not Verdict.ALLOWED:
        raise _refusal(decided, wanted, actor, paid=order.paid_at is not None)
    return _still_there(await queries.find_order(ctx.db, order_id))


def _refusal(
    decided: _Decided, wanted: OrderStatus, actor: Actor, *, paid: bool
) -> Forbidden | contract.OrderStatusRefused:
    if decided.verdict is Verdict.NOT_THEIRS:
        return Forbidden("A factory or a seller marks its orders as in preparation and as ready, nothing else")
    allowed = [each.value for each in rules.open_moves(decided.status, actor, paid=paid)]
    if decided.verdict is Verdict.FOLLOWS_MONEY:
        detail = f"An order becomes {wanted} through its payment or refund, not by hand"
    else:
        detail = f"An order that is {decided.status} cannot become {wanted}"
    return contract.OrderStatusRefused(detail, field="status", allowed=allowed)


def _still_there(order: OrderRow | None) -> OrderRow:
    """An order that was there a moment ago; orders are never deleted."""
    if order is None:
        raise contract.OrderNotFound()
    return order


async def change_many(
    ctx: Context, caller: Caller, order_ids: Sequence[UUID], wanted: OrderStatus, note: str, key: str
) -> Moves:
    """Move many orders by hand, as far as each of them allows; orders that do not exist are left out."""
    actor = Actor.ADMIN if caller.is_admin else Actor.WAREHOUSE

    async def work(tx: Transaction) -> Moves:
        found = await queries.lock_orders(tx, sorted(set(order_ids)))
        now = ctx.clock.now()
        moves = [Move(each, [wanted], actor, caller.user_id, note, now) for each in found]
        allowed = [
            each
            for each in moves
            if rules.judge(each.order.status, wanted, actor, paid=each.order.paid_at is not None) is Verdict.ALLOWED
        ]
        refused = [each for each in moves if each not in allowed]
        await carry_out(ctx, tx, allowed)
        await write_history(tx, refused, refused=True)
        return Moves(len(allowed), [Refused(each.order.id, each.order.number, each.order.status) for each in refused])

    request = _Wanted(sorted(set(order_ids)), wanted, note)
    return await once(ctx.db, caller.user_id, "orders-status", key, request, ctx.clock.now(), Moves, work)


class _Cancelled(msgspec.Struct, frozen=True):
    refusal: str | None


async def cancel(ctx: Context, caller: Caller, order_id: UUID, reason: str, key: str) -> OrderRow:
    """Cancel an order: an unpaid one with all of its checkout, a paid one with its refund, and the stock goes back.

    Raises OrderNotFound, OrderCancelRefused.
    """
    order = visible(caller, await queries.find_order(ctx.db, order_id))
    if order.user_id == caller.user_id:
        actor = Actor.BUYER
    else:
        actor = Actor.ADMIN if caller.is_admin else Actor.WAREHOUSE
    if order.status is OrderStatus.PENDING_PAYMENT and order.checkout_id is not None:
        # Payment decides who was first, the money or the change of mind.
        request = payment.CancelOrderPayments(checkout_ids=[order.checkout_id])
        ended = await ctx.call(payment.cancel_order_payments, request)
        if any(each.status in ("paid", "processing") for each in ended.payments):
            raise contract.OrderCancelRefused("It is being paid at this very moment: look again in a minute")

    async def work(tx: Transaction) -> _Cancelled:
        (found,) = await queries.lock_orders(tx, [order_id])
        if found.status is OrderStatus.CANCELLED and order.status is OrderStatus.PENDING_PAYMENT:
            # Payment's news of what was ended above came first.
            return _Cancelled(None)
        refusal = rules.cancel_refusal(
            found.status,
            paid=found.paid_at is not None,
            of_session=found.source is Source.SESSION,
            by_staff=actor is not Actor.BUYER,
        )
        move = Move(found, [OrderStatus.CANCELLED], actor, caller.user_id, reason, ctx.clock.now())
        if refusal is not None:
            await write_history(tx, [move], refused=True)
        elif found.paid_at is None and found.checkout_id is not None:
            await end_unpaid(ctx, tx, [found.checkout_id], actor, caller.user_id, reason)
            await checkouts.follow_payments(tx, [found.checkout_id], "ended")
        else:
            await carry_out(ctx, tx, [move])
            if found.paid_at is not None:
                await have_given_back(tx, order_id, [order_id], f"Order {found.number} was cancelled: {reason}"[:300])
                await have_refunded(ctx, tx, order_id, None, "order_cancelled", reason)
        return _Cancelled(refusal)

    wanted = _Wanted([order_id], OrderStatus.CANCELLED, reason)
    done = await once(ctx.db, caller.user_id, "order-cancel", key, wanted, ctx.clock.now(), _Cancelled, work)
    if done.refusal is not None:
        raise contract.OrderCancelRefused(done.refusal)
    return _still_there(await queries.find_order(ctx.db, order_id))
