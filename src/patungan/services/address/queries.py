"""The SQL of address, on its own schema."""

from __future__ import annotations

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

    @property
    def address(self) -> Address:
        return Address(**{name: getattr(self, name) for name in Address.__struct_fields__})


_ROW = """id, label, recipient, phone, province, city, district, district_code, postal_code, line, notes, is_default"""

find_snapshot = sql.maybe(
    Address,
    """
    select id, label, recipient, phone, province, city, district, postal_code, line, notes
    from addresses where user_id = $1 and id = $2
    """,
)
find_snapshots = sql.many(
    Snapshot,
    """
    select user_id, id, label, recipient, phone, province, city, district, postal_code, line, notes
    from addresses where (user_id, id) in (select * from unnest($1::uuid[], $2::uuid[]))
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
        is_default, created_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)
    """
)
update_address = sql.run(
    """
    update addresses set
        label = $3, recipient = $4, phone = $5, province = $6, city = $7, district = $8, district_code = $9,
        postal_code = $10, line = $11, notes = $12, updated_at = $13
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
