"""The SQL of the search: what words are meant, what is found, how many in each facet, and what resembles a product."""

from __future__ import annotations

import msgspec

from patungan.kernel import sql
from patungan.services.product.queries.products import (
    CATEGORY,
    IMAGE,
    IMAGE_URL,
    PRICES,
    RATING,
    REVIEW_COUNT,
    ProductItem,
)
from patungan.services.product.rules import PRICE_BANDS, Sort
from patungan.services.product.words import KnownWord, Spelling


class FoundItem(msgspec.Struct, frozen=True):
    """A product found, with its place in the order, by number or by name, and how many are found, where that is known."""

    place: int
    place_name: str
    total: int | None
    item: ProductItem


class FacetCount(msgspec.Struct, frozen=True):
    """How many of the products found have a value; each facet is counted within the other filters, not its own."""

    facet: str
    value: str
    name: str
    name_en: str
    count: int


class Suggestion(msgspec.Struct, frozen=True):
    """What a beginning may become: a word of the catalogue, a category or a product, with what it is opened by."""

    kind: str
    text: str
    text_en: str
    slug: str


find_spellings = sql.many(
    Spelling,
    """
    select w.word, exists (select from search_words k where k.word = w.word) as is_whole,
        exists (select from search_words k where k.word >= w.word collate "C"
            and k.word < (w.word || chr(1114111)) collate "C")
        or exists (select from search_words k where k.word = any(
            ts_lexize('indonesian_stem', w.word) || ts_lexize('english_stem', w.word))) as is_known,
        array_remove(ts_lexize('indonesian_stem', w.word) || ts_lexize('english_stem', w.word), w.word) as stems
    from unnest($1::text[]) with ordinality as w(word, place) order by w.place
    """,
)
find_candidates = sql.many(
    KnownWord, "select word::text as word, documents from search_words where remainders && $1::text[]"
)

# $1 factory, $2 least and $3 greatest price, $4 category's slug, $5 city, $6 whether a session is open.
_BELOW = """
    with recursive below as (
        select id from categories where slug = $4
        union all select child.id from categories child join below on child.parent_id = below.id)
    select id from below
"""
_NO_END = 9223372036854775807
_WANTED = f"""
    ($1::uuid is null or d.factory_id = $1)
    and ($2::bigint is null or d.base_price >= $2)
    and ($3::bigint is null or d.base_price <= $3)
    and ($4::text is null or d.category_id in ({_BELOW}))
    and ($5::text is null or d.city = $5)
    and ($6::boolean is null or $6 = (d.ends_us <> {_NO_END}))
"""
_ITEM = f"""jsonb_build_object(
    'id', p.id, 'slug', p.slug, 'name', p.name, 'name_en', p.name_en, 'sku', p.sku, 'status', p.status,
    'category', {CATEGORY}, 'factory_id', p.factory_id, 'base_price', p.base_price,
    'price_tier_25', p.price_tier_25, 'price_tier_50', p.price_tier_50, 'price_tier_75', p.price_tier_75,
    'price_tier_100', p.price_tier_100, 'min_order_quantity', p.min_order_quantity, 'image_url', {IMAGE_URL},
    'image', {IMAGE}, 'factory_name', f.name, 'city', f.city,
    'session_ends_at', case when w.ends_us <> {_NO_END} then to_timestamp(w.ends_us / 1000000.0) end,
    'rating', {RATING}, 'review_count', {REVIEW_COUNT}) as item"""
_SHOWN = """
    from wanted w
    join products p on p.id = w.product_id
    join categories c on c.id = p.category_id
    left join factory_names f on f.factory_id = p.factory_id
"""


class Order(msgspec.Struct, frozen=True):
    """An order of a list: by a number or by the name, falling or rising; of two that are equal the id decides."""

    place: str
    falls: bool
    by_name: bool = False

    def columns(self) -> str:
        return (
            f"0::bigint as place, {self.place} as place_name"
            if self.by_name
            else f"{self.place} as place, '' as place_name"
        )

    def sorted(self, key: str, product: str) -> str:
        turn = " desc" if self.falls else ""
        return f"order by {key}{turn}, {product}{turn}"

    def beyond(self, key: str, product: str, place: str, last: str) -> str:
        kind = "text" if self.by_name else "bigint"
        return f"({key}, {product}) {'<' if self.falls else '>'} ({place}::{kind}, {last}::uuid)"


ORDERS = {
    Sort.NEWEST: Order("d.published_us", True),
    Sort.PRICE: Order("d.base_price", False),
    Sort.PRICE_DESCENDING: Order("d.base_price", True),
    Sort.NAME: Order("d.name_key", False, by_name=True),
    Sort.POPULARITY: Order("d.popularity", True),
    Sort.ENDING_SOON: Order("d.ends_us", False),
}
RANKED = 1_000
"""How many of the products found are ranked by how well they match, the most popular and newest; the others come after
them. Reading the words of more would take longer than anybody waits, to order what nobody looks at."""


def _browsed(order: Order, *, after: bool) -> str:
    """$7 of all products, from $8 on, or after the place $8 and the product $9; read in the order of an index."""
    beyond = f"and {order.beyond(order.place, 'd.product_id', '$8', '$9')}" if after else ""
    return f"""
        with wanted as materialized (
            select d.product_id, d.ends_us, {order.columns()} from search_documents d where {_WANTED} {beyond}
            {order.sorted(order.place, "d.product_id")} limit $7 {"" if after else "offset $8"})
        select w.place, w.place_name, null::bigint as total, {_ITEM} {_SHOWN}
        {order.sorted("w.place_name" if order.by_name else "w.place", "w.product_id")}
    """


def _searched(order: Order, *, after: bool) -> str:
    """$7 of the products that $9 finds, from $8 on, or after the place $8 and the product $10; found once, for the
    page and for the number of all."""
    key = "place_name" if order.by_name else "place"
    beyond = f"where {order.beyond(key, 'product_id', '$8', '$10')}" if after else ""
    return f"""
        with found as materialized (
            select d.product_id, d.ends_us, {order.columns()}
            from search_documents d where {_WANTED} and d.document @@ $9::text::tsquery),
        wanted as materialized (
            select * from found {beyond} {order.sorted(key, "product_id")} limit $7 {"" if after else "offset $8"})
        select w.place, w.place_name, (select count(*) from found) as total, {_ITEM} {_SHOWN}
        {order.sorted(f"w.{key}", "w.product_id")}
    """


def _ranked(*, after: bool) -> str:
    """As ``_searched``, in the order of how well products match."""
    best = Order("place", True)
    beyond = f"where {best.beyond('place', 'product_id', '$8', '$10')}" if after else ""
    return f"""
        with found as materialized (
            select d.product_id, d.ends_us, d.popularity, d.published_us
            from search_documents d where {_WANTED} and d.document @@ $9::text::tsquery),
        ranked as materialized (
            select d.product_id, (ts_rank(d.title, $9::text::tsquery) * 1000000)::bigint as place
            from (select product_id from found order by popularity desc, published_us desc, product_id desc
                limit {RANKED}) f
            join search_documents d on d.product_id = f.product_id),
        wanted as materialized (
            select * from (
                select f.product_id, f.ends_us, coalesce(r.place, -1) as place, '' as place_name
                from found f left join ranked r on r.product_id = f.product_id) placed
            {beyond} {best.sorted("place", "product_id")} limit $7 {"" if after else "offset $8"})
        select w.place, w.place_name, (select count(*) from found) as total, {_ITEM} {_SHOWN}
        {best.sorted("w.place", "w.product_id")}
    """


browse_pages: dict[Sort, sql.Many[FoundItem]] = {
    sort: sql.many(FoundItem, _browsed(order, after=False)) for sort, order in ORDERS.items()
}
browse_after: dict[Sort, sql.Many[FoundItem]] = {
    sort: sql.many(FoundItem, _browsed(order, after=True)) for sort, order in ORDERS.items()
}
search_pages: dict[Sort, sql.Many[FoundItem]] = {
    **{sort: sql.many(FoundItem, _searched(order, after=False)) for sort, order in ORDERS.items()},
    Sort.RELEVANCE: sql.many(FoundItem, _ranked(after=False)),
}
search_after: dict[Sort, sql.Many[FoundItem]] = {
    **{sort: sql.many(FoundItem, _searched(order, after=True)) for sort, order in ORDERS.items()},
    Sort.RELEVANCE: sql.many(FoundItem, _ranked(after=True)),
}
count_browsed = sql.one(int, f"select count(*) from search_documents d where {_WANTED}")
count_found = sql.one(
    int, f"select count(*) from search_documents d where {_WANTED} and d.document @@ $7::text::tsquery"
)


def _facets(*, searched: bool) -> str:
    """Counts of each facet's values in one reading of the documents."""
    text = "and d.document @@ $7::text::tsquery" if searched else ""
    bands = ", ".join(str(each) for each in PRICE_BANDS)
    return f"""
        with found as materialized (
            select d.category_id, d.city, width_bucket(d.base_price, array[{bands}]::bigint[]) as band,
                d.ends_us <> {_NO_END} as open,
                ($2::bigint is null or d.base_price >= $2) and ($3::bigint is null or d.base_price <= $3) as in_price,
                ($4::text is null or d.category_id in ({_BELOW})) as in_category,
                ($5::text is null or d.city = $5) as in_city,
                ($6::boolean is null or $6 = (d.ends_us <> {_NO_END})) as in_session
            from search_documents d where ($1::uuid is null or d.factory_id = $1) {text}),
        grouped as materialized (
            select category_id, city, band, open, in_price, in_category, in_city, in_session, count(*) as count
            from found group by 1, 2, 3, 4, 5, 6, 7, 8),
        tree as (
            with recursive up as (
                select id as leaf, id, parent_id from categories
                union all select up.leaf, c.id, c.parent_id from categories c join up on up.parent_id = c.id)
            select leaf, id from up)
        select 'category' as facet, c.slug as value, c.name, c.name_en, sum(g.count)::bigint as count
        from grouped g join tree on tree.leaf = g.category_id join categories c on c.id = tree.id and c.is_active
        where g.in_price and g.in_city and g.in_session group by c.id
        union all
        select 'price', band::text, '', '', sum(count)::bigint
        from grouped where in_category and in_city and in_session group by band
        union all
        select 'city', city, city, city, sum(count)::bigint
        from grouped where in_price and in_category and in_session and city <> '' group by city
        union all
        select 'session', open::text, '', '', sum(count)::bigint
        from grouped where in_price and in_category and in_city group by open
        order by facet, count desc, value
    """


count_browsed_facets = sql.many(FacetCount, _facets(searched=False))
count_found_facets = sql.many(FacetCount, _facets(searched=True))

suggest = sql.many(
    Suggestion,
    """
    (select 'word' as kind, ltrim($1 || ' ' || w.word) as text, ltrim($1 || ' ' || w.word) as text_en, '' as slug
     from search_words w
     where w.word >= $2 collate "C" and w.word < ($2 || chr(1114111)) collate "C" and w.documents > 0
     order by w.documents desc, w.word limit 5)
    union all
    (select 'category', c.name, c.name_en, c.slug from categories c
     where c.is_active and (starts_with(lower(c.name), $3) or starts_with(lower(c.name_en), $3))
     order by c.display_order, c.name limit 3)
    union all
    (select 'product', p.name, p.name_en, p.slug from (
        select d.product_id, d.popularity from search_documents d where d.document @@ $4::text::tsquery
        limit 200) d
     join products p on p.id = d.product_id
     order by d.popularity desc, d.product_id desc limit 5)
    """,
)

find_related = sql.many(
    ProductItem,
    f"""
    with asked as (select p.id, p.category_id, p.factory_id, p.name, p.name_en from products p where p.id = $1),
    near as (
        select d.product_id, d.category_id, d.title, d.popularity from search_documents d, asked
        where d.category_id = asked.category_id and d.product_id <> asked.id
        order by d.popularity desc, d.product_id desc limit 200),
    likeness as (
        select replace(plainto_tsquery('indonesian', asked.name)::text, '&', '|')::tsquery as words from asked)
    select p.id, p.slug, p.name, p.name_en, p.sku, p.status, {CATEGORY} as category, p.factory_id, {PRICES},
        p.min_order_quantity, {IMAGE_URL} as image_url, {IMAGE} as image, f.name as factory_name, f.city,
        null::timestamptz as session_ends_at, {RATING} as rating, {REVIEW_COUNT} as review_count
    from near join products p on p.id = near.product_id
    join categories c on c.id = p.category_id
    left join factory_names f on f.factory_id = p.factory_id
    cross join likeness
    order by ts_rank(near.title, likeness.words) desc, near.popularity desc, p.id desc limit $2
    """,
)
