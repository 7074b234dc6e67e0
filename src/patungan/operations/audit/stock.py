"""Goods: nothing is promised twice, and every change of stock is written down."""

from __future__ import annotations

from typing import Final

from patungan.operations.audit.check import Check

PLACE = "coalesce(variant_id, '00000000-0000-0000-0000-000000000000')"

NAMED = "w.code || ' ' || i.product_id || coalesce(' ' || i.variant_id, '')"

CHECKS: Final = (
    Check(
        "stock",
        "no more is reserved than there is",
        "select 1 from warehouse.inventory",
        f"""
        select {NAMED} as subject, 'more is reserved than there is' as detail, i.quantity as expected,
            i.reserved as found
        from warehouse.inventory i join warehouse.warehouses w on w.id = i.warehouse_id
        where i.reserved > i.quantity or i.quantity < 0 or i.reserved < 0
        """,
    ),
    Check(
        "reservations",
        "what the inventory says is reserved is what sessions and direct orders hold",
        "select 1 from warehouse.reservations union all select 1 from warehouse.direct_reservations",
        f"""
        with lines as (
            select d.warehouse_id, d.product_id, {PLACE} as variant, r.held as units
            from warehouse.reservations r join warehouse.demands d on d.session_id = r.session_id
            where d.status <> 'released'
            union all
            select warehouse_id, product_id, {PLACE}, units from warehouse.direct_reservations
            join warehouse.direct_orders using (order_id) join warehouse.inventory i on i.id = inventory_id
            where status = 'held'
        ), held as (
            select warehouse_id, product_id, variant, sum(units) as units from lines group by 1, 2, 3
        ), kept as (
            select i.warehouse_id, i.product_id, {PLACE} as variant, i.reserved as units from warehouse.inventory i
        )
        select w.code || ' ' || coalesce(k.product_id, h.product_id) || ' ' || coalesce(k.variant, h.variant) as subject,
            'reserved by nobody, or held and not reserved' as detail, coalesce(h.units, 0) as expected,
            coalesce(k.units, 0) as found
        from kept k full join held h
            on (h.warehouse_id, h.product_id, h.variant) = (k.warehouse_id, k.product_id, k.variant)
        join warehouse.warehouses w on w.id = coalesce(k.warehouse_id, h.warehouse_id)
        where coalesce(h.units, 0) <> coalesce(k.units, 0)
        """,
    ),
    Check(
        "stock movements",
        "stock is the sum of its movements",
        "select 1 from warehouse.stock_movements",
        f"""
        with moved as (
            select inventory_id, sum(quantity_change) as quantity, sum(reserved_change) as reserved,
                sum(damaged_change) as damaged
            from warehouse.stock_movements group by inventory_id
        )
        select {NAMED} as subject,
            figure.name || ' changed without a movement' as detail, figure.expected, figure.found
        from warehouse.inventory i join warehouse.warehouses w on w.id = i.warehouse_id
        left join moved m on m.inventory_id = i.id
        cross join lateral (values ('quantity', coalesce(m.quantity, 0), i.quantity),
            ('reserved', coalesce(m.reserved, 0), i.reserved), ('damaged', coalesce(m.damaged, 0), i.damaged)
        ) as figure (name, expected, found)
        where figure.expected <> figure.found
        """,
    ),
    Check(
        "purchase orders",
        "no more is received of a purchase order than was ordered, and a received one is complete",
        "select 1 from warehouse.purchase_order_lines",
        """
        select o.code as subject, 'received and damaged units differ from the order, which is ' || o.status as detail,
            sum(l.ordered) as expected, sum(l.received + l.damaged + l.short) as found
        from warehouse.purchase_orders o join warehouse.purchase_order_lines l on l.purchase_order_id = o.id
        group by o.id having bool_or(l.received + l.damaged + l.short > l.ordered)
            or (o.status = 'received' and sum(l.received + l.damaged + l.short) <> sum(l.ordered))
        """,
    ),
)
