"""The SQL of address, on its own schema."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import msgspec

from patungan.contracts.address import Address
from patungan.kernel import sql


class AddressRow(msgspec.Struct, frozen=True):
    """An address as its owner sees it."""

    id: UUID
    label: str
    recipient: str
    phone: str
    province: str
    city: str
    district: str
    district_code: str
    postal_code: str
    line: str
    notes: str
    is_default: bool
    village: str
    landmark: str
    latitude: float | None
    longitude: float | None


class SomebodysAddress(AddressRow, frozen=True):
    """An address as support sees it: whose, and since when."""

    user_id: UUID
    created_at: datetime


class AreaRuleRow(msgspec.Struct, frozen=True):
    """A rule of the service area with who set it, when and why; an empty region is the country, an empty courier all."""

    region_code: str
    courier: str
    served: bool
    reason: str
    set_by: UUID
    set_at: datetime


class GeocodeRow(msgspec.Struct, frozen=True):
    answer: msgspec.Raw | None


class RegionCount(msgspec.Struct, frozen=True):
    """Addresses in a province or city."""

    code: str
    addresses: int


class RefusedPlaces(msgspec.Struct, frozen=True):
    """How often a part of a place was refused on a day."""

    day: date
    field: str
    code: str
    times: int


class Totals(msgspec.Struct, frozen=True):
    """Addresses in all, the people who have any, and those with a point on the map."""

    addresses: int
    people: int
    located: int
    with_village: int


class Snapshot(msgspec.Struct, frozen=True):
    """An address as other services keep it, with its owner."""

    user_id: UUID
    id: UUID
    label: str
    recipient: str
    phone: str
    province: str
    city: str
    district: str
    postal_code: str
    line: str
    notes: str
    village: str
    landmark: str
    latitude: float | None
    longitude: float | None
    district_code: str

    @property
    def address(self) -> Address:
        return Address(**{name: getattr(self, name) for name in Address.__struct_fields__})


_ROW = """id, label, recipient, phone, province, city, district, district_code, postal_code, line, notes, is_default,
    village, landmark, latitude, longitude"""
_SNAPSHOT = """user_id, id, label, recipient, phone, province, city, district, postal_code, line, notes, village, landmark,
    latitude, longitude, district_code"""

find_snapshot = sql.maybe(Snapshot, f"select {_SNAPSHOT} from addresses where user_id = $1 and id = $2")
find_snapshots = sql.many(
    Snapshot,
    f"""
    select a.* from unnest($1::uuid[], $2::uuid[]) as asked(user_id, id)
    cross join lateral (
        select {_SNAPSHOT} from addresses where id = asked.id and user_id = asked.user_id limit 1
    ) as a
    """,
)
find_address = sql.maybe(AddressRow, f"select {_ROW} from addresses where user_id = $1 and id = $2")
find_default = sql.maybe(
    AddressRow, f"select {_ROW} from addresses where user_id = $1 order by is_default desc, created_at, id limit 1"
)
find_addresses = sql.many(
    AddressRow,
    f"""
    select {_ROW} from addresses where user_id = $1 order by is_default desc, created_at desc, id desc
    limit $2 offset $3
    """,
)
count_addresses = sql.one(int, "select count(*) from addresses where user_id = $1")
lock_user = sql.run("select pg_advisory_xact_lock(hashtextextended('addresses of ' || $1::uuid::text, 0))")

insert_address = sql.run(
    """
    insert into addresses (
        id, user_id, label, recipient, phone, province, city, district, district_code, postal_code, line, notes,
        is_default, created_at, updated_at, village, landmark, latitude, longitude)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, $15, $16, $17, $18)
    """
)
update_address = sql.run(
    """
    update addresses set
        label = $3, recipient = $4, phone = $5, province = $6, city = $7, district = $8, district_code = $9,
        postal_code = $10, line = $11, notes = $12, updated_at = $13, village = $14, landmark = $15, latitude = $16,
        longitude = $17
    where user_id = $1 and id = $2
    """
)
clear_default = sql.run("update addresses set is_default = false where user_id = $1 and is_default")
set_default = sql.run("update addresses set is_default = true where user_id = $1 and id = $2")
set_oldest_default = sql.run(
    """
    update addresses set is_default = true
    where id = (select id from addresses where user_id = $1 order by created_at, id limit 1)
    """
)
delete_address = sql.run("delete from addresses where user_id = $1 and id = $2")

count_refused_place = sql.run(
    """
    insert into refused_places (day, field, code, times) values ($1, $2, $3, 1)
    on conflict (day, field, code) do update set times = refused_places.times + 1
    """
)
find_refused_places = sql.many(
    RefusedPlaces,
    """
    select day, field, code, times from refused_places where day between $1 and $2
    order by day desc, times desc, field, code limit $3 offset $4
    """,
)
count_refused_places = sql.one(int, "select count(*) from refused_places where day between $1 and $2")

find_all = sql.listed(
    SomebodysAddress,
    f"""
    select {_ROW}, user_id, created_at from addresses where id in (
        select id from addresses
        where ($1::text is null or starts_with(district_code, $1)) and ($2::uuid is null or user_id = $2)
        order by created_at desc, id desc limit $3 offset $4
    )
    order by created_at desc, id desc
    """,
)
count_all = sql.counted(
    """
    from addresses
    where ($1::text is null or starts_with(district_code, $1)) and ($2::uuid is null or user_id = $2)
    """,
)
totals = sql.one(
    Totals,
    """
    select count(*) as addresses, count(distinct user_id) as people, count(latitude) as located,
        count(*) filter (where village <> '') as with_village
    from addresses
    """,
)
count_by_region = sql.many(
    RegionCount,
    """
    select left(district_code, $1) as code, count(*) as addresses from addresses
    where $2::text is null or starts_with(district_code, $2)
    group by 1 order by 2 desc, 1 limit $3
    """,
)

find_area_rules = sql.many(
    AreaRuleRow,
    "select region_code, courier, served, reason, set_by, set_at from service_area order by region_code, courier",
)
set_area_rule = sql.run(
    """
    insert into service_area (region_code, courier, served, reason, set_by, set_at) values ($1, $2, $3, $4, $5, $6)
    on conflict (region_code, courier) do update set served = excluded.served, reason = excluded.reason,
        set_by = excluded.set_by, set_at = excluded.set_at
    """
)
remove_area_rule = sql.run("delete from service_area where region_code = $1 and courier = $2")

find_geocode = sql.maybe(GeocodeRow, "select answer from geocodes where query = $1 and expires_at > $2")
keep_geocode = sql.run(
    """
    insert into geocodes (query, answer, fetched_at, expires_at) values ($1, $2, $3, $4)
    on conflict (query) do update set answer = excluded.answer, fetched_at = excluded.fetched_at,
        expires_at = excluded.expires_at
    """
)
forget_geocodes = sql.run("delete from geocodes where expires_at <= $1")
take_from_quota = sql.maybe(
    int,
    """
    insert into geocode_usage (day, asked) select $1, 1 where $2 > 0
    on conflict (day) do update set asked = geocode_usage.asked + 1 where geocode_usage.asked < $2
    returning asked
    """,
)
asked_on = sql.maybe(int, "select asked from geocode_usage where day = $1")
