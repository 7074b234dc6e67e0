"""Warehouse invoices: what the goods of a received purchase order cost, with value added tax, as a row and on paper.

An invoice moves no money: the factory is paid by settlement alone (DOMAIN.md 7, C-28 and C-39).
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from uuid import UUID

import msgspec
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from patungan.contracts import warehouse as contract
from patungan.kernel.database import Transaction
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Audience, Caller
from patungan.kernel.money import Rupiah, format_rupiah
from patungan.kernel.service import Context
from patungan.kernel.time import JAKARTA, jakarta_day
from patungan.services.warehouse.operations.ownership import factories_of
from patungan.services.warehouse.queries import configuration
from patungan.services.warehouse.queries import invoices as queries
from patungan.services.warehouse.queries import purchase_orders as order_queries
from patungan.services.warehouse.queries.invoices import Invoice, InvoiceLine
from patungan.services.warehouse.queries.purchase_orders import OrderLine
from patungan.services.warehouse.rules import VAT_PERCENT, InvoiceStatus, PurchaseOrderStatus, value_added_tax

MARGIN, LINE = 20 * mm, 16
"""Points from the page's edge, and from line to line."""


async def bill(ctx: Context, tx: Transaction, order_id: UUID, lines: Sequence[OrderLine]) -> UUID | None:
    """Invoice the sound units of a received order, surplus included; None where nothing came sound."""
    billed = [
        InvoiceLine(
            line.variant_name,
            line.received + line.surplus,
            Rupiah(line.unit_cost),
            Rupiah((line.received + line.surplus) * line.unit_cost),
        )
        for line in lines
        if line.received + line.surplus
    ]
    subtotal = sum(line.amount for line in billed)
    if not subtotal:
        return None
    invoice_id, now, tax = ctx.chance.new_id(), ctx.clock.now(), value_added_tax(subtotal)
    while True:
        code = f"INV-{jakarta_day(now)}-{ctx.chance.code(6)}"
        amounts = (subtotal, VAT_PERCENT, tax, subtotal + tax)
        if await queries.insert_invoice(tx, invoice_id, code, order_id, *amounts, billed, now):
            break
    await configuration.write_audit_log(tx, now, None, "invoice.pending", invoice_id, code, {})
    return invoice_id


async def _visible_to(ctx: Context, caller: Caller) -> list[UUID] | None:
    """The factories whose invoices a person may see; None for warehouse and finance, who see all."""
    return None if caller.belongs_to(Audience.FINANCE) else await factories_of(ctx, caller)


async def list_invoices(
    ctx: Context, caller: Caller, status: InvoiceStatus | None, order_id: UUID | None, page: int, limit: int
) -> tuple[list[Invoice], int]:
    """The invoices that the caller may see, newest first, and how many there are in all."""
    wanted = (await _visible_to(ctx, caller), status, order_id)
    total = await queries.count_invoices(ctx.db, *wanted)
    return await queries.list_invoices(ctx.db, *wanted, limit, (page - 1) * limit), total


async def invoice_for(ctx: Context, caller: Caller, invoice_id: UUID) -> Invoice:
    """An invoice that the caller may see; raises InvoiceNotFound for any other."""
    invoice = await queries.find_invoice(ctx.db, invoice_id)
    factories = await _visible_to(ctx, caller)
    if invoice is None or (factories is not None and invoice.factory_id not in factories):
        raise contract.InvoiceNotFound()
    return invoice


async def bill_again(ctx: Context, caller: Caller, order_id: UUID, key: str) -> Invoice:
    """Invoice an order anew after its invoice was cancelled; raises PurchaseOrderNotFound, NothingToInvoice."""

    async def work(tx: Transaction) -> Invoice:
        order = await order_queries.lock_purchase_order(tx, order_id)
        if order is None:
            raise contract.PurchaseOrderNotFound()
        if order.status is not PurchaseOrderStatus.RECEIVED or await queries.find_live(tx, order_id) is not None:
            raise contract.NothingToInvoice()
        invoice_id = await bill(ctx, tx, order_id, await order_queries.find_lines(tx, [order_id]))
        invoice = None if invoice_id is None else await queries.find_invoice(tx, invoice_id)
        if invoice is None:
            raise contract.NothingToInvoice()
        return invoice

    return await once(ctx.db, caller.user_id, "invoice", key, order_id, ctx.clock.now(), Invoice, work)


class EndInvoice(msgspec.Struct, frozen=True):
    """Ends a pending invoice as paid (``text`` is the payment's reference) or cancelled (the reason)."""

    invoice_id: UUID
    status: InvoiceStatus
    text: str


async def end(ctx: Context, caller: Caller, request: EndInvoice, key: str) -> Invoice:
    """Note that an invoice was paid or is void; raises InvoiceNotFound, InvoiceStatusRefused."""

    async def work(tx: Transaction) -> Invoice:
        status = await queries.lock_invoice(tx, request.invoice_id)
        if status is None:
            raise contract.InvoiceNotFound()
        if status is not InvoiceStatus.PENDING:
            raise contract.InvoiceStatusRefused(f"The invoice is {status} already")
        change = queries.pay if request.status is InvoiceStatus.PAID else queries.cancel
        now = ctx.clock.now()
        await change(tx, request.invoice_id, now, request.text)
        action = f"invoice.{request.status}"
        await configuration.write_audit_log(tx, now, caller.user_id, action, request.invoice_id, request.text, {})
        invoice = await queries.find_invoice(tx, request.invoice_id)
        if invoice is None:
            raise contract.InvoiceNotFound()
        return invoice

    return await once(ctx.db, caller.user_id, "invoice-end", key, request, ctx.clock.now(), Invoice, work)


async def paper(invoice: Invoice) -> bytes:
    """The invoice as a PDF; drawn beside the event loop, since it is work for the processor."""
    return await asyncio.to_thread(draw, invoice)


def draw(invoice: Invoice) -> bytes:
    """The PDF; the same invoice always gives the same bytes."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=1)
    canvas.setTitle(f"Faktur gudang {invoice.code}")
    canvas.setAuthor("Patungan")
    width, height = A4
    at = height - MARGIN
    canvas.setFont("Helvetica-Bold", 16)
    canvas.drawString(MARGIN, at, "Patungan")
    canvas.drawRightString(width - MARGIN, at, "FAKTUR GUDANG")
    at -= 2 * LINE
    for left, right, bold in _rows(invoice):
        if at < MARGIN:
            canvas.showPage()
            at = height - MARGIN
        canvas.setFont("Helvetica-Bold" if bold else "Helvetica", 10)
        canvas.drawString(MARGIN, at, _drawable(left)[:70])
        canvas.drawRightString(width - MARGIN, at, _drawable(right)[:60])
        at -= LINE
    canvas.save()
    return buffer.getvalue()


def _rows(invoice: Invoice) -> list[tuple[str, str, bool]]:
    made = f"{invoice.created_at.astimezone(JAKARTA):%d-%m-%Y %H:%M} WIB"
    status = {
        InvoiceStatus.PENDING: "BELUM DIBAYAR",
        InvoiceStatus.PAID: "LUNAS",
        InvoiceStatus.CANCELLED: "DIBATALKAN",
    }[invoice.status]
    return [
        ("Nomor", invoice.code, False),
        ("Tanggal", made, False),
        ("Pesanan pembelian", invoice.purchase_order_code, False),
        ("Pabrik", invoice.factory_name, False),
        ("Gudang", invoice.warehouse_name, False),
        ("Status", status, True),
        ("", "", False),
        (invoice.product_name, "Jumlah", True),
        *(
            (
                f"{line.variant_name or 'Satuan'}: {line.units} x {format_rupiah(line.unit_cost)}",
                format_rupiah(line.amount),
                False,
            )
            for line in invoice.lines
        ),
        ("", "", False),
        ("Subtotal", format_rupiah(invoice.subtotal), False),
        (f"PPN {invoice.tax_percent} %", format_rupiah(invoice.tax), False),
        ("Total", format_rupiah(invoice.total), True),
    ]


def _drawable(text: str) -> str:
    """The text as the built-in fonts can draw it: what is outside Latin-1 becomes a question mark."""
    return text.encode("latin-1", "replace").decode("latin-1")
