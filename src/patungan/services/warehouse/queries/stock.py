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
    warehouse_id: UUID
    product_id: UUID
    variant_id: UUID | None
    quantity: int
    reserved: int
    available: int
    damaged: int
    min_stock_level: int


class InventoryItem(msgspec.Struct, frozen=True):
    """An inventory row with what open purchase orders will bring and what sessions wait for, in units.

    Damaged units lie apart and are not among the quantity.
    """

    id: UUID
    warehouse_id: UUID
    product_id: UUID
    variant_id: UUID | None
    quantity: int
    reserved: int
    available: int
    damaged: int
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
    damaged_change: int
    quantity_after: int
    reserved_after: int
    damaged_after: int
    actor: UUID | None
    reason: str
    session_id: UUID | None
    purchase_order_id: UUID | None
    order_id: UUID | None
    transfer_id: UUID | None
    count_id: UUID | None


_OPEN = "('pending', 'confirmed', 'in_production', 'shipped')"
_STOCK = "id, warehouse_id, product_id, variant_id, quantity, reserved, available, damaged, min_stock_level"

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
# The same for several products: pairs of warehouse and product in one fixed order, so that nobody waits in a circle.
lock_places = sql.many(
    Stock,
    f"""
    select {_STOCK} from inventory
    where (warehouse_id, product_id) in (select * from unnest($1::uuid[], $2::uuid[]))
    order by warehouse_id, product_id, variant_id nulls first for update
    """,
)
# The one statement that changes stock: no row of inventory changes without its movement. A row may be moved several times.
move_stock = sql.many(
    Stock,
    """
    with change as (
        select * from unnest($4::uuid[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::text[],
                $10::uuid[], $11::uuid[], $12::uuid[], $13::uuid[], $14::uuid[]) with ordinality
            as change (inventory_id, units, quantity_change, reserved_change, damaged_change, reason,
                session_id, purchase_order_id, order_id, transfer_id, count_id, position)
    ), total as (
        select inventory_id, sum(quantity_change)::bigint as quantity_change,
            sum(reserved_change)::bigint as reserved_change, sum(damaged_change)::bigint as damaged_change
        from change group by inventory_id
    ), moved as (
        update inventory
        set quantity = quantity + quantity_change, reserved = reserved + reserved_change,
            damaged = damaged + damaged_change
        from total where inventory.id = total.inventory_id
        returning inventory.id, warehouse_id, product_id, variant_id, quantity, reserved, available, damaged,
            min_stock_level, quantity - quantity_change as quantity_before, reserved - reserved_change as reserved_before,
            damaged - damaged_change as damaged_before
    ), written as (
        insert into stock_movements (at, inventory_id, type, units, quantity_change, reserved_change, damaged_change,
            quantity_after, reserved_after, damaged_after, actor, reason, session_id, purchase_order_id, order_id,
            transfer_id, count_id)
        select $1, moved.id, $2, units, quantity_change, reserved_change, damaged_change,
            quantity_before + sum(quantity_change) over running, reserved_before + sum(reserved_change) over running,
            damaged_before + sum(damaged_change) over running, $3, reason, session_id, purchase_order_id, order_id,
            transfer_id, count_id
        from change join moved on moved.id = inventory_id
        window running as (partition by inventory_id order by position)
        order by position
    )
    select id, warehouse_id, product_id, variant_id, quantity, reserved, available, damaged, min_stock_level from moved
    """,
)
update_stock_settings = sql.run(
    """
    update inventory set min_stock_level = coalesce($2, min_stock_level), location = coalesce($3, location)
    where id = $1
    """
)

_ITEM = f"""
    select id, warehouse_id, product_id, variant_id, quantity, reserved, available, damaged,
        coalesce((
            select sum(ordered - received - damaged - short) from purchase_order_lines
            join purchase_orders on purchase_orders.id = purchase_order_id
            where purchase_orders.warehouse_id = inventory.warehouse_id
                and purchase_orders.product_id = inventory.product_id and status in {_OPEN}
                and purchase_order_lines.variant_id is not distinct from inventory.variant_id
        ), 0)::bigint as incoming,
        coalesce((
            select sum(reservations.quantity - held - reservations.cancelled) from reservations join demands using (session_id)
            where demands.warehouse_id = inventory.warehouse_id and demands.product_id = inventory.product_id
                and demands.status = 'waiting' and reservations.variant_id is not distinct from inventory.variant_id
        ), 0)::bigint as waiting,
        min_stock_level, location
    from inventory
    """
_WANTED_ITEMS = """
    where ($1::uuid is null or inventory.warehouse_id = $1) and ($2::uuid is null or inventory.product_id = $2)
        and (not $3::boolean or available <= min_stock_level)
    """
list_inventory = sql.many(
    InventoryItem,
    f"{_ITEM} {_WANTED_ITEMS} order by inventory.product_id, inventory.id limit $4 offset $5",
)
count_inventory = sql.one(int, f"select count(*) from inventory {_WANTED_ITEMS}")
find_inventory_item = sql.maybe(InventoryItem, f"{_ITEM} where inventory.id = $1")

_WANTED_MOVEMENTS = """
    from stock_movements join inventory on inventory.id = inventory_id
    where ($1::uuid is null or warehouse_id = $1) and ($2::uuid is null or product_id = $2)
        and ($3::text is null or type = $3) and ($4::uuid is null or actor = $4)
        and ($5::uuid is null or session_id = $5) and ($6::uuid is null or order_id = $6)
        and ($7::uuid is null or purchase_order_id = $7)
    """
list_movements = sql.listed(
    Movement,
    f"""
    select stock_movements.id, at, warehouse_id, product_id, variant_id, type, units, quantity_change,
        reserved_change, damaged_change, quantity_after, reserved_after, damaged_after, actor, reason, session_id,
        purchase_order_id, order_id, transfer_id, count_id
    from stock_movements join inventory on inventory.id = inventory_id
    where stock_movements.id in (
        select stock_movements.id {_WANTED_MOVEMENTS} order by stock_movements.id desc limit $8 offset $9
    )
    order by stock_movements.id desc
    """,
)
count_movements = sql.counted(_WANTED_MOVEMENTS)
