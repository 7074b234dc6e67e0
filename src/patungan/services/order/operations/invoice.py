"""The invoice of a paid order, as a PDF in Indonesian: its lines, shipping, fee and total."""

from __future__ import annotations

import io
from collections.abc import Sequence

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from patungan.contracts import order as contract
from patungan.kernel.money import format_rupiah
from patungan.kernel.time import JAKARTA
from patungan.services.order.queries.orders import ItemRow, OrderRow
from patungan.services.order.rules import Source, invoice_number

MARGIN, LINE, SMALL = 48, 16, 9
"""Points from the page's edge, from line to line, and of the small print."""
LONGEST = 70
"""Characters of a name that fit into its column."""


def invoice_pdf(order: OrderRow, items: Sequence[ItemRow]) -> bytes:
    """Draw the invoice; the same order gives the same bytes. Raises OrderNotPaid."""
    if order.paid_at is None:
        raise contract.OrderNotPaid("There is an invoice only for what is paid")
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=1)
    canvas.setTitle(f"Faktur {invoice_number(order.number)}")
    width, height = A4
    at = height - MARGIN
    canvas.setFont("Helvetica-Bold", 18)
    canvas.drawString(MARGIN, at, "Patungan")
    canvas.drawRightString(width - MARGIN, at, "FAKTUR")
    at -= 2 * LINE
    for bold, left, right in invoice_lines(order, items):
        if at < MARGIN:
            canvas.showPage()
            at = height - MARGIN
        canvas.setFont("Helvetica-Bold" if bold else "Helvetica", SMALL)
        canvas.drawString(MARGIN, at, _drawable(left)[:LONGEST])
        canvas.drawRightString(width - MARGIN, at, _drawable(right))
        at -= LINE
    canvas.save()
    return buffer.getvalue()


def invoice_lines(order: OrderRow, items: Sequence[ItemRow]) -> list[tuple[bool, str, str]]:
    """What the invoice says, line by line: whether it is bold, the left side and the right side."""
    paid = "-" if order.paid_at is None else f"{order.paid_at.astimezone(JAKARTA):%d-%m-%Y %H:%M} WIB"
    to = order.address
    sender = order.seller_name if order.source is Source.SELLER else order.factory_name
    lines = [
        (True, "Nomor faktur", invoice_number(order.number)),
        (False, "Nomor pesanan", order.number),
        (False, "Dibayar pada", paid),
        (False, "Penjual", sender),
        (False, "Dikirim kepada", to.recipient),
        (False, "", f"{to.line}, {to.district}"[:LONGEST]),
        (False, "", f"{to.city}, {to.province} {to.postal_code}"),
        (False, "", ""),
        (True, "Barang", "Jumlah"),
    ]
    for each in items:
        lines.append((False, each.name, format_rupiah(each.subtotal)))
        lines.append((False, f"    {each.quantity} x {format_rupiah(each.unit_price)}", ""))
    lines += [
        (False, "", ""),
        (False, "Subtotal", format_rupiah(order.subtotal)),
        (
            False,
            f"Ongkos kirim ({order.courier_service.upper().replace(':', ' ')})",
            format_rupiah(order.shipping_cost),
        ),
        (False, "Biaya layanan", format_rupiah(order.fee)),
        (True, "Total", format_rupiah(order.total)),
    ]
    if order.refunded:
        lines.append((False, "Sudah dikembalikan", format_rupiah(-order.refunded)))
    return lines


def _drawable(text: str) -> str:
    """The text as the built-in fonts can draw it: what is outside Latin-1 becomes a question mark."""
    return text.encode("latin-1", "replace").decode("latin-1")
