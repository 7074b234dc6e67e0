-- That the order of an item or of a move exists is checked once a statement instead of row by row: orders come by the thousand.
create function refuse_orphans() returns trigger language plpgsql
    set search_path = "order", pg_temp set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
    if exists (select from made m where not exists (select from orders o where o.id = m.order_id)) then
        raise exception 'order: % without their order', tg_table_name using errcode = 'foreign_key_violation';
    end if;
    return null;
end $$;

alter table order_items drop constraint order_items_order_id_fkey;
create trigger of_an_order after insert on order_items referencing new table as made
    for each statement execute function refuse_orphans();
create trigger of_an_order_still after update on order_items referencing new table as made
    for each statement execute function refuse_orphans();

alter table order_history drop constraint order_history_order_id_fkey;
create trigger of_an_order after insert on order_history referencing new table as made
    for each statement execute function refuse_orphans();

-- Orders are kept for ever.
create function refuse_removal() returns trigger language plpgsql as $$
begin
    raise exception 'order: orders are kept' using errcode = 'restrict_violation';
end $$;
create trigger kept before delete or truncate on orders for each statement execute function refuse_removal();

-- One index says both which moves an order has and that a move's number is its own.
alter table order_history drop constraint order_history_pkey;
drop index order_history_order;
alter table order_history add primary key (order_id, id);
