"""What carriage costs and how long it takes: the sandbox's own figures, near public price lists, the same for everyone.

A kilogram costs 8,000 rupiah and 20 for each kilometre, times the service's share, rounded up to 500. A parcel is
charged by the greater of its weight and length x width x height / 6000, rounded up to whole kilograms.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final, Literal, Protocol

import msgspec

BASE_PER_KG: Final = 8_000
PER_KG_AND_KM: Final = 20
PRICE_STEP: Final = 500
VOLUMETRIC_DIVISOR: Final = 6_000
INSTANT_BASE: Final = 12_000
INSTANT_PER_KM: Final = 2_500
INSURANCE_PER_MILLE: Final = 2

DAYS_BY_DISTANCE: Final = ((150, (1, 2)), (900, (2, 3)), (2_000, (3, 5)), (10_000, (4, 7)))
"""Least and most days of a standard service up to so many kilometres."""


class Measured(Protocol):
    """Goods of one kind: pieces, grams and centimetres of one piece."""

    @property
    def quantity(self) -> int: ...
    @property
    def weight(self) -> float: ...
    @property
    def length(self) -> float: ...
    @property
    def width(self) -> float: ...
    @property
    def height(self) -> float: ...


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """A courier's product. ``share`` is percent of the standard price, ``days`` None for the standard duration."""

    courier: str
    code: str
    name: str
    description: str
    service_type: Literal["standard", "overnight", "same_day", "instant"] = "standard"
    shipping_type: Literal["parcel", "freight"] = "parcel"
    share: int = 100
    days: tuple[int, int] | None = None
    slower_by: tuple[int, int] = (0, 0)
    minimum_kg: int = 1
    longest_km: int = 10_000
    instant: bool = False

    @property
    def courier_name(self) -> str:
        return COURIER_NAMES[self.courier]


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """A service's price in rupiah and duration in days, or in hours where it is instant."""

    service: Service
    price: int
    least: int
    most: int

    @property
    def unit(self) -> Literal["days", "hours"]:
        return "hours" if self.service.instant else "days"


COURIER_NAMES: Final = {
    "jne": "JNE",
    "jnt": "J&T",
    "sicepat": "SiCepat",
    "anteraja": "AnterAja",
    "gojek": "Gojek",
    "grab": "Grab",
}

SERVICES: Final = (
    Service(courier="jne", code="reg", name="Reguler", description="Layanan reguler"),
    Service(courier="jne", code="oke", name="OKE", description="Ongkos kirim ekonomis", share=85, slower_by=(1, 2)),
    Service(
        courier="jne",
        code="yes",
        name="YES",
        description="Yakin esok sampai",
        service_type="overnight",
        share=180,
        days=(1, 1),
        longest_km=1_500,
    ),
    Service(
        courier="jne",
        code="jtr",
        name="JTR",
        description="JNE Trucking",
        shipping_type="freight",
        share=40,
        slower_by=(2, 3),
        minimum_kg=10,
    ),
    Service(courier="jnt", code="ez", name="EZ", description="Layanan reguler", share=97),
    Service(courier="sicepat", code="reg", name="Reguler", description="Layanan reguler", share=95),
    Service(
        courier="sicepat",
        code="best",
        name="BEST",
        description="Besok sampai tujuan",
        service_type="overnight",
        share=160,
        days=(1, 1),
        longest_km=1_500,
    ),
    Service(
        courier="sicepat",
        code="gokil",
        name="GOKIL",
        description="Cargo kilat",
        shipping_type="freight",
        share=45,
        slower_by=(1, 3),
        minimum_kg=10,
    ),
    Service(courier="anteraja", code="reg", name="Reguler", description="Layanan reguler", share=96),
    Service(
        courier="anteraja",
        code="next_day",
        name="Next Day",
        description="Sampai esok hari",
        service_type="overnight",
        share=170,
        days=(1, 1),
        longest_km=1_500,
    ),
    Service(
        courier="gojek",
        code="instant",
        name="Instant",
        description="Antar langsung",
        service_type="instant",
        longest_km=40,
        instant=True,
    ),
    Service(
        courier="grab",
        code="instant",
        name="Instant",
        description="Antar langsung",
        service_type="instant",
        longest_km=40,
        instant=True,
    ),
)


def chargeable_kg(items: Iterable[Measured]) -> int:
    """Whole kilograms charged for goods in one parcel: weights and volumes are added, then compared; 1 at least."""
    grams = volume = 0.0
    for item in items:
        grams += item.quantity * item.weight
        volume += item.quantity * item.length * item.width * item.height
    return max(1, math.ceil(grams / 1_000), math.ceil(volume / VOLUMETRIC_DIVISOR))


def whole_kg(weight: str | float) -> int:
    """A weight in kilograms as couriers charge it, rounded up; raises ValueError for what is no positive weight."""
    kilograms = float(weight)
    if not 0 < kilograms < math.inf:
        raise ValueError(f"{weight} is not a weight")
    return math.ceil(kilograms)


def standard_days(kilometres: float) -> tuple[int, int]:
    return next(days for limit, days in DAYS_BY_DISTANCE if kilometres <= limit or limit == DAYS_BY_DISTANCE[-1][0])


def quote(service: Service, kilometres: float, kilograms: int) -> Quote | None:
    """Price and duration of a service over a distance; None where it does not go or does not carry so little."""
    if kilometres > service.longest_km or kilograms < service.minimum_kg:
        return None
    if service.instant:
        return Quote(service=service, price=INSTANT_BASE + INSTANT_PER_KM * math.ceil(kilometres), least=1, most=3)
    per_kg = (BASE_PER_KG + PER_KG_AND_KM * round(kilometres)) * service.share
    price = -(-per_kg // (100 * PRICE_STEP)) * PRICE_STEP * kilograms
    least, most = service.days or standard_days(kilometres)
    if service.days is None:
        least, most = least + service.slower_by[0], most + service.slower_by[1]
    return Quote(service=service, price=price, least=least, most=most)


def insurance_fee(value: int) -> int:
    """Rupiah for insuring goods of that value, rounded up."""
    return -(-value * INSURANCE_PER_MILLE // 1_000)


def of_courier(courier: str) -> list[Service]:
    return [service for service in SERVICES if service.courier == courier]


def service_named(courier: str, code: str) -> Service | None:
    """A service by its codes, in whatever case they are written."""
    wanted = (courier.lower(), code.lower())
    return next((service for service in SERVICES if (service.courier, service.code) == wanted), None)
