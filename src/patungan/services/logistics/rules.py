"""Decisions of logistics: what a parcel weighs and costs, what its news mean, when it is looked at again. No I/O."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

import msgspec

from patungan.contracts.logistics import Rate
from patungan.kernel.errors import InvalidInput
from patungan.kernel.money import Rupiah
from patungan.providers.couriers.courier import Rate as Quote
from patungan.providers.couriers.status import ShipmentStatus
from patungan.providers.couriers.weight import VOLUMETRIC_DIVISOR, chargeable_kilograms

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


def rate_key(origin: str, destination: str, parcel: Parcel, switched_off: Collection[str] = ()) -> str:
    """What offers depend on: the places, the charged kilograms, the longest side in steps of 50 cm, by which couriers leave
    services out, and what is switched off."""
    longest = max(parcel.length_cm, parcel.width_cm, parcel.height_cm)
    step = min(LARGEST_STEP_CM, -(-longest // SIZE_STEP_CM) * SIZE_STEP_CM)
    off = "".join(f"-{name}" for name in sorted(switched_off))
    return f"{origin}:{destination}:{parcel.kilograms}:{step}{off}"


def packed(units: Iterable[tuple[Parcel, int]]) -> Parcel:
    """One parcel of goods of several kinds, each with its number of units, stacked on each other."""
    stacks = [parcel_of(unit, quantity) for unit, quantity in units]
    if not stacks:
        raise InvalidInput("A parcel holds at least one unit", field="items")
    return Parcel(
        weight_grams=sum(each.weight_grams for each in stacks),
        length_cm=max(each.length_cm for each in stacks),
        width_cm=max(each.width_cm for each in stacks),
        height_cm=sum(each.height_cm for each in stacks),
    )


CARTON_KILOGRAMS = 30
"""The heaviest carton that leg one is packed in."""


def cartons(unit: Parcel, quantity: int) -> list[tuple[Parcel, int]]:
    """Equal units in cartons of at most 30 charged kilograms, each kind with its number, full ones first; a unit that is
    heavier is a carton by itself."""
    volume = unit.length_cm * unit.width_cm * unit.height_cm
    grams, cubic = CARTON_KILOGRAMS * 1000, CARTON_KILOGRAMS * VOLUMETRIC_DIVISOR
    fits = max(1, min(grams // unit.weight_grams, cubic // volume))
    full, rest = divmod(quantity, fits)
    packed = [(parcel_of(unit, fits), full)] if full else []
    return [*packed, (parcel_of(unit, rest), 1)] if rest else packed


class Speed(enum.Enum):
    SAME_DAY = "same day"
    EXPRESS = "express"
    REGULAR = "regular"


def speed_of(max_days: int) -> Speed:
    """The class of a service by its longest duration in days: 0, up to 2, more."""
    if max_days <= 0:
        return Speed.SAME_DAY
    return Speed.EXPRESS if max_days <= EXPRESS_DAYS else Speed.REGULAR


def offers(quotes: Iterable[Quote], switched_off: Collection[str] = ()) -> list[Rate]:
    """The cheapest service of each class, cheapest first, without couriers (``jne``) and services (``jne:yes``) that are
    switched off. A price below one rupiah is a courier's mistake, not an offer."""
    cheapest: dict[Speed, Rate] = {}
    for rate in sorted((_rate(quote) for quote in quotes if quote.price > 0), key=_order):
        if rate.courier in switched_off or rate.service in switched_off:
            continue
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


FLAT = "flat"
"""The courier of an estimated rate: which one carries the parcel is decided when it is booked."""

REFERENCE_LETTERS = 12
PICKUP_LETTERS = 5

_RANK: Mapping[ShipmentStatus, int] = {
    ShipmentStatus.PENDING: 0,
    ShipmentStatus.PICKED_UP: 1,
    ShipmentStatus.IN_TRANSIT: 2,
    ShipmentStatus.OUT_FOR_DELIVERY: 3,
    ShipmentStatus.DELIVERED: 4,
}
ENDS = frozenset({ShipmentStatus.DELIVERED, ShipmentStatus.RETURNED})
_AFTER_A_FAILURE = frozenset(
    {
        ShipmentStatus.IN_TRANSIT,
        ShipmentStatus.OUT_FOR_DELIVERY,
        ShipmentStatus.DELIVERED,
        ShipmentStatus.RETURNED,
    }
)


class Booking(enum.StrEnum):
    """How far the courier's acceptance of a parcel is."""

    WANTED = "wanted"
    BOOKED = "booked"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class Reason(enum.StrEnum):
    """Why a parcel does not arrive."""

    NONE = ""
    FAILED = "failed"
    LOST = "lost"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    RETURNED = "returned"


class CaseKind(enum.StrEnum):
    FAILED = "failed"
    LOST = "lost"
    RETURNED = "returned"
    REFUSED = "refused"


class Resolution(enum.StrEnum):
    """How a case ended: the goods go again, nothing follows, or the parcel went on by itself."""

    RESHIPPED = "reshipped"
    CLOSED = "closed"
    WENT_ON = "went_on"


class PickupStatus(enum.StrEnum):
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


_PICKUP_MOVES: Mapping[PickupStatus, frozenset[PickupStatus]] = {
    PickupStatus.SCHEDULED: frozenset({PickupStatus.IN_PROGRESS, PickupStatus.CANCELLED}),
    PickupStatus.IN_PROGRESS: frozenset({PickupStatus.COMPLETED, PickupStatus.FAILED}),
}


def pickup_may_become(current: PickupStatus, wanted: PickupStatus) -> bool:
    """The state machine of pick-ups (DOMAIN.md 2)."""
    return wanted in _PICKUP_MOVES.get(current, frozenset())


def moves(current: ShipmentStatus, last: datetime | None, news: ShipmentStatus, at: datetime) -> bool:
    """Whether a piece of news moves a parcel. Steps that were not told of are skipped; a failure, a return, and what follows
    a failure count only if they are not older than the last news; nothing ever goes back."""
    if current in ENDS or news is current:
        return False
    older = last is not None and at < last
    if current is ShipmentStatus.FAILED:
        return not older and news in _AFTER_A_FAILURE
    if news not in _RANK:
        return not older
    return _RANK[news] > _RANK[current]


def allowed_by_hand(current: ShipmentStatus) -> list[ShipmentStatus]:
    """What a person may report of a parcel that stands there."""
    return [each for each in ShipmentStatus if moves(current, None, each, datetime.min)]


_NEXT_LOOK: Mapping[ShipmentStatus, timedelta] = {
    ShipmentStatus.PENDING: timedelta(minutes=30),
    ShipmentStatus.PICKED_UP: timedelta(minutes=30),
    ShipmentStatus.IN_TRANSIT: timedelta(minutes=30),
    ShipmentStatus.OUT_FOR_DELIVERY: timedelta(minutes=10),
    ShipmentStatus.FAILED: timedelta(hours=6),
}
FIRST_LOOK = timedelta(minutes=1)
PATIENCE = timedelta(days=45)
"""After so long without an end nobody asks a courier about a parcel by itself any more."""
WITH_WEBHOOKS = 4
"""Of a courier that tells us by itself we ask so many times less often, for news that got lost."""


def next_look(status: ShipmentStatus, *, told: bool, failures: int, booked: datetime, now: datetime) -> datetime | None:
    """When the courier is asked again where a parcel is; None once it has ended. ``told`` is whether the courier sends
    news by itself, ``failures`` how often in a row it gave no answer."""
    if status in ENDS or now - booked > PATIENCE:
        return None
    if failures:
        return now + min(timedelta(minutes=1) * (1 << min(failures - 1, 10)), timedelta(hours=1))
    return now + _NEXT_LOOK[status] * (WITH_WEBHOOKS if told else 1)


BOOKING_ATTEMPTS_TO_CASE = 6


def next_booking(attempts: int, now: datetime) -> datetime:
    """When a courier that gave no answer is asked again to take a parcel, after so many attempts."""
    return now + min(timedelta(seconds=15) * (1 << min(attempts, 10)), timedelta(hours=1))


def promised(booked: datetime, max_days: int) -> datetime:
    """When a parcel counts as late: a day after the longest duration of its service."""
    return booked + timedelta(days=max_days + 1)


def split_service(service: str) -> tuple[str, str]:
    """Courier and service of ``jne:reg``; raises InvalidInput."""
    courier, colon, name = service.lower().partition(":")
    if not (colon and courier and name):
        raise InvalidInput("A service is named as courier:service", field="service")
    return courier, name


def masked(name: str) -> str:
    """A name by its initials: ``S*** W***``."""
    return " ".join(f"{part[0]}***" for part in name.split())
