"""The SQL that keeps the search true to the catalogue: its documents, its words, and what it knows of factories."""

from __future__ import annotations

from uuid import UUID

from patungan.kernel import sql

_TEXTS = """coalesce((select string_agg(v.name || ' ' || v.name_en, ' ') from product_variants v
    where v.product_id = p.id and v.is_active), '')"""
index_documents = sql.run(
    f"""
    insert into search_documents (
        product_id, factory_id, category_id, city, base_price, published_us, popularity, ends_us, name_key, title,
        document)
    select p.id, p.factory_id, p.category_id, coalesce(f.city, ''), p.base_price,
        (extract(epoch from p.published_at) * 1000000)::bigint,
        coalesce((select sum(s.units) from session_sales s where s.product_id = p.id), 0)::bigint,
        coalesce((select min((extract(epoch from o.ends_at) * 1000000)::bigint)
            from open_sessions o where o.product_id = p.id and o.ends_at is not null), 9223372036854775807),
        lower(p.name), t.title,
        t.title || to_tsvector('simple', p.description || ' ' || p.description_en)
            || to_tsvector('indonesian', p.description) || to_tsvector('english', p.description_en)
    from products p
    join categories c on c.id = p.category_id
    left join factory_names f on f.factory_id = p.factory_id
    cross join lateral (select
        setweight(to_tsvector('simple', p.name || ' ' || p.name_en || ' ' || p.sku)
            || to_tsvector('indonesian', p.name) || to_tsvector('english', p.name_en), 'A')
        || setweight(to_tsvector('simple',
            c.name || ' ' || c.name_en || ' ' || coalesce(f.name, '') || ' ' || {_TEXTS})
            || to_tsvector('indonesian', c.name) || to_tsvector('english', c.name_en), 'C') as title) t
    where p.id = any($1::uuid[]) and p.status = 'active'
    order by p.id
    on conflict (product_id) do update set
        factory_id = excluded.factory_id, category_id = excluded.category_id, city = excluded.city,
        base_price = excluded.base_price, published_us = excluded.published_us, popularity = excluded.popularity,
        ends_us = excluded.ends_us, name_key = excluded.name_key, title = excluded.title, document = excluded.document
    """
)
drop_documents = sql.run(
    """
    delete from search_documents d using products p
    where p.id = d.product_id and d.product_id = any($1::uuid[]) and p.status <> 'active'
    """
)
# SKUs and stems are no words that somebody could have meant.
_WORDS = f"""
    select l.lexeme from products p
    join categories c on c.id = p.category_id
    left join factory_names f on f.factory_id = p.factory_id
    cross join lateral unnest(to_tsvector('simple', p.name || ' ' || p.name_en || ' ' || p.description || ' '
        || p.description_en || ' ' || c.name || ' ' || c.name_en || ' ' || coalesce(f.name, '') || ' ' || {_TEXTS})) l
    where p.status = 'active' and length(l.lexeme) between 3 and 30 and l.lexeme ~ '^[[:alpha:]]+$'
"""
find_new_words = sql.many(
    str,
    f"""
    select distinct w.lexeme from ({_WORDS} and p.id = any($1::uuid[])) w
    where not exists (select from search_words k where k.word = w.lexeme) order by w.lexeme
    """,
)
insert_words = sql.run(
    """
    insert into search_words (word, documents, remainders)
    select w.word, 1, array(select jsonb_array_elements_text(w.remainders))
    from jsonb_to_recordset($1) as w(word text, remainders jsonb) order by w.word
    on conflict (word) do nothing
    """
)
count_words_again = sql.run(
    f"""
    update search_words k set documents = coalesce(seen.documents, 0)
    from search_words known
    left join (select w.lexeme, count(*) as documents from ({_WORDS}) w group by w.lexeme) seen
        on seen.lexeme = known.word
    where k.word = known.word and k.documents <> coalesce(seen.documents, 0)
    """
)
forget_unused_words = sql.run("delete from search_words where documents = 0")

keep_factory_names = sql.run(
    """
    insert into factory_names (factory_id, name, city, province)
    select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) as f(factory_id, name, city, province)
    order by f.factory_id
    on conflict (factory_id) do update set name = excluded.name, city = excluded.city, province = excluded.province
        where (factory_names.name, factory_names.city, factory_names.province)
            is distinct from (excluded.name, excluded.city, excluded.province)
    """
)
find_products_of_factories = sql.many(
    UUID, "select id from products where factory_id = any($1::uuid[]) and status = 'active' order by id"
)
find_products_of_categories = sql.many(
    UUID, "select id from products where category_id = any($1::uuid[]) and status = 'active' order by id"
)
find_active_products = sql.many(
    UUID, "select id from products where status = 'active' and id > $1 order by id limit $2"
)
find_factories_of_products = sql.many(UUID, "select distinct factory_id from products order by factory_id")
