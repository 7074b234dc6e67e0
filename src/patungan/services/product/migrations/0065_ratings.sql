-- A copy of the ratings that review keeps; of two the one with the greater revision is the newer.
create table product_ratings (
    product_id uuid primary key,
    count integer not null check (count >= 0),
    total bigint not null check (total >= 0),
    revision bigint not null
);
