"""Geocoding over Indonesia's districts: a point near the province's main city, the same for the same question."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Any, Final

import msgspec
from litestar import Request, Router, get

from patungan.sandbox.context import GivenSandbox
from patungan.sandbox.couriers import areas
from patungan.sandbox.couriers.areas import Area
from patungan.sandbox.couriers.provinces import PROVINCES, great_circle_km

AnyRequest = Request[Any, Any, Any]
Answer = dict[str, object]

SPREAD_DEGREES: Final = 0.5
_CODE: Final = re.compile(r"\b\d{5}\b")


def _answer(status: str, results: list[Answer] | None = None, message: str = "") -> Answer:
    told: Answer = {"results": results or [], "status": status}
    return {**told, "error_message": message} if message else told


def error_body(status: int, error_code: str | None, message: str) -> bytes:
    return msgspec.json.encode(_answer(error_code or "UNKNOWN_ERROR", message=message))


def _shift(text: str) -> tuple[float, float]:
    digest = hashlib.sha256(text.encode()).digest()
    north, east = (int.from_bytes(digest[at : at + 2]) / 65_535 - 0.5 for at in (0, 2))
    return round(north * SPREAD_DEGREES, 6), round(east * SPREAD_DEGREES, 6)


def _result(area: Area, point: tuple[float, float], precision: str, *, partial: bool) -> Answer:
    parts = [
        (area.postal_code, "postal_code"),
        (area.district, "administrative_area_level_3"),
        (area.city, "administrative_area_level_2"),
        (area.province, "administrative_area_level_1"),
        ("Indonesia", "country"),
    ]
    known = [(name, kind) for name, kind in parts if name]
    found: Answer = {
        "address_components": [
            {"long_name": name, "short_name": name, "types": [kind, "political"]} for name, kind in known
        ],
        "formatted_address": ", ".join(str(name) for name, _ in known[1 if area.postal_code else 0 :]),
        "geometry": {"location": {"lat": point[0], "lng": point[1]}, "location_type": precision},
        "place_id": f"sandbox-{hashlib.sha256(repr(point).encode()).hexdigest()[:20]}",
        "types": ["street_address"],
    }
    return {**found, "partial_match": True} if partial else found


def _area_of(address: str, components: str) -> Area | None:
    code = _CODE.search(f"{components} {address}")
    if code and (area := areas.by_postal_code(code[0])):
        return area
    return next((area for part in reversed(address.split(",")) if (area := areas.by_name(part.strip()))), None)


@get("/maps/api/geocode/json", opt={"operation": "geocode", "provider": "maps", "error_body": error_body})
async def geocode(request: AnyRequest, sandbox: GivenSandbox) -> Answer:
    query = request.query_params
    key = str(query.get("key", ""))
    if not hmac.compare_digest(key.encode(), sandbox.settings.google_maps_api_key.encode()):
        return _answer("REQUEST_DENIED", message="The provided API key is invalid.")
    if place := query.get("latlng"):
        try:
            latitude, longitude = (float(each) for each in str(place).split(","))
        except ValueError:
            return _answer("INVALID_REQUEST", message="Invalid request. Invalid 'latlng' parameter.")
        nearest = min(
            PROVINCES.values(),
            key=lambda each: great_circle_km((latitude, longitude), (each.latitude, each.longitude)),
        )
        if great_circle_km((latitude, longitude), (nearest.latitude, nearest.longitude)) > 1_500:
            return _answer("ZERO_RESULTS")
        return _answer(
            "OK", [_result(Area(city_code=nearest.main_city), (latitude, longitude), "APPROXIMATE", partial=False)]
        )
    address = str(query.get("address", "")).strip()
    if not address:
        return _answer("INVALID_REQUEST", message="Invalid request. Missing the 'address' parameter.")
    area = _area_of(address, str(query.get("components", "")))
    if area is None:
        return _answer("ZERO_RESULTS")
    province = PROVINCES[area.province_code]
    north, east = _shift(address.lower())
    point = (round(province.latitude + north, 6), round(province.longitude + east, 6))
    return _answer(
        "OK", [_result(area, point, "ROOFTOP" if re.search(r"\d", address) else "GEOMETRIC_CENTER", partial=False)]
    )


def maps_router() -> Router:
    return Router("/maps", route_handlers=[geocode])
