"""What every courier offers, in our terms: rates, bookings, tracking, cancellation. Money in rupiah, weight in grams, size in cm."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from patungan.providers.couriers.status import ShipmentStatus
from patungan.providers.errors import ProviderRefused
from patungan.providers.messages import Private


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a parcel starts or ends, down to the district (kecamatan); coordinates matter to instant couriers only."""

    city: str
    district: str
    postal_code: str
    province: str = ""
    latitude: float | None = None
    longitude: float | None = None


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """Goods of one kind; weight, size and value (rupiah) are those of one piece."""

    name: str
    quantity: int
    weight_grams: int
    length_cm: int
    width_cm: int
    height_cm: int
    value: int
    category: str = "others"


class RateRequest(msgspec.Struct, frozen=True, kw_only=True):
    """``couriers`` narrows an aggregator's answer, such as ``("jne", "jnt")``; empty means all it is set up for."""

    origin: Place
    destination: Place
    items: tuple[Item, ...]
    couriers: tuple[str, ...] = ()


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """One service's price in rupiah and its days under way, 0 for the same day, None where the courier does not say."""

    courier: str
    service: str
    name: str
    price: int
    min_days: int | None
    max_days: int | None


class Contact(Private, frozen=True, kw_only=True):
    """Who sends or receives, and at which door."""

    name: str
    phone: str
    address: str
    place: Place
    email: str = ""
    note: str = ""


class BookRequest(Private, frozen=True, kw_only=True):
    """``reference`` is ours and unique, 20 characters at most (JNE's limit); ``insured_value`` in rupiah, 0 for none."""

    reference: str
    courier: str
    service: str
    sender: Contact
    recipient: Contact
    items: tuple[Item, ...]
    insured_value: int = 0
    note: str = ""


class Consignment(msgspec.Struct, frozen=True, kw_only=True):
    """What names a booked parcel: the courier's waybill, and where they exist the order's and the tracking's own ids."""

    courier: str
    reference: str = ""
    waybill: str = ""
    order_id: str = ""
    tracking_id: str = ""


class Booking(msgspec.Struct, frozen=True, kw_only=True):
    """A courier's acceptance of a parcel; the price is None where the courier does not repeat it."""

    consignment: Consignment
    service: str
    status: ShipmentStatus
    price: int | None = None


class TrackingEvent(Private, frozen=True, kw_only=True):
    """One step of a parcel, in UTC; ``text`` is the courier's own and may name the receiver."""

    at: datetime
    status: ShipmentStatus
    text: str


class Tracking(msgspec.Struct, frozen=True, kw_only=True):
    """Where a parcel is: its latest status, and its steps from the oldest to the newest."""

    consignment: Consignment
    status: ShipmentStatus
    events: tuple[TrackingEvent, ...]


class PlaceNotServed(ProviderRefused):
    """The courier has no code for that place, or none was set up."""


class NotOffered(ProviderRefused):
    """The courier's open API has no such operation; it is done by contract or by hand."""


class Courier(Protocol):
    """A courier, or an aggregator of couriers.

    Raises ProviderRefused, ProviderUnavailable and, where something is booked or cancelled, ProviderOutcomeUnknown.
    """

    @property
    def name(self) -> str: ...

    async def rates(self, request: RateRequest) -> list[Rate]:
        """The services for a parcel with their prices, cheapest first; empty where none goes there."""
        ...

    async def book(self, request: BookRequest) -> Booking:
        """Order the carriage of a parcel."""
        ...

    async def track(self, consignment: Consignment) -> Tracking:
        """The present state of a booked parcel."""
        ...

    async def cancel(self, consignment: Consignment, reason: str) -> None:
        """Call off a parcel that has not been picked up yet."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


def cheapest_first(rates: Sequence[Rate]) -> list[Rate]:
    """Rates by price; equal prices by courier and service, so that the order is always the same."""
    return sorted(rates, key=lambda rate: (rate.price, rate.courier, rate.service))
