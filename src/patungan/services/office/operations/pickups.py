"""Pickup tasks: goods of a purchase order collected at the factory, counted there, and on their way to the warehouse."""

from __future__ import annotations

from datetime import date, time
from uuid import UUID

import msgspec

from patungan.contracts import factory, warehouse
from patungan.contracts import office as contract
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Conflict, Forbidden
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.kernel.sql import unzip
from patungan.kernel.time import jakarta_day
from patungan.kernel.workflows import start
from patungan.services.office.operations.access import at_work, leader, looked_after
from patungan.services.office.operations.offices import locked_staff
from patungan.services.office.operations.work import photos_are_there
from patungan.services.office.processes import PickedUp, ship
from patungan.services.office.queries import offices as office_queries
from patungan.services.office.queries import pickups as queries
from patungan.services.office.queries.offices import StaffRow
from patungan.services.office.queries.pickups import OfficeReview, PickupItem, PickupRow, PickupStep
from patungan.services.office.rules import PICKUP_MOVES, PickupStatus, may_lead, may_take_tasks

COLLECTABLE = ("confirmed", "in_production")
"""States of a purchase order whose goods can be collected."""


class Plan(msgspec.Struct, frozen=True):
    """When and by whom goods are collected."""

    purchase_order_id: UUID
    scheduled_for: date
    window_start: time | None
    window_end: time | None
    notes: str
    staff_id: UUID | None


class Pickup(msgspec.Struct, frozen=True):
    """A pickup task with its goods and its history."""

    pickup: PickupRow
    items: list[PickupItem]
    history: list[PickupStep]


class Opinion(msgspec.Struct, frozen=True):
    """What a factory says of a pickup, in stars."""

    overall: int
    punctuality: int
    professionalism: int
    communication: int
    comment: str


async def plan(ctx: Context, caller: Caller, wanted: Plan, key: str) -> Pickup:
    """Plan to collect a purchase order's goods: staff of the office that looks after the factory, or an administrator.

    Raises PurchaseOrderNotFound, FactoryNotLookedAfter, PurchaseOrderStatusRefused, PickupExists, StaffUnavailable.
    """
    asked = warehouse.GetPurchaseOrders(purchase_order_ids=[wanted.purchase_order_id])
    found = (await ctx.call(warehouse.get_purchase_orders, asked)).purchase_orders
    if not found:
        raise warehouse.PurchaseOrderNotFound(field="purchase_order_id")
    order = found[0]
    if caller.is_admin:
        office_id = await office_queries.find_office_of_factory(ctx.db, order.factory_id)
        if office_id is None:
            raise contract.FactoryNotLookedAfter(field="purchase_order_id")
    else:
        office_id = (await leader(ctx, caller)).office_id
        await looked_after(ctx.db, office_id, order.factory_id)

    async def work(tx: Transaction) -> Pickup:
        if order.status not in COLLECTABLE or not order.goods:
            raise warehouse.PurchaseOrderStatusRefused(f"A {order.status} order has nothing to collect")
        pickup_id, now = ctx.chance.new_id(), ctx.clock.now()
        if wanted.staff_id is not None:
            await _can_be_sent(tx, office_id, wanted.staff_id)
        await _insert(ctx, tx, pickup_id, office_id, order, wanted, caller.user_id)
        rows = [(number, each.name, each.quantity) for number, each in enumerate(order.goods, 1)]
        await queries.insert_items(tx, pickup_id, *unzip(rows, 3))
        await queries.write_step(tx, pickup_id, now, caller.user_id, None, PickupStatus.SCHEDULED, "planned")
        pickup = await _locked(tx, pickup_id)
        if wanted.staff_id is not None:
            await _tell_assigned(ctx, tx, pickup, wanted.staff_id)
        return await _whole(tx, pickup)

    return await once(ctx.db, caller.user_id, "plan-pickup", key, wanted, ctx.clock.now(), Pickup, work)


async def _insert(
    ctx: Context,
    tx: Transaction,
    pickup_id: UUID,
    office_id: UUID,
    order: warehouse.PurchaseOrderBrief,
    wanted: Plan,
    actor: UUID,
) -> None:
    now = ctx.clock.now()
    for _attempt in range(5):
        code = f"PT-{jakarta_day(now)}-{ctx.chance.code(6)}"
        if await queries.insert_pickup(
            tx,
            pickup_id,
            code,
            office_id,
            order.factory_id,
            order.id,
            order.code,
            wanted.staff_id,
            wanted.scheduled_for,
            wanted.window_start,
            wanted.window_end,
            wanted.notes,
            actor,
            now,
        ):
            return
        if await queries.pickup_exists(tx, order.id):
            raise contract.PickupExists(field="purchase_order_id")
    raise Conflict("No code for a pickup is free")


async def _can_be_sent(tx: Transaction, office_id: UUID, staff_id: UUID) -> StaffRow:
    staff = await locked_staff(tx, staff_id)
    if staff.office_id != office_id:
        raise contract.StaffNotFound(field="staff_id")
    if not may_take_tasks(staff.status, is_available=staff.is_available):
        raise contract.StaffUnavailable(field="staff_id")
    return staff


async def _tell_assigned(ctx: Context, tx: Transaction, pickup: PickupRow, staff_id: UUID) -> None:
    staff = await locked_staff(tx, staff_id)
    event = contract.PickupAssigned(
        pickup_id=pickup.id,
        code=pickup.code,
        factory_id=pickup.factory_id,
        office_id=pickup.office_id,
        purchase_order_id=pickup.purchase_order_id,
        user_id=staff.user_id,
    )
    await ctx.publish(tx, event)


async def seen(ctx: Context, caller: Caller, pickup_id: UUID) -> PickupRow:
    """A pickup for its office's staff, its factory and administrators; raises PickupNotFound for everybody else."""
    pickup = await queries.find_pickup(ctx.db, pickup_id)
    if pickup is None:
        raise contract.PickupNotFound()
    if caller.is_admin:
        return pickup
    staff = await office_queries.find_staff_of_user(ctx.db, caller.user_id)
    if staff is not None and staff.office_id == pickup.office_id:
        return pickup
    if pickup.factory_id not in await own_factories(ctx, caller):
        raise contract.PickupNotFound()
    return pickup


async def own_factories(ctx: Context, caller: Caller) -> list[UUID]:
    """The factories whose goods the caller hands out."""
    asked = factory.GetOwnedFactories(owner_id=caller.user_id, right=factory.Right.FULFIL)
    return [each.id for each in (await ctx.call(factory.get_owned_factories, asked)).factories]


async def describe(ctx: Context, caller: Caller, pickup_id: UUID) -> Pickup:
    """A pickup whole; raises PickupNotFound."""
    pickup = await seen(ctx, caller, pickup_id)
    return Pickup(pickup, await queries.list_items(ctx.db, pickup_id), await queries.list_steps(ctx.db, pickup_id))


async def assign(ctx: Context, caller: Caller, pickup_id: UUID, staff_id: UUID) -> Pickup:
    """Send somebody of the office; raises PickupNotFound, PickupStatusRefused, StaffNotFound, StaffUnavailable."""
    office_id = None if caller.is_admin else (await leader(ctx, caller)).office_id
    async with ctx.db.transaction() as tx:
        pickup = await _of_office(tx, pickup_id, office_id)
        if pickup.status is not PickupStatus.SCHEDULED:
            raise contract.PickupStatusRefused("Only a pickup that has not begun can be given to somebody else")
        await _can_be_sent(tx, pickup.office_id, staff_id)
        if pickup.staff_id != staff_id:
            await queries.assign_pickup(tx, pickup_id, staff_id)
            await _tell_assigned(ctx, tx, pickup, staff_id)
        return await _whole(tx, await _locked(tx, pickup_id))


async def begin(ctx: Context, caller: Caller, pickup_id: UUID) -> Pickup:
    """Begin a pickup that one was sent to; raises PickupNotFound, Forbidden, PickupStatusRefused."""
    staff = await at_work(ctx, caller)
    async with ctx.db.transaction() as tx:
        pickup = await _own(tx, pickup_id, staff)
        _must_become(pickup, PickupStatus.IN_PROGRESS)
        now = ctx.clock.now()
        await queries.start_pickup(tx, pickup_id, now)
        await queries.write_step(tx, pickup_id, now, caller.user_id, pickup.status, PickupStatus.IN_PROGRESS, "begun")
        return await _whole(tx, await _locked(tx, pickup_id))


async def verify_item(
    ctx: Context, caller: Caller, pickup_id: UUID, position: int, quantity: int, remark: str
) -> Pickup:
    """Count goods at the factory; they are verified when all of them are there. Raises PickupNotFound, Forbidden,
    PickupStatusRefused, and NotFound's kind for goods that are not on the list or more than are."""
    staff = await at_work(ctx, caller)
    async with ctx.db.transaction() as tx:
        pickup = await _own(tx, pickup_id, staff)
        if pickup.status is not PickupStatus.IN_PROGRESS:
            raise contract.PickupStatusRefused("Begin the pickup first")
        if not await queries.verify_item(tx, pickup_id, position, quantity, remark, caller.user_id, ctx.clock.now()):
            raise contract.ItemRefused(field="quantity")
        return await _whole(tx, pickup)


async def complete(ctx: Context, caller: Caller, pickup_id: UUID, photo: str, signature: str) -> Pickup:
    """Complete a pickup whose goods are all verified, with a photo and the factory's signature; the purchase order
    becomes shipped.

    Raises PickupNotFound, Forbidden, PickupStatusRefused, ItemsNotVerified, InvalidInput for photos that are not there.
    """
    staff = await at_work(ctx, caller)
    await photos_are_there(ctx, [photo, signature])
    async with ctx.db.transaction() as tx:
        pickup = await _own(tx, pickup_id, staff)
        _must_become(pickup, PickupStatus.COMPLETED)
        missing = [each.name for each in await queries.list_items(tx, pickup_id) if not each.is_verified]
        if missing:
            raise contract.ItemsNotVerified("Not verified: " + ", ".join(missing), missing=missing)
        now = ctx.clock.now()
        await queries.complete_pickup(tx, pickup_id, photo, signature, now)
        done = PickupStatus.COMPLETED
        await queries.write_step(tx, pickup_id, now, caller.user_id, pickup.status, done, "collected")
        event = contract.PickupCompleted(
            pickup_id=pickup_id,
            code=pickup.code,
            factory_id=pickup.factory_id,
            office_id=pickup.office_id,
            purchase_order_id=pickup.purchase_order_id,
            user_id=staff.user_id,
        )
        await ctx.publish(tx, event)
        request = PickedUp(pickup_id, pickup.purchase_order_id, caller.user_id, pickup.code)
        await start(tx, ship, f"ship-pickup-{pickup_id}", request)
        return await _whole(tx, await _locked(tx, pickup_id))


async def fail(ctx: Context, caller: Caller, pickup_id: UUID, reason: str) -> Pickup:
    """End a pickup that was begun in vain; raises PickupNotFound, Forbidden, PickupStatusRefused."""
    staff = await at_work(ctx, caller)
    async with ctx.db.transaction() as tx:
        pickup = await _own(tx, pickup_id, staff)
        return await _end(ctx, tx, pickup, PickupStatus.FAILED, caller.user_id, reason)


async def cancel(ctx: Context, caller: Caller, pickup_id: UUID, reason: str) -> Pickup:
    """Cancel a pickup that has not begun; raises PickupNotFound, Forbidden, PickupStatusRefused."""
    office_id = None if caller.is_admin else (await leader(ctx, caller)).office_id
    async with ctx.db.transaction() as tx:
        pickup = await _of_office(tx, pickup_id, office_id)
        return await _end(ctx, tx, pickup, PickupStatus.CANCELLED, caller.user_id, reason)


async def _end(
    ctx: Context, tx: Transaction, pickup: PickupRow, status: PickupStatus, actor: UUID, reason: str
) -> Pickup:
    _must_become(pickup, status)
    now = ctx.clock.now()
    await queries.end_pickup(tx, pickup.id, status, reason, now)
    await queries.write_step(tx, pickup.id, now, actor, pickup.status, status, reason)
    return await _whole(tx, await _locked(tx, pickup.id))


async def review(ctx: Context, caller: Caller, pickup_id: UUID, opinion: Opinion) -> OfficeReview:
    """Say in the factory's name how a completed pickup went, once; raises PickupNotFound for another factory's,
    PickupStatusRefused, PickupReviewed."""
    factories = await own_factories(ctx, caller)
    async with ctx.db.transaction() as tx:
        pickup = await _locked(tx, pickup_id)
        if pickup.factory_id not in factories:
            raise contract.PickupNotFound()
        if pickup.status is not PickupStatus.COMPLETED:
            raise contract.PickupStatusRefused("Only a completed pickup can be reviewed")
        if not await queries.insert_review(
            tx,
            pickup_id,
            pickup.office_id,
            pickup.factory_id,
            caller.user_id,
            opinion.overall,
            opinion.punctuality,
            opinion.professionalism,
            opinion.communication,
            opinion.comment,
            ctx.clock.now(),
        ):
            raise contract.PickupReviewed()
        await office_queries.add_office_review(tx, pickup.office_id, opinion.overall)
        return await queries.find_review(tx, pickup_id)


def _must_become(pickup: PickupRow, status: PickupStatus) -> None:
    if status not in PICKUP_MOVES[pickup.status]:
        raise contract.PickupStatusRefused(f"From {pickup.status} to {status} is no move")


async def _own(tx: Transaction, pickup_id: UUID, staff: StaffRow) -> PickupRow:
    """A pickup of the office that this member of staff was sent to, or leads."""
    pickup = await _of_office(tx, pickup_id, staff.office_id)
    if pickup.staff_id is None:
        raise contract.PickupStatusRefused("Nobody was sent yet")
    if pickup.staff_id != staff.id and not may_lead(staff.role):
        raise Forbidden("Somebody else was sent")
    return pickup


async def _of_office(tx: Transaction, pickup_id: UUID, office_id: UUID | None) -> PickupRow:
    pickup = await _locked(tx, pickup_id)
    if office_id is not None and pickup.office_id != office_id:
        raise contract.PickupNotFound()
    return pickup


async def _locked(tx: Transaction, pickup_id: UUID) -> PickupRow:
    found = await queries.lock_pickup(tx, pickup_id)
    if found is None:
        raise contract.PickupNotFound()
    return found


async def _whole(tx: Transaction, pickup: PickupRow) -> Pickup:
    return Pickup(pickup, await queries.list_items(tx, pickup.id), await queries.list_steps(tx, pickup.id))
