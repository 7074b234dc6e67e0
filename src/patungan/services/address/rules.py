"""Decisions of address: how many a person keeps, and which may go. No I/O."""

from __future__ import annotations

import re
import unicodedata

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


def search_words(query: str) -> list[str]:
    """What a person has typed so far, as words that begin words of a place; at most six."""
    plain = unicodedata.normalize("NFKD", query).encode("ascii", "ignore").decode().lower()
    return re.findall(r"[a-z0-9]+", plain)[:6]
