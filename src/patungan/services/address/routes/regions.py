"""Indonesia's regions: step by step, looked up as one types, on the map, and how far apart."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar.datastructures import CacheControlHeader
from litestar.params import QueryParameter

from patungan.kernel.errors import NotFound
from patungan.kernel.http import Ctx, get
from patungan.kernel.identity import Audience
from patungan.services.address.operations import coverage, geocoding
from patungan.services.address.operations.geocoding import Distance, Point
from patungan.services.address.regions import District, FoundPlace, Region, Village, all_regions

ProvinceCode = Annotated[str, QueryParameter(pattern=r"^[0-9]{2}$")]
CityCode = Annotated[str, QueryParameter(pattern=r"^[0-9]{2}\.[0-9]{2}$")]
OptionalCityCode = Annotated[str, QueryParameter(pattern=r"^([0-9]{2}\.[0-9]{2})?$")]
DistrictCode = Annotated[str, QueryParameter(pattern=r"^[0-9]{2}\.[0-9]{2}\.[0-9]{2}$")]
RegionCode = Annotated[str, QueryParameter(pattern=r"^[0-9]{2}(\.[0-9]{2}){0,2}$")]
OptionalPostalCode = Annotated[str, QueryParameter(pattern=r"^([0-9]{5})?$")]
Typed = Annotated[str, QueryParameter(min_length=2, max_length=100)]
AddressText = Annotated[str, QueryParameter(min_length=3, max_length=300)]
SearchLimit = Annotated[int, QueryParameter(ge=1, le=50)]
Latitude = Annotated[float, QueryParameter(ge=-90, le=90)]
Longitude = Annotated[float, QueryParameter(ge=-180, le=180)]
_NUMBER = r"-?[0-9]{1,3}(\.[0-9]{1,8})?"
From = Annotated[
    str, QueryParameter(name="from", pattern=rf"^([0-9]{{2}}(\.[0-9]{{2}}){{0,2}}|[0-9]{{5}}|{_NUMBER},{_NUMBER})$")
]
To = Annotated[str, QueryParameter(pattern=rf"^([0-9]{{2}}(\.[0-9]{{2}}){{0,2}}|[0-9]{{5}}|{_NUMBER},{_NUMBER})$")]

# Regions change once in years, with a release of the package that holds them.
DAILY = CacheControlHeader(max_age=86_400, public=True)


class RegionList(msgspec.Struct, frozen=True):
    items: list[Region]


class DistrictList(msgspec.Struct, frozen=True):
    items: list[District]


class VillageList(msgspec.Struct, frozen=True):
    items: list[Village]


class FoundPlaces(msgspec.Struct, frozen=True):
    items: list[FoundPlace]


class RegionCoverage(msgspec.Struct, frozen=True):
    """Whether anything is delivered to a region, and the couriers that do not deliver there."""

    region_code: str
    served: bool
    refused_couriers: list[str]


@get("/api/regions/provinces", audience=Audience.PUBLIC, cache_control=DAILY)
async def provinces() -> RegionList:
    return RegionList((await all_regions()).provinces())


@get("/api/regions/cities", audience=Audience.PUBLIC, cache_control=DAILY)
async def cities(province: ProvinceCode) -> RegionList:
    found = (await all_regions()).cities(province)
    if found is None:
        raise NotFound("There is no province with this code")
    return RegionList(found)


@get("/api/regions/districts", audience=Audience.PUBLIC, cache_control=DAILY)
async def districts(city: CityCode) -> DistrictList:
    found = (await all_regions()).districts(city)
    if found is None:
        raise NotFound("There is no city with this code")
    return DistrictList(found)


@get("/api/regions/villages", audience=Audience.PUBLIC, cache_control=DAILY)
async def villages(district: DistrictCode) -> VillageList:
    found = (await all_regions()).villages(district)
    if found is None:
        raise NotFound("There is no district with this code")
    return VillageList(found)


@get("/api/regions/search", audience=Audience.PUBLIC, cache_control=DAILY)
async def search_regions(q: Typed, limit: SearchLimit = 10) -> FoundPlaces:
    """Places of all levels that fit what was typed so far, the likeliest first; a slip of the finger is forgiven."""
    return FoundPlaces((await all_regions()).search(q, limit))


@get("/api/regions/distance", audience=Audience.PUBLIC, cache_control=DAILY)
async def distance(origin: From, to: To) -> Distance:
    """The straight line between two regions, postal codes or points (``latitude,longitude``)."""
    return await geocoding.measure(origin, to)


@get("/api/regions/coverage", audience=Audience.PUBLIC)
async def region_coverage(ctx: Ctx, region: RegionCode) -> RegionCoverage:
    if (await all_regions()).atlas.numbered(region) is None:
        raise NotFound("There is no region with this code")
    area = await coverage.area(ctx)
    return RegionCoverage(region, area.serves(region), area.refused_couriers(region))


@get("/api/regions/geocode", audience=Audience.CUSTOMER)
async def geocode(
    ctx: Ctx, address: AddressText, city: OptionalCityCode = "", postal_code: OptionalPostalCode = ""
) -> Point:
    """Where an address lies; where the map does not tell, the seat of its city."""
    return await geocoding.geocode(ctx, address, city, postal_code)


@get("/api/regions/reverse-geocode", audience=Audience.CUSTOMER)
async def reverse_geocode(ctx: Ctx, latitude: Latitude, longitude: Longitude) -> Point:
    """What lies at a point."""
    return await geocoding.reverse(ctx, latitude, longitude)


routes = [
    *(provinces, cities, districts, villages, search_regions),
    *(distance, region_coverage, geocode, reverse_geocode),
]
