"""The decisions of address, and what the offline regions know."""

from __future__ import annotations

import gc
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patungan.kernel.phones import normalise_phone
from patungan.services.address.atlas import atlas, centres
from patungan.services.address.lookup import lookup
from patungan.services.address.regions import Misfit, regions
from patungan.services.address.rules import (
    AreaRule,
    ServiceArea,
    Sought,
    bare_city,
    comparable,
    comparable_province,
    distance_km,
    in_indonesia,
    may_add,
    may_delete,
    sought,
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
def test_words_looked_for_are_plain(query: str) -> None:
    words = [each.word for each in sought(query)]
    assert len(words) <= 8
    assert all(word.isascii() and word.isalnum() and word == word.lower() for word in words)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("Kec. Coblong, Kota Bandung", [Sought("coblong", 2), Sought("bandung", None, "Kota")]),
        ("kel dago kec coblong", [Sought("dago", 3), Sought("coblong", 2)]),
        ("kab bogor", [Sought("bogor", 1, "Kabupaten")]),
        ("jaksel", [Sought("jakarta"), Sought("selatan")]),
        ("bandung kota", [Sought("bandung"), Sought("kota")]),
        ("Ma'rang", [Sought("marang")]),
        (" ,. ", []),
    ],
)
def test_abbreviations_say_what_is_meant(query: str, wanted: list[Sought]) -> None:
    assert sought(query) == wanted


def test_every_region_of_the_country_is_there() -> None:
    places = regions().atlas
    assert [places.levels.count(level) for level in range(4)] == [38, 514, 7285, 83762]
    villages = [place for place in range(len(places)) if places.levels[place] == 3]
    assert all(len(places.postal_code(place)) == 5 for place in villages)
    districts = [place for place in range(len(places)) if places.levels[place] == 2]
    assert sum(len(places.postal_codes(place)) for place in districts) == 11580
    assert [places.name(place) for place in places.upwards(places.numbered("32.73.02.1004") or 0)] == [
        "Dago",
        "Coblong",
        "Kota Bandung",
        "Jawa Barat",
    ]
    assert places.numbered("32.99") is None


def test_every_city_has_a_centre_in_the_country() -> None:
    known = regions()
    cities = {known.atlas.code(place) for place in range(len(known.atlas)) if known.atlas.levels[place] == 1}
    assert set(centres()) == cities
    assert all(in_indonesia(*centre) for centre in centres().values())
    assert known.atlas.name(known.nearest_city(-6.914, 107.61)) == "Kota Bandung"


def test_every_district_is_found_by_its_official_names() -> None:
    known = regions()
    for district in range(0, len(known.atlas), 37):
        if known.atlas.levels[district] == 2:
            place = known.found(district)
            found = known.place(place.province, place.city, place.district, place.postal_codes[-1])
            assert found.district_code == place.code


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("bandung cob", "32.73.02"),
        ("kota bandung", "32.73"),
        ("kab bandung", "32.04"),
        ("kec coblong", "32.73.02"),
        ("kel dago coblong", "32.73.02.1004"),
        ("coblnog", "32.73.02"),
        ("surabya gubeng", "35.78.08"),
        ("jaksel kebayoran baru", "31.74.07"),
        ("solo", "33.72"),
        ("kalimnatan timur", "64"),
        ("yogyakrata", "34.71"),
        ("JAWA   BARAT", "32"),
    ],
)
def test_what_one_types_finds_what_one_means(query: str, first: str) -> None:
    assert regions().search(query, 5)[0].code == first


def test_a_postal_code_finds_its_villages() -> None:
    assert {place.village for place in regions().search("40132", 10)} == {"Lebak Gede", "Lebak Siliwangi"}
    assert all(any(code.startswith("4013") for code in place.postal_codes) for place in regions().search("4013", 50))


def test_every_place_is_found_by_its_own_name_and_what_it_lies_in() -> None:
    known = regions()
    for place in range(5, len(known.atlas), 1_499):
        names = [known.atlas.name(each) for each in known.atlas.upwards(place)][:3]
        assert known.atlas.code(place) in {each.code for each in known.search(" ".join(names), 20)}, names


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
def test_a_search_never_fails(query: str, limit: int) -> None:
    assert len(regions().search(query, limit)) <= limit


WORDS = st.sampled_from(["bandung", "coblong", "dago", "jakarta", "surabaya", "gubeng", "kebayoran", "yogyakarta"])


@given(WORDS, st.integers(1, 7), st.sampled_from("aeiou"))
def test_a_slip_still_finds_places_of_that_name(word: str, at: int, letter: str) -> None:
    at = min(at, len(word) - 1)
    slipped = word[:at] + letter + word[at + 1 :]
    found = regions().search(slipped, 50)
    assert found


def test_the_village_decides_and_must_be_there() -> None:
    known = regions()
    assert known.place("Jawa Barat", "Bandung", "Coblong", "40135", "dago").code == "32.73.02.1004"
    with pytest.raises(Misfit) as misfit:
        known.place("Jawa Barat", "Bandung", "Coblong", "40135", "Menteng")
    assert misfit.value.field == "village"


@pytest.mark.parametrize(
    ("origin", "destination", "kilometres"),
    [((0.0, 0.0), (0.0, 0.0), 0.0), ((0.0, 100.0), (0.0, 101.0), 111.2), ((-6.2, 106.8), (-7.25, 112.75), 667.3)],
)
def test_the_great_circle(origin: tuple[float, float], destination: tuple[float, float], kilometres: float) -> None:
    assert round(distance_km(origin, destination), 1) == kilometres
    assert distance_km(origin, destination) == distance_km(destination, origin)


def test_the_innermost_rule_decides_and_a_couriers_own_before_the_one_for_all() -> None:
    area = ServiceArea(
        [
            AreaRule("", "", True),
            AreaRule("96", "", False),
            AreaRule("96.71", "", True),
            AreaRule("96", "jne", True),
            AreaRule("32.73", "sicepat", False),
        ]
    )
    assert area.serves("31.71.06")
    assert not area.serves("96.01.01")
    assert area.serves("96.01.01", "jne")
    assert area.serves("96.71.02")
    assert area.refused_couriers("32.73.02") == ["sicepat"]
    assert area.refused_couriers("96.01.01") == ["sicepat"]
    assert ServiceArea([]).serves("")
    assert not ServiceArea([AreaRule("", "", False), AreaRule("31", "", True)]).serves("32.73")


def test_the_regions_stay_small() -> None:
    for each in (regions, lookup, atlas):
        each.cache_clear()
    gc.collect()
    tracemalloc.start()
    regions()
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 13_000_000
