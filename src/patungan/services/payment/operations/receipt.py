"""The receipt of a paid payment, as a PDF of one page, in Indonesian or English."""

from __future__ import annotations

import io
from datetime import datetime
from typing import TYPE_CHECKING

from reportlab.lib.pagesizes import A5
from reportlab.pdfgen.canvas import Canvas

from patungan.contracts import payment as contract
from patungan.kernel.money import format_rupiah
from patungan.kernel.time import JAKARTA

if TYPE_CHECKING:
    from patungan.services.payment.queries.payments import OwnPayment

TEXTS = {
    "title": ("Bukti pembayaran", "Payment receipt"),
    "code": ("Kode", "Code"),
    "paid_at": ("Dibayar pada", "Paid on"),
    "method": ("Cara bayar", "Method"),
    "for": ("Untuk", "For"),
    "order": ("Pesanan", "Order"),
    "product": ("Harga produk", "Products"),
    "shipping": ("Ongkos kirim", "Shipping"),
    "fee": ("Biaya layanan", "Service fee"),
    "total": ("Jumlah", "Total"),
    "wallet": ("dari dompet", "from the wallet"),
    "gateway": ("lewat Xendit", "by Xendit"),
    "refunded": ("Sudah dikembalikan", "Refunded"),
}

MARGIN, LINE = 36, 16
"""Points from the page's edge, and from line to line."""


def receipt_pdf(payment: OwnPayment, *, english: bool) -> bytes:
    """Draw the receipt; the same payment gives the same bytes. Raises NotPaid."""
    if payment.paid_at is None:
        raise contract.NotPaid()
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A5, invariant=1)
    canvas.setTitle(f"{TEXTS['title'][english]} {payment.code}")
    width, height = A5
    at = height - MARGIN
    canvas.setFont("Helvetica-Bold", 16)
    canvas.drawString(MARGIN, at, "Patungan")
    canvas.setFont("Helvetica", 11)
    canvas.drawRightString(width - MARGIN, at, TEXTS["title"][english])
    at -= 2 * LINE
    for label, value in receipt_lines(payment, payment.paid_at, english=english):
        canvas.setFont("Helvetica", 9)
        canvas.drawString(MARGIN, at, _drawable(label)[:50])
        canvas.drawRightString(width - MARGIN, at, _drawable(value)[:60])
        at -= LINE
        if at < MARGIN:
            canvas.showPage()
            at = height - MARGIN
    canvas.save()
    return buffer.getvalue()


def receipt_lines(payment: OwnPayment, paid_at: datetime, *, english: bool) -> list[tuple[str, str]]:
    """What the receipt says, line by line."""

    def line(key: str, value: str) -> tuple[str, str]:
        return TEXTS[key][english], value

    lines = [
        line("code", payment.code),
        line("paid_at", f"{paid_at.astimezone(JAKARTA):%d-%m-%Y %H:%M} WIB"),
        line("method", payment.channel or payment.method or "-"),
        line("for", payment.description),
        *(line("order", f"{each.order_number}  {format_rupiah(each.total)}") for each in payment.orders),
        line("product", format_rupiah(payment.product_amount)),
        line("shipping", format_rupiah(payment.leg1_amount + payment.leg2_amount)),
        line("fee", format_rupiah(payment.fee_amount)),
        line("total", format_rupiah(payment.total)),
    ]
    if payment.wallet_amount:
        lines += [
            line("wallet", format_rupiah(payment.wallet_amount)),
            line("gateway", format_rupiah(payment.xendit_amount)),
        ]
    if payment.refunded_amount:
        lines.append(line("refunded", format_rupiah(payment.refunded_amount)))
    return lines


def _drawable(text: str) -> str:
    """The text as the built-in fonts can draw it: what is outside Latin-1 becomes a question mark."""
    return text.encode("latin-1", "replace").decode("latin-1")
