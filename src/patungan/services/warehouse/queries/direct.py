"""SQL of direct orders' stock: held, sold, released and returned, a batch of orders a statement."""

from __future__ import annotations

from uuid import UUID

import msgspec

from patungan.contracts.warehouse import DirectStock
from patungan.kernel import sql


class DirectOrder(msgspec.Struct, frozen=True):
    """How an order's stock stands."""

    order_id: UUID
    status: str


class HeldLine(msgspec.Struct, frozen=True):
    """Units that an order has, and where they are or were; ``returned`` of them came back."""

    order_id: UUID
    inventory_id: UUID
    warehouse_id: UUID
    product_id: UUID
    variant_id: UUID | None
    units: int
    returned: int


insert_orders = sql.many(
    UUID,
    """
    insert into direct_orders (order_id, status, created_at, expires_at)
    select row.order_id, 'held', $1, row.expires_at
    from unnest($2::uuid[], $3::timestamptz[]) as row (order_id, expires_at)
    order by row.order_id
    on conflict do nothing
    returning order_id
    """,
)
delete_orders = sql.run("delete from direct_orders where order_id = any($1::uuid[]) and status = 'held'")
insert_lines = sql.run(
    """
    insert into direct_reservations (order_id, inventory_id, units)
    select * from unnest($1::uuid[], $2::uuid[], $3::bigint[])
    """
)
find_orders = sql.many(DirectOrder, "select order_id, status from direct_orders where order_id = any($1::uuid[])")
lock_orders = sql.many(
    DirectOrder,
    "select order_id, status from direct_orders where order_id = any($1::uuid[]) order by order_id for update",
)
lock_due = sql.many(
    UUID,
    """
    select order_id from direct_orders where status = 'held' and expires_at <= $1
    order by order_id limit $2 for update skip locked
    """,
)
find_lines = sql.many(
    HeldLine,
    """
    select order_id, inventory_id, warehouse_id, product_id, variant_id, units, returned
    from direct_reservations join inventory on inventory.id = inventory_id
    where order_id = any($1::uuid[]) order by order_id, inventory_id
    """,
)
end_orders = sql.run(
    """
    update direct_orders set status = $2, ended_at = $3, reason = $4
    where order_id = any($1::uuid[]) and status = 'held'
    """
)
insert_released = sql.run(
    """
    insert into direct_orders (order_id, status, created_at, expires_at, ended_at, reason)
    select order_id, 'released', $2, $2, $2, $3 from unnest($1::uuid[]) as row (order_id) order by order_id
    on conflict do nothing
    """
)
insert_return = sql.run(
    "insert into direct_returns (return_id, order_id, at) values ($1, $2, $3) on conflict do nothing"
)
# The condition keeps more from coming back than was sold: fewer rows than asked for means that it would.
add_returned = sql.run(
    """
    update direct_reservations set returned = returned + row.units
    from unnest($2::uuid[], $3::bigint[]) as row (inventory_id, units)
    where order_id = $1 and direct_reservations.inventory_id = row.inventory_id
        and returned + row.units <= direct_reservations.units
    """
)
find_active = sql.many(UUID, "select id from warehouses where id = any($1::uuid[]) and is_active")

_DIRECT = """
    select warehouse_id, inventory.product_id, inventory.variant_id, available,
        coalesce(clearance_percent, 0) as clearance_percent
    from inventory join warehouses on warehouses.id = warehouse_id
    left join bundle_variants on bundle_variants.product_id = inventory.product_id
        and bundle_variants.variant_id is not distinct from inventory.variant_id
    """
find_direct_stock = sql.many(
    DirectStock,
    f"""
    {_DIRECT} where inventory.product_id = any($1::uuid[]) and is_active and available > 0
    order by inventory.product_id, inventory.variant_id nulls first, available desc, warehouse_id
    """,
)
