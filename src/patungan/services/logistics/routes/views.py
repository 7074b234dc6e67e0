"""Parcels as each audience sees them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta

from patungan.contracts.address import Address
from patungan.contracts.order import ParcelItem
from patungan.kernel.http import Page
from patungan.providers.couriers.status import ShipmentStatus
from patungan.services.logistics.queries.following import EventRow
from patungan.services.logistics.queries.shipments import Proof, Shipment
from patungan.services.logistics.rules import Booking, Reason, masked

ServiceName = Annotated[str, Meta(pattern=r"^[a-z0-9_]{2,20}:[a-z0-9_]{2,20}$")]
Why = Annotated[str, Meta(min_length=3, max_length=300, pattern=r"^\S(.*\S)?$")]


class StaffShipment(msgspec.Struct, frozen=True):
    """A parcel as the warehouse sees it; grams, rupiah."""

    id: UUID
    reference: str
    order_id: UUID
    order_number: str
    factory_id: UUID
    session_id: UUID | None
    warehouse_id: UUID
    follows: UUID | None
    is_live: bool
    courier: str
    service: str
    provider: str
    booking: Booking
    booking_problem: str
    waybill: str
    status: ShipmentStatus
    reason: Reason
    recipient: Address
    items: list[ParcelItem]
    weight_grams: int
    chargeable_kilograms: int
    value: int
    insured_value: int
    cost: int | None
    pickup_id: UUID | None
    created_at: datetime
    booked_at: datetime | None
    promised_at: datetime | None
    picked_up_at: datetime | None
    delivered_at: datetime | None
    proof: Proof | None


class Step(msgspec.Struct, frozen=True):
    """A piece of news as people outside see it, without the courier's own text: that may name the receiver."""

    status: ShipmentStatus
    at: datetime


class StaffShipmentDetail(StaffShipment, frozen=True):
    """A parcel with all its news."""

    events: list[EventRow]


class OwnShipment(msgspec.Struct, frozen=True):
    """A parcel as its buyer sees it."""

    order_id: UUID
    order_number: str
    courier: str
    service: str
    waybill: str
    status: ShipmentStatus
    reason: Reason
    recipient: Address
    booked_at: datetime | None
    promised_at: datetime | None
    delivered_at: datetime | None
    proof: Proof | None
    steps: list[Step]


class FactoryShipment(msgspec.Struct, frozen=True):
    """A parcel as the factory of its goods sees it: not to whom it goes."""

    id: UUID
    order_id: UUID
    order_number: str
    session_id: UUID | None
    courier: str
    service: str
    status: ShipmentStatus
    created_at: datetime
    delivered_at: datetime | None


class PublicTracking(msgspec.Struct, frozen=True):
    """A parcel as anybody with its number sees it: no names, no address."""

    waybill: str
    courier: str
    service: str
    status: ShipmentStatus
    recipient: str
    city: str
    promised_at: datetime | None
    delivered_at: datetime | None
    steps: list[Step]


class StaffShipments(Page, frozen=True, kw_only=True):
    items: list[StaffShipment]


class FactoryShipments(Page, frozen=True, kw_only=True):
    items: list[FactoryShipment]


T = TypeVar("T", bound=msgspec.Struct)


def shown(kind: type[T], row: Shipment, **more: object) -> T:
    """What an audience sees of a parcel: the fields that its struct names."""
    return kind(**{name: getattr(row, name) for name in kind.__struct_fields__ if name not in more}, **more)


def steps_of(events: list[EventRow]) -> list[Step]:
    """The news by time, each status as it began."""
    pairs = zip([None, *events], events, strict=False)
    return [Step(each.status, each.at) for before, each in pairs if before is None or before.status != each.status]


def public(row: Shipment, events: list[EventRow]) -> PublicTracking:
    return PublicTracking(
        waybill=row.waybill,
        courier=row.courier,
        service=row.service,
        status=row.status,
        recipient=masked(row.recipient.recipient),
        city=row.recipient.city,
        promised_at=row.promised_at,
        delivered_at=row.delivered_at,
        steps=steps_of(events),
    )
