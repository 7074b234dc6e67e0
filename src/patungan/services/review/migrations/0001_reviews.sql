-- What was received and by whom: only that may be reviewed.
create table received_items (
    order_item_id uuid primary key,
    order_id uuid not null,
    order_number text not null,
    user_id uuid not null,
    product_id uuid not null,
    variant_id uuid,
    factory_id uuid not null,
    quantity integer not null check (quantity > 0),
    delivered_at timestamptz not null
);
create index received_items_user on received_items (user_id, delivered_at desc, order_item_id);
create index received_items_order on received_items (order_id);

-- Three days after delivery the buyer is asked, once an order.
create table reminders (
    order_id uuid primary key,
    order_number text not null,
    user_id uuid not null,
    due_at timestamptz not null,
    done_at timestamptz
);
create index reminders_due on reminders (due_at) where done_at is null;

create table reviews (
    id uuid primary key,
    subject text not null check (subject in ('product', 'factory')),
    subject_id uuid not null,
    product_id uuid check ((subject = 'product') = (product_id is not null)),
    factory_id uuid not null,
    order_id uuid not null,
    order_item_id uuid check ((subject = 'product') = (order_item_id is not null)),
    user_id uuid not null,
    author text not null check (length(author) between 1 and 100),
    rating integer not null check (rating between 1 and 5),
    title text not null check (length(title) <= 100),
    comment text not null check (length(comment) <= 2000),
    photos text[] not null check (cardinality(photos) <= 5),
    status text not null check (status in ('pending', 'approved', 'reported', 'hidden', 'removed')),
    helpful integer not null default 0 check (helpful >= 0),
    answer text check (length(answer) between 1 and 1000),
    answered_at timestamptz,
    answer_changed_at timestamptz,
    created_at timestamptz not null,
    changed_at timestamptz,
    check ((answer is null) = (answered_at is null)),
    check (subject_id = coalesce(product_id, factory_id))
);
create unique index reviews_once_an_item on reviews (order_item_id) where subject = 'product';
create unique index reviews_once_an_order_and_factory on reviews (order_id, factory_id) where subject = 'factory';
create index reviews_newest on reviews (subject, subject_id, created_at desc, id desc)
    where status in ('approved', 'reported');
create index reviews_helpful on reviews (subject, subject_id, helpful desc, id desc)
    where status in ('approved', 'reported');
create index reviews_rated on reviews (subject, subject_id, rating, id) where status in ('approved', 'reported');
create index reviews_of_a_user on reviews (user_id, created_at desc, id desc);
create index reviews_of_a_factory on reviews (factory_id, created_at desc, id desc);
create index reviews_queue on reviews (created_at, id) where status in ('pending', 'reported');
create index reviews_photos on reviews using gin (photos);

-- Uploaded and not yet, or already, part of a review.
create table review_photos (
    user_id uuid not null,
    name text not null check (name ~ '^[0-9a-f]{64}\.(png|jpg|webp)$'),
    uploaded_at timestamptz not null,
    primary key (user_id, name)
);

create table helpful_votes (
    review_id uuid not null references reviews,
    user_id uuid not null,
    voted_at timestamptz not null,
    primary key (review_id, user_id)
);

create table abuse_reports (
    review_id uuid not null references reviews,
    user_id uuid not null,
    reason text not null check (reason in ('spam', 'offensive', 'false_information', 'private_data', 'other')),
    note text not null check (length(note) <= 500),
    reported_at timestamptz not null,
    settled_at timestamptz,
    primary key (review_id, user_id)
);
create index abuse_reports_open on abuse_reports (review_id) where settled_at is null;

-- Who decided what about a review, and why. Append only.
create table review_decisions (
    id bigint generated always as identity primary key,
    review_id uuid not null references reviews,
    at timestamptz not null,
    actor uuid,
    before text,
    after text not null,
    reason text not null
);
create index review_decisions_review on review_decisions (review_id, id);
create function review_decisions_stay() returns trigger language plpgsql as $$
begin
    raise exception 'decisions are append only';
end $$;
create trigger review_decisions_stay before update or delete or truncate on review_decisions
    for each statement execute function review_decisions_stay();

-- Sums of the reviews that are shown; changed in the transaction that changes a review. ``revision`` counts the changes, so
-- that whoever keeps a copy can tell the newer one.
create table summaries (
    subject text not null check (subject in ('product', 'factory')),
    subject_id uuid not null,
    count integer not null check (count >= 0),
    total bigint not null check (total >= 0),
    stars_1 integer not null check (stars_1 >= 0),
    stars_2 integer not null check (stars_2 >= 0),
    stars_3 integer not null check (stars_3 >= 0),
    stars_4 integer not null check (stars_4 >= 0),
    stars_5 integer not null check (stars_5 >= 0),
    revision bigint not null,
    primary key (subject, subject_id),
    check (count = stars_1 + stars_2 + stars_3 + stars_4 + stars_5),
    check (total = stars_1 + 2 * stars_2 + 3 * stars_3 + 4 * stars_4 + 5 * stars_5)
);
