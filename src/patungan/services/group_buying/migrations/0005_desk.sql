-- What joins are decided by stands in columns of its own, so that the desk need not take the product's snapshot apart.
alter table sessions
    add column product_name text generated always as (product ->> 'name') stored,
    add column max_units_per_buyer int check (max_units_per_buyer > 0); -- null: as many as there are

-- A buyer's standing in a session: open reservations, and units against the limit.
create index participants_standing on participants (session_id, user_id) include (quantity, status)
    where status in ('held', 'paid');
drop index participants_open_holds;
