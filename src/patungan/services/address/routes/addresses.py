"""A person's own addresses."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, UnsetType

from patungan.kernel.http import Ctx, Input, PageLimit, PageNumber, SignedIn, delete, get, patch, post
from patungan.kernel.identity import Audience
from patungan.services.address import queries
from patungan.services.address.operations import addresses as operations
from patungan.services.address.operations.addresses import AddressFields
from patungan.services.address.queries import AddressRow

TRIMMED = r"^\S(.*\S)?$"
Label = Annotated[str, Meta(min_length=1, max_length=50, pattern=TRIMMED)]
Recipient = Annotated[str, Meta(min_length=2, max_length=100, pattern=TRIMMED)]
Phone = Annotated[str, Meta(min_length=9, max_length=20)]
Place = Annotated[str, Meta(min_length=2, max_length=100)]
PostalCode = Annotated[str, Meta(pattern=r"^[0-9]{5}$")]
Line = Annotated[str, Meta(min_length=5, max_length=300, pattern=TRIMMED)]
Notes = Annotated[str, Meta(max_length=200)]
VillageName = Annotated[str, Meta(max_length=100)]
Landmark = Annotated[str, Meta(max_length=200)]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]


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
    village: VillageName = ""
    landmark: Landmark = ""
    latitude: Latitude | None = None
    longitude: Longitude | None = None
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
    village: VillageName | UnsetType = UNSET
    landmark: Landmark | UnsetType = UNSET
    latitude: Latitude | None | UnsetType = UNSET
    longitude: Longitude | None | UnsetType = UNSET


class Addresses(msgspec.Struct, frozen=True):
    """A person's addresses, the default one first."""

    items: list[AddressRow]
    page: int
    limit: int
    total: int


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


routes = [
    list_addresses,
    add_address,
    default_address,
    one_address,
    change_address,
    make_default,
    remove_address,
]
