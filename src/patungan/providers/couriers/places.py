"""A courier's own codes for places, matched to ours by name."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable

import msgspec

from patungan.providers.couriers.courier import Place
from patungan.providers.errors import ProviderUnavailable

DAY_SECONDS = 86_400.0
_CITY = re.compile(r"^(KOTA ADMINISTRASI|KOTA ADM\.?|KOTAMADYA|KOTA)\s+")
_REGENCY = re.compile(r"^(KABUPATEN ADMINISTRASI|KABUPATEN|KAB\.?)\s+")
_DISTRICT = re.compile(r"^(KECAMATAN|KEC\.?)\s+")
_NOT_LETTERS = re.compile(r"[^A-Z0-9]")
_MARK_OF_A_REGENCY = "KAB. "


class CodedPlace(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a courier's list; without a district it stands for the whole city."""

    code: str
    city: str
    district: str = ""


def plain_city(name: str) -> str:
    """A city's name for comparison, with a mark where it is a regency: Bandung is the name of a city and of a regency."""
    upper = name.strip().upper()
    mark = _MARK_OF_A_REGENCY if _REGENCY.match(upper) else ""
    return mark + _NOT_LETTERS.sub("", _REGENCY.sub("", _CITY.sub("", upper)))


def plain_district(name: str) -> str:
    """A district's name for comparison: ``Kec. Kulon Progo`` and ``KULONPROGO`` are the same."""
    return _NOT_LETTERS.sub("", _DISTRICT.sub("", name.strip().upper()))


def city_names(name: str) -> list[str]:
    """The ways in which a courier's list may write this city, the surest first."""
    plain = plain_city(name)
    if plain.startswith(_MARK_OF_A_REGENCY):
        # Most lists mark a regency only where a city bears its name.
        return [plain, plain.removeprefix(_MARK_OF_A_REGENCY)]
    if plain.startswith("JAKARTA"):
        # The couriers' origins know one Jakarta where we know five cities.
        return [plain, "JAKARTA"]
    return [plain] if _CITY.match(name.strip().upper()) else [plain, _MARK_OF_A_REGENCY + plain]


class CodeBook:
    """A courier's list of places, loaded on first use and again after a day; a failed reload keeps the old list."""

    def __init__(self, load: Callable[[], Awaitable[Iterable[CodedPlace]]], clock: Callable[[], float]) -> None:
        self._load = load
        self._clock = clock
        self._codes: dict[tuple[str, str], str] = {}
        self._loaded_at: float | None = None
        self._loading = asyncio.Lock()

    async def find(self, place: Place) -> str | None:
        """The code of the place's district, else of its city, else None."""
        await self._refresh()
        cities = city_names(place.city)
        names = [(city, district) for district in (plain_district(place.district), "") for city in cities]
        return next((self._codes[name] for name in names if name in self._codes), None)

    async def _refresh(self) -> None:
        async with self._loading:
            if self._loaded_at is not None and self._clock() - self._loaded_at < DAY_SECONDS:
                return
            try:
                rows = list(await self._load())
            except ProviderUnavailable:
                if not self._codes:
                    raise
                return
            self._codes = {(plain_city(row.city), plain_district(row.district)): row.code for row in rows}
            self._loaded_at = self._clock()
