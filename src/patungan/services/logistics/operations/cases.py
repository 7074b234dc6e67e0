"""Parcels that failed, were lost, came back or were refused: cases for a person, and what a person does about them."""

from __future__ import annotations

from uuid import UUID

import msgspec

from patungan.contracts import logistics as contract
from patungan.kernel.database import Transaction
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.providers.couriers.status import ShipmentStatus
from patungan.services.logistics import rules
from patungan.services.logistics.operations import booking
from patungan.services.logistics.operations.booking import SHIPPABLE, Wish, new_shipment, warehouses_by_id
from patungan.services.logistics.operations.couriers import check_offered
from patungan.services.logistics.operations.news import News, locked, take
from patungan.services.logistics.operations.shipments import parcel_of, shipment_or_404
from patungan.services.logistics.queries import following as queries
from patungan.services.logistics.queries import shipments
from patungan.services.logistics.queries.following import Case
from patungan.services.logistics.queries.shipments import Shipment
from patungan.services.logistics.rules import Booking, CaseKind, Reason, Resolution

RESHIPPABLE = SHIPPABLE | {"failed"}


class _Asked(msgspec.Struct, frozen=True):
    case_id: UUID
    resolution: Resolution
    service: str | None
    note: str


class Resolved(msgspec.Struct, frozen=True):
    """A case after its resolution, and the shipment by which the goods go again."""

    case: Case
    shipment_id: UUID | None


async def case_or_404(ctx: Context, case_id: UUID) -> Case:
    """A case; raises CaseNotFound."""
    found = await queries.find_case(ctx.db, case_id)
    if found is None:
        raise contract.CaseNotFound()
    return found


async def declare_lost(ctx: Context, caller: Caller, shipment_id: UUID, reason: str) -> Shipment:
    """A parcel is given up as lost; raises ShipmentNotFound, ShipmentRefused for one that has ended or was never booked."""
    async with ctx.db.transaction() as tx:
        shipment = await locked(tx, shipment_id)
        if not booking.is_booked(shipment) or shipment.status in rules.ENDS:
            raise contract.ShipmentRefused("This parcel is not under way")
        now = ctx.clock.now()
        if shipment.status is ShipmentStatus.FAILED:
            await queries.open_case(tx, ctx.chance.new_id(), shipment_id, CaseKind.LOST, reason, now)
        else:
            at = max(now, shipment.last_event_at or now)
            await take(
                ctx, tx, shipment, [News(ShipmentStatus.FAILED, at, reason, "person", caller.user_id, Reason.LOST)]
            )
        await queries.lose(tx, shipment_id)
    return await shipment_or_404(ctx, shipment_id)


async def resolve(
    ctx: Context, caller: Caller, case_id: UUID, resolution: Resolution, service: str | None, note: str, key: str
) -> Resolved:
    """Close a case, or send the goods again by a shipment that follows the first.

    Raises CaseNotFound, CaseClosed, CourierServiceUnknown, OrderNotShippable, ShipmentRefused, ShipmentExists.
    """
    case = await case_or_404(ctx, case_id)
    wanted = None
    if resolution is Resolution.RESHIPPED:
        if service is not None:
            await check_offered(ctx, *rules.split_service(service))
        parcel = await parcel_of(ctx, case.order_id)
        if parcel.status not in RESHIPPABLE:
            raise contract.OrderNotShippable(f"An order that is {parcel.status} is not sent again")
        senders = await warehouses_by_id(ctx, [parcel])
        wanted = new_shipment(ctx, parcel, senders, Wish(service=service, follows=case.shipment_id, again=True))

    async def work(tx: Transaction) -> Resolved:
        row = await queries.lock_case(tx, case_id)
        if row is None or row.status != "open":
            raise contract.CaseClosed()
        if wanted is not None:
            if (await locked(tx, case.shipment_id)).booking is Booking.WANTED:
                raise contract.ShipmentRefused("The courier was asked to take this parcel and has not answered yet")
            await shipments.give_way(tx, case.shipment_id)
            if not await booking.want(ctx, tx, [wanted]):
                raise contract.ShipmentExists()
        await queries.resolve_case_of(tx, case.shipment_id, resolution, note, caller.user_id, ctx.clock.now())
        done = await queries.find_case(tx, case_id)
        return Resolved(done or row, wanted.id if wanted is not None else None)

    asked = _Asked(case_id, resolution, service, note)
    done = await once(ctx.db, caller.user_id, "shipment-case", key, asked, ctx.clock.now(), Resolved, work)
    if done.shipment_id is not None:
        await booking.book_now(ctx, done.shipment_id)
    return done
