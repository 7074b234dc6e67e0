"""The SQL of imports and exports: many products at once."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.services.product.sheet import SheetProduct, SheetVariant


class SheetRow(msgspec.Struct, frozen=True):
    """A product as an export writes it."""

    id: UUID
    product: SheetProduct
    variants: list[SheetVariant]


class KnownVariant(msgspec.Struct, frozen=True):
    """A variant that a product has."""

    id: UUID
    sku: str
    name: str
    price_adjustment: int


class VariantOwner(msgspec.Struct, frozen=True):
    """A variant's SKU, and the product that has it."""

    sku: str
    product_id: UUID


class KnownSku(msgspec.Struct, frozen=True):
    """A product that has a SKU of the sheet, locked; ``in_session``: its prices stay as they are."""

    sku: str
    id: UUID
    factory_id: UUID
    in_session: bool
    product: SheetProduct
    variants: list[KnownVariant]


_PRODUCT = """jsonb_build_object(
    'sku', p.sku, 'name', p.name, 'name_en', p.name_en, 'description', p.description,
    'description_en', p.description_en, 'category', c.slug, 'base_price', p.base_price,
    'price_tier_25', p.price_tier_25, 'price_tier_50', p.price_tier_50, 'price_tier_75', p.price_tier_75,
    'price_tier_100', p.price_tier_100, 'cost_price', p.cost_price, 'min_order_quantity', p.min_order_quantity,
    'group_duration_hours', p.group_duration_hours, 'weight_grams', p.weight_grams, 'length_cm', p.length_cm,
    'width_cm', p.width_cm, 'height_cm', p.height_cm, 'renews', p.renews) as product"""
_VARIANTS = """coalesce((
    select jsonb_agg(jsonb_build_object(
        'id', v.id, 'sku', v.sku, 'name', v.name, 'price_adjustment', v.price_adjustment) order by v.display_order, v.sku)
    from product_variants v where v.product_id = p.id), '[]') as variants"""
_FIELDS = """
    name text, name_en text, description text, description_en text, category_id uuid, base_price bigint,
    price_tier_25 bigint, price_tier_50 bigint, price_tier_75 bigint, price_tier_100 bigint, cost_price bigint,
    min_order_quantity integer, group_duration_hours integer, weight_grams integer, length_cm integer,
    width_cm integer, height_cm integer, renews boolean
"""

find_exported = sql.many(
    SheetRow,
    f"""
    select p.id, {_PRODUCT}, {_VARIANTS} from products p join categories c on c.id = p.category_id
    where p.factory_id = any($1::uuid[]) and p.id > $2 order by p.id limit $3
    """,
)
lock_skus = sql.many(
    KnownSku,
    f"""
    select p.sku, p.id, p.factory_id, exists (select from open_sessions o where o.product_id = p.id) as in_session,
        {_PRODUCT}, {_VARIANTS}
    from products p join categories c on c.id = p.category_id
    where p.sku = any($1::text[]) order by p.id for update of p
    """,
)
find_taken_slugs = sql.many(str, "select slug from products where slug = any($1::text[])")
insert_products = sql.run(
    f"""
    insert into products (
        id, factory_id, category_id, sku, slug, name, name_en, description, description_en, status, base_price,
        price_tier_25, price_tier_50, price_tier_75, price_tier_100, cost_price, min_order_quantity,
        group_duration_hours, weight_grams, length_cm, width_cm, height_cm, renews, has_variants, created_at, updated_at)
    select x.id, $2, x.category_id, x.sku, x.slug, x.name, x.name_en, x.description, x.description_en, 'draft',
        x.base_price, x.price_tier_25, x.price_tier_50, x.price_tier_75, x.price_tier_100, x.cost_price,
        x.min_order_quantity, x.group_duration_hours, x.weight_grams, x.length_cm, x.width_cm, x.height_cm, x.renews,
        false, $3, $3
    from jsonb_to_recordset($1) as x(id uuid, sku text, slug text, {_FIELDS}) order by x.id
    on conflict do nothing
    """
)
update_products = sql.run(
    f"""
    update products p set
        name = x.name, name_en = x.name_en, description = x.description, description_en = x.description_en,
        category_id = x.category_id, base_price = x.base_price, price_tier_25 = x.price_tier_25,
        price_tier_50 = x.price_tier_50, price_tier_75 = x.price_tier_75, price_tier_100 = x.price_tier_100,
        cost_price = x.cost_price, min_order_quantity = x.min_order_quantity,
        group_duration_hours = x.group_duration_hours, weight_grams = x.weight_grams, length_cm = x.length_cm,
        width_cm = x.width_cm, height_cm = x.height_cm, renews = x.renews, updated_at = $2
    from jsonb_to_recordset($1) as x(id uuid, {_FIELDS}) where p.id = x.id
    """
)
find_variant_owners = sql.many(VariantOwner, "select sku, product_id from product_variants where sku = any($1::text[])")
insert_variants = sql.run(
    """
    insert into product_variants (
        id, product_id, sku, name, price_adjustment, weight_grams, is_active, display_order, created_at)
    select x.id, x.product_id, x.sku, x.name, x.price_adjustment, p.weight_grams, true,
        x.place + coalesce((select max(v.display_order) from product_variants v where v.product_id = p.id), -1), $2
    from jsonb_to_recordset($1)
        as x(id uuid, product_id uuid, sku text, name text, price_adjustment bigint, place integer)
    join products p on p.id = x.product_id order by x.id
    on conflict do nothing
    """
)
update_variants = sql.run(
    """
    update product_variants v set name = x.name, price_adjustment = x.price_adjustment
    from jsonb_to_recordset($1) as x(id uuid, name text, price_adjustment bigint) where v.id = x.id
    """
)
declare_variants = sql.run("update products set has_variants = true where id = any($1::uuid[])")
write_first_history = sql.run(
    """
    insert into product_history (product_id, at, actor, before, after)
    select id, $2, $3, null, 'draft' from unnest($1::uuid[]) as made(id)
    """
)
store_report = sql.run("insert into import_reports (id, factory_id, actor, at, report) values ($1, $2, $3, $4, $5)")


class StoredReport(msgspec.Struct, frozen=True):
    factory_id: UUID
    actor: UUID
    at: datetime
    report: msgspec.Raw


find_report = sql.maybe(StoredReport, "select factory_id, actor, at, report from import_reports where id = $1")
