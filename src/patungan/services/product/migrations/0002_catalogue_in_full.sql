-- Search. One narrow row a product on sale, so that a list, its count and its facets never read a product's texts.

-- Factories by what the search knows of them, from the factory service's own words and events.
create table factory_names (
    factory_id uuid primary key,
    name text not null,
    city text not null,
    province text not null
);

alter table open_sessions add column ends_at timestamptz;
create index open_sessions_ends on open_sessions (ends_at);

-- Units sold in sessions that succeeded: how popular a product is. A session counts once.
create table session_sales (
    session_id uuid primary key,
    product_id uuid not null,
    units bigint not null check (units >= 0)
);
create index session_sales_product on session_sales (product_id);

create table search_documents (
    product_id uuid primary key references products,
    factory_id uuid not null,
    category_id uuid not null references categories,
    city text not null,
    base_price bigint not null,
    published_us bigint not null,
    popularity bigint not null,
    -- When the open session that ends first ends, in microseconds; the largest number where there is none.
    ends_us bigint not null,
    name_key text not null,
    -- The words that products are ordered by: of names, SKU, category, factory and variants.
    title tsvector not null,
    -- All words, the descriptions' too: found by its index and never read.
    document tsvector not null
);
create index search_documents_document on search_documents using gin (document);
create index search_documents_newest on search_documents (published_us desc, product_id desc);
create index search_documents_price on search_documents (base_price, product_id);
create index search_documents_popular on search_documents (popularity desc, product_id desc);
create index search_documents_ending on search_documents (ends_us, product_id);
create index search_documents_name on search_documents (name_key, product_id);
create index search_documents_factory on search_documents (factory_id);
create index search_documents_category on search_documents (category_id);

-- Every word of the documents, with what is left of it when letters are dropped: a misspelt word and the word that was
-- meant have such a remainder in common, so that the index finds one by the other.
create table search_words (
    word text collate "C" primary key check (word <> ''),
    documents bigint not null,
    remainders text[] not null
);
create index search_words_remainders on search_words using gin (remainders);

-- Pictures: their size, and the thumbnails that were made of them.
alter table product_images
    add column width integer check (width > 0),
    add column height integer check (height > 0),
    add column thumbnail_widths integer[] not null default '{}',
    add column thumbnail_types text[] not null default '{}';

create function image_view(image product_images) returns jsonb
    language sql stable
    as $$
        select jsonb_build_object(
            'name', image.name,
            'url', '/api/images/' || image.name,
            'is_primary', image.is_primary,
            'width', image.width,
            'height', image.height,
            'sources', coalesce((
                select jsonb_agg(jsonb_build_object('type', 'image/' || t.kind, 'srcset', (
                    select string_agg(
                        '/api/images/' || split_part(image.name, '.', 1) || '-' || w.width || '.' || t.kind || ' '
                        || w.width || 'w', ', ' order by w.width)
                    from unnest(image.thumbnail_widths) as w(width))) order by t.place)
                from unnest(image.thumbnail_types) with ordinality as t(kind, place)
                where image.thumbnail_widths <> '{}'), '[]'))
    $$;

-- Leave to upload one picture, for a few minutes.
create table image_tickets (
    id uuid primary key,
    product_id uuid not null references products,
    issued_to uuid not null,
    content_type text not null check (content_type in ('image/png', 'image/jpeg', 'image/webp')),
    size_bytes integer not null check (size_bytes > 0),
    expires_at timestamptz not null,
    image_name text,
    created_at timestamptz not null
);
create index image_tickets_expiry on image_tickets (expires_at);

-- What a product cost, and from when. Append only.
create table price_history (
    id bigint generated always as identity primary key,
    product_id uuid not null references products,
    at timestamptz not null,
    actor uuid not null,
    base_price bigint not null,
    price_tier_25 bigint not null,
    price_tier_50 bigint not null,
    price_tier_75 bigint not null,
    price_tier_100 bigint not null,
    min_order_quantity integer not null
);
create index price_history_product on price_history (product_id, id);

create table import_reports (
    id uuid primary key,
    factory_id uuid not null,
    actor uuid not null,
    at timestamptz not null,
    report jsonb not null
);
create index import_reports_factory on import_reports (factory_id, at desc);
