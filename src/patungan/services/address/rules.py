"""Decisions of address: how many a person keeps, and which may go. No I/O."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable

import msgspec

ADDRESSES_PER_USER = 20

_KINDS_OF_CITY = re.compile(r"^(kota adm(inistrasi|\.)?|kab(upaten|\.)? adm(inistrasi|\.)?|kota|kabupaten|kab\.?)\s+")

_PROVINCES = {
    "dkijakarta": "daerahkhususibukotajakarta",
    "jakarta": "daerahkhususibukotajakarta",
    "daerahkhususjakarta": "daerahkhususibukotajakarta",
    "diyogyakarta": "daerahistimewayogyakarta",
    "yogyakarta": "daerahistimewayogyakarta",
    "nanggroeacehdarussalam": "aceh",
    "bangkabelitung": "kepulauanbangkabelitung",
}
"""Names in everyday use, by what they stand for."""


def may_add(known: int) -> bool:
    """Whether a person who has that many addresses may keep another."""
    return known < ADDRESSES_PER_USER


def may_delete(known: int) -> bool:
    """Whether one of that many addresses may go: a parcel must always have somewhere to go to."""
    return known > 1


def comparable(name: str) -> str:
    """A place's name as it is compared: small letters and digits, without spaces, accents and points."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]", "", plain)


def comparable_province(name: str) -> str:
    """A province's name as it is compared, whether written officially or as people say it."""
    plain = comparable(name)
    return _PROVINCES.get(plain, plain)


def bare_city(name: str) -> str:
    """A city's name as it is compared, without its kind: ``Kota Bandung`` and ``Kabupaten Bandung`` are ``bandung``."""
    return comparable(_KINDS_OF_CITY.sub("", name.strip().lower()))


def plain(text: str) -> str:
    """A text in small letters and digits, words set apart by single spaces."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return " ".join(re.findall(r"[a-z0-9]+", letters.replace("'", "")))


MOST_WORDS = 8

_LEVELS = {
    **dict.fromkeys(("provinsi", "propinsi", "prov", "prop"), (0, "")),
    "kota": (None, "Kota"),
    **dict.fromkeys(("kotamadya", "kodya"), (1, "Kota")),
    **dict.fromkeys(("kabupaten", "kab"), (1, "Kabupaten")),
    **dict.fromkeys(("kecamatan", "kec"), (2, "")),
    **dict.fromkeys(("kelurahan", "kel", "desa", "ds"), (3, "")),
}
"""Words that say what the place after them is: its level where that is certain, and the kind of a city."""

_SHORT = {
    "dki": ["jakarta"],
    "jakpus": ["jakarta", "pusat"],
    "jakut": ["jakarta", "utara"],
    "jakbar": ["jakarta", "barat"],
    "jaksel": ["jakarta", "selatan"],
    "jaktim": ["jakarta", "timur"],
    "tangsel": ["tangerang", "selatan"],
    "jabar": ["jawa", "barat"],
    "jateng": ["jawa", "tengah"],
    "jatim": ["jawa", "timur"],
    "diy": ["yogyakarta"],
    "jogja": ["yogyakarta"],
    "yogya": ["yogyakarta"],
    "jogjakarta": ["yogyakarta"],
    "solo": ["surakarta"],
    "sumut": ["sumatera", "utara"],
    "sumbar": ["sumatera", "barat"],
    "sumsel": ["sumatera", "selatan"],
    "kepri": ["kepulauan", "riau"],
    "babel": ["bangka", "belitung"],
    "kalbar": ["kalimantan", "barat"],
    "kalteng": ["kalimantan", "tengah"],
    "kalsel": ["kalimantan", "selatan"],
    "kaltim": ["kalimantan", "timur"],
    "kaltara": ["kalimantan", "utara"],
    "sulut": ["sulawesi", "utara"],
    "sulteng": ["sulawesi", "tengah"],
    "sulsel": ["sulawesi", "selatan"],
    "sultra": ["sulawesi", "tenggara"],
    "sulbar": ["sulawesi", "barat"],
    "ntb": ["nusa", "tenggara", "barat"],
    "ntt": ["nusa", "tenggara", "timur"],
}
"""Everyday short names, by the words of the official ones."""


class Sought(msgspec.Struct, frozen=True):
    """A word that a place must have: at which level (0 province to 3 village), and of which kind of city, where said."""

    word: str
    level: int | None = None
    kind: str = ""


def sought(query: str) -> list[Sought]:
    """What a person has typed so far as the words to look for; ``kec. coblong`` asks for a district.

    A word for a level is one to look for where nothing follows it. A comma ends what it says.
    """
    found: list[Sought] = []
    for part in query[:200].split(","):
        words = plain(part).split()
        level, kind = None, ""
        for number, word in enumerate(words):
            if word in _LEVELS and number + 1 < len(words):
                level, kind = _LEVELS[word]
                continue
            found += [Sought(each, level, kind) for each in _SHORT.get(word, [word])]
    return found[:MOST_WORDS]


EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the Earth (IUGG)."""


def distance_km(origin: tuple[float, float], destination: tuple[float, float]) -> float:
    """The great circle between two points in degrees of latitude and longitude, by the haversine formula."""
    (lat_a, lon_a), (lat_b, lon_b) = ((math.radians(a), math.radians(b)) for a, b in (origin, destination))
    inner = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(inner)))


def normalised_query(text: str) -> str:
    """A geocoding query as it is kept: equal for queries that differ in case, points and spaces alone."""
    return plain(text)


def in_indonesia(latitude: float, longitude: float) -> bool:
    """Whether a point lies within the rectangle around the country (11.1 S to 6.2 N, 94.9 to 141.1 E)."""
    return -11.1 <= latitude <= 6.2 and 94.9 <= longitude <= 141.1


class AreaRule(msgspec.Struct, frozen=True):
    """Whether a region is served: by its code (empty: the whole country), for a courier (empty: for all)."""

    region_code: str
    courier: str
    served: bool


class ServiceArea:
    """Where we deliver. The innermost region with a rule decides; there a courier's own rule before the one for all.

    Without any rule everything is served.
    """

    def __init__(self, rules: Iterable[AreaRule]) -> None:
        self._rules = {(rule.region_code, rule.courier): rule.served for rule in rules}
        self._couriers = {courier for _, courier in self._rules if courier}

    def serves(self, region_code: str, courier: str = "") -> bool:
        """Whether anything (a courier, where one is named) is delivered to a region."""
        parts = region_code.split(".") if region_code else []
        for length in range(len(parts), -1, -1):
            region = ".".join(parts[:length])
            for which in dict.fromkeys((courier, "")):
                if (region, which) in self._rules:
                    return self._rules[(region, which)]
        return True

    def refused_couriers(self, region_code: str) -> list[str]:
        """The couriers that do not deliver there by a rule of ours."""
        return sorted(courier for courier in self._couriers if not self.serves(region_code, courier))
