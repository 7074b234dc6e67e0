"""Parcels are wanted, then booked with a courier: durable, and never twice. What a courier did not answer is asked again
under the same reference, by which it knows the order that it may have taken already."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec

from patungan.contracts import logistics as contract
from patungan.contracts import order, warehouse
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Unavailable
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.providers.couriers import Booking as Booked
from patungan.providers.couriers import BookRequest, Contact, Item, Place
from patungan.providers.errors import ProviderError, ProviderRefused
from patungan.services.logistics import rules
from patungan.services.logistics.operations.couriers import carrier_of
from patungan.services.logistics.operations.rates import quote_rates
from patungan.services.logistics.places import place_of
from patungan.services.logistics.queries import couriers as courier_queries
from patungan.services.logistics.queries import following
from patungan.services.logistics.queries import shipments as queries
from patungan.services.logistics.queries.shipments import NewShipment, Shipment
from patungan.services.logistics.rules import FLAT, Booking, CaseKind, Parcel

SHIPPABLE = frozenset({"paid", "processing", "ready_for_pickup"})
LEASE = timedelta(seconds=60)
AT_ONCE = 8
"""Parcels that are booked with couriers at a time."""
BATCH = 64
LONGEST_DETAIL = 300
DEFAULT_DAYS = 7


class Wish(msgspec.Struct, frozen=True):
    """How a parcel is to go, where it does not go as its buyer chose."""

    service: str | None = None
    insured: bool = False
    follows: UUID | None = None
    again: bool = False


async def warehouses_by_id(ctx: Context, parcels: Sequence[order.Parcel]) -> dict[UUID | None, warehouse.Warehouse]:
    """The warehouses that send the parcels; None stands for the first active one."""
    wanted = list({each.warehouse_id for each in parcels if each.warehouse_id is not None})
    found: dict[UUID | None, warehouse.Warehouse] = {}
    if wanted:
        named = await ctx.call(warehouse.get_warehouses, warehouse.GetWarehouses(warehouse_ids=wanted))
        found = {each.id: each for each in named.warehouses}
    active = (await ctx.call(warehouse.get_warehouses, warehouse.GetWarehouses(warehouse_ids=[]))).warehouses
    if active:
        found[None] = min(active, key=lambda each: each.code)
    return found


def new_shipment(
    ctx: Context, parcel: order.Parcel, senders: dict[UUID | None, warehouse.Warehouse], wish: Wish
) -> NewShipment:
    """A parcel as it is to be booked; raises WarehouseNotFound where no warehouse can send it."""
    sender = _store(parcel.sender) or senders.get(parcel.warehouse_id) or senders.get(None)
    if sender is None:
        raise warehouse.WarehouseNotFound("There is no warehouse that could send this order")
    measures = rules.packed((_unit(each), each.quantity) for each in parcel.items)
    courier, service = rules.split_service(wish.service or parcel.courier_service)
    value = sum(each.quantity * each.unit_price for each in parcel.items)
    return NewShipment(
        id=ctx.chance.new_id(),
        reference=f"SHP-{ctx.chance.code(rules.REFERENCE_LETTERS)}",
        order_id=parcel.order_id,
        order_number=parcel.number,
        user_id=parcel.user_id,
        factory_id=parcel.factory_id,
        session_id=parcel.session_id,
        warehouse_id=sender.id,
        follows=wish.follows,
        again=wish.again,
        courier=courier,
        service=service,
        sender=sender,
        recipient=parcel.address,
        items=parcel.items,
        weight_grams=measures.weight_grams,
        chargeable_kilograms=measures.kilograms,
        value=value,
        insured_value=value if wish.insured else 0,
    )


def _store(sender: order.ParcelSender | None) -> warehouse.Warehouse | None:
    """A seller's store as the place that a parcel starts from."""
    if sender is None:
        return None
    return warehouse.Warehouse(
        id=sender.seller_id,
        code="STORE",
        name=sender.name,
        city=sender.city,
        province=sender.province,
        postal_code=sender.postal_code,
    )


def _unit(item: order.ParcelItem) -> Parcel:
    return Parcel(
        weight_grams=max(1, item.weight_grams),
        length_cm=item.length_cm,
        width_cm=item.width_cm,
        height_cm=item.height_cm,
    )


async def want(ctx: Context, tx: Transaction, wanted: Sequence[NewShipment]) -> set[UUID]:
    """Write parcels down that are to be booked; answers the orders that had no live one yet."""
    if not wanted:
        return set()
    return set(await queries.insert_shipments(tx, list(wanted), ctx.clock.now()))


async def book_now(ctx: Context, shipment_id: UUID) -> None:
    """Try to book a parcel at once; should the courier be silent it stays wanted, and the timer goes on."""
    now = ctx.clock.now()
    claimed = await queries.claim_booking(ctx.db, shipment_id, now, now + LEASE)
    if claimed is not None:
        await _book(ctx, claimed)


async def book_due(ctx: Context) -> int:
    """Book parcels whose time has come, several at a time; answers how many were taken up."""
    now, slots = ctx.clock.now(), asyncio.Semaphore(AT_ONCE)
    due = await queries.claim_bookings(ctx.db, now, now + LEASE, BATCH)

    async def one(shipment: Shipment) -> None:
        async with slots:
            try:
                await _book(ctx, shipment)
            except Unavailable as error:
                # The lease ends and the parcel is taken up again; the others go on meanwhile.
                ctx.log.warning("booking waits", shipment=str(shipment.id), code=error.code)

    await asyncio.gather(*(one(each) for each in due))
    return len(due)


async def _book(ctx: Context, shipment: Shipment) -> None:
    if shipment.courier == FLAT:
        chosen = await _choose(ctx, shipment)
        if chosen is None:
            await _postpone(ctx, shipment, "no courier answers yet")
            return
        shipment = chosen
    carrier = carrier_of(ctx, shipment.courier)
    if carrier is None:
        await _refused(ctx, shipment, f"no interface of {shipment.courier} is set up")
        return
    try:
        booked = await carrier.book(await _request(ctx, shipment))
    except ProviderRefused as refusal:
        await _refused(ctx, shipment, refusal.reason)
    except ProviderError as error:
        ctx.log.warning("courier gave no answer to a booking", courier=carrier.name, reason=str(error))
        await _postpone(ctx, shipment, error.reason)
    else:
        async with ctx.db.transaction() as tx:
            await note_booked(ctx, tx, shipment, carrier.name, booked)


async def _choose(ctx: Context, shipment: Shipment) -> Shipment | None:
    """A real courier for a parcel that was sold at the flat rate: the cheapest now."""
    measures = rules.packed((_unit(each), each.quantity) for each in shipment.items)
    quoted = await quote_rates(
        ctx,
        contract.QuoteRates(
            origin_postal_code=shipment.sender.postal_code,
            destination_postal_code=shipment.recipient.postal_code,
            weight_grams=measures.weight_grams,
            length_cm=measures.length_cm,
            width_cm=measures.width_cm,
            height_cm=measures.height_cm,
            value=Rupiah(shipment.value),
        ),
    )
    offered = next((each for each in quoted.rates if not each.estimated), None)
    if offered is None:
        return None
    courier, service = rules.split_service(offered.service)
    await queries.choose_service(ctx.db, shipment.id, courier, service)
    return msgspec.structs.replace(shipment, courier=courier, service=service)


async def _request(ctx: Context, shipment: Shipment) -> BookRequest:
    sender, recipient = shipment.sender, shipment.recipient
    return BookRequest(
        reference=shipment.reference,
        courier=shipment.courier,
        service=shipment.service,
        sender=Contact(
            name=ctx.settings.shipper_name,
            phone=ctx.settings.shipper_phone,
            address=f"{sender.name}, {sender.city}, {sender.province}",
            place=await _place(sender.postal_code, sender.city, "", sender.province),
        ),
        recipient=Contact(
            name=recipient.recipient,
            phone=recipient.phone,
            address=f"{recipient.line}, {recipient.district}, {recipient.city}",
            place=Place(
                city=recipient.city,
                district=recipient.district,
                postal_code=recipient.postal_code,
                province=recipient.province,
            ),
            note=recipient.notes,
        ),
        items=tuple(
            Item(
                name=each.name,
                quantity=each.quantity,
                weight_grams=max(1, each.weight_grams),
                length_cm=each.length_cm,
                width_cm=each.width_cm,
                height_cm=each.height_cm,
                value=each.unit_price,
            )
            for each in shipment.items
        ),
        insured_value=shipment.insured_value,
        note=shipment.order_number,
    )


async def _place(postal_code: str, city: str, district: str, province: str) -> Place:
    known = await place_of(postal_code)
    return known or Place(city=city, district=district, postal_code=postal_code, province=province)


async def note_booked(ctx: Context, tx: Transaction, shipment: Shipment, provider: str, booked: Booked) -> None:
    """Write down that a courier took a parcel, and tell it; once."""
    now, number = ctx.clock.now(), booked.consignment
    courier, service = number.courier or shipment.courier, booked.service or shipment.service
    days = await courier_queries.find_service_days(tx, courier, service)
    due = rules.promised(now, DEFAULT_DAYS if days is None else days)
    look = now + rules.FIRST_LOOK if provider else None
    changed = await queries.mark_booked(
        tx,
        shipment.id,
        now,
        provider,
        courier,
        service,
        number.waybill,
        number.order_id,
        number.tracking_id,
        booked.price,
        due,
        look,
    )
    if not changed:
        ctx.log.warning("a parcel was booked that is not wanted any more", shipment=str(shipment.id))
        return
    note = f"{courier}:{service}"
    await following.insert_event(tx, shipment.id, booked.status, now, note, "platform", None, False, now)
    await following.resolve_case_of(tx, shipment.id, rules.Resolution.WENT_ON, "booked", None, now)
    await ctx.publish(
        tx,
        contract.ShipmentCreated(
            shipment_id=shipment.id,
            order_id=shipment.order_id,
            order_number=shipment.order_number,
            user_id=shipment.user_id,
            factory_id=shipment.factory_id,
            purchase_order_id=None,
            courier=courier,
            service=service,
            waybill=number.waybill,
            again=shipment.again,
            occurred_at=now,
        ),
    )


async def _postpone(ctx: Context, shipment: Shipment, problem: str) -> None:
    """Try again later; after several attempts a person is asked to look as well."""
    now = ctx.clock.now()
    async with ctx.db.transaction() as tx:
        due = rules.next_booking(shipment.booking_attempts, now)
        if not await queries.postpone_booking(tx, shipment.id, due, problem[:LONGEST_DETAIL]):
            return
        if shipment.booking_attempts == rules.BOOKING_ATTEMPTS_TO_CASE:
            await following.open_case(
                tx, ctx.chance.new_id(), shipment.id, CaseKind.REFUSED, problem[:LONGEST_DETAIL], now
            )


async def _refused(ctx: Context, shipment: Shipment, problem: str) -> None:
    """The courier said no: the order is free for another one, and a person decides."""
    now = ctx.clock.now()
    async with ctx.db.transaction() as tx:
        if await queries.refuse_booking(tx, shipment.id, problem[:LONGEST_DETAIL], now):
            await following.open_case(
                tx, ctx.chance.new_id(), shipment.id, CaseKind.REFUSED, problem[:LONGEST_DETAIL], now
            )


def is_booked(shipment: Shipment) -> bool:
    """Whether a courier has the parcel on its books."""
    return shipment.booking is Booking.BOOKED
