"""The weight that a courier charges: what a parcel weighs or what its size counts for, whichever is more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

# Cubic centimetres to the kilogram: length x width x height / 6000, as JNE, J&T Express and SiCepat publish it for
# parcels (their cargo services divide by less, and are not offered here).
VOLUMETRIC_DIVISOR = 6000


class Measured(Protocol):
    """Goods of one kind; weight in grams and size in centimetres of one piece."""

    @property
    def quantity(self) -> int: ...
    @property
    def weight_grams(self) -> int: ...
    @property
    def length_cm(self) -> int: ...
    @property
    def width_cm(self) -> int: ...
    @property
    def height_cm(self) -> int: ...


def chargeable_kilograms(weight_grams: int, length_cm: int, width_cm: int, height_cm: int) -> int:
    """Whole kilograms charged for one parcel: the greater of weight and volumetric weight, rounded up, 1 at least."""
    return _charged(weight_grams, length_cm * width_cm * height_cm)


def chargeable_kilograms_of(items: Iterable[Measured]) -> int:
    """Whole kilograms charged for several goods in one parcel: weights and volumes are added before they are compared."""
    grams = volume = 0
    for item in items:
        grams += item.quantity * item.weight_grams
        volume += item.quantity * item.length_cm * item.width_cm * item.height_cm
    return _charged(grams, volume)


def _charged(grams: int, cubic_centimetres: int) -> int:
    if grams < 0 or cubic_centimetres < 0:
        raise ValueError("a parcel has no negative weight or size")
    # Both sides times 6000, so that no fraction is lost: grams / 1000 against volume / 6000.
    most = max(grams * VOLUMETRIC_DIVISOR // 1000, cubic_centimetres)
    return max(1, -(-most // VOLUMETRIC_DIVISOR))
