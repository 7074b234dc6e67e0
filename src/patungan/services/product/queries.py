"""The SQL of product, on its own schema."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.contracts.product import Product
from patungan.kernel import sql
from patungan.kernel.money import Rupiah
from patungan.services.product.rules import ProductStatus, Sort


class CategoryRow(msgspec.Struct, frozen=True):
    id: UUID
    parent_id: UUID | None
    slug: str
    name: str
    name_en: str
    display_order: int
    is_active: bool


class CategoryItem(msgspec.Struct, frozen=True):
    """A category with the number of products on sale in it and below it."""

    id: UUID
    name: str
    name_en: str
    slug: str
    parent_id: UUID | None
    product_count: int


class CategoryRef(msgspec.Struct, frozen=True):
    slug: str
    name: str
    name_en: str


class ImageView(msgspec.Struct, frozen=True):
    url: str
    is_primary: bool


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


_IMAGE_URL = """(select '/api/images/' || i.name from product_images i where i.product_id = p.id and i.is_primary)
    as image_url"""
_CATEGORY = "jsonb_build_object('slug', c.slug, 'name', c.name, 'name_en', c.name_en) as category"
_PRICES = "p.base_price, p.price_tier_25, p.price_tier_50, p.price_tier_75, p.price_tier_100"
_SIZES = "p.weight_grams, p.length_cm, p.width_cm, p.height_cm"

find_contract_products = sql.many(
    Product,
    f"""
    select p.id, p.factory_id, p.category_id, p.sku, p.slug, p.name, p.name_en, p.status, {_PRICES},
        p.min_order_quantity, p.group_duration_hours, {_SIZES}, p.renews, {_IMAGE_URL},
        coalesce((
            select jsonb_agg(jsonb_build_object(
                'id', v.id, 'sku', v.sku, 'name', v.name, 'price_adjustment', v.price_adjustment,
                'weight_grams', v.weight_grams, 'is_active', v.is_active) order by v.display_order)
            from product_variants v where v.product_id = p.id), '[]') as variants
    from products p where p.id = any($1::uuid[]) order by p.id
    """,
)

_ROW = f"""
    select p.id, p.factory_id, p.category_id, {_CATEGORY}, p.sku, p.slug, p.name, p.name_en, p.description,
        p.description_en, p.status, {_PRICES}, p.cost_price, p.min_order_quantity, p.group_duration_hours, {_SIZES},
        p.renews, p.has_variants, p.created_at, p.published_at,
        coalesce((
            select jsonb_agg(jsonb_build_object('url', '/api/images/' || i.name, 'is_primary', i.is_primary)
                order by i.is_primary desc, i.display_order)
            from product_images i where i.product_id = p.id), '[]') as images,
        coalesce((
            select jsonb_agg(jsonb_build_object(
                'id', v.id, 'sku', v.sku, 'name', v.name, 'name_en', v.name_en, 'attributes', v.attributes,
                'price_adjustment', v.price_adjustment, 'weight_grams', v.weight_grams, 'is_active', v.is_active)
                order by v.display_order)
            from product_variants v where v.product_id = p.id), '[]') as variants
    from products p join categories c on c.id = p.category_id
"""
find_product = sql.maybe(ProductRow, f"{_ROW} where p.id = $1")
find_product_by_slug = sql.maybe(ProductRow, f"{_ROW} where p.slug = $1")
lock_product = sql.maybe(UUID, "select id from products where id = $1 for update")

_ITEM = f"""p.id, p.slug, p.name, p.name_en, p.sku, p.status, {_CATEGORY}, p.factory_id, {_PRICES},
    p.min_order_quantity, {_IMAGE_URL}"""
_WANTED = """
    where p.status = 'active'
      and ($1::uuid is null or p.factory_id = $1)
      and ($2::bigint is null or p.base_price >= $2)
      and ($3::bigint is null or p.base_price <= $3)
      and ($4::text is null or p.category_id in (
          with recursive below as (
              select id from categories where slug = $4
              union all select child.id from categories child join below on child.parent_id = below.id)
          select id from below))
"""
_BROWSED = f"from products p join categories c on c.id = p.category_id {_WANTED}"
# Titles weigh more than descriptions by the index's own weights; likeness lets misspelt words through, behind exact ones.
_FOUND = f"""
    from (
        select id, sum(score) as score from (
            select id, 1 + ts_rank(search, to_tsquery('simple', $5)) as score from products
            where search @@ to_tsquery('simple', $5) and status = 'active'
            union all
            select id, likeness from similar_products(lower($6), $7)) scored
        group by id) found
    join products p on p.id = found.id
    join categories c on c.id = p.category_id {_WANTED}
"""
_ORDERS = {
    Sort.NEWEST: "p.published_at desc, p.id desc",
    Sort.PRICE: "p.base_price, p.id",
    Sort.PRICE_DESCENDING: "p.base_price desc, p.id",
    Sort.NAME: "lower(p.name), p.id",
}
browse_products = {
    sort: sql.many(ProductItem, f"select {_ITEM} {_BROWSED} order by {order} limit $5 offset $6")
    for sort, order in _ORDERS.items()
}
count_browsed = sql.one(int, f"select count(*) {_BROWSED}")
search_products = {
    sort: sql.many(ProductItem, f"select {_ITEM} {_FOUND} order by {order} limit $8 offset $9")
    for sort, order in {**_ORDERS, Sort.RELEVANCE: "found.score desc, p.published_at desc, p.id desc"}.items()
}
count_found = sql.one(int, f"select count(*) {_FOUND}")

_OWN = """
    from products p join categories c on c.id = p.category_id
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

insert_image = sql.run(
    """
    insert into product_images (product_id, name, is_primary, display_order, created_at)
    select $1, $2, count(*) = 0, coalesce(max(display_order) + 1, 0), $3 from product_images where product_id = $1
    on conflict (product_id, name) do nothing
    """
)
clear_primary_image = sql.run("update product_images set is_primary = false where product_id = $1 and is_primary")
set_primary_image = sql.run("update product_images set is_primary = true where product_id = $1 and name = $2")

product_is_in_session = sql.one(bool, "select exists (select from open_sessions where product_id = $1)")
note_opened_sessions = sql.run(
    """
    insert into open_sessions (session_id, product_id) select * from unnest($1::uuid[], $2::uuid[])
    on conflict do nothing
    """
)
forget_sessions = sql.run("delete from open_sessions where session_id = any($1::uuid[])")

_CATEGORY_ROW = "id, parent_id, slug, name, name_en, display_order, is_active"
find_categories = sql.many(
    CategoryItem,
    """
    with recursive below as (
        select id as top, id from categories where is_active
        union all select below.top, child.id from categories child join below on child.parent_id = below.id)
    select c.id, c.name, c.name_en, c.slug, c.parent_id, count(p.id) as product_count
    from categories c
    join below on below.top = c.id
    left join products p on p.category_id = below.id and p.status = 'active'
    group by c.id order by c.display_order, c.name, c.id
    """,
)
find_category = sql.maybe(CategoryRow, f"select {_CATEGORY_ROW} from categories where id = $1")
lock_categories = sql.run("lock table categories in share row exclusive mode")
category_is_below = sql.one(
    bool,
    """
    with recursive below as (
        select id from categories where id = $1
        union all select child.id from categories child join below on child.parent_id = below.id)
    select exists (select from below where id = $2)
    """,
)
insert_category = sql.run(
    """
    insert into categories (id, parent_id, slug, name, name_en, display_order, is_active, created_at)
    values ($1, $2, $3, $4, $5, $6, true, $7) on conflict (slug) do nothing
    """
)
update_category = sql.run(
    "update categories set parent_id = $2, name = $3, name_en = $4, display_order = $5, is_active = $6 where id = $1"
)
