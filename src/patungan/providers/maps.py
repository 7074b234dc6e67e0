"""Google's Geocoding API: from an address to a point and back. The status inside the answer counts, not HTTP's."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from patungan.providers.errors import ProviderUnavailable
from patungan.providers.http import Call, Deadlines, Effect, Fault, JsonClient, Observation, Pacing, no_observer

BASE_URL = "https://maps.googleapis.com"
_PASSING = frozenset({"OVER_QUERY_LIMIT", "UNKNOWN_ERROR"})
"""Statuses that a repetition may mend."""
_USED_UP = "OVER_DAILY_LIMIT"


class Located(msgspec.Struct, frozen=True):
    """A place on the map. ``precision`` is Google's location type in small letters, ``rooftop`` the best; ``partial``
    where only a part of the question was understood."""

    latitude: float
    longitude: float
    formatted: str
    precision: str
    partial: bool
    place_id: str
    province: str
    city: str
    district: str
    village: str
    postal_code: str


class _Component(msgspec.Struct):
    long_name: str
    types: list[str] = []


class _Point(msgspec.Struct):
    lat: float
    lng: float


class _Geometry(msgspec.Struct):
    location: _Point
    location_type: str = "APPROXIMATE"


class _Result(msgspec.Struct):
    geometry: _Geometry
    formatted_address: str = ""
    address_components: list[_Component] = []
    place_id: str = ""
    partial_match: bool = False


class _Answer(msgspec.Struct):
    status: str
    results: list[_Result] = []
    error_message: str = ""


class GoogleMaps:
    """Geocoding within Indonesia, in Indonesian."""

    name = "google-maps"

    def __init__(
        self,
        api_key: str,
        pacing: Pacing,
        *,
        base_url: str = BASE_URL,
        deadlines: Deadlines | None = None,
        observe: Callable[[Observation], None] = no_observer,
    ) -> None:
        self._key = api_key
        self._pacing = pacing
        self.client = JsonClient(
            self.name, base_url, pacing, read_fault=_read_fault, deadlines=deadlines, observe=observe
        )

    async def aclose(self) -> None:
        await self.client.aclose()

    async def geocode(self, address: str, postal_code: str = "") -> Located | None:
        """The likeliest point of an address; None where there is none. Raises ProviderUnavailable, ProviderRefused."""
        parts = ["country:ID", *([f"postal_code:{postal_code}"] if postal_code else [])]
        return await self._ask("geocode", {"address": address, "components": "|".join(parts)})

    async def reverse(self, latitude: float, longitude: float) -> Located | None:
        """What lies at a point; None where nothing does. Raises ProviderUnavailable, ProviderRefused."""
        return await self._ask("reverse-geocode", {"latlng": f"{latitude:.6f},{longitude:.6f}"})

    async def _ask(self, operation: str, query: dict[str, str]) -> Located | None:
        whole = {**query, "language": "id", "region": "id", "key": self._key}
        call = Call(operation=operation, method="GET", path="/maps/api/geocode/json", effect=Effect.READ, query=whole)
        attempt = 0
        while True:
            attempt += 1
            answer = await self.client.send(call, _Answer)
            if answer.status not in _PASSING or attempt >= self._pacing.attempts:
                break
            await self._pacing.sleep(self._pacing.backoff(attempt))
        if answer.status == "ZERO_RESULTS" or (answer.status == "OK" and not answer.results):
            return None
        if answer.status == "OK":
            return _located(answer.results[0])
        if answer.status in _PASSING or answer.status == _USED_UP:
            raise ProviderUnavailable(self.name, operation, answer.status)
        raise self.client.refusal(call, 200, Fault(code=answer.status, message=answer.error_message))


def _located(result: _Result) -> Located:
    named = {kind: part.long_name for part in reversed(result.address_components) for kind in part.types}
    return Located(
        latitude=result.geometry.location.lat,
        longitude=result.geometry.location.lng,
        formatted=result.formatted_address,
        precision=result.geometry.location_type.lower(),
        partial=result.partial_match,
        place_id=result.place_id,
        province=named.get("administrative_area_level_1", ""),
        city=named.get("administrative_area_level_2", ""),
        district=named.get("administrative_area_level_3", ""),
        village=named.get("administrative_area_level_4", ""),
        postal_code=named.get("postal_code", ""),
    )


def _read_fault(content: bytes) -> Fault:
    try:
        answer = msgspec.json.decode(content, type=_Answer)
    except msgspec.MsgspecError:
        return Fault()
    return Fault(code=answer.status, message=answer.error_message, try_later=answer.status in _PASSING)
