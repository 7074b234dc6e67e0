"""The SQL of categories: a tree, and how many products on sale are in and below each."""

from __future__ import annotations

from uuid import UUID

import msgspec

from patungan.kernel import sql


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


_CATEGORY_ROW = "id, parent_id, slug, name, name_en, display_order, is_active"
find_categories = sql.many(
    CategoryItem,
    """
    with recursive shown as (
        select id from categories where parent_id is null and is_active
        union all
        select child.id from categories child join shown on child.parent_id = shown.id where child.is_active),
    below as (
        select id as top, id from shown
        union all select below.top, child.id from categories child join below on child.parent_id = below.id),
    counted as (select category_id, count(*) as products from search_documents group by category_id)
    select c.id, c.name, c.name_en, c.slug, c.parent_id, coalesce(sum(n.products), 0)::bigint as product_count
    from categories c
    join below on below.top = c.id
    left join counted n on n.category_id = below.id
    where ($1::uuid is null or c.id = $1) and (not $2::boolean or c.parent_id is null)
    group by c.id order by c.display_order, c.name, c.id
    """,
)
find_all_categories = sql.many(CategoryRow, f"select {_CATEGORY_ROW} from categories order by display_order, name, id")
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
order_categories = sql.run(
    """
    update categories c set display_order = wanted.place
    from unnest($2::uuid[]) with ordinality as wanted(id, place)
    where c.id = wanted.id and c.parent_id is not distinct from $1
    """
)
