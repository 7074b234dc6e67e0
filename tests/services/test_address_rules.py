"""The decisions of address, and what the offline regions know."""

from __future__ import annotations

import gc
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patungan.kernel.phones import normalise_phone
from patungan.services.address.regions import Misfit, regions
from patungan.services.address.rules import (
    bare_city,
    comparable,
    comparable_province,
    may_add,
    may_delete,
    search_words,
)


def test_the_limits_of_an_address_book() -> None:
    assert [may_add(known) for known in (0, 19, 20, 21)] == [True, True, False, False]
    assert [may_delete(known) for known in (1, 2, 20)] == [False, True, True]


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("081234567890", "+6281234567890"),
        ("6281234567890", "+6281234567890"),
        ("+62 812-3456-7890", "+6281234567890"),
        ("0812.3456.789", "+628123456789"),
        ("0812345678901", "+62812345678901"),
        ("08123456789012", None),
        ("08123456", None),
        ("+6521234567890", None),
        ("02112345678", None),
        ("0812345678x", None),
        ("081234567890\n081234567891", None),
        ("٠٨١٢٣٤٥٦٧٨٩٠", None),
        ("", None),
    ],
)
def test_phone_numbers_have_one_form(written: str, stored: str | None) -> None:
    assert normalise_phone(written) == stored


@given(st.text())
def test_a_stored_phone_number_stays_as_it_is(text: str) -> None:
    stored = normalise_phone(text)
    if stored is not None:
        assert stored.startswith("+628")
        assert normalise_phone(stored) == stored


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("Kota Bandung", "bandung"),
        ("Kabupaten Bandung", "bandung"),
        ("KAB. BANDUNG BARAT", "bandungbarat"),
        ("Kota Administrasi Jakarta Pusat", "jakartapusat"),
        ("Kota Adm. Jakarta Pusat", "jakartapusat"),
        ("Kotabaru", "kotabaru"),
    ],
)
def test_a_city_without_its_kind(name: str, bare: str) -> None:
    assert bare_city(name) == bare


def test_provinces_as_people_say_them() -> None:
    assert comparable_province("D.K.I. Jakarta") == comparable("Daerah Khusus Ibukota Jakarta")
    assert comparable_province("DI Yogyakarta") == comparable("Daerah Istimewa Yogyakarta")
    assert comparable_province(" jawa  barat ") == comparable("Jawa Barat")


@given(st.text())
def test_search_words_are_plain(query: str) -> None:
    words = search_words(query)
    assert len(words) <= 6
    assert all(word.isascii() and word.isalnum() and word == word.lower() for word in words)


def test_every_region_of_the_country_is_there() -> None:
    known = regions()
    districts = [district for several in known.districts.values() for district in several]
    assert len(known.provinces) == 38
    assert sum(len(cities) for cities in known.cities.values()) == 514
    assert len(districts) == 7285
    assert all(district.postal_codes for district in districts)
    assert sum(len(district.postal_codes) for district in districts) == 11580


def test_every_district_is_found_by_its_official_names() -> None:
    known = regions()
    for city_code, districts in known.districts.items():
        for district in districts[:2]:
            place = known.found(district)
            code = district.postal_codes[-1]
            assert known.place(place.province, place.city, place.district, code).district_code == district.code, (
                city_code
            )


def test_the_postal_code_tells_namesakes_apart() -> None:
    known = regions()
    assert known.place("Jawa Barat", "Bandung", "Coblong", "40132").city == "Kota Bandung"
    assert known.place("Jawa Barat", "Bandung", "Cileunyi", "40622").city == "Kabupaten Bandung"
    assert known.place("Jawa Barat", "Kota Bandung", "Coblong", "40132").city_code == "32.73"


@pytest.mark.parametrize(
    ("place", "field"),
    [
        (("Atlantis", "Kota Bandung", "Coblong", "40132"), "province"),
        (("Jawa Barat", "Kota Atlantis", "Coblong", "40132"), "city"),
        (("Jawa Barat", "Kota Bandung", "Menteng", "40132"), "district"),
        (("Jawa Barat", "Kota Bandung", "Coblong", "10310"), "postal_code"),
        (("", "", "", ""), "province"),
        (("Jawa Barat", "Kabupaten Bandung", "Coblong", "40132"), "district"),
    ],
)
def test_what_does_not_fit_is_named(place: tuple[str, str, str, str], field: str) -> None:
    with pytest.raises(Misfit) as misfit:
        regions().place(*place)
    assert misfit.value.field == field


@given(st.text(max_size=40), st.integers(1, 20))
def test_a_search_never_fails_and_every_hit_holds_every_word(query: str, limit: int) -> None:
    hits = regions().search(query, limit)
    assert len(hits) <= limit
    for hit in hits:
        text = " ".join((hit.district, hit.city, hit.province, *hit.postal_codes)).lower()
        assert all(word in text for word in search_words(query))


def test_the_regions_stay_small() -> None:
    regions.cache_clear()
    gc.collect()
    tracemalloc.start()
    regions()
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 12_000_000
