"""SQL of inventory and its movements."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.services.warehouse.rules import MovementType


class Stock(msgspec.Struct, frozen=True):
    """An inventory row, in units."""

    id: UUID
    variant_id: UUID | None
    quantity: int
    reserved: int
    available: int
    min_stock_level: int


class InventoryItem(msgspec.Struct, frozen=True):
    """An inventory row with what open purchase orders will bring and what sessions wait for, in units."""

    id: UUID
    warehouse_id: UUID
    product_id: UUID
    variant_id: UUID | None
    quantity: int
    reserved: int
    available: int
    incoming: int
    waiting: int
    min_stock_level: int
    location: str


class Movement(msgspec.Struct, frozen=True):
    """A change of stock, who made it and why; ``actor`` None is the platform."""

    id: int
    at: datetime
    warehouse_id: UUID
    product_id: UUID
    variant_id: UUID | None
    type: MovementType
    units: int
    quantity_change: int
    reserved_change: int
    quantity_after: int
    reserved_after: int
    actor: UUID | None
    reason: str
    session_id: UUID | None
    purchase_order_id: UUID | None


_OPEN = "('pending', 'confirmed', 'in_production', 'shipped')"
_STOCK = "id, variant_id, quantity, reserved, available, min_stock_level"

ensure_stock = sql.run(
    """
    insert into inventory (id, warehouse_id, product_id, variant_id)
    select row.id, $1, $2, row.variant_id from unnest($3::uuid[], $4::uuid[]) as row (id, variant_id)
    order by row.variant_id nulls first
    on conflict do nothing
    """
)
# All rows of the product there, always in this order: everything that moves its stock or its queue takes turns.
lock_stock = sql.many(
    Stock,
    f"""
    select {_STOCK} from inventory where warehouse_id = $1 and product_id = $2
    order by variant_id nulls first for update
    """,
)
# The one statement that changes stock: no row of inventory changes without its movement.
move_stock = sql.many(
    Stock,
    """
    with moved as (
        update inventory
        set quantity = quantity + change.quantity_change, reserved = reserved + change.reserved_change
        from unnest($8::uuid[], $9::bigint[], $10::bigint[], $11::bigint[])
            as change (id, units, quantity_change, reserved_change)
        where inventory.id = change.id
        returning inventory.id, variant_id, quantity, reserved, available, min_stock_level,
            change.units, change.quantity_change, change.reserved_change
    ), written as (
        insert into stock_movements (at, inventory_id, type, units, quantity_change, reserved_change, quantity_after,
            reserved_after, actor, reason, session_id, purchase_order_id)
        select $1, id, $2, units, quantity_change, reserved_change, quantity, reserved, $3, $4, $5, $6
        from moved order by array_position($7::uuid[], id)
    )
    select id, variant_id, quantity, reserved, available, min_stock_level from moved
    """.replace("$7::uuid[]", "$8::uuid[]")
    .replace("$8::", "$7::")
    .replace("$9::", "$8::")
    .replace("$10::", "$9::")
    .replace("$11::", "$10::"),
)
