"""Couriers behind one interface: Biteship as an aggregator, JNE, J&T Express and SiCepat by their own keys."""

from patungan.providers.couriers.biteship import Biteship
from patungan.providers.couriers.courier import (
    Booking,
    BookRequest,
    Consignment,
    Contact,
    Courier,
    Item,
    NotOffered,
    Place,
    PlaceNotServed,
    Rate,
    RateRequest,
    Tracking,
    TrackingEvent,
)
from patungan.providers.couriers.jne import Jne, JneAccount
from patungan.providers.couriers.jnt import Jnt, JntAccount, JntPlace
from patungan.providers.couriers.sicepat import SiCepat
from patungan.providers.couriers.status import ShipmentStatus
from patungan.providers.couriers.weight import chargeable_kilograms, chargeable_kilograms_of

__all__ = [
    "Biteship",
    "BookRequest",
    "Booking",
    "Consignment",
    "Contact",
    "Courier",
    "Item",
    "Jne",
    "JneAccount",
    "Jnt",
    "JntAccount",
    "JntPlace",
    "NotOffered",
    "Place",
    "PlaceNotServed",
    "Rate",
    "RateRequest",
    "ShipmentStatus",
    "SiCepat",
    "Tracking",
    "TrackingEvent",
    "chargeable_kilograms",
    "chargeable_kilograms_of",
]
