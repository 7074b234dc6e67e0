create extension if not exists pg_trgm with schema public;

create table categories (
    id uuid primary key,
    parent_id uuid references categories check (parent_id <> id),
    slug text not null unique check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 120),
    name text not null check (length(name) between 2 and 100),
    name_en text not null check (length(name_en) between 2 and 100),
    display_order integer not null default 0,
    is_active boolean not null default true,
    created_at timestamptz not null
);
create index categories_parent on categories (parent_id);

create table products (
    id uuid primary key,
    factory_id uuid not null,
    category_id uuid not null references categories,
    sku text not null unique check (sku ~ '^[A-Z0-9-]{3,50}$'),
    slug text not null unique check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 120),
    name text not null check (length(name) between 3 and 200),
    name_en text not null default '' check (length(name_en) <= 200),
    description text not null default '' check (length(description) <= 10000),
    description_en text not null default '' check (length(description_en) <= 10000),
    status text not null check (status in ('draft', 'active', 'inactive', 'out_of_stock')),
    base_price bigint not null,
    price_tier_25 bigint not null,
    price_tier_50 bigint not null,
    price_tier_75 bigint not null,
    price_tier_100 bigint not null check (price_tier_100 > 0),
    cost_price bigint check (cost_price > 0),
    min_order_quantity integer not null check (min_order_quantity >= 2),
    group_duration_hours integer not null check (group_duration_hours between 1 and 720),
    weight_grams integer not null check (weight_grams between 1 and 1000000),
    length_cm integer not null check (length_cm between 1 and 1000),
    width_cm integer not null check (width_cm between 1 and 1000),
    height_cm integer not null check (height_cm between 1 and 1000),
    renews boolean not null,
    has_variants boolean not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    published_at timestamptz,
    search tsvector not null generated always as (
        setweight(to_tsvector('simple'::regconfig, name || ' ' || name_en || ' ' || sku), 'A')
        || setweight(to_tsvector('simple'::regconfig, description || ' ' || description_en), 'C')
    ) stored,
    title text not null generated always as (lower(name || ' ' || name_en)) stored,
    check (base_price >= price_tier_25 and price_tier_25 >= price_tier_50
           and price_tier_50 >= price_tier_75 and price_tier_75 >= price_tier_100)
);
create index products_factory on products (factory_id, created_at);
create index products_category on products (category_id) where status = 'active';
create index products_newest on products (published_at desc, id) where status = 'active';
create index products_search on products using gin (search);
create index products_title on products using gin (title public.gin_trgm_ops);

create table product_variants (
    id uuid primary key,
    product_id uuid not null references products,
    sku text not null unique check (sku ~ '^[A-Z0-9-]{3,50}$'),
    name text not null check (length(name) between 1 and 100),
    name_en text not null default '' check (length(name_en) <= 100),
    attributes jsonb not null default '{}',
    price_adjustment bigint not null,
    weight_grams integer not null check (weight_grams between 1 and 1000000),
    is_active boolean not null,
    display_order integer not null,
    created_at timestamptz not null
);
create index product_variants_product on product_variants (product_id, display_order);

create table product_images (
    product_id uuid not null references products,
    name text not null check (name ~ '^[0-9a-f]{64}\.(svg|png|jpg|webp)$'),
    is_primary boolean not null,
    display_order integer not null,
    created_at timestamptz not null,
    primary key (product_id, name)
);
create unique index product_images_primary on product_images (product_id) where is_primary;

-- Who published or withdrew a product, and when. Append only.
create table product_history (
    id bigint generated always as identity primary key,
    product_id uuid not null references products,
    at timestamptz not null,
    actor uuid not null,
    before text,
    after text not null
);
create index product_history_product on product_history (product_id, id);

-- Sessions that take joins, from group-buying's events: meanwhile the product's prices stay as they are.
create table open_sessions (
    session_id uuid primary key,
    product_id uuid not null
);
create index open_sessions_product on open_sessions (product_id);

-- Products whose title is like a misspelt query. A function, since what the index looks for is a setting.
create function similar_products(p_query text, p_least real) returns table (id uuid, likeness real)
    language sql stable
    set search_path = product, pg_temp
    set pg_trgm.word_similarity_threshold = '0.3'
    as $$
        select products.id, public.word_similarity(p_query, products.title)
        from products
        where p_query operator(public.<%) products.title and products.status = 'active'
          and public.word_similarity(p_query, products.title) >= p_least
    $$;
