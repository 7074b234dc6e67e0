"""The SQL of prices as they were, and of imports."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.kernel.money import Rupiah


class PricePoint(msgspec.Struct, frozen=True):
    """What everybody may know: from when a product cost how much, in rupiah, alone and at the full tier."""

    at: datetime
    base_price: Rupiah
    price_tier_100: Rupiah


class PriceChange(msgspec.Struct, frozen=True):
    """What a product cost from a moment on, in rupiah, and who said so."""

    at: datetime
    actor: UUID
    base_price: Rupiah
    price_tier_25: Rupiah
    price_tier_50: Rupiah
    price_tier_75: Rupiah
    price_tier_100: Rupiah
    min_order_quantity: int


write_prices = sql.run(
    """
    insert into price_history (
        product_id, at, actor, base_price, price_tier_25, price_tier_50, price_tier_75, price_tier_100,
        min_order_quantity)
    select id, $2, $3, base_price, price_tier_25, price_tier_50, price_tier_75, price_tier_100, min_order_quantity
    from products where id = any($1::uuid[]) order by id
    """
)
find_price_points = sql.many(
    PricePoint,
    """
    select at, base_price, price_tier_100 from (
        select h.id, h.at, h.base_price, h.price_tier_100 from price_history h
        join products p on p.id = h.product_id and p.published_at is not null
        where h.product_id = $1
          and (h.at >= p.published_at
               or h.id = (select max(id) from price_history where product_id = $1 and at < p.published_at))
        order by h.id desc limit 100) latest
    order by id
    """,
)
find_price_changes = sql.many(
    PriceChange,
    """
    select at, actor, base_price, price_tier_25, price_tier_50, price_tier_75, price_tier_100, min_order_quantity
    from price_history where product_id = $1 order by id desc limit $2 offset $3
    """,
)
count_price_changes = sql.one(int, "select count(*) from price_history where product_id = $1")
