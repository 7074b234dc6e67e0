"""Decisions of logistics: what a parcel weighs for a courier, which offers a buyer sees, and the flat rate. No I/O."""

from __future__ import annotations

import enum
from collections.abc import Iterable

import msgspec

from patungan.contracts.logistics import Rate
from patungan.kernel.errors import InvalidInput
from patungan.kernel.money import Rupiah
from patungan.providers.couriers.courier import Rate as Quote
from patungan.providers.couriers.weight import chargeable_kilograms

EXPRESS_DAYS = 2
UNSTATED_DAYS = (4, 7)
"""For a service that names no days: the longest of the couriers' standard services, to the far east."""
FLAT_DAYS = (3, 7)
SIZE_STEP_CM = 50
LARGEST_STEP_CM = 500


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """One parcel, or one unit of goods: grams and centimetres."""

    weight_grams: int
    length_cm: int
    width_cm: int
    height_cm: int

    @property
    def kilograms(self) -> int:
        """Whole kilograms charged: the greater of weight and length x width x height / 6000, rounded up, 1 at least."""
        return chargeable_kilograms(self.weight_grams, self.length_cm, self.width_cm, self.height_cm)


def check_parcel(parcel: Parcel) -> None:
    """Raises InvalidInput naming the first measure that is not positive."""
    for field in Parcel.__struct_fields__:
        if getattr(parcel, field) < 1:
            raise InvalidInput("A parcel has weight and size", field=field)


def parcel_of(unit: Parcel, quantity: int) -> Parcel:
    """The parcel of so many equal units stacked on each other: n times the weight and the height, so that weight and
    volume are exact and only the shape is a guess. Raises InvalidInput for no units."""
    if quantity < 1:
        raise InvalidInput("A parcel holds at least one unit", field="quantity")
    return msgspec.structs.replace(unit, weight_grams=unit.weight_grams * quantity, height_cm=unit.height_cm * quantity)


def rate_key(origin: str, destination: str, parcel: Parcel) -> str:
    """What a price depends on: the places, the charged kilograms, and the longest side in steps of 50 cm, by which
    couriers leave services out."""
    longest = max(parcel.length_cm, parcel.width_cm, parcel.height_cm)
    step = min(LARGEST_STEP_CM, -(-longest // SIZE_STEP_CM) * SIZE_STEP_CM)
    return f"{origin}:{destination}:{parcel.kilograms}:{step}"


class Speed(enum.Enum):
    SAME_DAY = "same day"
    EXPRESS = "express"
    REGULAR = "regular"


def speed_of(max_days: int) -> Speed:
    """The class of a service by its longest duration in days: 0, up to 2, more."""
    if max_days <= 0:
        return Speed.SAME_DAY
    return Speed.EXPRESS if max_days <= EXPRESS_DAYS else Speed.REGULAR


def offers(quotes: Iterable[Quote]) -> list[Rate]:
    """The cheapest service of each class, cheapest first. A price below one rupiah is a courier's mistake, not an offer."""
    cheapest: dict[Speed, Rate] = {}
    for rate in sorted((_rate(quote) for quote in quotes if quote.price > 0), key=_order):
        cheapest.setdefault(speed_of(rate.max_days), rate)
    return sorted(cheapest.values(), key=_order)


def _rate(quote: Quote) -> Rate:
    if quote.max_days is None:
        least, most = UNSTATED_DAYS
    else:
        most = max(0, quote.max_days)
        least = min(most, max(0, most if quote.min_days is None else quote.min_days))
    return Rate(
        service=f"{quote.courier}:{quote.service}",
        courier=quote.courier,
        name=quote.name,
        price=Rupiah(quote.price),
        min_days=least,
        max_days=most,
    )


def _order(rate: Rate) -> tuple[int, int, int, str, str]:
    # Of equal prices the faster one; then by name, so that the same quotes always give the same offers.
    return rate.price, rate.max_days, rate.min_days, rate.service, rate.name


def flat_rate(kilograms: int, per_kilogram: int) -> Rate:
    """What is asked while no courier answers: a price for each started kilogram (rupiah), marked as an estimate."""
    least, most = FLAT_DAYS
    return Rate(
        service="flat:reg",
        courier="flat",
        name="Reguler (perkiraan)",
        price=Rupiah(kilograms * per_kilogram),
        min_days=least,
        max_days=most,
        estimated=True,
    )
