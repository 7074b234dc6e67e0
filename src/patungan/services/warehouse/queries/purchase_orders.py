"""SQL of purchase orders."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.contracts.warehouse import SurplusUnits
from patungan.kernel import sql
from patungan.services.warehouse.rules import PurchaseOrderStatus


class PurchaseOrder(msgspec.Struct, frozen=True):
    """A purchase order without its lines; ``follows`` is the one that came short and that this one makes up for."""

    id: UUID
    code: str
    follows: UUID | None
    session_id: UUID | None
    product_id: UUID
    product_name: str
    factory_id: UUID
    factory_name: str
    warehouse_id: UUID
    warehouse_name: str
    bundles: int
    wholesale_unit: int
    status: PurchaseOrderStatus
    created_at: datetime
    expected_at: datetime
    notified_at: datetime | None


class OrderLine(msgspec.Struct, frozen=True):
    """Units of a variant on a purchase order, and what one costs in rupiah."""

    purchase_order_id: UUID
    variant_id: UUID | None
    variant_name: str
    ordered: int
    received: int
    damaged: int
    unit_cost: int

    @property
    def to_come(self) -> int:
        return self.ordered - self.received - self.damaged


class ToCome(msgspec.Struct, frozen=True):
    """Units of a variant that open purchase orders will bring."""

    variant_id: UUID | None
    units: int


class HistoryEntry(msgspec.Struct, frozen=True):
    """A change of a purchase order; ``actor`` None is the platform."""

    at: datetime
    actor: UUID | None
    action: str
    note: str


_ORDER = """
    select purchase_orders.id, purchase_orders.code, follows, session_id, product_id, product_name, factory_id,
        factory_name, warehouse_id, warehouses.name as warehouse_name, bundles, wholesale_unit, status,
        purchase_orders.created_at, expected_at, notified_at
    from purchase_orders join warehouses on warehouses.id = warehouse_id
    """
_WANTED = """
    where ($1::text is null or status = $1) and ($2::uuid[] is null or factory_id = any($2))
        and ($3::uuid is null or product_id = $3) and ($4::uuid is null or session_id = $4)
    """

insert_purchase_order = sql.run(
    """
    insert into purchase_orders (id, code, follows, session_id, product_id, product_name, factory_id, factory_name,
        warehouse_id, bundles, wholesale_unit, status, created_at, expected_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'pending', $12, $13)
    on conflict (code) do nothing
    """
)
insert_lines = sql.run(
    """
    insert into purchase_order_lines (purchase_order_id, position, variant_id, variant_name, ordered, unit_cost)
    select $1, row.position, row.variant_id, row.variant_name, row.ordered, row.unit_cost
    from unnest($2::uuid[], $3::text[], $4::bigint[], $5::bigint[])
        with ordinality as row (variant_id, variant_name, ordered, unit_cost, position)
    """
)
find_purchase_order = sql.maybe(PurchaseOrder, f"{_ORDER} where purchase_orders.id = $1")
lock_purchase_order = sql.maybe(PurchaseOrder, f"{_ORDER} where purchase_orders.id = $1 for update of purchase_orders")
list_purchase_orders = sql.many(
    PurchaseOrder,
    f"{_ORDER} {_WANTED} order by purchase_orders.created_at desc, purchase_orders.id desc limit $5 offset $6",
)
count_purchase_orders = sql.one(int, f"select count(*) from purchase_orders {_WANTED}")
find_lines = sql.many(
    OrderLine,
    """
    select purchase_order_id, variant_id, variant_name, ordered, received, damaged, unit_cost
    from purchase_order_lines where purchase_order_id = any($1::uuid[]) order by purchase_order_id, position
    """,
)
find_history = sql.many(
    HistoryEntry, "select at, actor, action, note from audit_logs where subject = $1 order by id limit 200"
)
find_to_come = sql.many(
    ToCome,
    """
    select variant_id, sum(ordered - received - damaged)::bigint as units
    from purchase_order_lines join purchase_orders on purchase_orders.id = purchase_order_id
    where warehouse_id = $1 and product_id = $2 and status in ('pending', 'confirmed', 'in_production', 'shipped')
    group by variant_id
    """,
)
# An order and those before it that it made up for: what came of all of them, beyond what the first one's session needed.
# A session that was given up needs nothing.
find_surplus = sql.many(
    SurplusUnits,
    """
    with recursive chain as (
        select id, follows, session_id from purchase_orders where id = $1
        union all
        select p.id, p.follows, p.session_id from purchase_orders p join chain c on p.id = c.follows
    ), needed as (
        select l.variant_id, l.quantity - l.from_stock as units
        from chain c join demands d on d.session_id = c.session_id and d.status <> 'released'
        cross join lateral jsonb_to_recordset(d.reply->'lines') as l(variant_id uuid, quantity bigint, from_stock bigint)
        where c.follows is null
    ), came as (
        select l.variant_id, sum(l.received)::bigint as units, max(l.unit_cost) as unit_cost
        from chain c join purchase_order_lines l on l.purchase_order_id = c.id group by l.variant_id
    )
    select c.variant_id, (c.units - coalesce(n.units, 0))::bigint as units, c.unit_cost
    from came c left join needed n on n.variant_id is not distinct from c.variant_id
    order by c.variant_id nulls first
    """,
)
add_arrivals = sql.run(
    """
    update purchase_order_lines set received = purchase_order_lines.received + row.received,
        damaged = purchase_order_lines.damaged + row.damaged
    from unnest($2::uuid[], $3::bigint[], $4::bigint[]) as row (variant_id, received, damaged)
    where purchase_order_id = $1 and purchase_order_lines.variant_id is not distinct from row.variant_id
    """
)
update_status = sql.run("update purchase_orders set status = $3 where id = $1 and status = $2")
mark_notified = sql.run("update purchase_orders set notified_at = $2 where id = $1 and notified_at is null")
