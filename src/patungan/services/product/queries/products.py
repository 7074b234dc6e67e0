"""The SQL of products, their variants and their open sessions."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.contracts.product import Product
from patungan.kernel import sql
from patungan.kernel.money import Rupiah
from patungan.services.product.queries.images import ImageView
from patungan.services.product.rules import ProductStatus


class CategoryRef(msgspec.Struct, frozen=True):
    slug: str
    name: str
    name_en: str


class VariantRow(msgspec.Struct, frozen=True):
    """A variant; its price is the product's plus ``price_adjustment`` (rupiah)."""

    id: UUID
    sku: str
    name: str
    name_en: str
    attributes: dict[str, str]
    price_adjustment: int
    weight_grams: int
    is_active: bool


class ProductItem(msgspec.Struct, frozen=True):
    """A product as lists show it; prices in rupiah."""

    id: UUID
    slug: str
    name: str
    name_en: str
    sku: str
    status: ProductStatus
    category: CategoryRef
    factory_id: UUID
    base_price: Rupiah
    price_tier_25: Rupiah
    price_tier_50: Rupiah
    price_tier_75: Rupiah
    price_tier_100: Rupiah
    min_order_quantity: int
    image_url: str | None
    image: ImageView | None
    factory_name: str | None
    city: str | None
    session_ends_at: datetime | None
    rating: float | None
    review_count: int


class ProductRow(msgspec.Struct, frozen=True):
    """A product whole, with its images and variants."""

    id: UUID
    factory_id: UUID
    category_id: UUID
    category: CategoryRef
    sku: str
    slug: str
    name: str
    name_en: str
    description: str
    description_en: str
    status: ProductStatus
    base_price: Rupiah
    price_tier_25: Rupiah
    price_tier_50: Rupiah
    price_tier_75: Rupiah
    price_tier_100: Rupiah
    cost_price: Rupiah | None
    min_order_quantity: int
    group_duration_hours: int
    weight_grams: int
    length_cm: int
    width_cm: int
    height_cm: int
    renews: bool
    has_variants: bool
    created_at: datetime
    published_at: datetime | None
    images: list[ImageView]
    variants: list[VariantRow]
    rating: float | None
    review_count: int


IMAGE_URL = """(select '/api/images/' || i.name from product_images i where i.product_id = p.id and i.is_primary)"""
IMAGE = "(select image_view(i) from product_images i where i.product_id = p.id and i.is_primary)"
CATEGORY = "jsonb_build_object('slug', c.slug, 'name', c.name, 'name_en', c.name_en)"
PRICES = "p.base_price, p.price_tier_25, p.price_tier_50, p.price_tier_75, p.price_tier_100"
# Stars to two decimals, halves rounded up, as review shows them.
RATING = """(select round(g.total::numeric / g.count, 2)::float8 from product_ratings g
    where g.product_id = p.id and g.count > 0)"""
REVIEW_COUNT = "coalesce((select g.count from product_ratings g where g.product_id = p.id), 0)"
_SIZES = "p.weight_grams, p.length_cm, p.width_cm, p.height_cm"

find_contract_products = sql.many(
    Product,
    f"""
    select p.id, p.factory_id, p.category_id, p.sku, p.slug, p.name, p.name_en, p.status, {PRICES},
        p.min_order_quantity, p.group_duration_hours, {_SIZES}, p.renews, {IMAGE_URL} as image_url,
        coalesce((
            select jsonb_agg(jsonb_build_object(
                'id', v.id, 'sku', v.sku, 'name', v.name, 'price_adjustment', v.price_adjustment,
                'weight_grams', v.weight_grams, 'is_active', v.is_active) order by v.display_order)
            from product_variants v where v.product_id = p.id), '[]') as variants
    from products p where p.id = any($1::uuid[]) order by p.id
    """,
)

_ROW = f"""
    select p.id, p.factory_id, p.category_id, {CATEGORY} as category, p.sku, p.slug, p.name, p.name_en, p.description,
        p.description_en, p.status, {PRICES}, p.cost_price, p.min_order_quantity, p.group_duration_hours, {_SIZES},
        p.renews, p.has_variants, p.created_at, p.published_at,
        coalesce((
            select jsonb_agg(image_view(i) order by i.is_primary desc, i.display_order, i.name)
            from product_images i where i.product_id = p.id), '[]') as images,
        coalesce((
            select jsonb_agg(jsonb_build_object(
                'id', v.id, 'sku', v.sku, 'name', v.name, 'name_en', v.name_en, 'attributes', v.attributes,
                'price_adjustment', v.price_adjustment, 'weight_grams', v.weight_grams, 'is_active', v.is_active)
                order by v.display_order)
            from product_variants v where v.product_id = p.id), '[]') as variants,
        {RATING} as rating, {REVIEW_COUNT} as review_count
    from products p join categories c on c.id = p.category_id
"""
find_product = sql.maybe(ProductRow, f"{_ROW} where p.id = $1")
find_product_by_slug = sql.maybe(ProductRow, f"{_ROW} where p.slug = $1")
find_products = sql.many(ProductRow, f"{_ROW} where p.id = any($1::uuid[]) order by p.id")
lock_product = sql.maybe(UUID, "select id from products where id = $1 for update")

_ITEM = f"""p.id, p.slug, p.name, p.name_en, p.sku, p.status, {CATEGORY} as category, p.factory_id, {PRICES},
    p.min_order_quantity, {IMAGE_URL} as image_url, {IMAGE} as image, f.name as factory_name, f.city,
    (select min(o.ends_at) from open_sessions o where o.product_id = p.id) as session_ends_at,
    {RATING} as rating, {REVIEW_COUNT} as review_count"""
_OWN = """
    from products p join categories c on c.id = p.category_id
    left join factory_names f on f.factory_id = p.factory_id
    where p.factory_id = any($1::uuid[]) and ($2::text is null or p.status = $2)
      and ($3::text is null or strpos(p.title, lower($3)) > 0 or p.sku = upper($3))
"""
find_own_products = sql.many(
    ProductItem, f"select {_ITEM} {_OWN} order by p.created_at desc, p.id desc limit $4 offset $5"
)
count_own_products = sql.one(int, f"select count(*) {_OWN}")

insert_product = sql.run(
    """
    insert into products (
        id, factory_id, category_id, sku, slug, name, name_en, description, description_en, status, base_price,
        price_tier_25, price_tier_50, price_tier_75, price_tier_100, cost_price, min_order_quantity,
        group_duration_hours, weight_grams, length_cm, width_cm, height_cm, renews, has_variants, created_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'draft', $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
        $23, $24, $24)
    on conflict do nothing
    """
)
update_product = sql.run(
    """
    update products set
        category_id = $2, name = $3, name_en = $4, description = $5, description_en = $6, base_price = $7,
        price_tier_25 = $8, price_tier_50 = $9, price_tier_75 = $10, price_tier_100 = $11, cost_price = $12,
        min_order_quantity = $13, group_duration_hours = $14, weight_grams = $15, length_cm = $16, width_cm = $17,
        height_cm = $18, renews = $19, updated_at = $20
    where id = $1
    """
)
update_status = sql.run(
    """
    update products set status = $2, updated_at = $3,
        published_at = case when $2 = 'active' then coalesce(published_at, $3) else published_at end
    where id = $1
    """
)
declare_variants = sql.run("update products set has_variants = true where id = $1")
sku_is_known = sql.one(bool, "select exists (select from products where sku = $1)")
write_history = sql.run(
    "insert into product_history (product_id, at, actor, before, after) values ($1, $2, $3, $4, $5)"
)

insert_variant = sql.run(
    """
    insert into product_variants (
        id, product_id, sku, name, name_en, attributes, price_adjustment, weight_grams, is_active, display_order,
        created_at)
    select $1, $2, $3, $4, $5, $6, $7, $8, $9, coalesce(max(display_order) + 1, 0), $10
    from product_variants where product_id = $2
    on conflict (sku) do nothing
    """
)
update_variant = sql.run(
    """
    update product_variants set name = $2, name_en = $3, attributes = $4, price_adjustment = $5, weight_grams = $6,
        is_active = $7
    where id = $1
    """
)

product_is_in_session = sql.one(bool, "select exists (select from open_sessions where product_id = $1)")
note_opened_sessions = sql.run(
    """
    insert into open_sessions (session_id, product_id, ends_at)
    select * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[])
    on conflict do nothing
    """
)
forget_sessions = sql.run("delete from open_sessions where session_id = any($1::uuid[])")
note_sales = sql.run(
    """
    insert into session_sales (session_id, product_id, units)
    select * from unnest($1::uuid[], $2::uuid[], $3::bigint[]) on conflict do nothing
    """
)
keep_ratings = sql.run(
    """
    insert into product_ratings (product_id, count, total, revision)
    select * from unnest($1::uuid[], $2::int[], $3::bigint[], $4::bigint[])
    on conflict (product_id) do update set count = excluded.count, total = excluded.total, revision = excluded.revision
        where product_ratings.revision < excluded.revision
    """
)
