"""The public API of address: a person's own addresses, and Indonesia's regions for choosing one."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar.datastructures import CacheControlHeader
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET, Meta, UnsetType

from patungan.kernel.errors import NotFound
from patungan.kernel.http import Ctx, Input, PageLimit, PageNumber, SignedIn, delete, get, patch, post
from patungan.kernel.identity import Audience
from patungan.services.address import operations, queries
from patungan.services.address.operations import AddressFields
from patungan.services.address.queries import AddressRow
from patungan.services.address.regions import District, FoundDistrict, Region

TRIMMED = r"^\S(.*\S)?$"
Label = Annotated[str, Meta(min_length=1, max_length=50, pattern=TRIMMED)]
Recipient = Annotated[str, Meta(min_length=2, max_length=100, pattern=TRIMMED)]
Phone = Annotated[str, Meta(min_length=9, max_length=20)]
Place = Annotated[str, Meta(min_length=2, max_length=100)]
PostalCode = Annotated[str, Meta(pattern=r"^[0-9]{5}$")]
Line = Annotated[str, Meta(min_length=5, max_length=300, pattern=TRIMMED)]
Notes = Annotated[str, Meta(max_length=200)]
ProvinceCode = Annotated[str, QueryParameter(pattern=r"^[0-9]{2}$")]
CityCode = Annotated[str, QueryParameter(pattern=r"^[0-9]{2}\.[0-9]{2}$")]
Typed = Annotated[str, QueryParameter(min_length=2, max_length=100)]
SearchLimit = Annotated[int, QueryParameter(ge=1, le=50)]

# Regions change once in years, with a release of the package that holds them.
DAILY = CacheControlHeader(max_age=86_400, public=True)


class AddressInput(Input, frozen=True):
    """A new address; names of places in everyday spelling are understood, the postal code decides between namesakes."""

    label: Label
    recipient: Recipient
    phone: Phone
    province: Place
    city: Place
    district: Place
    postal_code: PostalCode
    line: Line
    notes: Notes = ""
    is_default: bool = False


class AddressChange(Input, frozen=True):
    """A change of some fields; what is left out stays."""

    label: Label | UnsetType = UNSET
    recipient: Recipient | UnsetType = UNSET
    phone: Phone | UnsetType = UNSET
    province: Place | UnsetType = UNSET
    city: Place | UnsetType = UNSET
    district: Place | UnsetType = UNSET
    postal_code: PostalCode | UnsetType = UNSET
    line: Line | UnsetType = UNSET
    notes: Notes | UnsetType = UNSET


class Addresses(msgspec.Struct, frozen=True):
    """A person's addresses, the default one first."""

    items: list[AddressRow]
    page: int
    limit: int
    total: int


class RegionList(msgspec.Struct, frozen=True):
    items: list[Region]


class DistrictList(msgspec.Struct, frozen=True):
    items: list[District]


class FoundDistricts(msgspec.Struct, frozen=True):
    items: list[FoundDistrict]


@get("/api/addresses", audience=Audience.CUSTOMER)
async def list_addresses(ctx: Ctx, caller: SignedIn, page: PageNumber = 1, limit: PageLimit = 20) -> Addresses:
    total = await queries.count_addresses(ctx.db, caller.user_id)
    rows = await queries.find_addresses(ctx.db, caller.user_id, limit, (page - 1) * limit)
    return Addresses(rows, page, limit, total)


@post("/api/addresses", audience=Audience.CUSTOMER, status=201)
async def add_address(ctx: Ctx, caller: SignedIn, data: JSONBody[AddressInput]) -> AddressRow:
    fields = AddressFields(**{name: getattr(data, name) for name in AddressFields.__struct_fields__})
    return await operations.add(ctx, caller.user_id, fields, is_default=data.is_default)


@get("/api/addresses/default", audience=Audience.CUSTOMER)
async def default_address(ctx: Ctx, caller: SignedIn) -> AddressRow:
    return await operations.default(ctx, caller.user_id)


@get("/api/addresses/{address_id:uuid}", audience=Audience.CUSTOMER)
async def one_address(ctx: Ctx, caller: SignedIn, address_id: FromPath[UUID]) -> AddressRow:
    return await operations.one(ctx, caller.user_id, address_id)


@patch("/api/addresses/{address_id:uuid}", audience=Audience.CUSTOMER)
async def change_address(
    ctx: Ctx, caller: SignedIn, address_id: FromPath[UUID], data: JSONBody[AddressChange]
) -> AddressRow:
    changes = {
        name: value
        for name in AddressChange.__struct_fields__
        if not isinstance(value := getattr(data, name), UnsetType)
    }
    return await operations.change(ctx, caller.user_id, address_id, changes)


@post("/api/addresses/{address_id:uuid}/default", audience=Audience.CUSTOMER)
async def make_default(ctx: Ctx, caller: SignedIn, address_id: FromPath[UUID]) -> AddressRow:
    return await operations.make_default(ctx, caller.user_id, address_id)


@delete("/api/addresses/{address_id:uuid}", audience=Audience.CUSTOMER)
async def remove_address(ctx: Ctx, caller: SignedIn, address_id: FromPath[UUID]) -> None:
    await operations.remove(ctx, caller.user_id, address_id)


@get("/api/regions/provinces", audience=Audience.PUBLIC, cache_control=DAILY)
async def provinces() -> RegionList:
    return RegionList((await operations.all_regions()).provinces)


@get("/api/regions/cities", audience=Audience.PUBLIC, cache_control=DAILY)
async def cities(province: ProvinceCode) -> RegionList:
    found = (await operations.all_regions()).cities.get(province)
    if found is None:
        raise NotFound("There is no province with this code")
    return RegionList(found)


@get("/api/regions/districts", audience=Audience.PUBLIC, cache_control=DAILY)
async def districts(city: CityCode) -> DistrictList:
    found = (await operations.all_regions()).districts.get(city)
    if found is None:
        raise NotFound("There is no city with this code")
    return DistrictList(found)


@get("/api/regions/search", audience=Audience.PUBLIC, cache_control=DAILY)
async def search_regions(q: Typed, limit: SearchLimit = 10) -> FoundDistricts:
    return FoundDistricts((await operations.all_regions()).search(q, limit))


routes = [
    list_addresses,
    add_address,
    default_address,
    one_address,
    change_address,
    make_default,
    remove_address,
    provinces,
    cities,
    districts,
    search_regions,
]
