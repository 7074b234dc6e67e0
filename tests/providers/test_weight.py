"""Chargeable weight: the greater of weight and volumetric weight, rounded up to a whole kilogram."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patungan.providers.couriers import Item, chargeable_kilograms, chargeable_kilograms_of


@pytest.mark.parametrize(
    ("grams", "size", "kilograms"),
    [
        (500, (10, 10, 10), 1),
        (1000, (10, 10, 10), 1),
        (1001, (10, 10, 10), 2),
        (1000, (30, 20, 10), 1),
        (1000, (30, 20, 11), 2),
        (1000, (40, 30, 20), 4),
        (5250, (40, 30, 10), 6),
        (0, (0, 0, 0), 1),
    ],
)
def test_known_parcels(grams: int, size: tuple[int, int, int], kilograms: int) -> None:
    assert chargeable_kilograms(grams, *size) == kilograms


@given(st.integers(0, 100_000), st.integers(0, 200), st.integers(0, 200), st.integers(0, 200))
def test_it_is_the_ceiling_of_the_greater_weight(grams: int, length: int, width: int, height: int) -> None:
    exact = max(Fraction(grams, 1000), Fraction(length * width * height, 6000))
    assert chargeable_kilograms(grams, length, width, height) == max(1, ceil(exact))


def test_goods_share_one_parcel() -> None:
    light = Item(name="a", quantity=3, weight_grams=300, length_cm=20, width_cm=20, height_cm=10, value=1)
    heavy = Item(name="b", quantity=2, weight_grams=900, length_cm=10, width_cm=10, height_cm=10, value=1)
    # 2,700 g against (12,000 + 2,000) / 6,000 = 2.33 kg.
    assert chargeable_kilograms_of([light, heavy]) == 3
    # 900 g against 12,000 / 6,000 = 2 kg.
    assert chargeable_kilograms_of([light]) == 2


def test_nothing_weighs_less_than_nothing() -> None:
    with pytest.raises(ValueError, match="negative"):
        chargeable_kilograms(-1, 1, 1, 1)
