"""Warehouses, and how a product is bundled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from patungan.contracts import product
from patungan.contracts import warehouse as contract
from patungan.kernel import sql
from patungan.kernel.errors import Conflict, InvalidInput
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.services.warehouse.operations.ownership import own_product
from patungan.services.warehouse.queries import configuration as queries
from patungan.services.warehouse.queries.configuration import BundleVariant, WarehouseRow
from patungan.services.warehouse.rules import tolerance_is_enough


async def open_warehouse(
    ctx: Context, caller: Caller, code: str, name: str, city: str, province: str, postal_code: str
) -> WarehouseRow:
    """Add a warehouse; raises Conflict for a code that is taken."""
    warehouse_id = ctx.chance.new_id()
    now = ctx.clock.now()
    async with ctx.db.transaction() as tx:
        if not await queries.insert_warehouse(tx, warehouse_id, code, name, city, province, postal_code, now):
            raise Conflict("A warehouse with this code exists already", field="code")
        await queries.write_audit_log(tx, now, caller.user_id, "warehouse.opened", warehouse_id, "", {"code": code})
    return WarehouseRow(warehouse_id, code, name, city, province, postal_code, True)


async def change_warehouse(ctx: Context, caller: Caller, warehouse_id: UUID, wanted: Mapping[str, Any]) -> WarehouseRow:
    """Change a warehouse's name and place, or open and close it for new sessions and direct orders; what is None stays.

    Raises WarehouseNotFound.
    """
    changes = {name: value for name, value in wanted.items() if value is not None}
    async with ctx.db.transaction() as tx:
        known = await queries.lock_warehouse(tx, warehouse_id)
        if known is None:
            raise contract.WarehouseNotFound()
        changed: WarehouseRow = msgspec.structs.replace(known, **changes)
        await queries.update_warehouse(
            tx, warehouse_id, changed.name, changed.is_active, changed.city, changed.province, changed.postal_code
        )
        await queries.write_audit_log(
            tx, ctx.clock.now(), caller.user_id, "warehouse.changed", warehouse_id, "", changes
        )
    return changed


class BundleShare(msgspec.Struct, frozen=True):
    """What a variant is to have of a bundle, as it was asked for."""

    variant_id: UUID | None
    units_per_bundle: int
    max_excess_units: int
    clearance_percent: int


async def bundle_of(ctx: Context, caller: Caller, product_id: UUID) -> list[BundleVariant]:
    """A product's bundle, empty where it has none; raises ProductNotFound."""
    await own_product(ctx, caller, product_id)
    return await queries.find_bundle(ctx.db, product_id)


async def replace_bundle(
    ctx: Context, caller: Caller, product_id: UUID, shares: Sequence[BundleShare]
) -> list[BundleVariant]:
    """Set how a product is bundled, all variants at once; no shares: it is not bundled.

    Raises ProductNotFound, VariantNotFound, ToleranceTooSmall, or InvalidInput where an active variant is left out.
    """
    about = await own_product(ctx, caller, product_id)
    _check(about, shares)
    names: dict[UUID | None, str] = {variant.id: variant.name for variant in about.variants}
    rows = [
        (
            each.variant_id,
            names.get(each.variant_id, ""),
            each.units_per_bundle,
            each.max_excess_units,
            each.clearance_percent,
        )
        for each in shares
    ]
    async with ctx.db.transaction() as tx:
        await queries.lock_bundle(tx, product_id)
        before = await queries.find_bundle(tx, product_id)
        await queries.delete_bundle(tx, product_id)
        await queries.insert_bundle(tx, product_id, *sql.unzip(rows, 5))
        stored = await queries.find_bundle(tx, product_id)
        changes = {"before": msgspec.to_builtins(before), "after": msgspec.to_builtins(stored)}
        await queries.write_audit_log(tx, ctx.clock.now(), caller.user_id, "bundle.replaced", product_id, "", changes)
    return stored


def _check(about: product.Product, shares: Sequence[BundleShare]) -> None:
    if not shares:
        return
    given = [each.variant_id for each in shares]
    if len(set(given)) != len(given):
        raise InvalidInput("A variant is named twice", field="variants")
    known: set[UUID | None] = {variant.id for variant in about.variants} or {None}
    if any(variant_id not in known for variant_id in given):
        raise product.VariantNotFound(field="variants")
    if any(variant.is_active and variant.id not in given for variant in about.variants):
        raise InvalidInput("A bundle holds every active variant of the product", field="variants")
    if not all(tolerance_is_enough(each.units_per_bundle, each.max_excess_units) for each in shares):
        raise contract.ToleranceTooSmall(field="variants")
