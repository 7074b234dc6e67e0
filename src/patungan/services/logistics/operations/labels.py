"""Labels: A6 pages to print and stick on parcels, with the waybill as Code 128."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence

from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.pagesizes import A6
from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas

from patungan.services.logistics.queries.shipments import Shipment

MARGIN = 5 * mm
WIDTH, HEIGHT = A6
INNER = WIDTH - 2 * MARGIN
GRAMS_PER_KILOGRAM = 1000
MOST_ITEMS = 4
_PLAIN, _BOLD = "Helvetica", "Helvetica-Bold"


async def labels_of(shipments: Sequence[Shipment]) -> bytes:
    """A PDF with a page a parcel; drawn beside the event loop, since it is work for the processor."""
    return await asyncio.to_thread(draw, shipments)


def draw(shipments: Sequence[Shipment]) -> bytes:
    """The PDF; the same parcels always give the same bytes."""
    paper = io.BytesIO()
    canvas = Canvas(paper, pagesize=A6, invariant=1)
    canvas.setTitle("Label pengiriman")
    canvas.setAuthor("Patungan")
    for each in shipments:
        _page(canvas, each)
        canvas.showPage()
    canvas.save()
    return paper.getvalue()


def _page(canvas: Canvas, shipment: Shipment) -> None:
    canvas.setLineWidth(0.6)
    canvas.rect(MARGIN / 2, MARGIN / 2, WIDTH - MARGIN, HEIGHT - MARGIN)
    y = HEIGHT - MARGIN - 12
    _text(canvas, MARGIN, y, "PATUNGAN", 12, bold=True)
    service = f"{shipment.courier.upper()}  {shipment.service.upper()}"
    canvas.setFont(_BOLD, 12)
    canvas.drawRightString(WIDTH - MARGIN, y, service)
    y = _barcode(canvas, shipment, y - 6)
    y = _line(canvas, y - 4)
    recipient = shipment.recipient
    y = _party(
        canvas,
        y,
        "PENERIMA",
        recipient.recipient,
        recipient.phone,
        f"{recipient.line}, {recipient.district}, {recipient.city}, {recipient.province} {recipient.postal_code}",
        recipient.notes,
    )
    y = _line(canvas, y)
    sender = shipment.sender
    place = f"{sender.city}, {sender.province} {sender.postal_code}"
    y = _party(canvas, y, "PENGIRIM", f"Patungan, {sender.name}", "", place, "")
    y = _line(canvas, y)
    weight = f"{shipment.weight_grams / GRAMS_PER_KILOGRAM:.2f} kg, ditagih {shipment.chargeable_kilograms} kg"
    _text(canvas, MARGIN, y - 10, f"Pesanan {shipment.order_number}", 9, bold=True)
    _text(canvas, MARGIN, y - 21, f"Berat {weight}", 8)
    _text(canvas, MARGIN, y - 31, "COD: TIDAK (sudah dibayar)", 8, bold=True)
    y -= 42
    for item in shipment.items[:MOST_ITEMS]:
        for line in simpleSplit(f"{item.quantity} x {item.name}", _PLAIN, 8, INNER)[:2]:
            _text(canvas, MARGIN, y, line, 8)
            y -= 10
    if len(shipment.items) > MOST_ITEMS:
        _text(canvas, MARGIN, y, f"dan {len(shipment.items) - MOST_ITEMS} barang lain", 8)


def _barcode(canvas: Canvas, shipment: Shipment, top: float) -> float:
    """The waybill, or our own reference until the courier named one, drawn as wide as the page allows."""
    number, height = shipment.waybill or shipment.reference, 16 * mm
    narrow = Code128(number, barWidth=1.0, quiet=False)
    code = Code128(number, barWidth=min(1.3, INNER / narrow.width), barHeight=height, quiet=False)
    code.drawOn(canvas, (WIDTH - code.width) / 2, top - height)
    canvas.setFont(_BOLD, 11)
    canvas.drawCentredString(WIDTH / 2, top - height - 12, number)
    return float(top - height - 14)


def _party(canvas: Canvas, y: float, role: str, name: str, phone: str, address: str, notes: str) -> float:
    _text(canvas, MARGIN, y - 9, role, 7)
    _text(canvas, MARGIN, y - 20, f"{_printable(name)[:48]}   {phone}".rstrip(), 10, bold=True)
    y -= 31
    lines = simpleSplit(_printable(address), _PLAIN, 8.5, INNER)[:4]
    if notes:
        lines += simpleSplit(_printable(f"Catatan: {notes}"), _PLAIN, 8.5, INNER)[:2]
    for line in lines:
        _text(canvas, MARGIN, y, line, 8.5)
        y -= 10.5
    return y


def _line(canvas: Canvas, y: float) -> float:
    canvas.line(MARGIN, y, WIDTH - MARGIN, y)
    return y


def _text(canvas: Canvas, x: float, y: float, text: str, size: float, *, bold: bool = False) -> None:
    canvas.setFont(_BOLD if bold else _PLAIN, size)
    canvas.drawString(x, y, _printable(text))


def _printable(text: str) -> str:
    """Text in the letters that the standard fonts have; others are shown as a question mark rather than left out."""
    return " ".join(text.encode("cp1252", "replace").decode("cp1252").split())
