"""The decisions of logistics: parcels, offers, the flat rate, and places by postal code."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patungan.contracts.logistics import Rate
from patungan.kernel.errors import InvalidInput
from patungan.kernel.money import Rupiah
from patungan.providers.couriers import Rate as Quote
from patungan.services.logistics.places import places
from patungan.services.logistics.rules import (
    CARTON_KILOGRAMS,
    Parcel,
    Speed,
    cartons,
    check_parcel,
    flat_rate,
    offers,
    parcel_of,
    rate_key,
    speed_of,
)

GRAMS = st.integers(1, 60_000)
SIDE = st.integers(1, 300)
PARCELS = st.builds(Parcel, weight_grams=GRAMS, length_cm=SIDE, width_cm=SIDE, height_cm=SIDE)
DAYS = st.none() | st.integers(0, 9)
QUOTES = st.lists(
    st.builds(
        Quote,
        courier=st.sampled_from(["jne", "jnt", "sicepat"]),
        service=st.sampled_from(["reg", "yes", "sds", "oke"]),
        name=st.just("Layanan"),
        price=st.integers(0, 50) | st.integers(1, 500_000),
        min_days=DAYS,
        max_days=DAYS,
    ),
    max_size=12,
)


def parcel(grams: int, length: int, width: int, height: int) -> Parcel:
    return Parcel(weight_grams=grams, length_cm=length, width_cm=width, height_cm=height)


def quote(service: str, price: int, least: int | None, most: int | None, courier: str = "jne") -> Quote:
    return Quote(courier=courier, service=service, name=service.upper(), price=price, min_days=least, max_days=most)


@pytest.mark.parametrize(
    ("measured", "kilograms"),
    [
        (parcel(500, 10, 10, 10), 1),
        (parcel(1000, 10, 10, 10), 1),
        (parcel(1001, 10, 10, 10), 2),
        (parcel(1, 30, 20, 10), 1),
        (parcel(1, 30, 20, 11), 2),
        (parcel(2500, 30, 20, 10), 3),
        (parcel(1, 100, 60, 40), 40),
    ],
)
def test_the_greater_of_weight_and_volume_is_charged_in_whole_kilograms(measured: Parcel, kilograms: int) -> None:
    assert measured.kilograms == kilograms


@given(PARCELS)
def test_charged_kilograms_are_the_rounded_maximum(measured: Parcel) -> None:
    volumetric = Fraction(measured.length_cm * measured.width_cm * measured.height_cm, 6000)
    assert measured.kilograms == math.ceil(max(Fraction(measured.weight_grams, 1000), volumetric))


@given(PARCELS, st.integers(1, 500))
def test_stacked_units_weigh_and_fill_exactly_as_much_as_they_are(unit: Parcel, quantity: int) -> None:
    stacked = parcel_of(unit, quantity)
    assert stacked.weight_grams == unit.weight_grams * quantity
    volume = unit.length_cm * unit.width_cm * unit.height_cm
    assert stacked.length_cm * stacked.width_cm * stacked.height_cm == volume * quantity
    assert unit.kilograms <= stacked.kilograms <= unit.kilograms * quantity
    assert parcel_of(unit, 1) == unit


@given(PARCELS, st.integers(1, 300), st.integers(1, 300))
def test_more_units_never_cost_fewer_kilograms(unit: Parcel, fewer: int, more: int) -> None:
    low, high = sorted((fewer, more))
    assert parcel_of(unit, low).kilograms <= parcel_of(unit, high).kilograms


def test_a_parcel_has_units_weight_and_size() -> None:
    with pytest.raises(InvalidInput) as refused:
        parcel_of(parcel(1, 1, 1, 1), 0)
    assert refused.value.field == "quantity"
    for field in ("weight_grams", "length_cm", "width_cm", "height_cm"):
        measures = {"weight_grams": 1, "length_cm": 1, "width_cm": 1, "height_cm": 1}
        check_parcel(Parcel(**measures))
        with pytest.raises(InvalidInput) as refused:
            check_parcel(Parcel(**{**measures, field: 0}))
        assert refused.value.field == field


@given(PARCELS, PARCELS)
def test_parcels_of_one_key_are_charged_alike(one: Parcel, other: Parcel) -> None:
    if rate_key("40132", "10310", one) == rate_key("40132", "10310", other):
        assert one.kilograms == other.kilograms


def test_a_key_names_places_weight_and_the_longest_sides_step() -> None:
    assert rate_key("40132", "10310", parcel(500, 10, 10, 10)) == "40132:10310:1:50"
    assert rate_key("40132", "10310", parcel(900, 5, 50, 3)) == "40132:10310:1:50"
    assert rate_key("40132", "10310", parcel(900, 51, 5, 3)) == "40132:10310:1:100"
    assert rate_key("10310", "40132", parcel(900, 1, 1, 9_999)) == "10310:40132:2:500"


def test_classes_go_by_the_longest_duration() -> None:
    assert [speed_of(days) for days in (0, 1, 2, 3, 9)] == [
        Speed.SAME_DAY,
        Speed.EXPRESS,
        Speed.EXPRESS,
        Speed.REGULAR,
        Speed.REGULAR,
    ]


def test_the_cheapest_of_each_class_is_offered_cheapest_first() -> None:
    found = offers(
        [
            quote("reg", 12_000, 2, 3),
            quote("oke", 9_500, 3, 5),
            quote("yes", 22_000, 1, 1),
            quote("best", 19_000, 1, 1, "sicepat"),
            quote("sds", 30_000, 0, 0, "sicepat"),
            quote("free", 0, 1, 2),
        ]
    )
    assert [(rate.service, rate.price, rate.min_days, rate.max_days) for rate in found] == [
        ("jne:oke", 9_500, 3, 5),
        ("sicepat:best", 19_000, 1, 1),
        ("sicepat:sds", 30_000, 0, 0),
    ]
    assert not any(rate.estimated for rate in found)


def test_a_service_that_names_no_days_is_a_regular_one() -> None:
    (rate,) = offers([quote("ez", 10_000, None, None, "jnt")])
    assert (rate.min_days, rate.max_days) == (4, 7)
    (rate,) = offers([quote("ez", 10_000, 5, 3, "jnt")])
    assert (rate.min_days, rate.max_days) == (3, 3)


@given(QUOTES)
def test_offers_are_one_a_class_in_order_and_none_is_undercut(quotes: list[Quote]) -> None:
    found = offers(quotes)
    classes = [speed_of(rate.max_days) for rate in found]
    assert len(set(classes)) == len(classes)
    assert [rate.price for rate in found] == sorted(rate.price for rate in found)
    for each in quotes:
        if each.price > 0:
            speed = Speed.REGULAR if each.max_days is None else speed_of(each.max_days)
            offered = next(rate for rate in found if speed_of(rate.max_days) is speed)
            assert 0 < offered.price <= each.price
    for rate in found:
        assert 0 <= rate.min_days <= rate.max_days
    assert offers(list(reversed(quotes))) == found


def test_the_flat_rate_is_marked_as_an_estimate() -> None:
    assert flat_rate(3, 20_000) == Rate(
        service="flat:reg",
        courier="flat",
        name="Reguler (perkiraan)",
        price=Rupiah(60_000),
        min_days=3,
        max_days=7,
        estimated=True,
    )


def test_a_postal_code_leads_to_its_place() -> None:
    found = places()["40132"]
    assert (found.province, found.city, found.district) == ("Jawa Barat", "Kota Bandung", "Coblong")
    assert "00000" not in places()


def test_cartons_of_leg_one() -> None:
    shirt = parcel(250, 10, 10, 10)
    assert cartons(shirt, 24) == [(parcel(6_000, 10, 10, 240), 1)]
    assert cartons(shirt, 300) == [(parcel(30_000, 10, 10, 1_200), 2), (parcel(15_000, 10, 10, 600), 1)]
    assert cartons(shirt, 120) == [(parcel(30_000, 10, 10, 1_200), 1)]
    heavy = parcel(45_000, 40, 40, 40)
    assert cartons(heavy, 3) == [(heavy, 3)]
    assert cartons(shirt, 0) == []


@given(PARCELS, st.integers(1, 5_000))
def test_cartons_hold_every_unit_and_are_not_too_heavy(unit: Parcel, quantity: int) -> None:
    packed = cartons(unit, quantity)
    assert sum(carton.weight_grams * count for carton, count in packed) == unit.weight_grams * quantity
    assert sum(carton.height_cm * count for carton, count in packed) == unit.height_cm * quantity
    assert len(packed) <= 2 and all(count == 1 for _, count in packed[1:])
    for carton, _ in packed:
        assert carton.kilograms <= CARTON_KILOGRAMS or carton == unit
