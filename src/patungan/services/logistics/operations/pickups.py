"""Pick-ups: a courier comes to a warehouse for all parcels that wait for it there."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.contracts import logistics as contract
from patungan.contracts import warehouse
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InvalidInput, Unavailable
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.kernel.time import jakarta_day
from patungan.providers.couriers.status import ShipmentStatus
from patungan.services.logistics import rules
from patungan.services.logistics.operations.couriers import one
from patungan.services.logistics.operations.news import News, locked, take
from patungan.services.logistics.queries import following as queries
from patungan.services.logistics.queries.following import Pickup
from patungan.services.logistics.rules import PickupStatus

CODE_ATTEMPTS = 5


class PickupWish(msgspec.Struct, frozen=True):
    """Which courier is to come where, and when."""

    warehouse_id: UUID
    courier: str
    starts_at: datetime
    ends_at: datetime
    note: str


async def pickup_or_404(ctx: Context, pickup_id: UUID) -> Pickup:
    """A pick-up; raises PickupNotFound."""
    found = await queries.find_pickup(ctx.db, pickup_id)
    if found is None:
        raise contract.PickupNotFound()
    return found


async def request(ctx: Context, caller: Caller, wish: PickupWish, key: str) -> Pickup:
    """Ask a courier to come for every parcel that waits for it; raises CourierUnknown, WarehouseNotFound, PickupRefused
    where nothing waits."""
    now = ctx.clock.now()
    if not now < wish.ends_at or not wish.starts_at < wish.ends_at:
        raise InvalidInput("A pick-up ends after it starts, and not in the past", field="ends_at")
    await one(ctx, wish.courier)
    found = await ctx.call(warehouse.get_warehouses, warehouse.GetWarehouses(warehouse_ids=[wish.warehouse_id]))
    if not found.warehouses:
        raise warehouse.WarehouseNotFound(field="warehouse_id")

    async def work(tx: Transaction) -> Pickup:
        pickup_id = ctx.chance.new_id()
        for _ in range(CODE_ATTEMPTS):
            code = f"PT-{jakarta_day(now)}-{ctx.chance.code(rules.PICKUP_LETTERS)}"
            row = (pickup_id, code, wish.warehouse_id, wish.courier, wish.starts_at, wish.ends_at, wish.note)
            if await queries.insert_pickup(tx, *row, caller.user_id, now):
                break
        else:
            raise Unavailable("No free code was found")
        if not await queries.gather_parcels(tx, pickup_id, wish.warehouse_id, wish.courier):
            raise contract.PickupRefused("No parcel waits for this courier there")
        return await _stored(tx, pickup_id)

    return await once(ctx.db, caller.user_id, "pickup", key, wish, now, Pickup, work)


async def _stored(tx: Transaction, pickup_id: UUID) -> Pickup:
    found = await queries.lock_pickup(tx, pickup_id)
    if found is None:
        raise contract.PickupNotFound()
    return found


class _Wanted(msgspec.Struct, frozen=True):
    pickup_id: UUID
    status: PickupStatus


async def change_status(ctx: Context, caller: Caller, pickup_id: UUID, wanted: PickupStatus, key: str) -> Pickup:
    """Move a pick-up on. Completed hands all its parcels over; failed and cancelled leave them for another one.

    Raises PickupNotFound, PickupRefused.
    """

    async def work(tx: Transaction) -> Pickup:
        # The parcels before their visit, as everywhere: news of a parcel completes its visit under the parcel's lock.
        waiting = await queries.parcels_to_hand_over(tx, pickup_id)
        parcels = [await locked(tx, shipment_id) for shipment_id in waiting]
        pickup = await _stored(tx, pickup_id)
        if not rules.pickup_may_become(pickup.status, wanted):
            raise contract.PickupRefused(f"A pick-up that is {pickup.status} does not become {wanted}", field="status")
        now = ctx.clock.now()
        await queries.move_pickup(tx, pickup_id, wanted, now)
        if wanted is PickupStatus.COMPLETED:
            for each in parcels:
                news = News(ShipmentStatus.PICKED_UP, now, pickup.code, "person", caller.user_id)
                await take(ctx, tx, each, [news])
        elif wanted in (PickupStatus.FAILED, PickupStatus.CANCELLED):
            await queries.scatter_parcels(tx, pickup_id)
        return await _stored(tx, pickup_id)

    asked = _Wanted(pickup_id, wanted)
    return await once(ctx.db, caller.user_id, "pickup-status", key, asked, ctx.clock.now(), Pickup, work)
