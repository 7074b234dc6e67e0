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
    reminders: int
    rejected_at: datetime | None
    rejection_reason: str | None
    late_at: datetime | None
    received_at: datetime | None


class OrderLine(msgspec.Struct, frozen=True):
    """Units of a variant on a purchase order, and what one costs in rupiah."""

    purchase_order_id: UUID
    variant_id: UUID | None
    variant_name: str
    ordered: int
    received: int
    damaged: int
    short: int
    surplus: int
    sent_back: int
    unit_cost: int

    @property
    def to_come(self) -> int:
        return self.ordered - self.received - self.damaged - self.short


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
        purchase_orders.created_at, expected_at, notified_at, reminders, rejected_at, rejection_reason, late_at,
        received_at
    from purchase_orders join warehouses on warehouses.id = warehouse_id
    """
_WANTED = """
    where ($1::text is null or status = $1) and ($2::uuid[] is null or factory_id = any($2))
        and ($3::uuid is null or product_id = $3) and ($4::uuid is null or session_id = $4)
        and ($5::uuid is null or warehouse_id = $5) and (not $6::boolean or status = 'pending' and rejected_at is not null)
        and (not $7::boolean or status not in ('received', 'cancelled') and expected_at < $8)
    """

insert_purchase_order = sql.run(
    """
    insert into purchase_orders (id, code, follows, session_id, product_id, product_name, factory_id, factory_name,
        warehouse_id, bundles, wholesale_unit, status, created_at, expected_at, answer_token, late_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'pending', $12, $13, $14, $15)
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
    f"{_ORDER} {_WANTED} order by purchase_orders.created_at desc, purchase_orders.id desc limit $9 offset $10",
)
count_purchase_orders = sql.one(int, f"select count(*) from purchase_orders {_WANTED}")
find_lines = sql.many(
    OrderLine,
    """
    select purchase_order_id, variant_id, variant_name, ordered, received, damaged, short, surplus, sent_back, unit_cost
    from purchase_order_lines where purchase_order_id = any($1::uuid[]) order by purchase_order_id, position
    """,
)
find_history = sql.many(
    HistoryEntry, "select at, actor, action, note from audit_logs where subject = $1 order by id limit 200"
)
find_to_come = sql.many(
    ToCome,
    """
    select variant_id, sum(ordered - received - damaged - short)::bigint as units
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
        select l.variant_id, sum(l.received + l.surplus)::bigint as units, max(l.unit_cost) as unit_cost
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
        damaged = purchase_order_lines.damaged + row.damaged, surplus = purchase_order_lines.surplus + row.surplus,
        sent_back = purchase_order_lines.sent_back + row.sent_back
    from unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
        as row (variant_id, received, damaged, surplus, sent_back)
    where purchase_order_id = $1 and purchase_order_lines.variant_id is not distinct from row.variant_id
    """
)
update_status = sql.run(
    """
    update purchase_orders set status = $3, received_at = case when $3 = 'received' then $4::timestamptz end,
        rejection_asked_at = case when $3 = 'confirmed' then null else rejection_asked_at end,
        rejected_at = case when $3 = 'confirmed' then null else rejected_at end,
        rejection_reason = case when $3 = 'confirmed' then null else rejection_reason end
    where id = $1 and status = $2
    """
)
mark_notified = sql.run(
    "update purchase_orders set notified_at = $2, remind_at = $3 where id = $1 and notified_at is null"
)
close_lines = sql.run(
    "update purchase_order_lines set short = ordered - received - damaged where purchase_order_id = $1"
)
change_expected = sql.run(
    "update purchase_orders set expected_at = $2, late_at = $3, late_told_at = null where id = $1"
)
find_token = sql.one(str, "select coalesce(answer_token, '') from purchase_orders where id = $1")
lock_by_token = sql.maybe(UUID, "select id from purchase_orders where answer_token = $1 for update")
announce_rejection = sql.run(
    """
    update purchase_orders set rejection_asked_at = $2, remind_at = null
    where id = $1 and status = 'pending' and rejected_at is null
    """
)
reject = sql.run(
    """
    update purchase_orders set rejected_at = $2, rejection_reason = $3, remind_at = null,
        rejection_asked_at = coalesce(rejection_asked_at, $2)
    where id = $1 and status = 'pending'
    """
)
ask_again = sql.maybe(
    int,
    """
    update purchase_orders set reminders = reminders + 1, remind_at = $2, rejection_asked_at = null, rejected_at = null,
        rejection_reason = null
    where id = $1 and status = 'pending' returning reminders
    """,
)
stop_reminding = sql.run("update purchase_orders set remind_at = null where id = $1")
lock_unanswered = sql.many(
    UUID,
    """
    select id from purchase_orders where status = 'pending' and remind_at <= $1
    order by remind_at, id limit $2 for update skip locked
    """,
)
lock_unexplained = sql.many(
    UUID,
    """
    select id from purchase_orders
    where status = 'pending' and rejection_asked_at <= $1 and rejected_at is null
    order by rejection_asked_at, id limit $2 for update skip locked
    """,
)
lock_late = sql.many(
    UUID,
    """
    update purchase_orders set late_told_at = $1
    where id in (
        select id from purchase_orders
        where status in ('pending', 'confirmed', 'in_production', 'shipped') and late_at <= $1 and late_told_at is null
        order by late_at, id limit $2 for update skip locked)
    returning id
    """,
)
cancel_units = sql.run(
    """
    update reservations set cancelled = cancelled + row.units
    from unnest($1::uuid[], $2::uuid[], $3::bigint[]) as row (session_id, variant_id, units)
    where reservations.session_id = row.session_id and reservations.variant_id is not distinct from row.variant_id
    """
)
find_id = sql.one(UUID, "select id from purchase_orders where code = $1")
# The last order of a session whose goods were cancelled in part: with the session given up, all that came is surplus.
find_cut_short = sql.maybe(
    UUID,
    """
    select id from purchase_orders
    where session_id = $1 and status = 'received'
        and not exists (select from purchase_orders as next where next.follows = purchase_orders.id)
        and exists (select from reservations where reservations.session_id = $1 and cancelled > 0)
    order by created_at desc limit 1
    """,
)
