"""Shipments as staff make and steer them: one, a whole session's, another courier, a waybill by contract, the end by hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

import msgspec

from patungan.contracts import logistics as contract
from patungan.contracts import order
from patungan.kernel.contract import Nothing
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InvalidInput
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.providers.couriers import Booking as Booked
from patungan.providers.couriers import Consignment
from patungan.providers.couriers.status import ShipmentStatus
from patungan.providers.errors import ProviderError, ProviderRefused
from patungan.services.logistics import rules
from patungan.services.logistics.operations import booking
from patungan.services.logistics.operations.booking import SHIPPABLE, Wish, new_shipment, warehouses_by_id
from patungan.services.logistics.operations.couriers import check_offered, interface_named
from patungan.services.logistics.operations.news import News, locked, take
from patungan.services.logistics.operations.tracking import consignment_of
from patungan.services.logistics.queries import following
from patungan.services.logistics.queries import shipments as queries
from patungan.services.logistics.queries.shipments import Proof, Shipment
from patungan.services.logistics.rules import Booking, Reason

BATCH = 500


class _Asked(msgspec.Struct, frozen=True):
    """A request as its idempotency key remembers it."""

    about: UUID
    told: list[str]


class _Made(msgspec.Struct, frozen=True):
    shipment_id: UUID


async def asked_once(ctx: Context, caller: Caller, scope: str, key: str, about: UUID, *told: object) -> None:
    """Hold a key to what it was first used for, where a request may safely be carried out again; raises
    IdempotencyKeyReused."""

    async def nothing_more(_: Transaction) -> Nothing:
        return Nothing()

    asked = _Asked(about, [str(each) for each in told])
    await once(ctx.db, caller.user_id, scope, key, asked, ctx.clock.now(), Nothing, nothing_more)


class BatchReply(msgspec.Struct, frozen=True):
    """What a session's batch came to, in orders: wanted now, shipped before, and not to be shipped as they stand."""

    wanted: int
    shipped_before: int
    not_shippable: int


async def shipment_or_404(ctx: Context, shipment_id: UUID) -> Shipment:
    """A parcel; raises ShipmentNotFound."""
    found = await queries.find_shipment(ctx.db, shipment_id)
    if found is None:
        raise contract.ShipmentNotFound()
    return found


async def parcel_of(ctx: Context, order_id: UUID) -> order.Parcel:
    """What an order sends; raises OrderNotFound."""
    found = (await ctx.call(order.get_parcels, order.GetParcels(order_ids=[order_id]))).parcels
    if not found:
        raise order.OrderNotFound(field="order_id")
    return found[0]


async def create(
    ctx: Context, caller: Caller, order_id: UUID, service: str | None, insured: bool, key: str
) -> Shipment:
    """Book an order's parcel, as its buyer chose unless a service is named.

    Raises OrderNotFound, OrderNotShippable, ShipmentExists, CourierServiceUnknown.
    """
    parcel = await parcel_of(ctx, order_id)
    if parcel.status not in SHIPPABLE:
        raise contract.OrderNotShippable(f"An order that is {parcel.status} has nothing to ship", field="order_id")
    if service is not None:
        await check_offered(ctx, *rules.split_service(service))
    senders = await warehouses_by_id(ctx, [parcel])
    wanted = new_shipment(ctx, parcel, senders, Wish(service=service, insured=insured))

    async def work(tx: Transaction) -> _Made:
        if not await booking.want(ctx, tx, [wanted]):
            raise contract.ShipmentExists(field="order_id")
        return _Made(wanted.id)

    asked = _Asked(order_id, [service or "", str(insured)])
    return await _made(ctx, caller, "shipment", key, asked, work)


async def _made(
    ctx: Context,
    caller: Caller,
    scope: str,
    key: str,
    asked: _Asked,
    work: Callable[[Transaction], Awaitable[_Made]],
) -> Shipment:
    """Want a parcel once for the key, and try to book it at once."""
    made = await once(ctx.db, caller.user_id, scope, key, asked, ctx.clock.now(), _Made, work)
    await booking.book_now(ctx, made.shipment_id)
    return await shipment_or_404(ctx, made.shipment_id)


async def create_for_session(ctx: Context, caller: Caller, session_id: UUID, key: str) -> BatchReply:
    """Have the parcels of a whole session booked: written down at once by the batch, booked a few at a time by the worker.

    An order that has its shipment is left alone, so that a batch may be asked for again.
    """
    reply, after = BatchReply(0, 0, 0), None
    while True:
        page = order.GetParcels(order_ids=[], session_id=session_id, after=after, limit=BATCH)
        parcels = (await ctx.call(order.get_parcels, page)).parcels
        if parcels:
            ready = [each for each in parcels if each.status in SHIPPABLE]
            senders = await warehouses_by_id(ctx, ready)
            wanted = [new_shipment(ctx, each, senders, Wish()) for each in ready]

            async def work(tx: Transaction, wanted: list[queries.NewShipment] = wanted) -> list[UUID]:
                return sorted(await booking.want(ctx, tx, wanted))

            asked = _Asked(session_id, [str(after or "")])
            page_key = f"{key[:150]}:{after or 'first'}"
            new = await once(
                ctx.db, caller.user_id, "session-shipments", page_key, asked, ctx.clock.now(), list[UUID], work
            )
            reply = BatchReply(
                reply.wanted + len(new),
                reply.shipped_before + len(ready) - len(new),
                reply.not_shippable + len(parcels) - len(ready),
            )
        if len(parcels) < BATCH:
            return reply
        after = parcels[-1].order_id


async def cancel(ctx: Context, caller: Caller, shipment_id: UUID, reason: str) -> Shipment:
    """Call a parcel off before it is picked up; asking again is safe.

    Raises ShipmentNotFound, ShipmentRefused, CourierRefused, CourierSilent.
    """
    shipment = await shipment_or_404(ctx, shipment_id)
    if shipment.booking is Booking.CANCELLED:
        return shipment
    if shipment.booking is not Booking.BOOKED:
        if not await queries.withdraw(ctx.db, shipment_id, ctx.clock.now()):
            raise contract.ShipmentRefused("The courier was asked to take this parcel and has not answered yet")
        return await shipment_or_404(ctx, shipment_id)
    if shipment.status is ShipmentStatus.PENDING:
        await _cancel_at_courier(ctx, shipment, reason)
    elif shipment.status is not ShipmentStatus.FAILED or shipment.picked_up_at is not None:
        raise contract.ShipmentRefused(f"A parcel that is {shipment.status} cannot be called off")
    async with ctx.db.transaction() as tx:
        row = await locked(tx, shipment_id)
        at = max(ctx.clock.now(), row.last_event_at or row.created_at)
        news = News(ShipmentStatus.FAILED, at, reason, "person", caller.user_id, Reason.CANCELLED)
        await take(ctx, tx, row, [news])
        await following.cancel_shipment(tx, shipment_id)
        # The courier's own news of it may have been quicker and looked like a failure.
        await following.resolve_case_of(tx, shipment_id, rules.Resolution.CLOSED, reason, caller.user_id, at)
    return await shipment_or_404(ctx, shipment_id)


async def _cancel_at_courier(ctx: Context, shipment: Shipment, reason: str) -> None:
    carrier = interface_named(ctx, shipment.provider)
    if carrier is None:
        return
    number = consignment_of(shipment)
    try:
        try:
            await carrier.cancel(number, reason)
        except ProviderRefused as refusal:
            # An earlier attempt whose answer was lost may have called it off: its history says so.
            if (await carrier.track(number)).status is not ShipmentStatus.FAILED:
                raise contract.CourierRefused(refusal.reason) from None
    except ProviderRefused as refusal:
        raise contract.CourierRefused(refusal.reason) from None
    except ProviderError as error:
        raise contract.CourierSilent(error.reason) from None


async def change_courier(
    ctx: Context, caller: Caller, shipment_id: UUID, service: str, reason: str, key: str
) -> Shipment:
    """Give a parcel to another courier: the first is called off, the next one booked.

    Raises ShipmentNotFound, ShipmentRefused, CourierServiceUnknown, CourierRefused, CourierSilent.
    """
    await check_offered(ctx, *rules.split_service(service))
    shipment = await shipment_or_404(ctx, shipment_id)
    if shipment.booking in (Booking.WANTED, Booking.BOOKED):
        shipment = await cancel(ctx, caller, shipment_id, reason)
    parcel = await parcel_of(ctx, shipment.order_id)
    senders = await warehouses_by_id(ctx, [parcel])
    wish = Wish(service=service, insured=shipment.insured_value > 0, follows=shipment_id, again=shipment.again)
    wanted = new_shipment(ctx, parcel, senders, wish)

    async def work(tx: Transaction) -> _Made:
        if not await booking.want(ctx, tx, [wanted]):
            raise contract.ShipmentExists("Another shipment follows this one already")
        now = ctx.clock.now()
        await following.resolve_case_of(tx, shipment_id, rules.Resolution.RESHIPPED, reason, caller.user_id, now)
        return _Made(wanted.id)

    return await _made(ctx, caller, "shipment-courier", key, _Asked(shipment_id, [service, reason]), work)


async def enter_waybill(ctx: Context, shipment_id: UUID, waybill: str) -> Shipment:
    """Write down a waybill that was taken out by contract or by hand, where no interface books.

    Raises ShipmentNotFound, ShipmentRefused, ShipmentExists.
    """
    waybill = waybill.upper()
    async with ctx.db.transaction() as tx:
        shipment = await locked(tx, shipment_id)
        if shipment.booking is Booking.BOOKED and shipment.waybill == waybill:
            return shipment
        if shipment.booking not in (Booking.WANTED, Booking.REFUSED):
            raise contract.ShipmentRefused("This parcel has its courier already", field="waybill")
        other = await queries.find_live(tx, shipment.order_id)
        if other is not None and other.id != shipment_id:
            raise contract.ShipmentExists()
        taken = await queries.find_by_waybill(tx, waybill)
        if taken is not None:
            raise InvalidInput("Another parcel has this waybill", field="waybill")
        await queries.reopen(tx, shipment_id)
        carrier = interface_named(ctx, shipment.courier)
        number = Consignment(courier=shipment.courier, reference=shipment.reference, waybill=waybill)
        booked = Booked(consignment=number, service=shipment.service, status=ShipmentStatus.PENDING)
        await booking.note_booked(ctx, tx, shipment, "" if carrier is None else carrier.name, booked)
    return await shipment_or_404(ctx, shipment_id)


class _Reported(msgspec.Struct, frozen=True):
    """Whether what a person knew moved the parcel, and the status that it was judged by."""

    moved: bool
    was: ShipmentStatus


async def report(
    ctx: Context,
    caller: Caller,
    shipment_id: UUID,
    status: ShipmentStatus,
    note: str,
    at: datetime | None,
    key: str,
) -> Shipment:
    """What a person knows of a parcel; raises ShipmentNotFound, ShipmentRefused whose ``data.allowed`` says what may be."""
    moment = _moment(ctx, at)

    async def work(tx: Transaction) -> _Reported:
        shipment = await locked(tx, shipment_id)
        _must_be_booked(shipment)
        news = News(status, moment, note, "person", caller.user_id)
        return _Reported(await take(ctx, tx, shipment, [news]), shipment.status)

    asked = _Asked(shipment_id, [status, note, at.isoformat() if at else ""])
    done = await once(ctx.db, caller.user_id, "shipment-status", key, asked, ctx.clock.now(), _Reported, work)
    if not done.moved:
        allowed = [each.value for each in rules.allowed_by_hand(done.was)]
        detail = f"A parcel that is {done.was} does not become {status}, or newer news are known"
        raise contract.ShipmentRefused(detail, field="status", allowed=allowed)
    return await shipment_or_404(ctx, shipment_id)


def _must_be_booked(shipment: Shipment) -> None:
    if not booking.is_booked(shipment):
        raise contract.ShipmentRefused("No courier has this parcel")


def _moment(ctx: Context, at: datetime | None) -> datetime:
    now = ctx.clock.now()
    if at is not None and at.tzinfo is None:
        raise InvalidInput("A time names its zone", field="at")
    if at is not None and at > now:
        raise InvalidInput("That is in the future", field="at")
    return at or now


async def prove(
    ctx: Context,
    caller: Caller,
    shipment_id: UUID,
    receiver_name: str,
    photo_url: str | None,
    signature_url: str | None,
    at: datetime | None,
) -> Shipment:
    """Write down who took a parcel, with photo or signature; one that was not known as delivered is from then on.

    Raises ShipmentNotFound, ShipmentRefused.
    """
    moment = _moment(ctx, at)
    async with ctx.db.transaction() as tx:
        shipment = await locked(tx, shipment_id)
        _must_be_booked(shipment)
        if shipment.status is not ShipmentStatus.DELIVERED:
            news = News(ShipmentStatus.DELIVERED, moment, "", "person", caller.user_id)
            if not await take(ctx, tx, shipment, [news]):
                raise contract.ShipmentRefused(f"A parcel that is {shipment.status} was not delivered")
        elif at is None and shipment.delivered_at is not None:
            moment = shipment.delivered_at
        await queries.set_proof(tx, shipment_id, Proof(receiver_name, photo_url, signature_url, moment))
    return await shipment_or_404(ctx, shipment_id)
