"""SQL of warehouse invoices."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.kernel.money import Rupiah
from patungan.services.warehouse.rules import InvoiceStatus


class InvoiceLine(msgspec.Struct, frozen=True):
    """Units of a variant that came sound, and what they cost in rupiah."""

    variant_name: str
    units: int
    unit_cost: Rupiah
    amount: Rupiah


class Invoice(msgspec.Struct, frozen=True):
    """An invoice for the goods of a purchase order; money in rupiah."""

    id: UUID
    code: str
    purchase_order_id: UUID
    purchase_order_code: str
    product_name: str
    factory_id: UUID
    factory_name: str
    warehouse_id: UUID
    warehouse_name: str
    status: InvoiceStatus
    subtotal: Rupiah
    tax_percent: int
    tax: Rupiah
    total: Rupiah
    lines: list[InvoiceLine]
    created_at: datetime
    paid_at: datetime | None
    payment_reference: str | None
    cancelled_at: datetime | None
    cancel_reason: str | None


_INVOICE = """
    select invoices.id, invoices.code, purchase_order_id, purchase_orders.code as purchase_order_code, product_name,
        factory_id, factory_name, warehouse_id, warehouses.name as warehouse_name, invoices.status, subtotal, tax_percent,
        tax, total, lines, invoices.created_at, paid_at, payment_reference, cancelled_at, cancel_reason
    """
_FROM = """
    from invoices join purchase_orders on purchase_orders.id = purchase_order_id
    join warehouses on warehouses.id = warehouse_id
    """
_WANTED = f"""
    {_FROM} where ($1::uuid[] is null or factory_id = any($1)) and ($2::text is null or invoices.status = $2)
        and ($3::uuid is null or purchase_order_id = $3)
    """

insert_invoice = sql.run(
    """
    insert into invoices (id, code, purchase_order_id, subtotal, tax_percent, tax, total, lines, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (code) do nothing
    """
)
find_live = sql.maybe(UUID, "select id from invoices where purchase_order_id = $1 and status <> 'cancelled'")
find_invoice = sql.maybe(Invoice, f"{_INVOICE} {_FROM} where invoices.id = $1")
lock_invoice = sql.maybe(InvoiceStatus, "select status from invoices where id = $1 for update")
list_invoices = sql.many(
    Invoice, f"{_INVOICE} {_WANTED} order by invoices.created_at desc, invoices.id desc limit $4 offset $5"
)
count_invoices = sql.one(int, f"select count(*) {_WANTED}")
pay = sql.run("update invoices set status = 'paid', paid_at = $2, payment_reference = $3 where id = $1")
cancel = sql.run("update invoices set status = 'cancelled', cancelled_at = $2, cancel_reason = $3 where id = $1")
