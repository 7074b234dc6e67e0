"""SQL of stores' stock, of what orders hold of it, and of its movements."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.contracts.seller import Offer
from patungan.kernel import sql
from patungan.kernel.money import Rupiah
from patungan.services.seller.rules import HoldStatus, MovementType


class ItemRow(msgspec.Struct, frozen=True):
    """A product in a store's stock; prices of one unit in rupiah."""

    id: UUID
    seller_id: UUID
    product_id: UUID
    product_name: str
    price: Rupiah
    cost_price: Rupiah | None
    low_stock_threshold: int
    is_active: bool


class VariantRow(msgspec.Struct, frozen=True):
    """A variant of a product in stock, in units; its price is the product's there plus ``price_adjustment``."""

    id: UUID
    inventory_id: UUID
    variant_id: UUID | None
    variant_name: str
    price_adjustment: int
    stock: int
    reserved: int
    available: int


class StockRow(msgspec.Struct, frozen=True):
    """A stock as it is moved, with whose it is."""

    id: UUID
    stock: int
    reserved: int
    low_stock_threshold: int
    seller_id: UUID
    user_id: UUID
    seller_name: str
    product_id: UUID
    product_name: str
    variant_id: UUID | None

    @property
    def available(self) -> int:
        """Units that are free."""
        return self.stock - self.reserved


class Place(msgspec.Struct, frozen=True):
    """Which stock a variant of a seller is."""

    id: UUID
    seller_id: UUID
    product_id: UUID
    variant_id: UUID | None
    on_sale: bool


class HoldRow(msgspec.Struct, frozen=True):
    order_id: UUID
    order_number: str
    seller_id: UUID | None
    status: HoldStatus


class HoldLine(msgspec.Struct, frozen=True):
    order_id: UUID
    stock_id: UUID
    units: int


class Movement(msgspec.Struct, frozen=True):
    """A change of stock in units, who made it and why; ``actor`` None: an order did."""

    id: int
    at: datetime
    variant_id: UUID | None
    variant_name: str
    type: MovementType
    units: int
    stock_change: int
    reserved_change: int
    stock_after: int
    reserved_after: int
    order_id: UUID | None
    actor: UUID | None
    reason: str


_ITEM = "id, seller_id, product_id, product_name, price, cost_price, low_stock_threshold, is_active"
_VARIANT = "id, inventory_id, variant_id, variant_name, price_adjustment, stock, reserved, available"

insert_item = sql.run(
    """
    insert into inventory (id, seller_id, product_id, factory_id, product_name, price, cost_price, low_stock_threshold,
        created_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) on conflict (seller_id, product_id) do nothing
    """
)
insert_variants = sql.run(
    """
    insert into inventory_variants (id, inventory_id, variant_id, variant_name, price_adjustment)
    select row.id, $1, row.variant_id, row.name, row.adjustment
    from unnest($2::uuid[], $3::uuid[], $4::text[], $5::bigint[]) as row (id, variant_id, name, adjustment)
    on conflict do nothing
    """
)
update_item = sql.run(
    """
    update inventory set price = $2, cost_price = $3, low_stock_threshold = $4, is_active = $5, updated_at = $6
    where id = $1
    """
)
update_variants = sql.run(
    """
    update inventory_variants set price_adjustment = row.adjustment
    from unnest($2::uuid[], $3::bigint[]) as row (variant_id, adjustment)
    where inventory_id = $1 and inventory_variants.variant_id is not distinct from row.variant_id
    """
)
find_item = sql.maybe(ItemRow, f"select {_ITEM} from inventory where id = $1 and seller_id = $2")
lock_item = sql.maybe(ItemRow, f"select {_ITEM} from inventory where id = $1 and seller_id = $2 for update")
_ITEMS = """
    from inventory where seller_id = $1 and ($2::boolean is null or is_active = $2) and (not $3::boolean or exists (
        select from inventory_variants v where v.inventory_id = inventory.id and v.available <= low_stock_threshold))
"""
list_items = sql.many(ItemRow, f"select {_ITEM} {_ITEMS} order by created_at desc, id desc limit $4 offset $5")
count_items = sql.one(int, f"select count(*) {_ITEMS}")
find_variants = sql.many(
    VariantRow,
    f"select {_VARIANT} from inventory_variants where inventory_id = any($1::uuid[]) order by inventory_id, variant_name, id",
)
reserved_of_item = sql.one(
    int, "select coalesce(sum(reserved), 0)::bigint from inventory_variants where inventory_id = $1"
)

find_offers = sql.many(
    Offer,
    """
    select s.id as seller_id, s.name as seller_name, s.slug as seller_slug, s.city, s.postal_code, i.product_id,
        v.variant_id, i.price + v.price_adjustment as price, v.available
    from inventory i join sellers s on s.id = i.seller_id join inventory_variants v on v.inventory_id = i.id
    where i.product_id = any($1::uuid[]) and i.is_active and s.status = 'active' and s.verification_status = 'verified'
    order by i.product_id, price, s.id, v.variant_name, v.id
    """,
)
find_offers_of = sql.many(
    Offer,
    """
    select s.id as seller_id, s.name as seller_name, s.slug as seller_slug, s.city, s.postal_code, i.product_id,
        v.variant_id, i.price + v.price_adjustment as price, v.available
    from inventory i join sellers s on s.id = i.seller_id join inventory_variants v on v.inventory_id = i.id
    where s.id = $1 and i.is_active and v.available > 0 order by i.created_at desc, v.variant_name, v.id
    limit $2 offset $3
    """,
)
count_offers_of = sql.one(
    int,
    """
    select count(*) from inventory i join inventory_variants v on v.inventory_id = i.id
    where i.seller_id = $1 and i.is_active and v.available > 0
    """,
)

find_places = sql.many(
    Place,
    """
    select v.id, i.seller_id, i.product_id, v.variant_id,
        i.is_active and s.status = 'active' and s.verification_status = 'verified' as on_sale
    from inventory i join sellers s on s.id = i.seller_id join inventory_variants v on v.inventory_id = i.id
    where i.seller_id = any($1::uuid[]) and i.product_id = any($2::uuid[])
    """,
)
# In one order everywhere, so that two who move common stock wait for each other instead of for ever.
lock_stock = sql.many(
    StockRow,
    """
    select v.id, v.stock, v.reserved, i.low_stock_threshold, s.id as seller_id, s.user_id, s.name as seller_name,
        i.product_id, i.product_name, v.variant_id
    from inventory_variants v join inventory i on i.id = v.inventory_id join sellers s on s.id = i.seller_id
    where v.id = any($1::uuid[]) order by v.id for update of v
    """,
)
lock_item_stock = sql.many(
    StockRow,
    """
    select v.id, v.stock, v.reserved, i.low_stock_threshold, s.id as seller_id, s.user_id, s.name as seller_name,
        i.product_id, i.product_name, v.variant_id
    from inventory_variants v join inventory i on i.id = v.inventory_id join sellers s on s.id = i.seller_id
    where i.id = $1 order by v.id for update of v
    """,
)
# The two statements that change stock: no row changes without its movements.
change_stock = sql.run(
    """
    update inventory_variants set stock = stock + row.stock_change, reserved = reserved + row.reserved_change
    from unnest($1::uuid[], $2::bigint[], $3::bigint[]) as row (id, stock_change, reserved_change)
    where inventory_variants.id = row.id
    """
)
write_movements = sql.run(
    """
    insert into stock_movements (at, stock_id, type, units, stock_change, reserved_change, stock_after, reserved_after,
        order_id, actor, reason)
    select $1, * from unnest($2::uuid[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
        $9::uuid[], $10::uuid[], $11::text[])
    """
)

# Holds take turns by their orders' ids: one that is asked for and ended at once has no row to lock yet.
lock_orders = sql.run(
    """
    select pg_advisory_xact_lock(hashtextextended('hold ' || id::text, 0))
    from (select id from unnest($1::uuid[]) as asked (id) order by id) as asked
    """
)
find_holds = sql.many(
    HoldRow, "select order_id, order_number, seller_id, status from holds where order_id = any($1::uuid[])"
)
find_hold_lines = sql.many(
    HoldLine,
    "select order_id, stock_id, units from hold_lines where order_id = any($1::uuid[]) order by order_id, stock_id",
)
insert_holds = sql.run(
    """
    insert into holds (order_id, order_number, seller_id, status, expires_at, created_at)
    select row.order_id, row.number, row.seller_id, 'held', row.expires_at, $5
    from unnest($1::uuid[], $2::text[], $3::uuid[], $4::timestamptz[]) as row (order_id, number, seller_id, expires_at)
    """
)
insert_hold_lines = sql.run(
    """
    insert into hold_lines (order_id, stock_id, units)
    select * from unnest($1::uuid[], $2::uuid[], $3::bigint[])
    """
)
remember_ended = sql.run(
    """
    insert into holds (order_id, order_number, status, expires_at, created_at, ended_at)
    select id, '', 'released', $2, $2, $2 from unnest($1::uuid[]) as ended (id)
    """
)
move_holds = sql.run(
    "update holds set status = $2, ended_at = $3 where order_id = any($1::uuid[])",
)
find_due_holds = sql.many(
    UUID, "select order_id from holds where status = 'held' and expires_at <= $1 order by expires_at limit $2"
)

_MOVEMENTS = """
    from stock_movements m join inventory_variants v on v.id = m.stock_id
    where v.inventory_id = $1 and ($2::text is null or m.type = $2)
"""
list_movements = sql.many(
    Movement,
    f"""
    select m.id, m.at, v.variant_id, v.variant_name, m.type, m.units, m.stock_change, m.reserved_change, m.stock_after,
        m.reserved_after, m.order_id, m.actor, m.reason
    {_MOVEMENTS} order by m.id desc limit $3 offset $4
    """,
)
count_movements = sql.one(int, f"select count(*) {_MOVEMENTS}")
