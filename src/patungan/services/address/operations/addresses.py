"""What address does: a person's addresses, each at a place that exists, and its contract towards other services."""

from __future__ import annotations

from uuid import UUID

import msgspec

from patungan.contracts import address as contract
from patungan.contracts import auth
from patungan.kernel import sql
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Conflict, InvalidInput
from patungan.kernel.phones import normalise_phone
from patungan.kernel.service import Context, implements
from patungan.kernel.time import JAKARTA
from patungan.services.address import queries
from patungan.services.address.operations import coverage
from patungan.services.address.queries import AddressRow
from patungan.services.address.regions import Misfit, all_regions
from patungan.services.address.rules import ADDRESSES_PER_USER, in_indonesia, may_add, may_delete


class AddressFields(msgspec.Struct, frozen=True):
    """What a person says of an address."""

    label: str
    recipient: str
    phone: str
    province: str
    city: str
    district: str
    postal_code: str
    line: str
    notes: str
    village: str = ""
    landmark: str = ""
    latitude: float | None = None
    longitude: float | None = None


PLACE = frozenset({"province", "city", "district", "village", "postal_code"})
POINT = frozenset({"latitude", "longitude"})


async def _placed(ctx: Context, row: AddressRow) -> AddressRow:
    """The address with its place spelt officially; raises PostalCodeUnknown, OutsideServiceArea, and InvalidInput naming
    the part of the place that does not exist."""
    known = await all_regions()
    try:
        place = known.place(row.province, row.city, row.district, row.postal_code, row.village)
    except Misfit as misfit:
        code = contract.PostalCodeUnknown.code if misfit.field == "postal_code" else InvalidInput.code
        await queries.count_refused_place(ctx.db, ctx.clock.now().astimezone(JAKARTA).date(), misfit.field, code)
        if misfit.field == "postal_code":
            raise contract.PostalCodeUnknown(field="postal_code") from None
        raise InvalidInput(f"There is no such {misfit.field} there", field=misfit.field) from None
    if not (await coverage.area(ctx)).serves(place.district_code):
        raise contract.OutsideServiceArea(field="district")
    return msgspec.structs.replace(
        row,
        province=place.province,
        city=place.city,
        district=place.district,
        village=place.village,
        district_code=place.district_code,
    )


def _check_point(row: AddressRow) -> None:
    """Raises InvalidInput for half a point, and for one outside Indonesia."""
    if (row.latitude is None) != (row.longitude is None):
        raise InvalidInput("A point has a latitude and a longitude", field="latitude")
    if row.latitude is not None and row.longitude is not None and not in_indonesia(row.latitude, row.longitude):
        raise InvalidInput("This point is not in Indonesia", field="latitude")


def _phone_of(text: str) -> str:
    phone = normalise_phone(text)
    if phone is None:
        raise auth.PhoneInvalid(field="phone")
    return phone


async def add(ctx: Context, user_id: UUID, fields: AddressFields, *, is_default: bool) -> AddressRow:
    """Keep an address; the first is the default one. Raises Conflict past twenty, PhoneInvalid, PostalCodeUnknown,
    OutsideServiceArea, and InvalidInput for a place that does not exist."""
    given = {**msgspec.structs.asdict(fields), "phone": _phone_of(fields.phone)}
    row = AddressRow(id=ctx.chance.new_id(), district_code="", is_default=is_default, **given)
    _check_point(row)
    row = await _placed(ctx, row)
    async with ctx.db.transaction() as tx:
        await queries.lock_user(tx, user_id)
        known = await queries.count_addresses(tx, user_id)
        if not may_add(known):
            raise Conflict(f"You can keep at most {ADDRESSES_PER_USER} addresses")
        row = msgspec.structs.replace(row, is_default=is_default or known == 0)
        if row.is_default:
            await queries.clear_default(tx, user_id)
        await queries.insert_address(
            tx,
            row.id,
            user_id,
            row.label,
            row.recipient,
            row.phone,
            row.province,
            row.city,
            row.district,
            row.district_code,
            row.postal_code,
            row.line,
            row.notes,
            row.is_default,
            ctx.clock.now(),
            row.village,
            row.landmark,
            row.latitude,
            row.longitude,
        )
    return row


async def one(ctx: Context, user_id: UUID, address_id: UUID) -> AddressRow:
    """A person's own address; raises AddressNotFound."""
    return _found(await queries.find_address(ctx.db, user_id, address_id))


async def default(ctx: Context, user_id: UUID) -> AddressRow:
    """The default address; raises AddressNotFound where a person has none at all."""
    return _found(await queries.find_default(ctx.db, user_id))


def _found(row: AddressRow | None) -> AddressRow:
    if row is None:
        raise contract.AddressNotFound()
    return row


async def change(ctx: Context, user_id: UUID, address_id: UUID, changes: dict[str, object]) -> AddressRow:
    """Change fields by name; a changed place is looked at as a whole. Raises AddressNotFound, PhoneInvalid,
    PostalCodeUnknown, OutsideServiceArea, and InvalidInput for a place that does not exist."""
    if "phone" in changes:
        changes = {**changes, "phone": _phone_of(str(changes["phone"]))}
    moved = bool(PLACE & changes.keys())
    if moved:
        # Somewhere else the point on the map is another one, and so may be the village.
        changes = {"latitude": None, "longitude": None, "village": "", **changes}
    before = _found(await queries.find_address(ctx.db, user_id, address_id))
    placed = await _placed(ctx, msgspec.structs.replace(before, **changes)) if moved else before
    place = {name: getattr(placed, name) for name in (*PLACE, "district_code")} if moved else {}
    async with ctx.db.transaction() as tx:
        await queries.lock_user(tx, user_id)
        before = _found(await queries.find_address(tx, user_id, address_id))
        after = msgspec.structs.replace(before, **{**changes, **place})
        _check_point(after)
        await queries.update_address(
            tx,
            user_id,
            address_id,
            after.label,
            after.recipient,
            after.phone,
            after.province,
            after.city,
            after.district,
            after.district_code,
            after.postal_code,
            after.line,
            after.notes,
            ctx.clock.now(),
            after.village,
            after.landmark,
            after.latitude,
            after.longitude,
        )
        return after


async def make_default(ctx: Context, user_id: UUID, address_id: UUID) -> AddressRow:
    """Make an address the default one; raises AddressNotFound."""
    async with ctx.db.transaction() as tx:
        await queries.lock_user(tx, user_id)
        await _make_default(tx, user_id, address_id)
        return _found(await queries.find_address(tx, user_id, address_id))


async def _make_default(tx: Transaction, user_id: UUID, address_id: UUID) -> None:
    await queries.clear_default(tx, user_id)
    if not await queries.set_default(tx, user_id, address_id):
        raise contract.AddressNotFound()


async def remove(ctx: Context, user_id: UUID, address_id: UUID) -> None:
    """Forget an address; the oldest left becomes the default in place of a default one.

    Raises OnlyAddress for the last, AddressNotFound.
    """
    async with ctx.db.transaction() as tx:
        await queries.lock_user(tx, user_id)
        row = _found(await queries.find_address(tx, user_id, address_id))
        if not may_delete(await queries.count_addresses(tx, user_id)):
            raise contract.OnlyAddress()
        await queries.delete_address(tx, user_id, address_id)
        if row.is_default:
            await queries.set_oldest_default(tx, user_id)


@implements(contract.get_address)
async def get_address(ctx: Context, request: contract.GetAddress) -> contract.Address:
    snapshot = await queries.find_snapshot(ctx.db, request.user_id, request.address_id)
    if snapshot is None:
        raise contract.AddressNotFound()
    return snapshot.address


@implements(contract.get_addresses)
async def get_addresses(ctx: Context, request: contract.GetAddresses) -> contract.Addresses:
    wanted = [(each.user_id, each.address_id) for each in request.wanted]
    rows = await queries.find_snapshots(ctx.db, *sql.unzip(wanted, 2))
    found = {(row.user_id, row.id): row for row in rows}
    served = await coverage.area(ctx)
    outside = [(row := found.get(each)) is not None and not served.serves(row.district_code) for each in wanted]
    addresses = [row.address if (row := found.get(each)) else None for each in wanted]
    return contract.Addresses(addresses=addresses, outside=outside)
