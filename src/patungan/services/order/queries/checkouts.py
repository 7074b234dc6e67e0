"""SQL of carts and checkouts, and of the orders that a checkout makes."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from patungan.contracts.address import Address
from patungan.contracts.order import ParcelSender
from patungan.kernel import sql
from patungan.kernel.contract import Message
from patungan.kernel.money import Rupiah
from patungan.services.order.rules import Source


class CartItem(msgspec.Struct, frozen=True):
    """Goods in a cart; ``unit_price`` as it was when they were put in, in rupiah."""

    id: UUID
    product_id: UUID
    variant_id: UUID | None
    seller_id: UUID | None
    quantity: int
    unit_price: Rupiah


class PlannedItem(Message, frozen=True):
    """A line of an order that is to be made; weight in grams, size in centimetres, price in rupiah, all of one unit."""

    id: UUID
    line: int
    product_id: UUID
    variant_id: UUID | None
    factory_id: UUID
    sku: str
    product_name: str
    product_slug: str
    variant_name: str
    image_url: str | None
    weight_grams: int
    length_cm: int
    width_cm: int
    height_cm: int
    quantity: int
    unit_price: Rupiah

    @property
    def subtotal(self) -> Rupiah:
        """What the line costs."""
        return Rupiah(self.quantity * self.unit_price)


class PlannedOrder(Message, frozen=True):
    """An order that is to be made, of one source; amounts in rupiah."""

    id: UUID
    number: str
    source: Source
    factory_id: UUID
    factory_name: str
    seller_id: UUID | None
    seller_name: str
    sender: ParcelSender | None
    warehouse_id: UUID | None
    courier_service: str
    subtotal: Rupiah
    shipping_cost: Rupiah
    fee: Rupiah
    items: list[PlannedItem]

    @property
    def total(self) -> Rupiah:
        """What the buyer pays for it."""
        return Rupiah(self.subtotal + self.shipping_cost + self.fee)


class CheckoutRow(msgspec.Struct, frozen=True):
    """A checkout with its plan; ``refusal`` is the problem's document where nothing came of it."""

    id: UUID
    user_id: UUID
    input_hash: bytes
    status: str
    plan: list[PlannedOrder]
    refusal: dict[str, Any] | None
    address: Address
    total: Rupiah
    wallet_amount: Rupiah
    payment_id: UUID | None
    payment_code: str | None
    expires_at: datetime


_ITEM = "id, product_id, variant_id, seller_id, quantity, unit_price"
find_cart = sql.many(CartItem, f"select {_ITEM} from cart_items where user_id = $1 order by added_at, id limit $2")
find_cart_item = sql.maybe(CartItem, f"select {_ITEM} from cart_items where id = $1 and user_id = $2")
count_cart = sql.one(int, "select count(*) from cart_items where user_id = $1")
lock_cart = sql.run("select pg_advisory_xact_lock(hashtextextended('cart ' || $1::uuid, 0))")
put_in_cart = sql.one(
    CartItem,
    f"""
    insert into cart_items (id, user_id, product_id, variant_id, seller_id, quantity, unit_price, added_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (user_id, product_id, coalesce(variant_id, '00000000-0000-0000-0000-000000000000'),
        coalesce(seller_id, '00000000-0000-0000-0000-000000000000'))
    do update set quantity = excluded.quantity, unit_price = excluded.unit_price
    returning {_ITEM}
    """,
)
take_out_of_cart = sql.run("delete from cart_items where id = $1 and user_id = $2")
empty_cart = sql.run("delete from cart_items where user_id = $1")
forget_bought = sql.run(
    """
    delete from cart_items using unnest($2::uuid[], $3::uuid[], $4::uuid[]) as bought (product_id, variant_id, seller_id)
    where user_id = $1 and cart_items.product_id = bought.product_id
        and cart_items.variant_id is not distinct from bought.variant_id
        and cart_items.seller_id is not distinct from bought.seller_id
    """
)

_CHECKOUT = """id, user_id, input_hash, status, plan, refusal, address, total, wallet_amount, payment_id, payment_code,
    expires_at"""
insert_checkout = sql.run(
    """
    insert into checkouts (id, user_id, key, input_hash, status, plan, address, total, wallet_amount, created_at,
        expires_at, due_at)
    values ($1, $2, $3, $4, 'reserving', $5, $6, $7, $8, $9, $10, $11)
    on conflict (user_id, key) do nothing
    """
)
find_checkout = sql.maybe(CheckoutRow, f"select {_CHECKOUT} from checkouts where id = $1")
find_checkout_by_key = sql.maybe(CheckoutRow, f"select {_CHECKOUT} from checkouts where user_id = $1 and key = $2")
lock_checkout = sql.one(CheckoutRow, f"select {_CHECKOUT} from checkouts where id = $1 for update")
refuse_checkout = sql.run(
    """
    update checkouts set status = 'refused', refusal = $2, due_at = null where id = $1 and status = 'reserving'
    """
)
open_checkout = sql.run(
    "update checkouts set status = 'pending_payment', due_at = $2 where id = $1 and status = 'reserving'"
)
end_checkout = sql.run(
    """
    update checkouts set status = 'ended', refusal = coalesce($2, refusal), due_at = null
    where id = $1 and status = 'pending_payment'
    """
)
store_payment = sql.run(
    """
    update checkouts set payment_id = $2, payment_code = $3, due_at = null
    where id = $1 and payment_id is null
    """
)
follow_payments = sql.run(
    """
    update checkouts set status = $2, due_at = null where id = any($1::uuid[]) and status = 'pending_payment'
    """
)
claim_due = sql.many(
    UUID,
    """
    update checkouts set due_at = $2 where id in (
        select id from checkouts where due_at <= $1 order by due_at limit $3 for update skip locked)
    returning id
    """,
)

known_numbers = sql.many(str, "select number from orders where number = any($1::text[])")
create_orders = sql.run(
    """
    insert into orders (id, number, user_id, factory_id, factory_name, status, subtotal, shipping_cost, fee, total,
        courier_service, address, created_at, warehouse_id, source, seller_id, seller_name, sender, checkout_id)
    select p.id, p.number, c.user_id, p.factory_id, p.factory_name, 'pending_payment', p.subtotal, p.shipping_cost, p.fee,
        p.subtotal + p.shipping_cost + p.fee, p.courier_service, c.address, $2, p.warehouse_id, p.source, p.seller_id,
        p.seller_name, nullif(p.sender, 'null'), c.id
    from checkouts c cross join lateral jsonb_to_recordset(c.plan) as p (id uuid, number text, source text,
        factory_id uuid, factory_name text, seller_id uuid, seller_name text, sender jsonb, warehouse_id uuid,
        courier_service text, subtotal bigint, shipping_cost bigint, fee bigint)
    where c.id = $1
    """
)
create_items = sql.run(
    """
    insert into order_items (order_id, line, id, product_id, variant_id, factory_id, sku, product_name, product_slug,
        variant_name, image_url, weight_grams, length_cm, width_cm, height_cm, quantity, unit_price, subtotal)
    select p.id, i.line, i.id, i.product_id, i.variant_id, i.factory_id, i.sku, i.product_name, i.product_slug,
        i.variant_name, i.image_url, i.weight_grams, i.length_cm, i.width_cm, i.height_cm, i.quantity, i.unit_price,
        i.quantity * i.unit_price
    from checkouts c
    cross join lateral jsonb_to_recordset(c.plan) as p (id uuid, items jsonb)
    cross join lateral jsonb_to_recordset(p.items) as i (line smallint, id uuid, product_id uuid, variant_id uuid,
        factory_id uuid, sku text, product_name text, product_slug text, variant_name text, image_url text,
        weight_grams bigint, length_cm bigint, width_cm bigint, height_cm bigint, quantity bigint, unit_price bigint)
    where c.id = $1
    """
)
