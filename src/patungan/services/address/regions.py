"""Indonesia's regions as the API shows them: step by step, looked up as one types, and as the place of an address."""

from __future__ import annotations

import asyncio
from functools import cache

import msgspec

from patungan.services.address.atlas import CITY, DISTRICT, LEVELS, PROVINCE, VILLAGE, Atlas, atlas, centres
from patungan.services.address.lookup import Lookup, lookup
from patungan.services.address.rules import bare_city, comparable, comparable_province


class Region(msgspec.Struct, frozen=True, gc=False):
    """A province or a city with its Kemendagri code: ``33``, ``33.75``."""

    code: str
    name: str


class District(msgspec.Struct, frozen=True, order=True):
    """A district with every postal code in use there."""

    code: str
    name: str
    postal_codes: tuple[str, ...]


class Village(msgspec.Struct, frozen=True):
    """A village (kelurahan or desa) with its postal code."""

    code: str
    name: str
    postal_code: str


class FoundPlace(msgspec.Struct, frozen=True):
    """A place of any level with where it lies; what is within it is empty. ``level`` is province, city, district or
    village; ``postal_codes`` are those in use in a district or village."""

    level: str
    code: str
    village: str
    district_code: str
    district: str
    city_code: str
    city: str
    province_code: str
    province: str
    postal_codes: tuple[str, ...]


class Misfit(Exception):
    """A place that does not exist; ``field`` is the first part of it that does not fit: province, city, district,
    village or postal_code."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class Regions:
    """All regions, by code and by what people type."""

    def __init__(self, places: Atlas, words: Lookup) -> None:
        self.atlas = places
        self._words = words

    def provinces(self) -> list[Region]:
        """The provinces by name."""
        return self._inside(None)

    def cities(self, province: str) -> list[Region] | None:
        """The cities and regencies of a province by name; None where there is no such province."""
        place = self._at(province, PROVINCE)
        return None if place is None else self._inside(place)

    def districts(self, city: str) -> list[District] | None:
        """The districts of a city by name; None where there is no such city."""
        place = self._at(city, CITY)
        if place is None:
            return None
        return sorted(
            (
                District(self.atlas.code(each), self.atlas.name(each), self.atlas.postal_codes(each))
                for each in self.atlas.inside(place)
            ),
            key=lambda district: district.name,
        )

    def villages(self, district: str) -> list[Village] | None:
        """The villages of a district by name; None where there is no such district."""
        place = self._at(district, DISTRICT)
        if place is None:
            return None
        found = (
            Village(self.atlas.code(each), self.atlas.name(each), self.atlas.postal_code(each))
            for each in self.atlas.inside(place)
        )
        return sorted(found, key=lambda village: village.name)

    def search(self, query: str, limit: int) -> list[FoundPlace]:
        """The places that fit what was typed so far, the likeliest first."""
        return [self.found(place) for place in self._words.search(query, limit)]

    def found(self, place: int) -> FoundPlace:
        """A place with where it lies."""
        codes, names = [""] * 4, [""] * 4
        for each in self.atlas.upwards(place):
            level = self.atlas.levels[each]
            codes[level], names[level] = self.atlas.code(each), self.atlas.name(each)
        return FoundPlace(
            level=LEVELS[self.atlas.levels[place]],
            code=self.atlas.code(place),
            village=names[VILLAGE],
            district_code=codes[DISTRICT],
            district=names[DISTRICT],
            city_code=codes[CITY],
            city=names[CITY],
            province_code=codes[PROVINCE],
            province=names[PROVINCE],
            postal_codes=self.atlas.postal_codes(place),
        )

    def place(self, province: str, city: str, district: str, postal_code: str, village: str = "") -> FoundPlace:
        """The one district, or village where one is named, that the names and the postal code fit, spelt officially;
        raises Misfit.

        A city may be given without its kind, where the district and the postal code tell which is meant.
        """
        wanted = comparable_province(province)
        known = next((each for each in self.atlas.inside(None) if comparable(self.atlas.name(each)) == wanted), None)
        if known is None:
            raise Misfit("province")
        cities = self._cities_named(known, city)
        if not cities:
            raise Misfit("city")
        districts = [each for one in cities for each in self._named(one, district)]
        if not districts:
            raise Misfit("district")
        within = [each for each in districts if postal_code in self.atlas.postal_codes(each)]
        if not within:
            raise Misfit("postal_code")
        if not village:
            return self.found(within[0])
        villages = [each for one in within for each in self._named(one, village)]
        if not villages:
            raise Misfit("village")
        return self.found(villages[0])

    def by_postal_code(self, postal_code: str) -> int | None:
        """The first village with a postal code."""
        found = self._words.search(postal_code, 1)
        return found[0] if found and postal_code in self.atlas.postal_codes(found[0]) else None

    def centre(self, code: str) -> tuple[float, float] | None:
        """Where the city of a code lies; of a province, its capital. Degrees of latitude and longitude."""
        known = centres()
        if len(code) > 2:
            return known.get(code[:5])
        capital = f"{code}.71"
        return known.get(capital) or next((known[each] for each in sorted(known) if each.startswith(f"{code}.")), None)

    def nearest_city(self, latitude: float, longitude: float) -> int:
        """The city or regency whose seat lies nearest to a point."""
        code = min(
            centres(),
            key=lambda each: (centres()[each][0] - latitude) ** 2 + (centres()[each][1] - longitude) ** 2,
        )
        place = self.atlas.numbered(code)
        assert place is not None, "every centre belongs to a city"
        return place

    def _at(self, code: str, level: int) -> int | None:
        place = self.atlas.numbered(code)
        return place if place is not None and self.atlas.levels[place] == level else None

    def _inside(self, place: int | None) -> list[Region]:
        found = (Region(self.atlas.code(each), self.atlas.name(each)) for each in self.atlas.inside(place))
        return sorted(found, key=lambda region: region.name)

    def _named(self, place: int, name: str) -> list[int]:
        wanted = comparable(name)
        return [each for each in self.atlas.inside(place) if comparable(self.atlas.name(each)) == wanted]

    def _cities_named(self, province: int, city: str) -> list[int]:
        exact = self._named(province, city)
        if exact:
            return exact
        with_kind = bare_city(city) != comparable(city)
        kind = comparable(city)[:3]
        return [
            each
            for each in self.atlas.inside(province)
            if bare_city(name := self.atlas.name(each)) == bare_city(city)
            and (not with_kind or comparable(name)[:3] == kind)
        ]


@cache
def regions() -> Regions:
    """The regions, read and indexed on first use (about half a second)."""
    return Regions(atlas(), lookup())


async def all_regions() -> Regions:
    """The regions, read in a thread the first time so that nobody else waits for it."""
    return regions() if regions.cache_info().currsize else await asyncio.to_thread(regions)
