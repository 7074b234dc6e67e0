"""SQL of warehouses, bundle compositions and the audit log."""

from __future__ import annotations

from uuid import UUID

import msgspec

from patungan.contracts.warehouse import VariantRule, Warehouse
from patungan.kernel import sql


class WarehouseRow(msgspec.Struct, frozen=True):
    """A warehouse as its staff see it."""

    id: UUID
    code: str
    name: str
    city: str
    province: str
    postal_code: str
    is_active: bool


class BundleVariant(msgspec.Struct, frozen=True):
    """A variant's share of a bundle; excess and bundle in units, clearance in per cent."""

    variant_id: UUID | None
    variant_name: str
    units_per_bundle: int
    max_excess_units: int
    clearance_percent: int


_CONTRACT = "id, code, name, city, province, postal_code"

find_warehouses = sql.many(Warehouse, f"select {_CONTRACT} from warehouses where id = any($1::uuid[]) order by code")
find_active_warehouses = sql.many(Warehouse, f"select {_CONTRACT} from warehouses where is_active order by code")
list_warehouses = sql.many(
    WarehouseRow, f"select {_CONTRACT}, is_active from warehouses order by code limit $1 offset $2"
)
count_warehouses = sql.one(int, "select count(*) from warehouses")
find_warehouse = sql.maybe(WarehouseRow, f"select {_CONTRACT}, is_active from warehouses where id = $1")
insert_warehouse = sql.run(
    """
    insert into warehouses (id, code, name, city, province, postal_code, created_at)
    values ($1, $2, $3, $4, $5, $6, $7) on conflict (code) do nothing
    """
)
lock_warehouse = sql.maybe(WarehouseRow, f"select {_CONTRACT}, is_active from warehouses where id = $1 for update")
update_warehouse = sql.run(
    """
    update warehouses set name = $2, is_active = $3, city = $4, province = $5, postal_code = $6 where id = $1
    """
)

find_bundle = sql.many(
    BundleVariant,
    """
    select variant_id, variant_name, units_per_bundle, max_excess_units, clearance_percent
    from bundle_variants where product_id = $1 order by position
    """,
)
# Two who replace one product's bundle at once take turns: its rows may not exist yet, so there is no row to lock.
lock_bundle = sql.run("select pg_advisory_xact_lock(hashtextextended('bundle ' || $1::uuid, 0))")
delete_bundle = sql.run("delete from bundle_variants where product_id = $1")
insert_bundle = sql.run(
    """
    insert into bundle_variants
        (product_id, position, variant_id, variant_name, units_per_bundle, max_excess_units, clearance_percent)
    select $1, row.position, row.variant_id, row.variant_name, row.units, row.excess, row.clearance
    from unnest($2::uuid[], $3::text[], $4::bigint[], $5::bigint[], $6::integer[])
        with ordinality as row (variant_id, variant_name, units, excess, clearance, position)
    """
)
find_rules = sql.many(
    VariantRule,
    """
    select bundle_variants.variant_id, units_per_bundle, max_excess_units, coalesce(available, 0) as free_stock
    from bundle_variants left join inventory on inventory.product_id = bundle_variants.product_id
        and inventory.variant_id is not distinct from bundle_variants.variant_id and inventory.warehouse_id = $2
    where bundle_variants.product_id = $1 order by position
    """,
)

write_audit_log = sql.run(
    "insert into audit_logs (at, actor, action, subject, note, changes) values ($1, $2, $3, $4, $5, $6)"
)
